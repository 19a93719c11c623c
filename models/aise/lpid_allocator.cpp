#include "aise/lpid_allocator.h"

#include <algorithm>

#include "vm_table/nonvolatile.h"

namespace coffer {

LpidAllocator::LpidAllocator(NonVolatile& nonvolatile, std::uint64_t end_count, std::uint64_t batch)
    : nonvolatile_(nonvolatile),
      next_(nonvolatile.gpc()),
      reserved_(next_),
      end_(next_ - count_of(next_) + std::min(end_count, lpid_count_end)),
      batch_(batch) {}

bool LpidAllocator::reserve() {
    if (reserved_ >= end_) return false;
    const Lpid reserved = reserved_ + std::min(batch_, end_ - reserved_);
    nonvolatile_.write_gpc(reserved);
    reserved_ = reserved;
    return true;
}

}  // namespace coffer
