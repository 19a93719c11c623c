#include "platform/quantities.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "common/errors.h"

namespace coffer {

namespace {

struct SizeUnit {
    std::string_view name;
    unsigned shift;
};

constexpr std::array<SizeUnit, 6> size_units{{{"PiB", 50}, {"TiB", 40}, {"GiB", 30}, {"MiB", 20}, {"KiB", 10}, {"B", 0}}};

}  // namespace

std::string in_quotes(std::string_view text) {
    constexpr std::size_t most = 40;
    std::string result = "'";
    for (char c : text.substr(0, most)) result += c >= ' ' && c <= '~' ? c : '?';
    return result + (text.size() > most ? "...'" : "'");
}

std::optional<std::uint64_t> read_integer(std::string_view text) {
    const bool hexadecimal = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    if (hexadecimal) text.remove_prefix(2);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<std::uint64_t> read_size(std::string_view text) {
    // The whole text first: the B of 0x1B is a digit.
    if (const auto bytes = read_integer(text)) return bytes;
    for (const SizeUnit& unit : size_units) {
        if (text.size() <= unit.name.size() || text.substr(text.size() - unit.name.size()) != unit.name) continue;
        std::string_view digits = text.substr(0, text.size() - unit.name.size());
        while (!digits.empty() && digits.back() == ' ') digits.remove_suffix(1);
        const auto value = read_integer(digits);
        if (!value || (*value << unit.shift) >> unit.shift != *value) return std::nullopt;
        return *value << unit.shift;
    }
    return std::nullopt;
}

std::optional<double> read_real(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
}

std::uint64_t parse_size(std::string_view where, std::string_view text) {
    if (const auto bytes = read_size(text)) return *bytes;
    throw InputError(where, fmt::format("{} is no size", in_quotes(text)), "a whole number below 2^64, alone or with B, KiB, MiB, GiB, TiB or PiB");
}

std::string format_size(std::uint64_t bytes) {
    for (const SizeUnit& unit : size_units) {
        const std::uint64_t whole = bytes >> unit.shift;
        if (whole != 0 && whole << unit.shift == bytes) return fmt::format("{} {}", whole, unit.name);
    }
    return "0 B";
}

}  // namespace coffer
