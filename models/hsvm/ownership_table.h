#pragma once

#include "hsvm/chip_region.h"
#include "hsvm/ownership_entry.h"

namespace coffer {

/// The page ownership table of H-SVM (Jin et al., MICRO 2011): who each machine page belongs to. Entries of data frames are bytes in the chip region,
/// zeros at reset. The chip region belongs to the chip and everything above it is metadata, for as long as the chip runs: these entries are read off
/// the frame's number.
class OwnershipTable {
public:
    explicit OwnershipTable(ChipRegion& region) : region_(region) {}

    /// Any frame number has an entry. Throws ChipRegionFailure, as set does.
    OwnershipEntry entry(std::uint64_t frame);
    /// Throws std::invalid_argument unless `frame` is a data frame.
    void set(std::uint64_t frame, const OwnershipEntry& entry);

private:
    Address address_of(std::uint64_t frame) const { return region_.layout().ownership + frame * OwnershipEntry::stored_bytes; }

    ChipRegion& region_;
};

}  // namespace coffer
