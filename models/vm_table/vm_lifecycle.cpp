#include "vm_table/vm_lifecycle.h"

#include <algorithm>
#include <stdexcept>

#include "common/errors.h"
#include "crypto/kdf.h"

namespace coffer {

std::string_view to_string(LifecycleStatus status) {
    switch (status) {
        case LifecycleStatus::ok: return "ok";
        case LifecycleStatus::bad_key: return "bad key";
        case LifecycleStatus::bad_vector: return "bad vector";
        case LifecycleStatus::other_scheme: return "other scheme";
        case LifecycleStatus::refused: return "refused by the VM log";
        case LifecycleStatus::no_vmid: return "no VMID free";
        case LifecycleStatus::bad_tree: return "bad tree base";
        case LifecycleStatus::unknown_vmid: return "unknown VMID";
        case LifecycleStatus::violated: return "stopped by a violation";
        case LifecycleStatus::exhausted: return "LPIDs exhausted";
    }
    return "unknown";
}

VmIdentity derive_identity(const crypto::Key128& k_vm, const crypto::KdfContext& fleet_id) {
    const crypto::Key128 derived = crypto::derive_128(k_vm, "coffer id", fleet_id);
    VmIdentity identity;
    std::copy_n(derived.data(), identity.size(), identity.begin());
    return identity;
}

crypto::Key256 derive_seal_key(const crypto::Key128& k_vm, const crypto::KdfContext& fleet_id) { return crypto::derive_256(k_vm, "coffer seal", fleet_id); }

namespace {

ProtectionClaims with_scheme(ProtectionClaims claims, const Scheme& scheme) {
    claims.scheme = scheme;
    return claims;
}

}  // namespace

VmLifecycle::VmLifecycle(DomainPort& domains, LpidSource& lpids, NonVolatile& nonvolatile, const ChipIdentity& chip, const ProtectionClaims& claims)
    : domains_(domains), lpids_(lpids), chip_(chip), log_(nonvolatile), attester_(chip, log_, with_scheme(claims, domains.scheme())) {}

std::optional<Vmid> VmLifecycle::free_vmid() const {
    for (unsigned vmid = first_guest_vmid; vmid < domains_.vmids(); ++vmid)
        if (!domains_.installed(static_cast<Vmid>(vmid))) return static_cast<Vmid>(vmid);
    return std::nullopt;
}

VmLifecycle::Result VmLifecycle::install(ByteView vm_key, ByteView vm_vector) {
    Running vm;
    if (!chip_.unwrap_key().unwrap(vm_key, vm.k_vm)) return fail(LifecycleStatus::bad_key);
    const VectorStatus opened = open_vector(vm_vector, derive_seal_key(vm.k_vm, chip_.fleet_id()), vm.vector);
    if (opened != VectorStatus::ok) return {LifecycleStatus::bad_vector, opened, LogStatus::ok, 0};
    const VmVector& vector = vm.vector;
    // The identity is sealed with the key it is derived from; a vector of another VM under this key was made by its owner, in error.
    if (vector.identity != derive_identity(vm.k_vm, chip_.fleet_id()) || vector.kind == VectorKind::migrate) return fail(LifecycleStatus::bad_vector);
    const Scheme& scheme = domains_.scheme();
    if (vector.data_mac != scheme.data_mac || vector.node_mac != scheme.node_mac || vector.tag_bytes != scheme.tag_bytes ||
        vector.node_tag_bytes != scheme.node_tag_bytes)
        return fail(LifecycleStatus::other_scheme);

    SealedVector blob;
    std::copy_n(vm_vector.data, blob.size(), blob.begin());
    const crypto::Digest hash = vector_hash(blob);
    if (const LogStatus status = log_.check_install(vector.identity, vector.sequence, hash); status != LogStatus::ok)
        return {LifecycleStatus::refused, VectorStatus::ok, status, 0};
    const std::optional<Vmid> vmid = free_vmid();
    if (!vmid) return fail(LifecycleStatus::no_vmid);
    try {
        VmInstall install;
        install.vmid = *vmid;
        install.k_vm = vm.k_vm;
        install.pages = vector.pages;
        install.addr_shim = vector.addr_shim;
        install.root = vector.root;
        // An empty tree needs nothing of what lies at the hint.
        install.tree_base = vector.root == empty_tag ? 0 : vector.addr_tree;
        domains_.install(install);
    } catch (const InputError&) {
        return fail(LifecycleStatus::bad_tree);
    }
    const LogStatus accepted = log_.accept_install(vector.identity, vector.sequence, hash, vector.root);
    if (accepted != LogStatus::ok) {
        domains_.uninstall(*vmid);
        return {LifecycleStatus::refused, VectorStatus::ok, accepted, 0};
    }
    running_[*vmid] = vm;
    return {LifecycleStatus::ok, VectorStatus::ok, LogStatus::ok, *vmid};
}

VmLifecycle::Result VmLifecycle::snapshot(Vmid vmid, const WriteVector& write_vector) {
    const auto found = running_.find(vmid);
    if (found == running_.end()) return fail(LifecycleStatus::unknown_vmid);
    Running& vm = found->second;
    const auto sequence = log_.begin_snapshot(vm.vector.identity);
    if (!sequence) return {LifecycleStatus::refused, VectorStatus::ok, LogStatus::not_running, 0};
    VmVector vector = vm.vector;
    vector.kind = VectorKind::snapshot;
    vector.sequence = *sequence;
    const std::optional<SettledTree> tree = domains_.flush(vmid);
    if (!tree) return fail(LifecycleStatus::violated);
    vector.root = tree->root;
    vector.addr_tree = tree->base;
    const std::optional<Lpid> lpid = lpids_.next();
    if (!lpid) return fail(LifecycleStatus::exhausted);
    const SealedVector blob = seal_vector(vector, derive_seal_key(vm.k_vm, chip_.fleet_id()), *lpid);
    write_vector(blob);
    const LogStatus committed = log_.commit_snapshot(vector.identity, *sequence, vector_hash(blob), vector.root);
    if (committed != LogStatus::ok) return {LifecycleStatus::refused, VectorStatus::ok, committed, 0};
    vm.vector = vector;
    return {LifecycleStatus::ok, VectorStatus::ok, LogStatus::ok, vmid};
}

VmLifecycle::Result VmLifecycle::uninstall(Vmid vmid) {
    const auto found = running_.find(vmid);
    if (found == running_.end()) return fail(LifecycleStatus::unknown_vmid);
    // A VM that was stopped has no root any more; it ends with the one that was sealed last.
    const VmVector& vector = found->second.vector;
    const std::optional<SettledTree> tree = domains_.flush(vmid);
    const LogStatus recorded = log_.record_uninstall(vector.identity, tree ? tree->root : vector.root);
    if (recorded != LogStatus::ok) return {LifecycleStatus::refused, VectorStatus::ok, recorded, 0};
    domains_.uninstall(vmid);
    running_.erase(found);
    return {LifecycleStatus::ok, VectorStatus::ok, LogStatus::ok, vmid};
}

VmLifecycle::Result VmLifecycle::attest(Vmid vmid, const Nonce& nonce, const ReportData& data, SignedReport& report) const {
    const auto found = running_.find(vmid);
    if (found == running_.end()) return fail(LifecycleStatus::unknown_vmid);
    if (domains_.frozen(vmid)) return fail(LifecycleStatus::violated);
    const VmVector& vector = found->second.vector;
    report = attester_.report(vector.identity, vector.measurement, nonce, data);
    return {LifecycleStatus::ok, VectorStatus::ok, LogStatus::ok, vmid};
}

}  // namespace coffer
