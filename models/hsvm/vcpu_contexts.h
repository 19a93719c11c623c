#pragma once

#include <cstdint>

#include "hsvm/chip_frame_pool.h"
#include "vcpu/vcpu_context.h"

namespace coffer {

/// Contexts of VMs in frames of the chip region, where memory is plain: three in each, behind a line whose first word is the number of the VM's next
/// frame. All functions throw ChipRegionFailure.
class VcpuContexts {
public:
    static constexpr std::uint64_t per_frame = (page_bytes - line_bytes) / context_bytes;

    VcpuContexts(ChipRegion& region, ChipFramePool& pool) : region_(region), pool_(pool) {}

    static std::uint64_t frames_for(std::uint64_t vcpus) { return divide_up(vcpus, per_frame); }
    /// Contexts of zeros; the pool has frames_for(vcpus). Gives the first frame.
    std::uint64_t create(std::uint64_t vcpus);
    void destroy(std::uint64_t first_frame);

    ContextBytes read(std::uint64_t first_frame, std::uint32_t vcpu);
    void write(std::uint64_t first_frame, std::uint32_t vcpu, const ContextBytes& context);

private:
    Address address_of(std::uint64_t frame, std::uint32_t vcpu);

    ChipRegion& region_;
    ChipFramePool& pool_;
};

}  // namespace coffer
