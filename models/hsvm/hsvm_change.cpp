#include "hsvm/hsvm_change.h"

namespace coffer {

HsvmChange::HsvmChange(HsvmMemory& memory, OrderingPort& ordering, NestedPageTable* table, const GuestPages& pages, LastLevelCache::Leaving leaving,
                       const std::vector<FrameRange>& frames)
    : ordering_(ordering), pages_(pages) {
    // Before anything changes: a failure here leaves nothing blocked.
    std::vector<NptEntry> entries;
    if (table != nullptr && memory.scheme().encrypt)
        for (Gpn gpn = pages.first; gpn < pages.first + pages.count; ++gpn) entries.push_back(table->entry(gpn));

    ordering.block_fills(pages);
    ordering.evict_lines(pages, leaving);
    for (const FrameRange& range : frames) ordering.evict_frames(range.first, range.count, leaving);
    for (std::size_t i = 0; i < entries.size(); ++i)
        if (entries[i].present() && !entries[i].shared())
            memory.settle_page(pages.vmid, (pages.first + i) * page_bytes, entries[i].frame() * page_bytes);
    ordering.invalidate_pages(pages);
    for (const FrameRange& range : frames) ordering.invalidate_frames(range.first, range.count);
}

}  // namespace coffer
