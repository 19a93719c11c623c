#pragma once

#include <cstdint>
#include <memory>

#include "common/bytes.h"
#include "crypto/keys.h"
#include "crypto/line_cipher.h"

namespace coffer::crypto {

/// AES-GCM one-shot with a 16-byte tag (SP 800-38D), for sealed blobs; key of 16 or 32 bytes. Returns ciphertext | tag.
Bytes gcm_seal(ByteView key, const Iv& iv, ByteView additional_data, ByteView plaintext);

/// Opens what gcm_seal made. Returns false, with `plaintext` empty, where the tag does not match or the box is shorter than a tag.
bool gcm_open(ByteView key, const Iv& iv, ByteView additional_data, ByteView box, Bytes& plaintext);

/// The library's AES-128-GCM on lines, keyed once, one call a line: what LineGhash and PadCipher are compared with, in results and in speed.
class LineGcm {
public:
    explicit LineGcm(const Key128& k_data);
    ~LineGcm();

    /// 64 bytes of plaintext to ciphertext and tag.
    void encrypt(const Iv& iv, const Block16& additional_data, const std::uint8_t* plaintext, std::uint8_t* ciphertext, std::uint8_t* tag);
    /// 64 bytes of ciphertext to plaintext; false where the tag does not match.
    bool decrypt(const Iv& iv, const Block16& additional_data, const std::uint8_t* ciphertext, const std::uint8_t* tag, std::uint8_t* plaintext);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace coffer::crypto
