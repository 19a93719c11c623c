#pragma once

#include <array>
#include <memory>

#include "common/bytes.h"

namespace coffer::crypto {

/// RSA-3072 PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes (RFC 8017).
using Signature = std::array<std::uint8_t, 384>;

/// An RSA-3072 pair that signs: a chip's attest key, or the fleet's key.
class SigningKey {
public:
    /// A fresh pair, deterministic in `seed` so that equal configurations give equal keys.
    static SigningKey generate(ByteView seed);
    /// From the DER form that der() gives (PKCS #8). Throws InputError where it is not one.
    static SigningKey from_der(ByteView der);
    ~SigningKey();
    SigningKey(SigningKey&&) noexcept;
    SigningKey& operator=(SigningKey&&) noexcept;

    Bytes der() const;
    /// The public half, SubjectPublicKeyInfo in DER.
    Bytes public_der() const;
    /// Equal messages give equal signatures: the salt is drawn from key and message.
    Signature sign(ByteView message) const;

private:
    struct State;
    explicit SigningKey(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// The public half of a SigningKey.
class VerifyKey {
public:
    /// From SubjectPublicKeyInfo in DER. Throws InputError where it is not an RSA-3072 key.
    static VerifyKey from_der(ByteView der);
    ~VerifyKey();
    VerifyKey(VerifyKey&&) noexcept;
    VerifyKey& operator=(VerifyKey&&) noexcept;

    /// Whether `signature`, any bytes, is one of `message` by this key.
    bool verify(ByteView message, ByteView signature) const;

private:
    struct State;
    explicit VerifyKey(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace coffer::crypto
