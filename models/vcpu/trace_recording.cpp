#include "vcpu/trace_recording.h"

#include <fmt/format.h>

#include "common/bytes.h"
#include "common/errors.h"
#include "vcpu/trace_codec.h"
#include "vcpu/trace_format.h"

namespace coffer {

namespace {

constexpr std::string_view title = "coffer-recording-1";
constexpr std::size_t record_bytes = 16;
constexpr std::size_t records_per_read = 4096;
constexpr std::size_t instructions_at = 8;
constexpr std::size_t kind_at = 12;
constexpr std::uint8_t size_mask = 0x07;
constexpr std::uint8_t write_bit = 0x08;
constexpr std::uint8_t end_kind = 0xff;

}  // namespace

TraceRecordingReader::TraceRecordingReader(std::istream& bytes, std::string name) : bytes_(bytes), name_(std::move(name)) {
    if (read_line(title.size()) != title) fail(0, "this is no recording", fmt::format("the line \"{}\"", title));
    command_ = read_line(trace_format::max_command_bytes);
}

bool TraceRecordingReader::next(TraceAccess& access) {
    if (ended_) return false;
    if (next_ == buffer_.size()) read_records();
    const std::uint8_t* record = &buffer_[next_];
    const std::uint64_t position = position_ - (buffer_.size() - next_);
    const std::uint8_t kind = record[kind_at];
    next_ += record_bytes;
    if (kind == end_kind) {
        if (load_le64(record) != accesses_) fail(position, fmt::format("the end of {} accesses", load_le64(record)), fmt::format("{}", accesses_));
        if (next_ != buffer_.size() || bytes_.peek() != std::istream::traits_type::eof())
            fail(position + record_bytes, "the recording goes on behind its end", "");
        ended_ = true;
        return false;
    }
    TraceAccess read;
    read.address = load_le64(record);
    read.instructions = load_le32(record + instructions_at);
    read.size = static_cast<std::uint8_t>(1u << (kind & size_mask));
    read.write = (kind & write_bit) != 0;
    if ((kind & ~(size_mask | write_bit)) != 0 || !trace_codec::is_recordable(read))
        fail(position, fmt::format("a record of kind {:#x} at {:#x}", kind, read.address), trace_codec::recordable);
    access = read;
    accesses_++;
    return true;
}

std::string TraceRecordingReader::read_line(std::size_t most_bytes) {
    std::string line;
    for (char c = 0; bytes_.get(c);) {
        position_++;
        if (c == '\n') return line;
        if (line.size() == most_bytes) break;
        line += c;
    }
    fail(position_, "no line of text", fmt::format("at most {} bytes and a line end", most_bytes));
}

void TraceRecordingReader::read_records() {
    buffer_.resize(record_bytes * records_per_read);
    bytes_.read(reinterpret_cast<char*>(buffer_.data()), static_cast<std::streamsize>(buffer_.size()));
    const std::size_t got = static_cast<std::size_t>(bytes_.gcount());
    position_ += got;
    buffer_.resize(got);
    next_ = 0;
    if (got == 0 || got % record_bytes != 0)
        fail(position_, "the recording stops without its end: was the program killed?", "whole records of 16 bytes and an end record");
}

void TraceRecordingReader::fail(std::uint64_t position, std::string_view what, std::string_view accepted) const {
    throw InputError(trace_format::place(name_, position), what, accepted);
}

}  // namespace coffer
