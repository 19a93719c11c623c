#include "crypto/key_wrap.h"

#include <algorithm>

#include <cryptopp/oaep.h>

#include "crypto/rsa_keys.h"

namespace coffer::crypto {

namespace {

using Oaep = CryptoPP::RSAES<CryptoPP::OAEP<CryptoPP::SHA256>>;

}  // namespace

struct UnwrapKey::State {
    explicit State(const rsa::PrivateKey& key) : decryptor(key) {}
    const rsa::PrivateKey& key() const { return decryptor.GetKey(); }

    Oaep::Decryptor decryptor;
};

UnwrapKey::UnwrapKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
UnwrapKey::~UnwrapKey() = default;
UnwrapKey::UnwrapKey(UnwrapKey&&) noexcept = default;
UnwrapKey& UnwrapKey::operator=(UnwrapKey&&) noexcept = default;

UnwrapKey UnwrapKey::generate(ByteView seed) { return UnwrapKey(std::make_unique<State>(rsa::generate("coffer unwrap key", seed))); }

UnwrapKey UnwrapKey::from_der(ByteView der) {
    return UnwrapKey(std::make_unique<State>(rsa::from_der<rsa::PrivateKey>(der, "unwrap key", rsa::private_form)));
}

Bytes UnwrapKey::der() const { return rsa::to_der(state_->key()); }
Bytes UnwrapKey::public_der() const { return rsa::to_der(rsa::PublicKey(state_->key())); }

bool UnwrapKey::unwrap(ByteView blob, Key128& key) const {
    const Oaep::Decryptor& decryptor = state_->decryptor;
    // The library throws for a blob of another size or a number beyond the modulus; to the caller both are blobs that do not unwrap.
    if (blob.size != decryptor.FixedCiphertextLength()) return false;
    if (CryptoPP::Integer(blob.data, blob.size) >= state_->key().GetModulus()) return false;

    // Blinds the private operation only; the result does not depend on it.
    CryptoPP::AutoSeededRandomPool blinding;
    CryptoPP::SecByteBlock unwrapped(decryptor.MaxPlaintextLength(blob.size));
    const CryptoPP::DecodingResult result = decryptor.Decrypt(blinding, blob.data, blob.size, unwrapped);
    if (!result.isValidCoding || result.messageLength != Key128::size()) return false;
    std::copy_n(unwrapped.begin(), Key128::size(), key.data());
    return true;
}

Bytes wrap_key(ByteView public_der, const Key128& key, ByteView seed) {
    const Oaep::Encryptor encryptor(rsa::from_der<rsa::PublicKey>(public_der, "public unwrap key", rsa::public_form));
    // The key and the recipient enter the padding, so that one seed used twice gives unrelated paddings.
    rsa::SeededGenerator padding(sha256({std::string_view("coffer wrap padding"), sha256({seed}), key.view(), public_der}));
    Bytes blob(encryptor.FixedCiphertextLength());
    encryptor.Encrypt(padding, key.data(), Key128::size(), blob.data());
    return blob;
}

}  // namespace coffer::crypto
