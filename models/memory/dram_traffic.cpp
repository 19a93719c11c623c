#include "memory/dram_traffic.h"

namespace coffer {

std::string_view to_string(TrafficClass traffic_class) {
    switch (traffic_class) {
        case TrafficClass::data: return "data";
        case TrafficClass::counters: return "counters";
        case TrafficClass::tags: return "tags";
        case TrafficClass::tree: return "tree";
        case TrafficClass::other: return "other";
    }
    return "unknown";
}

DramTraffic::DramTraffic(const AddressMap& map, Address tree_end)
    : data_end_(map.data_bytes()), counter_base_(map.counter_base()), tag_base_(map.tag_base()), tree_base_(map.tree_base()), tree_end_(tree_end) {}

void DramTraffic::collect(StatisticsGroup& group) const {
    for (std::size_t i = 0; i < traffic_classes; ++i) {
        StatisticsGroup& sub = group.group(to_string(static_cast<TrafficClass>(i)));
        sub.add("reads", counts_[i][0].accesses, "accesses");
        sub.add("read_bytes", counts_[i][0].bytes, "B");
        sub.add("writes", counts_[i][1].accesses, "accesses");
        sub.add("write_bytes", counts_[i][1].bytes, "B");
    }
}

}  // namespace coffer
