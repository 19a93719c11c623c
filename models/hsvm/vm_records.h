#pragma once

#include <cstdint>

#include "hsvm/chip_region.h"

namespace coffer {

/// What the H-SVM controller keeps of a VM beside its VM-Table entry.
struct VmRecord {
    static constexpr std::size_t stored_bytes = line_bytes;

    Vmid vmid = 0;
    std::uint32_t vcpus = 0;
    std::uint64_t pages = 0;
    std::uint64_t npt_root = 0;       ///< frame of the nested page table's top level
    std::uint64_t first_context = 0;  ///< first frame of vCPU contexts; 0 where they lie in the VM's own memory
    Address addr_shim = 0;            ///< GPA; one page for each vCPU's context lies behind it
};

/// The records of all VMs, one line for each VMID. All functions throw ChipRegionFailure.
class VmRecords {
public:
    explicit VmRecords(ChipRegion& region) : region_(region) {}

    /// Whether the VM exists; `record` is left as it was where it does not.
    bool read(Vmid vmid, VmRecord& record);
    void write(const VmRecord& record);
    void erase(Vmid vmid);

private:
    Address address_of(Vmid vmid) const { return region_.layout().vm_records + vmid * VmRecord::stored_bytes; }

    ChipRegion& region_;
};

}  // namespace coffer
