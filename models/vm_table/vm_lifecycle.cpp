#include "vm_table/vm_lifecycle.h"

#include "common/errors.h"

namespace coffer {

namespace {

ProtectionClaims with_scheme(ProtectionClaims claims, const Scheme& scheme) {
    claims.scheme = scheme;
    return claims;
}

bool is_of_scheme(const VmVector& vector, const Scheme& scheme) {
    return vector.data_mac == scheme.data_mac && vector.node_mac == scheme.node_mac && vector.tag_bytes == scheme.tag_bytes &&
           vector.node_tag_bytes == scheme.node_tag_bytes;
}

}  // namespace

VmLifecycle::VmLifecycle(DomainPort& domains, LpidSource& lpids, NonVolatile& nonvolatile, const ChipIdentity& chip, const ProtectionClaims& claims)
    : domains_(domains), own_gate_(std::in_place, lpids, nonvolatile, chip, with_scheme(claims, domains.scheme())), gate_(*own_gate_) {}

std::optional<Vmid> VmLifecycle::free_vmid() const {
    for (unsigned vmid = first_guest_vmid; vmid < domains_.vmids(); ++vmid)
        if (!domains_.installed(static_cast<Vmid>(vmid))) return static_cast<Vmid>(vmid);
    return std::nullopt;
}

const VmVector* VmLifecycle::vector(Vmid vmid) const {
    const SealableVm* const vm = gate_.vm(vmid);
    return vm == nullptr ? nullptr : &vm->vector;
}

VmLifecycle::Result VmLifecycle::install(ByteView vm_key, ByteView vm_vector) {
    VmGate::Arrival arrival;
    if (const Result opened = gate_.open(vm_key, vm_vector, arrival); !opened.ok()) return opened;
    const VmVector& vector = arrival.vm.vector;
    if (!is_of_scheme(vector, domains_.scheme())) return Result::fail(LifecycleStatus::other_scheme);
    const std::optional<Vmid> vmid = free_vmid();
    if (!vmid) return Result::fail(LifecycleStatus::no_vmid);
    try {
        VmInstall install;
        install.vmid = *vmid;
        install.k_vm = arrival.vm.k_vm;
        install.pages = vector.pages;
        install.addr_shim = vector.addr_shim;
        install.vcpus = vector.vcpus;
        install.measurement = vector.measurement;
        install.root = vector.root;
        // An empty tree needs nothing of what lies at the hint.
        install.tree_base = vector.root == empty_tag ? 0 : vector.addr_tree;
        domains_.install(install);
    } catch (const InputError&) {
        return Result::fail(LifecycleStatus::bad_tree);
    }
    const Result admitted = gate_.admit(*vmid, arrival);
    if (!admitted.ok()) domains_.uninstall(*vmid);
    return admitted;
}

VmLifecycle::Result VmLifecycle::snapshot(Vmid vmid, const WriteVector& write_vector) {
    const bool known = gate_.vm(vmid) != nullptr;
    const std::optional<SealableVm> made_here = known ? std::nullopt : domains_.made_here(vmid);
    if (!known && !made_here) return Result::fail(LifecycleStatus::unknown_vmid);
    const std::optional<SettledTree> tree = domains_.flush(vmid);
    if (!tree) return Result::fail(LifecycleStatus::violated);
    if (made_here)
        if (const Result enrolled = gate_.enroll(vmid, *made_here); !enrolled.ok()) return enrolled;
    return gate_.seal_snapshot(vmid, *tree, write_vector);
}

VmLifecycle::Result VmLifecycle::migrate_out(Vmid vmid, ByteView certificate, const Nonce& nonce, const Release& release) {
    if (gate_.vm(vmid) == nullptr) return Result::fail(LifecycleStatus::unknown_vmid);
    const std::optional<SettledTree> tree = domains_.flush(vmid);
    if (!tree) return Result::fail(LifecycleStatus::violated);
    Bytes vm_key;
    SealedVector vm_vector;
    if (const Result moved = gate_.seal_move(vmid, *tree, certificate, nonce, vm_key, vm_vector); !moved.ok()) return moved;
    drop(vmid);
    release(vm_key, vm_vector);
    return Result::done(vmid);
}

VmLifecycle::Result VmLifecycle::uninstall(Vmid vmid) {
    if (gate_.vm(vmid) == nullptr) return Result::fail(LifecycleStatus::unknown_vmid);
    const std::optional<SettledTree> tree = domains_.flush(vmid);
    const Result ended = gate_.end(vmid, tree ? std::optional<NodeTag>(tree->root) : std::nullopt);
    if (ended.ok()) drop(vmid);
    return ended;
}

/// Nobody runs the VM or keeps anything of it when its VMID is free.
void VmLifecycle::drop(Vmid vmid) {
    if (keeper_ != nullptr) keeper_->take_off(vmid);
    domains_.uninstall(vmid);
    if (keeper_ != nullptr) keeper_->forget(vmid);
}

VmLifecycle::Result VmLifecycle::attest(Vmid vmid, const Nonce& nonce, const ReportData& data, SignedReport& report) const {
    const SealableVm* const vm = gate_.vm(vmid);
    if (vm == nullptr) return Result::fail(LifecycleStatus::unknown_vmid);
    if (domains_.frozen(vmid)) return Result::fail(LifecycleStatus::violated);
    report = gate_.report(vm->vector.identity, vm->vector.measurement, nonce, data);
    return Result::done(vmid);
}

}  // namespace coffer
