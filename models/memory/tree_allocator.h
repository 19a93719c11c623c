#pragma once

#include <map>

#include "common/units.h"

namespace coffer {

/// Gives out room for trees above the tag array, first fit, in whole pages.
class TreeAllocator {
public:
    explicit TreeAllocator(Address base) : end_(align_up(base, page_bytes)) {}

    Address allocate(std::uint64_t bytes);
    void release(Address base, std::uint64_t bytes);
    /// First byte above everything ever given out.
    Address end() const { return end_; }

private:
    Address end_;
    std::map<Address, std::uint64_t> free_;  // base -> bytes
};

}  // namespace coffer
