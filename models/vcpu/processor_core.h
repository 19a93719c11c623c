#pragma once

#include <cstdint>

#include "vcpu/exit_event.h"
#include "vcpu/instruction_table.h"
#include "vcpu/vcpu_context.h"

namespace coffer {

/// What a processor core is doing, as software sees it.
struct ProcessorCore {
    CoreMode mode = CoreMode::host;
    Vmid vmid = host_vmid;     ///< whose shim or guest runs
    std::uint64_t vcpu = 0;
    VcpuContext registers;     ///< in modes shim and guest
    ExitEvent event;           ///< in mode shim, after VMExit: why the guest was left
    HypervisorView view;       ///< in mode host: the registers. What an exit left, and what the next entry finds
};

}  // namespace coffer
