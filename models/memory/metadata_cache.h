#pragma once

#include <cstdint>
#include <unordered_map>

#include "bmt/metadata_port.h"
#include "common/byte_store.h"
#include "memory/set_associative_cache.h"

namespace coffer {

/// The on-chip cache of counter blocks and tree nodes. Whatever it holds was verified when it was installed.
class MetadataCache : public MetadataPort {
public:
    struct Statistics {
        std::uint64_t counter_hits = 0;
        std::uint64_t counter_misses = 0;
        std::uint64_t node_hits = 0;
        std::uint64_t node_misses = 0;
        std::uint64_t evictions = 0;
        std::uint64_t dirty_evictions = 0;
    };

    /// `chip_ways` of each set serve VMID 1 alone, so that a guest's miss never displaces what the VM-Table needs; at least one way is
    /// left to guests. Throws InputError otherwise.
    MetadataCache(CacheGeometry geometry, unsigned chip_ways, ByteStore& memory);

    /// Where dirty blocks go when they leave. Must be set before the first install.
    void set_settle_port(SettlePort& port) { settle_port_ = &port; }

    bool look_up(Address address, const BlockId& id, Block64& block) override;
    void fetch(Address address, const BlockId& id, Block64& block) override;
    void write(Address address, const BlockId& id, const Block64& block) override;
    void install(Address address, const BlockId& id, const Block64& block, bool dirty) override;
    void drop(Address address, const BlockId& id) override;
    void evict(Address address, const BlockId& id) override;
    void evict_all(Slot slot) override;

    bool peek(Address address, const BlockId& id, Block64& block) override;
    /// Copies a cached block without counting or changing anything; false where it is not cached.
    bool cached(Address address, const BlockId& id, Block64& block);

    const Statistics& statistics() const { return statistics_; }

private:
    using Cache = SetAssociativeCache<BlockId, Block64>;

    void leave(Cache::Entry& entry);
    void forget(Cache::Entry& entry);
    void evict_from_other_frame(Address address, const BlockId& id);

    Cache cache_;
    const unsigned chip_ways_;
    ByteStore& memory_;
    SettlePort* settle_port_ = nullptr;
    // Where the counter block of {slot, GPN} is cached: a page may turn up in another frame.
    std::unordered_map<std::uint64_t, Address> counter_addresses_;
    Statistics statistics_;
};

}  // namespace coffer
