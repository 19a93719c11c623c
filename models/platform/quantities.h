#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace coffer {

/// A text from outside as a message shows it: in quotes, cut where it is long, without line ends and control characters.
std::string quoted(std::string_view text);

/// A whole number, decimal or hexadecimal with 0x. Throws InputError, naming `where`, for any other text.
std::uint64_t parse_integer(std::string_view where, std::string_view text);

/// Bytes: a whole number, alone or followed by B, KiB, MiB, GiB or TiB. Throws InputError, naming `where`, for any other text.
std::uint64_t parse_size(std::string_view where, std::string_view text);

/// A finite decimal number, as 12, 0.5 or 1e-3. Throws InputError, naming `where`, for any other text.
double parse_real(std::string_view where, std::string_view text);

/// Bytes with the largest of the units that divides them, as `96 MiB`; what parse_size reads back.
std::string format_size(std::uint64_t bytes);

}  // namespace coffer
