#pragma once

#include <cstdint>

#include "common/bytes.h"
#include "crypto/keys.h"
#include "crypto/line_cipher.h"

namespace coffer::crypto {

/// AES-GCM one-shot with a 16-byte tag (SP 800-38D), for sealed blobs; key of 16 or 32 bytes. Returns ciphertext | tag.
Bytes gcm_seal(ByteView key, const Iv& iv, ByteView additional_data, ByteView plaintext);

/// Opens what gcm_seal made. Returns false, with `plaintext` empty, where the tag does not match or the box is shorter than a tag.
bool gcm_open(ByteView key, const Iv& iv, ByteView additional_data, ByteView box, Bytes& plaintext);

}  // namespace coffer::crypto
