#pragma once

#include <array>
#include <initializer_list>

#include "common/bytes.h"

namespace coffer::crypto {

using Digest = std::array<std::uint8_t, 32>;

/// SHA-256 (FIPS 180-4) of the concatenation of `parts`.
Digest sha256(std::initializer_list<ByteView> parts);

}  // namespace coffer::crypto
