#pragma once

#include "memory/last_level_cache_tlm.h"
#include "memory/memory_protection_tlm.h"
#include "vm_table/domain_port.h"

namespace coffer {

/// Serves the life cycle of VMs from the memory protection subsystem and the last-level cache above it. Outside transactions only; takes no time.
class MemoryProtectionDomainsTlm : public DomainPort {
public:
    /// Both outlive the object; `cache` may be null where there is none.
    /// VMIDs are below `vmids`, as far as the chip region has room for their entries.
    MemoryProtectionDomainsTlm(MemoryProtectionTlm& protection, LastLevelCacheTlm* cache, unsigned vmids = max_vmids)
        : protection_(protection), cache_(cache), vmids_(VmTable::vmids_with_entry(protection.map().chip_bytes(), vmids)) {}

    const Scheme& scheme() const override { return protection_.scheme(); }
    unsigned vmids() const override { return vmids_; }
    bool installed(Vmid vmid) const override { return protection_.vm_table.installed(vmid); }
    bool frozen(Vmid vmid) const override { return protection_.violations.frozen(vmid); }
    void install(const VmInstall& vm) override { protection_.install(vm); }
    std::optional<SettledTree> flush(Vmid vmid) override;
    void uninstall(Vmid vmid) override;

private:
    MemoryProtectionTlm& protection_;
    LastLevelCacheTlm* const cache_;
    const unsigned vmids_;
};

}  // namespace coffer
