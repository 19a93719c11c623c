#include "vcpu/trace_reader.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <system_error>
#include <utility>

#include "common/errors.h"
#include "vcpu/trace_codec.h"

namespace coffer {

using trace_format::Header;
using trace_format::place;
using trace_format::SectionHeader;

namespace {

TraceInfo info_of(const std::string& path, Header& header) {
    TraceInfo info;
    info.path = path;
    info.version = trace_format::version;
    info.command = std::move(header.command);
    info.accesses = header.accesses;
    info.writes = header.writes;
    info.instructions = header.instructions;
    info.blocks = header.blocks;
    info.file_bytes = header.file_bytes;
    return info;
}

}  // namespace

TraceReader::TraceReader(const std::string& path) {
    info_.path = path;
    // No page has this number.
    recent_pages_.fill(std::numeric_limits<std::uint64_t>::max());
    std::error_code error;
    const std::uint64_t size = std::filesystem::file_size(path, error);
    if (error) throw InputError(path, "cannot be read: " + error.message(), "a trace file");
    file_.open(path, std::ios::binary);
    if (!file_) throw InputError(path, "cannot be opened", "a readable trace file");

    Bytes bytes(Header::fixed_bytes);
    read(bytes.data(), bytes.size());
    bytes.resize(Header::bytes_with(Header::command_bytes(path, bytes)));
    read(bytes.data() + Header::fixed_bytes, bytes.size() - Header::fixed_bytes);
    header_ = Header::decode(path, bytes);
    if (size < header_.file_bytes) fail(size, "the file ends too early", fmt::format("{} bytes", header_.file_bytes));
    if (size > header_.file_bytes) fail(header_.file_bytes, "the file goes on behind its end", fmt::format("{} bytes", header_.file_bytes));
    info_ = info_of(path, header_);
    read_pages();
    rewind();
}

void TraceReader::rewind() {
    seek(Header::bytes_with(info_.command.size()));
    loaded_ = next_ = 0;
    blocks_read_ = 0;
    accesses_read_ = writes_read_ = instructions_read_ = 0;
}

void TraceReader::check_all() {
    rewind();
    while (load_block()) continue;
    rewind();
}

bool TraceReader::load_block() {
    loaded_ = next_ = 0;
    if (blocks_read_ == header_.blocks) {
        check_totals();
        return false;
    }
    const std::uint64_t start = position_;
    const SectionHeader section = read_section(blocks_read_, trace_codec::max_block_accesses, trace_codec::max_access_bytes);
    if (section.entries == 0) fail(start, "a block without accesses", "at least 1");
    trace_codec::decode_accesses(plain_, section.entries, place(info_.path, start), block_);
    check_pages(start);
    for (const TraceAccess& access : block_) {
        writes_read_ += access.write;
        instructions_read_ += access.instructions;
    }
    accesses_read_ += block_.size();
    blocks_read_++;
    loaded_ = block_.size();
    return true;
}

SectionHeader TraceReader::read_section(std::uint32_t number, std::size_t most_entries, std::size_t most_entry_bytes) {
    const std::uint64_t start = position_;
    std::array<std::uint8_t, SectionHeader::bytes> encoded;
    read(encoded.data(), encoded.size());
    const SectionHeader section = SectionHeader::decode(encoded);
    const std::size_t most_bytes = ZSTD_compressBound(most_entries * most_entry_bytes);
    if (section.stored_bytes > most_bytes)
        fail(start, fmt::format("a section of {} stored bytes", section.stored_bytes), fmt::format("at most {}", most_bytes));
    if (section.stored_bytes > header_.file_bytes - position_)
        fail(start, fmt::format("{} bytes are announced, more than follow", section.stored_bytes));
    stored_.resize(section.stored_bytes);
    read(stored_.data(), stored_.size());
    if (section.checksum_of(stored_) != section.checksum) fail(start, "a section's checksum is wrong: the file is corrupt");

    if (section.number != number) fail(start, fmt::format("section {}", section.number), fmt::format("section {}", number));
    if (section.entries > most_entries) fail(start, fmt::format("a section of {} entries", section.entries), fmt::format("at most {}", most_entries));
    if (section.plain_bytes > section.entries * most_entry_bytes)
        fail(start, fmt::format("{} entries of together {} bytes", section.entries, section.plain_bytes),
             fmt::format("at most {} bytes each", most_entry_bytes));
    plain_.resize(section.plain_bytes);
    const std::size_t size = ZSTD_decompress(plain_.data(), plain_.size(), stored_.data(), stored_.size());
    if (ZSTD_isError(size)) fail(start, fmt::format("a section cannot be decompressed: {}", ZSTD_getErrorName(size)));
    if (size != plain_.size()) fail(start, fmt::format("a section of {} bytes instead of {}", size, plain_.size()));
    return section;
}

void TraceReader::read_pages() {
    seek(header_.pages_position);
    const SectionHeader section = read_section(header_.blocks, trace_format::max_pages, trace_codec::max_page_bytes);
    info_.pages = trace_codec::decode_pages(plain_, section.entries, place(info_.path, header_.pages_position));
    if (info_.pages.size() != header_.pages)
        fail(header_.pages_position, fmt::format("a list of {} pages", info_.pages.size()), fmt::format("{}, as the header says", header_.pages));
    if (position_ != header_.file_bytes) fail(position_, "the file goes on behind the list of pages");
}

void TraceReader::check_pages(std::uint64_t block_position) {
    for (const TraceAccess& access : block_)
        for (std::uint64_t page : {trace_codec::first_page(access), trace_codec::last_page(access)})
            if (!is_listed(page)) fail(block_position, fmt::format("an access to page {:#x}", page), "the pages of the list");
}

bool TraceReader::is_listed(std::uint64_t page) {
    std::uint64_t& recent = recent_pages_[page % recent_pages_.size()];
    if (recent == page) return true;
    if (!std::binary_search(info_.pages.begin(), info_.pages.end(), page)) return false;
    recent = page;
    return true;
}

void TraceReader::check_totals() const {
    if (position_ != header_.pages_position)
        fail(position_, "the blocks end here", fmt::format("a list of pages behind them, not at byte {}", header_.pages_position));
    if (accesses_read_ != info_.accesses || writes_read_ != info_.writes || instructions_read_ != info_.instructions)
        fail(position_, fmt::format("{} accesses, {} writes, {} instructions", accesses_read_, writes_read_, instructions_read_),
             fmt::format("{}, {}, {}, as the header says", info_.accesses, info_.writes, info_.instructions));
}

void TraceReader::read(std::uint8_t* data, std::size_t size) {
    file_.read(reinterpret_cast<char*>(data), static_cast<std::streamsize>(size));
    const std::uint64_t got = static_cast<std::uint64_t>(file_.gcount());
    position_ += got;
    if (got != size) fail(position_, "the file ends too early");
}

void TraceReader::seek(std::uint64_t position) {
    file_.clear();
    file_.seekg(static_cast<std::streamoff>(position));
    position_ = position;
}

void TraceReader::fail(std::uint64_t position, std::string_view what, std::string_view accepted) const {
    throw InputError(place(info_.path, position), what, accepted);
}

}  // namespace coffer
