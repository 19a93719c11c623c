#include "crypto/key_wrap.h"

#include <algorithm>

#include <cryptopp/drbg.h>
#include <cryptopp/filters.h>
#include <cryptopp/oaep.h>
#include <cryptopp/osrng.h>
#include <cryptopp/rsa.h>

#include "common/errors.h"
#include "crypto/sha256.h"

namespace coffer::crypto {

namespace {

using Oaep = CryptoPP::RSAES<CryptoPP::OAEP<CryptoPP::SHA256>>;
using PublicKey = CryptoPP::RSA::PublicKey;
using PrivateKey = CryptoPP::RSA::PrivateKey;

constexpr unsigned modulus_bits = 3072;
constexpr unsigned public_exponent = 65537;

/// SP 800-90A Hash_DRBG, instantiated from the digest of what makes this use of it unique.
class SeededGenerator : public CryptoPP::Hash_DRBG<CryptoPP::SHA256, 128 / 8, 440 / 8> {
public:
    explicit SeededGenerator(const Digest& entropy) : Hash_DRBG(entropy.data(), entropy.size()) {}
};

template <class Key>
Bytes to_der(const Key& key) {
    Bytes der;
    CryptoPP::VectorSink sink(der);
    key.Save(sink);
    return der;
}

/// Reads and checks a key; whatever is wrong with the bytes becomes an InputError with `accepted`.
template <class Key>
Key key_from_der(ByteView der, std::string_view where, std::string_view accepted) {
    static constexpr unsigned check_consistency = 1;
    try {
        Key key;
        CryptoPP::ArraySource source(der.data, der.size, true);
        key.Load(source);
        CryptoPP::AutoSeededRandomPool random;
        if (!source.AnyRetrievable() && key.Validate(random, check_consistency) && key.GetModulus().BitCount() == modulus_bits) return key;
    } catch (const CryptoPP::Exception&) {
        // Not DER, or numbers that no RSA key has: the message below says all that helps.
    }
    throw InputError(where, "not a usable key", accepted);
}

}  // namespace

struct UnwrapKey::State {
    explicit State(const PrivateKey& key) : decryptor(key) {}
    const PrivateKey& key() const { return decryptor.GetKey(); }

    Oaep::Decryptor decryptor;
};

UnwrapKey::UnwrapKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
UnwrapKey::~UnwrapKey() = default;
UnwrapKey::UnwrapKey(UnwrapKey&&) noexcept = default;
UnwrapKey& UnwrapKey::operator=(UnwrapKey&&) noexcept = default;

UnwrapKey UnwrapKey::generate(ByteView seed) {
    SeededGenerator generator(sha256({std::string_view("coffer unwrap key"), seed}));
    PrivateKey key;
    key.Initialize(generator, modulus_bits, public_exponent);
    return UnwrapKey(std::make_unique<State>(key));
}

UnwrapKey UnwrapKey::from_der(ByteView der) {
    const auto key = key_from_der<PrivateKey>(der, "unwrap key", "an RSA-3072 private key as PKCS #8 in DER");
    return UnwrapKey(std::make_unique<State>(key));
}

Bytes UnwrapKey::der() const { return to_der(state_->key()); }
Bytes UnwrapKey::public_der() const { return to_der(PublicKey(state_->key())); }

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
    const Oaep::Encryptor encryptor(
        key_from_der<PublicKey>(public_der, "public unwrap key", "an RSA-3072 public key as SubjectPublicKeyInfo in DER"));
    // The key and the recipient enter the padding, so that one seed used twice gives unrelated paddings.
    SeededGenerator padding(sha256({std::string_view("coffer wrap padding"), sha256({seed}), key.view(), public_der}));
    Bytes blob(encryptor.FixedCiphertextLength());
    encryptor.Encrypt(padding, key.data(), Key128::size(), blob.data());
    return blob;
}

}  // namespace coffer::crypto
