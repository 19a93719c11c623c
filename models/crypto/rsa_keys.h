#pragma once

#include <string_view>

#include <cryptopp/drbg.h>
#include <cryptopp/filters.h>
#include <cryptopp/osrng.h>
#include <cryptopp/rsa.h>

#include "common/bytes.h"
#include "common/errors.h"
#include "crypto/sha256.h"

namespace coffer::crypto::rsa {

using PublicKey = CryptoPP::RSA::PublicKey;
using PrivateKey = CryptoPP::RSA::PrivateKey;

inline constexpr unsigned modulus_bits = 3072;
inline constexpr unsigned public_exponent = 65537;

/// SP 800-90A Hash_DRBG, instantiated from the digest of what makes this use of it unique.
class SeededGenerator : public CryptoPP::Hash_DRBG<CryptoPP::SHA256, 128 / 8, 440 / 8> {
public:
    explicit SeededGenerator(const Digest& entropy) : Hash_DRBG(entropy.data(), entropy.size()) {}
};

/// A pair that depends on `purpose` and `seed` only.
inline PrivateKey generate(std::string_view purpose, ByteView seed) {
    SeededGenerator generator(sha256({purpose, seed}));
    PrivateKey key;
    key.Initialize(generator, modulus_bits, public_exponent);
    return key;
}

template <class Key>
Bytes to_der(const Key& key) {
    Bytes der;
    CryptoPP::VectorSink sink(der);
    key.Save(sink);
    return der;
}

/// Reads and checks a key; whatever is wrong with the bytes becomes an InputError with `accepted`.
template <class Key>
Key from_der(ByteView der, std::string_view where, std::string_view accepted) {
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

inline constexpr std::string_view private_form = "an RSA-3072 private key as PKCS #8 in DER";
inline constexpr std::string_view public_form = "an RSA-3072 public key as SubjectPublicKeyInfo in DER";

}  // namespace coffer::crypto::rsa
