#include "crypto/signature.h"

#include <cryptopp/pssr.h>

#include "crypto/rsa_keys.h"

namespace coffer::crypto {

namespace {

using Pss = CryptoPP::RSASS<CryptoPP::PSS, CryptoPP::SHA256>;

}  // namespace

struct SigningKey::State {
    explicit State(const rsa::PrivateKey& key) : signer(key) {}
    const rsa::PrivateKey& key() const { return signer.GetKey(); }

    Pss::Signer signer;
};

SigningKey::SigningKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
SigningKey::~SigningKey() = default;
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;

SigningKey SigningKey::generate(ByteView seed) { return SigningKey(std::make_unique<State>(rsa::generate("coffer signing key", seed))); }

SigningKey SigningKey::from_der(ByteView der) {
    return SigningKey(std::make_unique<State>(rsa::from_der<rsa::PrivateKey>(der, "signing key", rsa::private_form)));
}

Bytes SigningKey::der() const { return rsa::to_der(state_->key()); }
Bytes SigningKey::public_der() const { return rsa::to_der(rsa::PublicKey(state_->key())); }

Signature SigningKey::sign(ByteView message) const {
    rsa::SeededGenerator salt(sha256({std::string_view("coffer signature salt"), sha256({der()}), message}));
    Signature signature;
    state_->signer.SignMessage(salt, message.data, message.size, signature.data());
    return signature;
}

struct VerifyKey::State {
    explicit State(const rsa::PublicKey& key) : verifier(key) {}

    Pss::Verifier verifier;
};

VerifyKey::VerifyKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
VerifyKey::~VerifyKey() = default;
VerifyKey::VerifyKey(VerifyKey&&) noexcept = default;
VerifyKey& VerifyKey::operator=(VerifyKey&&) noexcept = default;

VerifyKey VerifyKey::from_der(ByteView der) {
    return VerifyKey(std::make_unique<State>(rsa::from_der<rsa::PublicKey>(der, "public signing key", rsa::public_form)));
}

bool VerifyKey::verify(ByteView message, ByteView signature) const {
    if (signature.size != Signature{}.size()) return false;
    return state_->verifier.VerifyMessage(message.data, message.size, signature.data, signature.size);
}

}  // namespace coffer::crypto
