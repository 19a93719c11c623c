#pragma once

#include "common/units.h"

namespace coffer {

/// Whoever keeps something of VMs beside their memory: cores that run them, registers, software that works for them. Whatever ends a VM, or finds that
/// it was stopped, tells it.
class VmKeeper {
public:
    virtual ~VmKeeper() = default;
    /// The VM was stopped, or ends: no core runs it from here on, and none keeps its registers. More than once, perhaps.
    virtual void take_off(Vmid vmid) = 0;
    /// The VM is gone: its VMID's next VM finds nothing of it.
    virtual void forget(Vmid vmid) = 0;
};

}  // namespace coffer
