#pragma once

#include <cstdint>

#include "crypto/sha256.h"
#include "hsvm/chip_region.h"

namespace coffer {

/// What the H-SVM controller keeps of a VM beside its VM-Table entry.
struct VmRecord {
    static constexpr std::size_t stored_bytes = 2 * line_bytes;

    Vmid vmid = 0;
    std::uint32_t vcpus = 0;
    std::uint64_t pages = 0;
    std::uint64_t npt_root = 0;       ///< frame of the nested page table's top level
    std::uint64_t first_context = 0;  ///< first frame of vCPU contexts; 0 where they lie in the VM's own memory
    Address addr_shim = 0;            ///< GPA; one page for each vCPU's context lies behind it
    bool used = false;                ///< launched, has run, or came from elsewhere: no image can be launched in it any more
};

/// The records of all VMs, two lines for each VMID. All functions throw ChipRegionFailure.
class VmRecords {
public:
    explicit VmRecords(ChipRegion& region) : region_(region) {}

    /// Whether the VM exists; `record` is left as it was where it does not.
    bool read(Vmid vmid, VmRecord& record);
    void write(const VmRecord& record);
    void erase(Vmid vmid);
    /// What the VM was launched with, in the second line: zeros where that is nothing.
    crypto::Digest measurement(Vmid vmid);
    void set_measurement(Vmid vmid, const crypto::Digest& measurement);

private:
    Address address_of(Vmid vmid) const { return region_.layout().vm_records + vmid * VmRecord::stored_bytes; }

    ChipRegion& region_;
};

}  // namespace coffer
