#pragma once

#include <array>
#include <initializer_list>

#include "common/bytes.h"

namespace coffer::crypto {

using Digest = std::array<std::uint8_t, 32>;

/// SHA-256 (FIPS 180-4) of the concatenation of `parts`.
Digest sha256(std::initializer_list<ByteView> parts);

/// The blocks of 64 bytes that a message becomes with its padding (section 5.1.1).
constexpr std::uint64_t sha256_blocks(std::uint64_t message_bytes) { return (message_bytes + 9 + 63) / 64; }

}  // namespace coffer::crypto
