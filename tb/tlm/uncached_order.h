#pragma once

#include "hsvm/hsvm_ports.h"

namespace coffer::test {

/// A platform without caches and TLBs: there is nothing to put in order.
class UncachedOrder final : public OrderingPort {
public:
    void block_fills(const GuestPages&) override {}
    void evict_lines(const GuestPages&, LastLevelCache::Leaving) override {}
    void evict_frames(std::uint64_t, std::uint64_t, LastLevelCache::Leaving) override {}
    void invalidate_pages(const GuestPages&) override {}
    void invalidate_frames(std::uint64_t, std::uint64_t) override {}
    void complete(const GuestPages&) override {}
};

}  // namespace coffer::test
