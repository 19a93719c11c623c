#pragma once

#include <cstdint>

#include "common/units.h"
#include "vcpu/bounce_buffer.h"
#include "vcpu/context_page.h"
#include "vcpu/sealed_disk.h"

namespace coffer {

/// Where everything of a VM's shim lies (docs/formats.md): its own page, one for the context of each vCPU, and the table of its disk, if it has one.
struct ShimMemory {
    Address addr_shim = 0;
    std::uint64_t vcpus = 1;
    std::uint64_t sectors = 0;  ///< of the disk

    constexpr GpaRange range() const { return {addr_shim, page_bytes * (1 + vcpus) + SealedDisk::table_bytes(sectors)}; }
    constexpr SealedDisk::Place disk() const { return {addr_shim, context_page(addr_shim, vcpus), sectors}; }
};

}  // namespace coffer
