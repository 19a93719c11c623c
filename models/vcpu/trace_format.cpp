#include "vcpu/trace_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "common/errors.h"
#include "crypto/sha256.h"

namespace coffer::trace_format {

namespace {

constexpr std::size_t version_at = 8;
constexpr std::size_t command_bytes_at = 12;
constexpr std::size_t file_bytes_at = 16;
constexpr std::size_t accesses_at = 24;
constexpr std::size_t writes_at = 32;
constexpr std::size_t instructions_at = 40;
constexpr std::size_t pages_at = 48;
constexpr std::size_t pages_position_at = 56;
constexpr std::size_t blocks_at = 64;
constexpr std::size_t zero_at = 68;

}  // namespace

Checksum checksum(ByteView a, ByteView b) {
    const crypto::Digest digest = crypto::sha256({a, b});
    Checksum first;
    std::copy_n(digest.begin(), first.size(), first.begin());
    return first;
}

Bytes Header::encode() const {
    Bytes bytes(bytes_with(command.size()));
    std::copy(magic.begin(), magic.end(), bytes.begin());
    store_le32(&bytes[version_at], version);
    store_le32(&bytes[command_bytes_at], static_cast<std::uint32_t>(command.size()));
    store_le64(&bytes[file_bytes_at], file_bytes);
    store_le64(&bytes[accesses_at], accesses);
    store_le64(&bytes[writes_at], writes);
    store_le64(&bytes[instructions_at], instructions);
    store_le64(&bytes[pages_at], pages);
    store_le64(&bytes[pages_position_at], pages_position);
    store_le32(&bytes[blocks_at], blocks);
    const auto checked_end = std::copy(command.begin(), command.end(), bytes.begin() + fixed_bytes);
    const Checksum sum = checksum({bytes.data(), bytes.size() - checksum_bytes}, {});
    std::copy(sum.begin(), sum.end(), checked_end);
    return bytes;
}

std::size_t Header::command_bytes(const std::string& path, ByteView fixed) {
    if (std::memcmp(fixed.data, magic.data(), magic.size()) != 0)
        throw InputError(place(path, 0), "this is no trace", fmt::format("the bytes \"{}\"", magic));
    const std::uint32_t found = load_le32(fixed.data + version_at);
    if (found != version) throw InputError(place(path, version_at), fmt::format("format version {}", found), fmt::format("version {}", version));
    const std::uint32_t size = load_le32(fixed.data + command_bytes_at);
    if (size > max_command_bytes)
        throw InputError(place(path, command_bytes_at), fmt::format("a command of {} bytes", size), fmt::format("at most {}", max_command_bytes));
    return size;
}

Header Header::decode(const std::string& path, ByteView bytes) {
    const std::size_t checked = bytes.size - checksum_bytes;
    const Checksum sum = checksum({bytes.data, checked}, {});
    if (!std::equal(sum.begin(), sum.end(), bytes.data + checked))
        throw InputError(place(path, checked), "the header's checksum is wrong: the file is corrupt");
    Header header;
    header.file_bytes = load_le64(bytes.data + file_bytes_at);
    header.accesses = load_le64(bytes.data + accesses_at);
    header.writes = load_le64(bytes.data + writes_at);
    header.instructions = load_le64(bytes.data + instructions_at);
    header.pages = load_le64(bytes.data + pages_at);
    header.pages_position = load_le64(bytes.data + pages_position_at);
    header.blocks = load_le32(bytes.data + blocks_at);
    header.command.assign(bytes.data + fixed_bytes, bytes.data + checked);
    if (header.writes > header.accesses)
        throw InputError(place(path, writes_at), fmt::format("{} writes of {} accesses", header.writes, header.accesses), "at most all of them");
    if (header.pages > max_pages)
        throw InputError(place(path, pages_at), fmt::format("{} pages", header.pages), fmt::format("at most {}", max_pages));
    if (header.pages_position < bytes.size)
        throw InputError(place(path, pages_position_at), fmt::format("a list of pages at byte {}", header.pages_position),
                         "a place behind the header");
    if (load_le32(bytes.data + zero_at) != 0) throw InputError(place(path, zero_at), "a reserved field is set", "0");
    if (!is_command(header.command)) throw InputError(place(path, fixed_bytes), "the command holds control characters", "one line of text");
    return header;
}

Checksum SectionHeader::checksum_of(ByteView stored) const {
    const std::array<std::uint8_t, bytes> encoded = encode();
    return trace_format::checksum({encoded.data(), bytes - checksum_bytes}, stored);
}

std::array<std::uint8_t, SectionHeader::bytes> SectionHeader::encode() const {
    std::array<std::uint8_t, bytes> encoded;
    store_le32(&encoded[0], number);
    store_le32(&encoded[4], entries);
    store_le32(&encoded[8], plain_bytes);
    store_le32(&encoded[12], stored_bytes);
    std::copy(checksum.begin(), checksum.end(), encoded.begin() + 16);
    return encoded;
}

SectionHeader SectionHeader::decode(const std::array<std::uint8_t, bytes>& encoded) {
    SectionHeader header;
    header.number = load_le32(&encoded[0]);
    header.entries = load_le32(&encoded[4]);
    header.plain_bytes = load_le32(&encoded[8]);
    header.stored_bytes = load_le32(&encoded[12]);
    std::copy(encoded.begin() + 16, encoded.end(), header.checksum.begin());
    return header;
}

std::string place(const std::string& path, std::uint64_t position) { return fmt::format("{}: byte {}", path, position); }

bool is_command(std::string_view command) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    return command.size() <= max_command_bytes && std::none_of(command.begin(), command.end(), is_control);
}

}  // namespace coffer::trace_format
