#pragma once

#include <optional>

#include "bmt/node_mac.h"
#include "common/scheme.h"
#include "common/units.h"
#include "vm_table/sealable_vm.h"
#include "vm_table/vm_install.h"

namespace coffer {

/// A tree that memory and root register agree on.
struct SettledTree {
    NodeTag root{};
    Address base = 0;
};

/// Protected memory as the life cycle of VMs sees it.
class DomainPort {
public:
    virtual ~DomainPort() = default;

    virtual const Scheme& scheme() const = 0;
    /// VMIDs are below this.
    virtual unsigned vmids() const = 0;
    virtual bool installed(Vmid vmid) const = 0;
    /// Whether a failed check stopped the VM.
    virtual bool frozen(Vmid vmid) const = 0;

    /// Adds a domain under a VMID that is free. Throws InputError, having changed nothing, for a tree base that cannot be taken.
    virtual void install(const VmInstall& vm) = 0;
    /// Writes back the domain's lines and settles its metadata; nothing for a VM that was stopped, perhaps by this: no root vouches for its memory.
    virtual std::optional<SettledTree> flush(Vmid vmid) = 0;
    /// What is to be sealed of a domain that did not come by install; nothing where there is none.
    virtual std::optional<SealableVm> made_here(Vmid) { return std::nullopt; }
    /// Drops everything of the domain, after flush.
    virtual void uninstall(Vmid vmid) = 0;
};

}  // namespace coffer
