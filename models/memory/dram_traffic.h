#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "common/statistics.h"
#include "common/units.h"
#include "memory/address_map.h"

namespace coffer {

/// What bytes in DRAM are for.
enum class TrafficClass : std::uint8_t {
    data,      ///< data frames
    counters,  ///< counter blocks
    tags,      ///< data tags
    tree,      ///< nodes of all trees
    other,     ///< the chip region, and what lies behind the trees
};

inline constexpr std::size_t traffic_classes = 5;
std::string_view to_string(TrafficClass traffic_class);

/// Counts DRAM traffic per class. An access belongs to the class of its first byte.
class DramTraffic {
public:
    struct Count {
        std::uint64_t accesses = 0;
        std::uint64_t bytes = 0;
    };

    /// The classes are address ranges of `map`; the trees end at `tree_end`.
    DramTraffic(const AddressMap& map, Address tree_end);

    TrafficClass class_of(Address address) const {
        if (address < data_end_) return TrafficClass::data;
        if (address < counter_base_ || address >= tree_end_) return TrafficClass::other;
        if (address < tag_base_) return TrafficClass::counters;
        return address < tree_base_ ? TrafficClass::tags : TrafficClass::tree;
    }

    void add(Address address, std::uint64_t bytes, bool write) {
        Count& count = counts_[static_cast<std::size_t>(class_of(address))][write];
        ++count.accesses;
        count.bytes += bytes;
    }

    const Count& reads(TrafficClass traffic_class) const { return counts_[static_cast<std::size_t>(traffic_class)][0]; }
    const Count& writes(TrafficClass traffic_class) const { return counts_[static_cast<std::size_t>(traffic_class)][1]; }
    /// One subgroup per class: reads, read_bytes, writes, write_bytes.
    void collect(StatisticsGroup& group) const;

private:
    Address data_end_;
    Address counter_base_;
    Address tag_base_;
    Address tree_base_;
    Address tree_end_;
    std::array<std::array<Count, 2>, traffic_classes> counts_{};
};

}  // namespace coffer
