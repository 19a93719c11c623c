#pragma once

#include "vcpu/vcpu_context.h"

namespace coffer {

/// The registers of the processor's cores, as the hardware that switches contexts reaches them.
class CoreRegisters {
public:
    virtual ~CoreRegisters() = default;
    /// Registers of a core that there is.
    virtual VcpuContext& context(unsigned core) = 0;
};

}  // namespace coffer
