#include "vcpu/trace_writer.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "common/errors.h"
#include "vcpu/trace_codec.h"

namespace coffer {

namespace {

// Within a tenth of what the highest level gives, and more than ten times as fast: a recorded program waits for it.
constexpr int compression_level = 9;
constexpr std::uint64_t no_page = std::numeric_limits<std::uint64_t>::max();

Bytes compress(ByteView plain) {
    Bytes stored(ZSTD_compressBound(plain.size));
    const std::size_t size = ZSTD_compress(stored.data(), stored.size(), plain.data, plain.size, compression_level);
    if (ZSTD_isError(size)) throw std::runtime_error(fmt::format("zstd: {}", ZSTD_getErrorName(size)));
    stored.resize(size);
    return stored;
}

}  // namespace

TraceWriter::TraceWriter(const std::string& path, std::string command) : output_(path), last_page_(no_page) {
    if (!trace_format::is_command(command))
        throw InputError(path, "the command is no line of text",
                         fmt::format("at most {} bytes, no control characters", trace_format::max_command_bytes));
    header_.command = std::move(command);
    block_.reserve(trace_codec::max_block_accesses);
    output_.write(header_.encode());
}

void TraceWriter::add(const TraceAccess& access) {
    if (!trace_codec::is_recordable(access))
        throw InputError(output_.path(), fmt::format("access {} is {} bytes at {:#x}", header_.accesses, access.size, access.address),
                         trace_codec::recordable);
    note_page(trace_codec::first_page(access));
    note_page(trace_codec::last_page(access));
    header_.accesses++;
    header_.writes += access.write;
    header_.instructions += access.instructions;
    block_.push_back(access);
    if (block_.size() == trace_codec::max_block_accesses) write_block();
}

void TraceWriter::finish() {
    if (!block_.empty()) write_block();
    header_.blocks = sections_;
    header_.pages = pages_.size();
    header_.pages_position = output_.size();
    std::vector<std::uint64_t> pages(pages_.begin(), pages_.end());
    std::sort(pages.begin(), pages.end());
    write_section(pages.size(), trace_codec::encode_pages(pages));
    header_.file_bytes = output_.size();
    output_.write_at_beginning(header_.encode());
    output_.commit();
}

void TraceWriter::write_block() {
    write_section(block_.size(), trace_codec::encode_accesses(block_));
    block_.clear();
}

void TraceWriter::write_section(std::size_t entries, ByteView plain) {
    const Bytes stored = compress(plain);
    trace_format::SectionHeader section;
    section.number = sections_++;
    section.entries = static_cast<std::uint32_t>(entries);
    section.plain_bytes = static_cast<std::uint32_t>(plain.size);
    section.stored_bytes = static_cast<std::uint32_t>(stored.size());
    section.checksum = section.checksum_of(stored);
    output_.write(section.encode());
    output_.write(stored);
}

void TraceWriter::note_page(std::uint64_t page) {
    if (page == last_page_) return;
    last_page_ = page;
    if (pages_.insert(page).second && pages_.size() > trace_format::max_pages)
        throw InputError(output_.path(), fmt::format("access {} touches one page too many", header_.accesses),
                         fmt::format("at most {}", trace_format::max_pages));
}

}  // namespace coffer
