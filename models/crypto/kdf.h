#pragma once

#include <array>
#include <string_view>

#include "crypto/keys.h"

namespace coffer::crypto {

/// The 8 bytes of context: the fleet id in the order written, or a little-endian LPID for `coffer mem`.
using KdfContext = std::array<std::uint8_t, 8>;

/// SP 800-108 counter mode with AES-128-CMAC over whole fixed input: CMAC(key, be32(i) | fixed_input), i from 1, until `size` bytes are filled.
void derive(const Key128& key, ByteView fixed_input, std::uint8_t* output, std::size_t size);

/// The same with fixed input in fields: CMAC(key, be32(i) | label | 00 | context | be32(bits)), i from 1.
Key128 derive_128(const Key128& key, std::string_view label, const KdfContext& context);
Key256 derive_256(const Key128& key, std::string_view label, const KdfContext& context);

}  // namespace coffer::crypto
