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

/// A keyed MAC object: AES-CMAC (SP 800-38B), HMAC-SHA-1 or HMAC-SHA-256 (RFC 2104). Keyed once per VM.
class Mac {
public:
    /// Throws std::invalid_argument for MacAlgorithm::gcm, which needs an IV (see LineGhash).
    Mac(MacAlgorithm algorithm, const Key128& key);
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
