#include "crypto/aes_gcm.h"

#include <stdexcept>

#include <cryptopp/aes.h>
#include <cryptopp/gcm.h>

namespace coffer::crypto {

namespace {

using Gcm = CryptoPP::GCM<CryptoPP::AES>;

constexpr std::size_t tag_bytes = 16;

void check_key(ByteView key) {
    if (key.size != 16 && key.size != 32) throw std::invalid_argument("AES-GCM takes a key of 16 or 32 bytes");
}

}  // namespace

Bytes gcm_seal(ByteView key, const Iv& iv, ByteView additional_data, ByteView plaintext) {
    check_key(key);
    Gcm::Encryption gcm;
    gcm.SetKeyWithIV(key.data, key.size, iv.data(), iv.size());
    Bytes box(plaintext.size + tag_bytes);
    gcm.EncryptAndAuthenticate(box.data(), box.data() + plaintext.size, tag_bytes, iv.data(), static_cast<int>(iv.size()), additional_data.data,
                               additional_data.size, plaintext.data, plaintext.size);
    return box;
}

bool gcm_open(ByteView key, const Iv& iv, ByteView additional_data, ByteView box, Bytes& plaintext) {
    check_key(key);
    plaintext.clear();
    if (box.size < tag_bytes) return false;
    Gcm::Decryption gcm;
    gcm.SetKeyWithIV(key.data, key.size, iv.data(), iv.size());
    const std::size_t size = box.size - tag_bytes;
    Bytes opened(size);
    const bool genuine = gcm.DecryptAndVerify(opened.data(), box.data + size, tag_bytes, iv.data(), static_cast<int>(iv.size()), additional_data.data,
                                              additional_data.size, box.data, size);
    if (genuine)
        plaintext = std::move(opened);
    else
        wipe(opened.data(), opened.size());
    return genuine;
}

struct LineGcm::State {
    Gcm::Encryption encryption;
    Gcm::Decryption decryption;
};

LineGcm::LineGcm(const Key128& k_data) : state_(std::make_unique<State>()) {
    const Iv any{};
    state_->encryption.SetKeyWithIV(k_data.data(), k_data.size(), any.data(), any.size());
    state_->decryption.SetKeyWithIV(k_data.data(), k_data.size(), any.data(), any.size());
}
LineGcm::~LineGcm() = default;

void LineGcm::encrypt(const Iv& iv, const Block16& additional_data, const std::uint8_t* plaintext, std::uint8_t* ciphertext, std::uint8_t* tag) {
    state_->encryption.EncryptAndAuthenticate(ciphertext, tag, tag_bytes, iv.data(), static_cast<int>(iv.size()), additional_data.data(),
                                              additional_data.size(), plaintext, line_bytes);
}

bool LineGcm::decrypt(const Iv& iv, const Block16& additional_data, const std::uint8_t* ciphertext, const std::uint8_t* tag,
                      std::uint8_t* plaintext) {
    return state_->decryption.DecryptAndVerify(plaintext, tag, tag_bytes, iv.data(), static_cast<int>(iv.size()), additional_data.data(),
                                               additional_data.size(), ciphertext, line_bytes);
}

}  // namespace coffer::crypto
