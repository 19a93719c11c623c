#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coffer {

/// A text from outside as a message shows it: in quotes, cut where it is long, without line ends and control characters.
std::string in_quotes(std::string_view text);

/// A whole number, decimal or hexadecimal with 0x; nothing for any other text.
std::optional<std::uint64_t> read_integer(std::string_view text);
/// Bytes: a whole number, alone or followed by B, KiB, MiB, GiB, TiB or PiB; nothing for any other text.
std::optional<std::uint64_t> read_size(std::string_view text);
/// A finite decimal number, as 12, 0.5 or 1e-3; nothing for any other text.
std::optional<double> read_real(std::string_view text);

/// As read_size. Throws InputError, naming `where`, where there is no size.
std::uint64_t parse_size(std::string_view where, std::string_view text);

/// Bytes with the largest of the units that divides them, as `96 MiB`; what read_size reads back.
std::string format_size(std::uint64_t bytes);

}  // namespace coffer
