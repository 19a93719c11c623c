#pragma once

#include <cstdint>

#include "common/bytes.h"
#include "common/units.h"
#include "crypto/keys.h"

namespace coffer::crypto {

/// GCM tags of lines made cycle by cycle, as RTL does. Its clock runs within tag() only.
class GhashHardware {
public:
    virtual ~GhashHardware() = default;
    virtual void install(Slot slot, const Key128& k_data) = 0;
    virtual void revoke(Slot slot) = 0;
    /// The tag of 16 bytes of additional data and 64 bytes of ciphertext under the key in `slot`, which must hold one.
    virtual Block16 tag(Slot slot, const Block16& additional_data, const std::uint8_t* ciphertext, const std::uint8_t* mask) = 0;
    /// Clock cycles of the last tag, from the offer of its first transfer (of the key, where another one was in use) to the transfer of the tag.
    virtual std::uint64_t cycles() const = 0;
};

}  // namespace coffer::crypto
