#pragma once

#include "vcpu/vcpu_context.h"
#include "vm_table/vm_keeper.h"

namespace coffer {

/// The registers of the processor's cores, as the hardware that switches contexts reaches them.
class CoreRegisters : public VmKeeper {
public:
    /// Registers of a core that there is.
    virtual VcpuContext& context(unsigned core) = 0;
    /// Whether the core runs software of a VM: until VMExit brings it back to the host, nobody else switches its context.
    virtual bool runs_vm(unsigned) const { return false; }
    /// Where there are registers alone, there is nobody to take off, and nothing else to forget.
    void take_off(Vmid) override {}
    void forget(Vmid) override {}
};

}  // namespace coffer
