#pragma once

#include <cstdint>

#include "common/bytes.h"
#include "common/units.h"

namespace coffer {

/// Which block a metadata address stands for. A register set serves one VMID at a time and leaves nothing in the cache when it
/// changes hands, so {slot, level 0, index} is {VMID, GPN} of a counter block.
struct BlockId {
    Slot slot = 0;
    std::uint8_t level = 0;   ///< 0: counter block, index = GPN; from 1: tree node
    std::uint64_t index = 0;

    bool operator==(const BlockId& other) const { return slot == other.slot && level == other.level && index == other.index; }
};

/// The metadata cache and the bus behind it, as the hash tree uses them. What is cached was verified and is trusted.
class MetadataPort {
public:
    virtual ~MetadataPort() = default;
    /// Copies a cached block; false where it is not cached. Never uses the bus.
    virtual bool look_up(Address address, const BlockId& id, Block64& block) = 0;
    /// The block's bytes in memory, not to be trusted; nothing is allocated.
    virtual void fetch(Address address, const BlockId& id, Block64& block) = 0;
    /// For debug accesses: the cached block (true) or the bytes in memory (false), without time, counting or any other effect.
    virtual bool peek(Address address, const BlockId& id, Block64& block) = 0;
    /// Cached: changes it in place, dirty. Not cached: writes to memory.
    virtual void write(Address address, const BlockId& id, const Block64& block) = 0;
    /// Caches a verified block; the block it displaces is settled first.
    virtual void install(Address address, const BlockId& id, const Block64& block, bool dirty) = 0;
    /// Forgets a block, dirty or not; a counter block also where it is cached under another frame's address.
    virtual void drop(Address address, const BlockId& id) = 0;
    /// Forgets a block, settled first where dirty.
    virtual void evict(Address address, const BlockId& id) = 0;
    /// Forgets all blocks of a slot, settled first where dirty.
    virtual void evict_all(Slot slot) = 0;
};

/// Takes the blocks that leave the metadata cache dirty.
class SettlePort {
public:
    virtual ~SettlePort() = default;
    /// Writes the block to memory and its tag into its parent. The block has left the cache.
    /// Where a node on the way fails its check, the VM is stopped.
    virtual void settle(Address address, const BlockId& id, const Block64& block) = 0;
};

}  // namespace coffer
