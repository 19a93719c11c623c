#include "memory/tree_allocator.h"

#include <iterator>

namespace coffer {

Address TreeAllocator::allocate(std::uint64_t bytes) {
    const std::uint64_t wanted = align_up(bytes, page_bytes);
    for (auto hole = free_.begin(); hole != free_.end(); ++hole) {
        if (hole->second < wanted) continue;
        const Address base = hole->first;
        const std::uint64_t rest = hole->second - wanted;
        free_.erase(hole);
        if (rest != 0) free_.emplace(base + wanted, rest);
        return base;
    }
    const Address base = end_;
    end_ += wanted;
    return base;
}

void TreeAllocator::release(Address base, std::uint64_t bytes) {
    auto hole = free_.emplace(base, align_up(bytes, page_bytes)).first;
    const auto after = std::next(hole);
    if (after != free_.end() && hole->first + hole->second == after->first) {
        hole->second += after->second;
        free_.erase(after);
    }
    if (hole == free_.begin()) return;
    const auto before = std::prev(hole);
    if (before->first + before->second == hole->first) {
        before->second += hole->second;
        free_.erase(hole);
    }
}

}  // namespace coffer
