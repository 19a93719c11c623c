#include "hsvm/ownership_table.h"

#include <stdexcept>

#include <fmt/format.h>

namespace coffer {

OwnershipEntry OwnershipTable::entry(std::uint64_t frame) {
    const ChipRegionLayout& layout = region_.layout();
    if (frame >= layout.data_frames)
        return {chip_vmid, frame < layout.end_frame ? OwnershipState::owned : OwnershipState::metadata, false, host_vmid, 0};
    OwnershipEntry::Stored bytes;
    region_.read_bytes(address_of(frame), bytes.data(), bytes.size());
    return OwnershipEntry::decode(bytes);
}

void OwnershipTable::set(std::uint64_t frame, const OwnershipEntry& entry) {
    if (frame >= region_.layout().data_frames) throw std::invalid_argument(fmt::format("frame {} is no data frame", frame));
    const OwnershipEntry::Stored bytes = entry.encode();
    region_.write_bytes(address_of(frame), bytes.data(), bytes.size());
}

}  // namespace coffer
