#pragma once

#include <array>
#include <cstdint>

#include "common/bytes.h"
#include "common/units.h"

namespace coffer {

/// What a machine page is used for. The values are the codes in memory.
enum class OwnershipState : std::uint8_t {
    free = 0,               ///< nobody's but the host's to use
    owned = 1,
    shared_read_only = 2,   ///< plain; its owner reads and writes, the sharer reads
    shared_read_write = 3,  ///< plain; both read and write
    metadata = 4,           ///< counter blocks, tags, trees: nobody's
};

/// Who a machine page belongs to: one entry of the page ownership table. A free page has an entry of zeros.
struct OwnershipEntry {
    static constexpr std::size_t stored_bytes = 16;
    using Stored = std::array<std::uint8_t, stored_bytes>;

    Vmid owner = host_vmid;
    OwnershipState state = OwnershipState::free;
    bool lent = false;         ///< a shared page that its sharer, a VM, has mapped (bit 0 of the flags)
    Vmid sharer = host_vmid;   ///< of a shared page: the VM, or the host and its devices
    Gpn gpn = 0;               ///< where the owner sees it

    bool shared() const { return state == OwnershipState::shared_read_only || state == OwnershipState::shared_read_write; }
    bool operator==(const OwnershipEntry& other) const {
        return owner == other.owner && state == other.state && lent == other.lent && sharer == other.sharer && gpn == other.gpn;
    }

    Stored encode() const {
        Stored bytes{};
        store_le16(bytes.data(), owner);
        bytes[2] = static_cast<std::uint8_t>(state);
        bytes[3] = lent ? 1 : 0;
        store_le16(bytes.data() + 4, sharer);
        store_le64(bytes.data() + 8, gpn);
        return bytes;
    }
    static OwnershipEntry decode(const Stored& bytes) {
        return {load_le16(bytes.data()), static_cast<OwnershipState>(bytes[2]), (bytes[3] & 1) != 0, load_le16(bytes.data() + 4),
                load_le64(bytes.data() + 8)};
    }
};

}  // namespace coffer
