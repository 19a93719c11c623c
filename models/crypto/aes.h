#pragma once

#include "common/bytes.h"

namespace coffer::crypto {

/// AES (FIPS 197) of one block: the reference for hardware models and their tests. Keyed at each call; lines use PadCipher.
/// Throws std::invalid_argument unless the key has 16 or 32 bytes.
Block16 aes_encrypt_block(ByteView key, const Block16& block);

}  // namespace coffer::crypto
