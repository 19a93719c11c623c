#pragma once

#include <cstdint>
#include <vector>

#include "hsvm/hsvm_ports.h"
#include "hsvm/nested_page_table.h"

namespace coffer {

struct FrameRange {
    std::uint64_t first = 0;
    std::uint64_t count = 1;
};

/// The order of every change of mapping, owner or state: fills of the pages are blocked, their lines and those of the frames leave the cache, their
/// metadata is settled up the tree, translations are forgotten; then whoever made this object makes the change; at its end the change is complete.
class HsvmChange {
public:
    /// `table`: where the pages are mapped before the change; null where the VM ends, and all of it is settled at once.
    HsvmChange(HsvmMemory& memory, OrderingPort& ordering, NestedPageTable* table, const GuestPages& pages, LastLevelCache::Leaving leaving,
               const std::vector<FrameRange>& frames);
    HsvmChange(const HsvmChange&) = delete;
    HsvmChange& operator=(const HsvmChange&) = delete;
    ~HsvmChange() { ordering_.complete(pages_); }

private:
    OrderingPort& ordering_;
    const GuestPages pages_;
};

}  // namespace coffer
