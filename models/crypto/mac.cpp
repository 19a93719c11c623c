#include "crypto/mac.h"

#include <stdexcept>

#include <cryptopp/aes.h>
#include <cryptopp/cmac.h>
#include <cryptopp/hmac.h>
#include <cryptopp/sha.h>

namespace coffer::crypto {

namespace {

using KeyedMac = std::unique_ptr<CryptoPP::MessageAuthenticationCode>;

KeyedMac make_keyed_mac(MacAlgorithm algorithm, ByteView key) {
    switch (algorithm) {
        case MacAlgorithm::cmac:
            if (key.size != 16) throw std::invalid_argument("AES-CMAC takes a key of 16 bytes");
            return std::make_unique<CryptoPP::CMAC<CryptoPP::AES>>(key.data, key.size);
        case MacAlgorithm::hmac_sha1:
            return std::make_unique<CryptoPP::HMAC<CryptoPP::SHA1>>(key.data, key.size);
        case MacAlgorithm::hmac_sha256:
            return std::make_unique<CryptoPP::HMAC<CryptoPP::SHA256>>(key.data, key.size);
        case MacAlgorithm::gcm:
            break;
    }
    throw std::invalid_argument("GCM is no MAC without an IV: use LineGhash");
}

}  // namespace

struct Mac::State {
    KeyedMac mac;
    std::size_t size;
};

Mac::Mac(MacAlgorithm algorithm, const Key128& key) : Mac(algorithm, key.view()) {}
Mac::Mac(MacAlgorithm algorithm, ByteView key)
    : state_(std::make_unique<State>(State{make_keyed_mac(algorithm, key), mac_bytes(algorithm)})) {}
Mac::~Mac() = default;
Mac::Mac(Mac&&) noexcept = default;
Mac& Mac::operator=(Mac&&) noexcept = default;

MacValue Mac::compute(std::initializer_list<ByteView> parts) const {
    CryptoPP::MessageAuthenticationCode& mac = *state_->mac;
    for (const ByteView& part : parts) mac.Update(part.data, part.size);
    MacValue value{};
    // Leaves the object keyed and ready for the next message.
    mac.TruncatedFinal(value.data(), state_->size);
    return value;
}

}  // namespace coffer::crypto
