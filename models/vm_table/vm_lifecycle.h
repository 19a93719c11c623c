#pragma once

#include <optional>

#include "vm_table/vm_gate.h"
#include "vm_table/vm_keeper.h"

namespace coffer {

/// vm_install, vm_snapshot and vm_uninstall (HyperCoffer, HPCA 2013), attestation, and migration between chips of a fleet: VMs in and out of protected
/// memory, as VmGate lets them.
class VmLifecycle {
public:
    using Result = LifecycleResult;
    using WriteVector = VmGate::WriteVector;
    using Release = VmGate::Release;

    /// All references outlive the object. `claims` are for reports; their scheme is that of `domains`. Throws InputError where the log does not match
    /// its register.
    VmLifecycle(DomainPort& domains, LpidSource& lpids, NonVolatile& nonvolatile, const ChipIdentity& chip, const ProtectionClaims& claims = {});
    /// With a gate that other parts of the chip use, too; it outlives the object.
    VmLifecycle(DomainPort& domains, VmGate& gate) : domains_(domains), gate_(gate) {}

    /// Who is told of VMs that end. It outlives the object's operations.
    void follow(VmKeeper& keeper) { keeper_ = &keeper; }

    /// K_vm under the chip's unwrap key, and the vector: the VM runs from here on. Nothing changes unless the result is ok.
    Result install(ByteView vm_key, ByteView vm_vector);
    /// Flushes the VM, which does not run meanwhile, and seals its vector with the next sequence. The log hears of a VM that was made here first.
    Result snapshot(Vmid vmid, const WriteVector& write_vector);
    /// Takes the VM from the VM-Table; its latest vector can be installed again, with the memory of that moment.
    Result uninstall(Vmid vmid);
    /// A signed report about a running VM.
    Result attest(Vmid vmid, const Nonce& nonce, const ReportData& data, SignedReport& report) const;

    /// Target of a migration, first step: VmGate::begin_import. The VM is then installed as any other.
    std::optional<Nonce> begin_import() { return gate_.begin_import(); }
    /// Source of a migration: flushes the VM, which stops for good, seals it for the chip of `certificate`, which made `nonce`, and commits that it moved
    /// before `release` gets the result. What memory holds of it goes to the target as it is. Where the result is not ok, nothing is released and the VM
    /// goes on.
    Result migrate_out(Vmid vmid, ByteView certificate, const Nonce& nonce, const Release& release);

    const VmLog& log() const { return gate_.log(); }
    /// For other parts of the chip that let VMs in and out.
    VmGate& gate() { return gate_; }
    /// The vector that an installed VM had last; null where none is installed under the VMID.
    const VmVector* vector(Vmid vmid) const;
    /// Whether a failed check stopped the VM.
    bool stopped(Vmid vmid) const { return domains_.frozen(vmid); }

private:
    void drop(Vmid vmid);
    std::optional<Vmid> free_vmid() const;

    DomainPort& domains_;
    std::optional<VmGate> own_gate_;
    VmGate& gate_;
    VmKeeper* keeper_ = nullptr;
};

}  // namespace coffer
