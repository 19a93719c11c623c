#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>

#include "common/bytes.h"
#include "common/scheme.h"
#include "crypto/keys.h"

namespace coffer::crypto {

/// An untruncated MAC: the first mac_bytes(algorithm) bytes count, the rest is zero.
using MacValue = std::array<std::uint8_t, 32>;

/// A keyed MAC object: AES-128-CMAC (SP 800-38B), HMAC-SHA-1 or HMAC-SHA-256 (RFC 2104). Keyed once per VM.
/// One thread at a time: compute() works inside the keyed object.
class Mac {
public:
    /// Throws std::invalid_argument for MacAlgorithm::gcm, which needs an IV (see LineGhash).
    Mac(MacAlgorithm algorithm, const Key128& key);
    /// HMAC takes a key of any length, CMAC one of 16 bytes; std::invalid_argument otherwise.
    Mac(MacAlgorithm algorithm, ByteView key);
    ~Mac();
    Mac(Mac&&) noexcept;
    Mac& operator=(Mac&&) noexcept;

    /// MAC of the concatenation of `parts`.
    MacValue compute(std::initializer_list<ByteView> parts) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace coffer::crypto
