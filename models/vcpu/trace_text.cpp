#include "vcpu/trace_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <optional>

#include "common/errors.h"
#include "vcpu/trace_codec.h"
#include "vcpu/trace_format.h"

namespace coffer {

namespace {

constexpr std::string_view title = "# coffer trace, text form: R or W, address, bytes, instructions since the access before\n";
constexpr std::string_view command_mark = "# command: ";
constexpr std::string_view blanks = " \t\r";
constexpr std::string_view form = "R or W, address, bytes, instructions, as in \"R 0x7f00 8 3\"; or # and a comment";
/// A command's line is the longest there may be.
constexpr std::size_t max_line_bytes = trace_format::max_command_bytes + command_mark.size() + 2;

/// Takes the next word off the text; empty at its end.
std::string_view take_word(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    const std::string_view word = text.substr(0, text.find_first_of(blanks));
    text.remove_prefix(word.size());
    return word;
}

/// A decimal number, or a hexadecimal one behind 0x, of at most 64 bits.
std::optional<std::uint64_t> to_number(std::string_view word) {
    int base = 10;
    if (word.size() > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X')) {
        base = 16;
        word.remove_prefix(2);
    }
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
    if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
    return value;
}

}  // namespace

TraceTextReader::TraceTextReader(std::istream& text, std::string name) : text_(text), name_(std::move(name)), buffer_(max_line_bytes + 2, '\0') {
    read_line();
}

bool TraceTextReader::next(TraceAccess& access) {
    if (line_.empty()) return false;
    access = parse_line();
    read_line();
    return true;
}

void TraceTextReader::read_line() {
    for (;;) {
        line_ = {};
        text_.getline(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
        std::size_t length = static_cast<std::size_t>(text_.gcount());
        if (text_.bad()) throw InputError(name_, "cannot be read", "a readable file");
        number_++;
        if (text_.fail() && length != 0) fail("the line is too long", fmt::format("at most {} bytes", max_line_bytes));
        if (text_.fail()) return;
        if (!text_.eof()) length--;
        std::string_view line(buffer_.data(), length);
        while (!line.empty() && blanks.find(line.back()) != blanks.npos) line.remove_suffix(1);
        while (!line.empty() && blanks.find(line.front()) != blanks.npos) line.remove_prefix(1);
        if (line.substr(0, command_mark.size()) == command_mark) command_ = line.substr(command_mark.size());
        if (line.empty() || line.front() == '#') continue;
        line_ = line;
        return;
    }
}

TraceAccess TraceTextReader::parse_line() const {
    std::string_view rest = line_;
    const std::string_view direction = take_word(rest);
    const std::optional<std::uint64_t> address = to_number(take_word(rest));
    const std::optional<std::uint64_t> size = to_number(take_word(rest));
    const std::optional<std::uint64_t> instructions = to_number(take_word(rest));
    if ((direction != "R" && direction != "W") || !address || !size || !instructions || !take_word(rest).empty()) fail("this is no access", form);
    if (*instructions > std::numeric_limits<std::uint32_t>::max()) fail(fmt::format("{} instructions", *instructions), "at most 4294967295");
    TraceAccess access;
    access.address = *address;
    access.instructions = static_cast<std::uint32_t>(*instructions);
    access.size = static_cast<std::uint8_t>(std::min<std::uint64_t>(*size, std::numeric_limits<std::uint8_t>::max()));
    access.write = direction == "W";
    if (!trace_codec::is_recordable(access)) fail(fmt::format("an access of {} bytes at {:#x}", *size, *address), trace_codec::recordable);
    return access;
}

void TraceTextReader::fail(std::string_view what, std::string_view accepted) const {
    throw InputError(fmt::format("{}:{}", name_, number_), what, accepted);
}

void write_trace_text(AccessSource& source, std::string_view command, const std::function<void(std::string_view)>& write) {
    constexpr std::size_t piece_bytes = 65536;
    std::string piece(title);
    if (!command.empty()) piece.append(command_mark).append(command).append("\n");
    for (TraceAccess access; source.next(access);) {
        fmt::format_to(std::back_inserter(piece), "{} {:#x} {} {}\n", access.write ? 'W' : 'R', access.address, access.size, access.instructions);
        if (piece.size() < piece_bytes) continue;
        write(piece);
        piece.clear();
    }
    write(piece);
}

}  // namespace coffer
