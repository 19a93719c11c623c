#include "memory/tree_allocator.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "common/errors.h"

namespace coffer {

namespace {

// The last page of 64-bit addresses is left out, so that ends of rooms are addresses too.
constexpr Address limit = page_base(~Address{0});

}  // namespace

TreeAllocator::TreeAllocator(Address base) : base_(align_up(base, page_bytes)), end_(base_), free_{{base_, limit - base_}} {}

Address TreeAllocator::allocate(std::uint64_t bytes) {
    const std::uint64_t wanted = align_up(bytes, page_bytes);
    const auto hole = std::find_if(free_.begin(), free_.end(), [&](const Holes::value_type& h) { return h.second >= wanted; });
    if (hole == free_.end()) throw InputError("pages", fmt::format("no room for a tree of {} bytes", bytes));
    const Address base = hole->first;
    take(hole, base, wanted);
    return base;
}

void TreeAllocator::reserve(Address base, std::uint64_t bytes) {
    const std::uint64_t wanted = align_up(bytes, page_bytes);
    const auto holds = [&](const Holes::value_type& hole) {
        return base >= hole.first && base - hole.first <= hole.second && wanted <= hole.second - (base - hole.first);
    };
    const auto hole = std::find_if(free_.begin(), free_.end(), holds);
    if (base % page_bytes != 0 || hole == free_.end())
        throw InputError("tree_base", fmt::format("{:#x} is no room for a tree of {} bytes", base, bytes),
                         fmt::format("a multiple of 4096 from {:#x} on, clear of other trees", base_));
    take(hole, base, wanted);
}

void TreeAllocator::take(Holes::iterator hole, Address base, std::uint64_t bytes) {
    const auto [hole_base, hole_bytes] = *hole;
    free_.erase(hole);
    if (base != hole_base) free_.emplace(hole_base, base - hole_base);
    const std::uint64_t used = base - hole_base + bytes;
    if (used != hole_bytes) free_.emplace(base + bytes, hole_bytes - used);
    end_ = std::max(end_, base + bytes);
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
