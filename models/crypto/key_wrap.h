#pragma once

#include <memory>

#include "common/bytes.h"
#include "crypto/keys.h"

namespace coffer::crypto {

/// A chip's RSA-3072 unwrap pair (SK_cpu): OAEP with SHA-256 and an empty label (RFC 8017).
class UnwrapKey {
public:
    /// A fresh pair, deterministic in `seed` so that equal configurations give equal chips.
    static UnwrapKey generate(ByteView seed);
    /// From the DER form that der() gives (PKCS #8). Throws InputError where it is not one.
    static UnwrapKey from_der(ByteView der);
    ~UnwrapKey();
    UnwrapKey(UnwrapKey&&) noexcept;
    UnwrapKey& operator=(UnwrapKey&&) noexcept;

    Bytes der() const;
    /// The public half, SubjectPublicKeyInfo in DER.
    Bytes public_der() const;
    /// K_vm from a vm_key blob; false where it does not unwrap to 16 bytes.
    bool unwrap(ByteView blob, Key128& key) const;

private:
    struct State;
    explicit UnwrapKey(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// vm_key: K_vm under a chip's public unwrap key. `seed` makes the padding deterministic in the model. Throws InputError for another key.
Bytes wrap_key(ByteView public_der, const Key128& key, ByteView seed);

}  // namespace coffer::crypto
