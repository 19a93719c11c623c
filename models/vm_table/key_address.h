#pragma once

#include <cstdint>
#include <optional>

#include "common/units.h"

namespace coffer {

/// The write-only address map of every `key_socket`: 64 bytes a VM-Table register set, four parts of 16 bytes each. A user of keys takes the
/// parts it needs; the others are an address error, and reading is a command error.
enum class KeyPart : std::uint8_t {
    k_data = 0,
    k_mac = 1,
    k_node = 2,
    revoke = 3,  ///< a write of any 16 bytes: settle what depends on the keys of the slot, and forget them
};

struct KeyAddress {
    static constexpr std::size_t part_bytes = 16;
    static constexpr Address slot_stride = 4 * part_bytes;

    Slot slot = 0;
    KeyPart part = KeyPart::k_data;

    constexpr Address address() const { return slot * slot_stride + static_cast<Address>(part) * part_bytes; }
    /// Nothing where `address` is not the start of a part.
    static constexpr std::optional<KeyAddress> decode(Address address) {
        if (address % part_bytes != 0 || address / slot_stride > 0xfffe) return std::nullopt;
        return KeyAddress{static_cast<Slot>(address / slot_stride), static_cast<KeyPart>(address % slot_stride / part_bytes)};
    }
};

}  // namespace coffer
