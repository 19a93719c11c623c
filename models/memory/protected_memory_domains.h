#pragma once

#include "memory/protected_memory.h"
#include "vm_table/domain_port.h"

namespace coffer {

/// Serves the life cycle of VMs from ProtectedMemory.
class ProtectedMemoryDomains : public DomainPort {
public:
    /// `memory` outlives the object. VMIDs are below `vmids`, as far as the chip region has room for their entries.
    explicit ProtectedMemoryDomains(ProtectedMemory& memory, unsigned vmids = max_vmids)
        : memory_(memory), vmids_(VmTable::vmids_with_entry(memory.map().chip_bytes(), vmids)) {}

    const Scheme& scheme() const override { return memory_.scheme(); }
    unsigned vmids() const override { return vmids_; }
    bool installed(Vmid vmid) const override { return memory_.vm_table().installed(vmid); }
    bool frozen(Vmid vmid) const override { return memory_.violations().frozen(vmid); }
    void install(const VmInstall& vm) override { memory_.install(vm); }
    std::optional<SettledTree> flush(Vmid vmid) override;
    void uninstall(Vmid vmid) override { memory_.uninstall(vmid); }

private:
    ProtectedMemory& memory_;
    const unsigned vmids_;
};

}  // namespace coffer
