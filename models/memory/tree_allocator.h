#pragma once

#include <map>

#include "common/units.h"

namespace coffer {

/// Gives out room for trees above the tag array, first fit, in whole pages.
class TreeAllocator {
public:
    explicit TreeAllocator(Address base);

    /// Base of a free room, which is taken now. Throws InputError where there is none so large.
    Address allocate(std::uint64_t bytes);
    /// Takes the room at `base`, where a tree lies already. Throws InputError where that is not a multiple of 4096 or not all of it is free.
    void reserve(Address base, std::uint64_t bytes);
    /// Frees a room that was allocated or reserved.
    void release(Address base, std::uint64_t bytes);
    /// First byte above everything ever given out.
    Address end() const { return end_; }

private:
    using Holes = std::map<Address, std::uint64_t>;  // base -> bytes

    void take(Holes::iterator hole, Address base, std::uint64_t bytes);

    Address base_;
    Address end_;
    Holes free_;
};

}  // namespace coffer
