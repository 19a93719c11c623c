#include "vm_table/vm_gate.h"

#include <algorithm>

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
        case LifecycleStatus::bad_certificate: return "not the certificate of another chip's unwrap key";
        case LifecycleStatus::other_chip: return "a migration to another chip";
        case LifecycleStatus::bad_nonce: return "a migration that is not awaited";
    }
    return "unknown";
}

VmIdentity derive_identity(const crypto::Key128& k_vm, const crypto::KdfContext& fleet_id) {
    const crypto::Key128 derived = crypto::derive_128(k_vm, "coffer id", fleet_id);
    VmIdentity identity;
    std::copy_n(derived.data(), identity.size(), identity.begin());
    return identity;
}

crypto::Key256 derive_seal_key(const crypto::Key128& k_vm, const crypto::KdfContext& fleet_id) {
    return crypto::derive_256(k_vm, "coffer seal", fleet_id);
}

VmGate::VmGate(LpidSource& lpids, NonVolatile& nonvolatile, const ChipIdentity& chip, const ProtectionClaims& claims)
    : lpids_(lpids), chip_(chip), log_(nonvolatile), attester_(chip, log_, claims) {}

LifecycleResult VmGate::open(ByteView vm_key, ByteView vm_vector, Arrival& arrival) const {
    SealableVm& vm = arrival.vm;
    if (!chip_.unwrap_key().unwrap(vm_key, vm.k_vm)) return LifecycleResult::fail(LifecycleStatus::bad_key);
    const VectorStatus opened = open_vector(vm_vector, derive_seal_key(vm.k_vm, chip_.fleet_id()), vm.vector);
    if (opened != VectorStatus::ok) return LifecycleResult::bad_vector(opened);
    const VmVector& vector = vm.vector;
    // The identity is sealed with the key it is derived from; a vector of another VM under this key was made by its owner, in error.
    if (vector.identity != derive_identity(vm.k_vm, chip_.fleet_id())) return LifecycleResult::fail(LifecycleStatus::bad_vector);
    if (vector.kind == VectorKind::migrate && vector.target_chip != chip_.number().value()) return LifecycleResult::fail(LifecycleStatus::other_chip);

    SealedVector blob;
    std::copy_n(vm_vector.data, blob.size(), blob.begin());
    arrival.hash = vector_hash(blob);
    arrival.import = is_import(vector, arrival.hash);
    if (!arrival.import) return LifecycleResult::of_log(log_.check_install(vector.identity, vector.sequence, arrival.hash));
    if (awaited_.count(vector.nonce) == 0) return LifecycleResult::fail(LifecycleStatus::bad_nonce);
    return LifecycleResult::of_log(log_.check_import(vector.identity, vector.sequence));
}

/// Whether the vector is of a migration that the log has not seen yet. One that it has is the VM's latest vector, as a snapshot would be.
bool VmGate::is_import(const VmVector& vector, const crypto::Digest& hash) const {
    if (vector.kind != VectorKind::migrate) return false;
    const LogEntry* known = log_.entry(vector.identity);
    return known == nullptr || known->sequence != vector.sequence || known->vector_hash != hash;
}

LifecycleResult VmGate::admit(Vmid vmid, const Arrival& arrival) {
    const VmVector& vector = arrival.vm.vector;
    const LogStatus accepted = arrival.import ? log_.accept_import(vector.identity, vector.sequence, arrival.hash, vector.root)
                                              : log_.accept_install(vector.identity, vector.sequence, arrival.hash, vector.root);
    if (accepted != LogStatus::ok) return LifecycleResult::of_log(accepted);
    if (arrival.import) awaited_.erase(vector.nonce);
    vms_[vmid] = arrival.vm;
    return LifecycleResult::done(vmid);
}

LifecycleResult VmGate::enroll(Vmid vmid, const SealableVm& vm) {
    const LogStatus accepted = log_.accept_install(vm.vector.identity, 0, {}, vm.vector.root);
    if (accepted == LogStatus::ok) vms_[vmid] = vm;
    return LifecycleResult::of_log(accepted);
}

const SealableVm* VmGate::vm(Vmid vmid) const {
    const auto found = vms_.find(vmid);
    return found == vms_.end() ? nullptr : &found->second;
}

Bytes VmGate::vm_key(Vmid vmid) const {
    const SealableVm& vm = vms_.at(vmid);
    return crypto::wrap_key(chip_.unwrap_key().public_der(), vm.k_vm, vm.vector.identity);
}

/// What snapshot and migration begin with: the VM's vector as a snapshot with the sequence that follows, and an LPID to seal it with.
LifecycleResult VmGate::describe(const SealableVm& vm, const SettledTree& tree, VmVector& next, Lpid& lpid) {
    const auto sequence = log_.begin_snapshot(vm.vector.identity);
    if (!sequence) return LifecycleResult::of_log(LogStatus::not_running);
    const std::optional<Lpid> fresh = lpids_.next();
    if (!fresh) return LifecycleResult::fail(LifecycleStatus::exhausted);
    lpid = *fresh;
    next = vm.vector;
    next.kind = VectorKind::snapshot;
    next.sequence = *sequence;
    next.root = tree.root;
    next.addr_tree = tree.base;
    next.target_chip = 0;
    next.nonce = {};
    return {};
}

SealedVector VmGate::seal(const SealableVm& vm, const VmVector& vector, Lpid lpid) const {
    return seal_vector(vector, derive_seal_key(vm.k_vm, chip_.fleet_id()), lpid);
}

LifecycleResult VmGate::seal_snapshot(Vmid vmid, const SettledTree& tree, const WriteVector& write) {
    const auto found = vms_.find(vmid);
    if (found == vms_.end()) return LifecycleResult::fail(LifecycleStatus::unknown_vmid);
    SealableVm& vm = found->second;
    VmVector vector;
    Lpid lpid = 0;
    if (const LifecycleResult described = describe(vm, tree, vector, lpid); !described.ok()) return described;
    const SealedVector blob = seal(vm, vector, lpid);
    write(blob);
    const LogStatus committed = log_.commit_snapshot(vector.identity, vector.sequence, vector_hash(blob), vector.root);
    if (committed != LogStatus::ok) return LifecycleResult::of_log(committed);
    vm.vector = vector;
    return LifecycleResult::done(vmid);
}

std::optional<Nonce> VmGate::begin_import() {
    if (awaited_.size() == max_imports) return std::nullopt;
    // It has to be new, not secret: vectors of other migrations are sealed.
    const std::optional<Lpid> lpid = lpids_.next();
    if (!lpid) return std::nullopt;
    Nonce nonce{};
    store_le64(nonce.data(), *lpid);
    awaited_.insert(nonce);
    return nonce;
}

bool VmGate::is_target(ByteView certificate, ChipCertificate& target) const {
    return chip_.open(certificate, target) == CertificateStatus::ok && target.usage == KeyUsage::unwrap && target.chip != chip_.number();
}

LifecycleResult VmGate::seal_move(Vmid vmid, const SettledTree& tree, ByteView certificate, const Nonce& nonce, Bytes& vm_key,
                                  SealedVector& vm_vector) {
    const auto found = vms_.find(vmid);
    if (found == vms_.end()) return LifecycleResult::fail(LifecycleStatus::unknown_vmid);
    const SealableVm& vm = found->second;
    ChipCertificate target;
    if (!is_target(certificate, target)) return LifecycleResult::fail(LifecycleStatus::bad_certificate);
    Bytes wrapped;
    try {
        wrapped = crypto::wrap_key(target.public_key, vm.k_vm, nonce);
    } catch (const InputError&) {
        return LifecycleResult::fail(LifecycleStatus::bad_certificate);  // the fleet certified what is no key
    }
    VmVector vector;
    Lpid lpid = 0;
    if (const LifecycleResult described = describe(vm, tree, vector, lpid); !described.ok()) return described;
    vector.kind = VectorKind::migrate;
    vector.target_chip = target.chip.value();
    vector.nonce = nonce;
    const SealedVector blob = seal(vm, vector, lpid);
    const LogStatus committed = log_.commit_move(vector.identity, vector.sequence, vector_hash(blob), vector.root);
    if (committed != LogStatus::ok) return LifecycleResult::of_log(committed);
    vms_.erase(found);
    vm_key = std::move(wrapped);
    vm_vector = blob;
    return LifecycleResult::done(vmid);
}

LifecycleResult VmGate::end(Vmid vmid, const std::optional<NodeTag>& root) {
    const auto found = vms_.find(vmid);
    if (found == vms_.end()) return LifecycleResult::fail(LifecycleStatus::unknown_vmid);
    const VmVector& vector = found->second.vector;
    const LogStatus recorded = log_.record_uninstall(vector.identity, root.value_or(vector.root));
    if (recorded != LogStatus::ok) return LifecycleResult::of_log(recorded);
    vms_.erase(found);
    return LifecycleResult::done(vmid);
}

}  // namespace coffer
