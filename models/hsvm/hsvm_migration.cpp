// How a VM leaves for another chip, and how one comes.
#include <algorithm>
#include <utility>

#include "hsvm/hsvm_controller.h"
#include "hsvm/tree_collector.h"
#include "hsvm/vm_blob.h"
#include "vm_table/vm_table.h"

namespace coffer {

/// What a blob turned out to be.
struct HsvmController::Arrival {
    VmGate::Arrival vm;
    std::vector<TreeNode> nodes;  // where memory is encrypted
    PlainVmState state;           // where it is plain

    ~Arrival() { wipe_contexts(state); }
};

namespace {

HsvmStatus status_of(LifecycleStatus status) {
    switch (status) {
        case LifecycleStatus::ok: return HsvmStatus::ok;
        case LifecycleStatus::bad_certificate: return HsvmStatus::bad_target;
        case LifecycleStatus::exhausted: return HsvmStatus::exhausted;
        default: return HsvmStatus::refused;
    }
}

}  // namespace

ResidenceState HsvmController::residence_state(std::optional<Vm>& vm) {
    ResidenceState state = ResidenceState::nothing;
    if (vm)
        vm->table.for_each([&](Gpn, NptEntry entry, std::uint64_t) {
            if (entry.shared())
                state = ResidenceState::shared;
            else if (entry.present() && state == ResidenceState::nothing)
                state = ResidenceState::resident;
        });
    return state;
}

HsvmStatus HsvmController::challenge(HsvmCaller caller, Nonce& nonce) {
    return guarded([&] {
        HsvmSituation situation;
        situation.caller = caller;
        if (const HsvmStatus status = decide(HsvmOperation::challenge, situation); status != HsvmStatus::ok) return status;
        if (gate_ == nullptr) return HsvmStatus::no_keys;
        if (memory_.lpids_left() == 0) return HsvmStatus::exhausted;
        const std::optional<Nonce> made = gate_->begin_import();
        if (!made) return HsvmStatus::no_room;
        nonce = *made;
        return HsvmStatus::ok;
    });
}

TargetState HsvmController::target_state(ByteView certificate) {
    if (gate_ == nullptr) return TargetState::other_chip;
    ChipCertificate target;
    ++statistics_.public_key_uses;
    return gate_->is_target(certificate, target) ? TargetState::other_chip : TargetState::bad;
}

HsvmStatus HsvmController::export_vm(HsvmCaller caller, Vmid vmid, const BytesSource& certificate, const Nonce& nonce, Bytes& blob,
                                     const Room& room) {
    std::optional<Bytes> bytes;
    return answer(
        HsvmOperation::export_vm, caller, vmid,
        [&](std::optional<Vm>& vm, HsvmSituation& situation) { situation.residence = residence_state(vm); },
        [&](Vm& vm, const HsvmSituation&) {
            if (gate_ == nullptr) return HsvmStatus::no_keys;
            const HsvmStatus status = depart(vm, *bytes, nonce, blob);
            if (status == HsvmStatus::ok) exported_ = blob;
            return status;
        },
        [&](const std::optional<Vm>& vm, HsvmSituation& situation) {
            const std::uint64_t most = VmBlob::fixed_bytes + (vm ? most_body_bytes(vm->record.vcpus, vm->record.pages) : 0);
            // One byte too many shows that it is none.
            bytes = certificate.take(0, std::min<std::uint64_t>(certificate.size(), chip_certificate_bytes + 1));
            if (!bytes || !has_room(room, most)) return false;
            situation.target = target_state(*bytes);
            return true;
        });
}

HsvmStatus HsvmController::read_export(HsvmCaller caller, Bytes& blob, const Room& room) {
    return guarded([&] {
        HsvmSituation situation;
        situation.caller = caller;
        const auto take = [&](const std::optional<Vm>&, HsvmSituation&) { return has_room(room, exported_.size()); };
        const HsvmStatus status = decide_with_buffers(HsvmOperation::read_export, std::nullopt, situation, take);
        if (status == HsvmStatus::ok) blob = exported_;
        return status;
    });
}

std::optional<Vmid> HsvmController::adopt(const VmInstall& domain, const std::vector<TreeNode>& nodes) {
    const std::optional<Vm> vm = make(domain, true);
    if (!vm) return std::nullopt;
    place_nodes(vm->record.vmid, nodes);
    return vm->record.vmid;
}

std::optional<SettledTree> HsvmController::flush(Vmid vmid) {
    const std::optional<Vm> vm = find(vmid);
    if (!vm) return std::nullopt;
    const HsvmChange change(memory_, ordering_, nullptr, {vmid, 0, vm->record.pages}, LastLevelCache::Leaving::write_back, {});
    const std::optional<NodeTag> root = memory_.flush(vmid);
    return root ? std::optional<SettledTree>({*root, memory_.entry(vmid).tree_base}) : std::nullopt;
}

std::optional<std::vector<TreeNode>> HsvmController::nodes(Vmid vmid) {
    const VmEntry domain = memory_.entry(vmid);
    return collect_tree(memory_, domain, domain.root, VmTable::derive_keys(domain.k_vm, memory_.fleet_id()).k_node);
}

std::optional<SealableVm> HsvmController::made_here(Vmid vmid) {
    std::optional<Vm> vm = find(vmid);
    if (!vm || gate_ == nullptr) return std::nullopt;
    if (!vm->record.used) {
        vm->record.used = true;
        records_.write(vm->record);
    }
    return sealable(*vm, memory_.entry(vmid));
}

/// Takes back what other VMs have mapped: they await it again.
void HsvmController::recall(Vm& vm) {
    std::vector<std::uint64_t> lent;
    vm.table.for_each([&](Gpn, NptEntry entry, std::uint64_t) {
        if (!entry.shared() || !entry.present()) return;
        const OwnershipEntry owner = owners_.entry(entry.frame());
        if (owner.owner == vm.record.vmid && owner.lent) lent.push_back(entry.frame());
    });
    for (const std::uint64_t frame : lent) {
        std::optional<Vm> sharer = find(owners_.entry(frame).sharer);
        std::optional<Gpn> borrowed;
        sharer->table.for_each([&](Gpn gpn, NptEntry entry, std::uint64_t) {
            if (entry.shared() && entry.present() && entry.frame() == frame) borrowed = gpn;
        });
        return_borrowed(*sharer, *borrowed, true);
    }
}

void HsvmController::disown(Vmid vmid) {
    std::optional<Vm> vm = find(vmid);
    if (!vm) return;
    recall(*vm);
    end(*vm);
}

/// The nodes of a tree that leaves, checked before the VM goes for good.
HsvmStatus HsvmController::collect_nodes(Vmid vmid, NodeTag& root, Bytes& bytes) {
    if (!tree_) return HsvmStatus::other_scheme;
    const std::optional<SettledTree> settled = flush(vmid);
    const auto collected = settled ? nodes(vmid) : std::nullopt;
    if (!collected) return HsvmStatus::violated;
    root = settled->root;
    bytes = encode_nodes(*collected);
    return HsvmStatus::ok;
}

PlainVmState HsvmController::collect_state(Vm& vm) {
    PlainVmState state;
    for (std::uint32_t vcpu = 0; vcpu < vm.record.vcpus; ++vcpu) state.contexts.push_back(contexts_.read(vm.record.first_context, vcpu));
    vm.table.for_each([&](Gpn first, NptEntry entry, std::uint64_t pages) {
        for (Gpn gpn = first; gpn < first + pages; ++gpn)
            state.pages.push_back({gpn, entry.lost(), entry.lost() ? SwapDirectory::Record{} : swap_.read(entry.frame())});
    });
    return state;
}

/// What the gate seals of a VM that this chip made.
SealableVm HsvmController::sealable(const Vm& vm, const VmEntry& domain) {
    const Scheme& scheme = memory_.scheme();
    SealableVm sealed;
    sealed.k_vm = domain.k_vm;
    sealed.vector.data_mac = scheme.data_mac;
    sealed.vector.node_mac = scheme.node_mac;
    sealed.vector.tag_bytes = scheme.tag_bytes;
    sealed.vector.node_tag_bytes = scheme.node_tag_bytes;
    sealed.vector.identity = derive_identity(domain.k_vm, gate_->chip().fleet_id());
    sealed.vector.pages = vm.record.pages;
    sealed.vector.addr_shim = vm.record.addr_shim;
    sealed.vector.vcpus = vm.record.vcpus;
    sealed.vector.measurement = records_.measurement(vm.record.vmid);
    return sealed;
}

HsvmStatus HsvmController::depart(Vm& vm, ByteView certificate, const Nonce& nonce, Bytes& bytes) {
    const Vmid vmid = vm.record.vmid;
    const VmEntry domain = memory_.entry(vmid);
    VmBlob blob;
    NodeTag root{};
    Lpid state_lpid = 0;
    if (encrypted_) {
        if (const HsvmStatus collected = collect_nodes(vmid, root, blob.body); collected != HsvmStatus::ok) return collected;
    } else if (!memory_.fresh_lpid(state_lpid)) {
        return HsvmStatus::exhausted;
    }
    if (gate_->vm(vmid) == nullptr && !gate_->enroll(vmid, sealable(vm, domain)).ok()) return HsvmStatus::refused;
    Bytes vm_key;
    ++statistics_.public_key_uses;  // the certificate was checked before
    const LifecycleResult moved = gate_->seal_move(vmid, {root, 0}, certificate, nonce, vm_key, blob.vector);
    if (!moved.ok()) return status_of(moved.status);
    std::copy_n(vm_key.begin(), blob.vm_key.size(), blob.vm_key.begin());  // of an RSA-3072 key, as all certificates have
    if (!encrypted_) {
        PlainVmState state = collect_state(vm);
        blob.body = seal_state(state, derive_seal_key(domain.k_vm, gate_->chip().fleet_id()), vector_hash(blob.vector), state_lpid);
        wipe_contexts(state);
    }
    end(vm);
    bytes = blob.encode();
    return HsvmStatus::ok;
}

HsvmStatus HsvmController::import_vm(HsvmCaller caller, const BytesSource& blob, Vmid& vmid) {
    return guarded([&] {
        Arrival arrival;
        HsvmSituation situation;
        situation.caller = caller;
        // Nobody but the hypervisor makes the chip use its private key.
        const auto take = [&](const std::optional<Vm>&, HsvmSituation& taken) {
            const std::optional<ArrivalState> opened = open(blob, arrival);
            taken.arrival = opened.value_or(ArrivalState::good);
            return opened.has_value();
        };
        const HsvmStatus status = decide_with_buffers(HsvmOperation::import_vm, std::nullopt, situation, take);
        if (status != HsvmStatus::ok) return status;
        return gate_ == nullptr ? HsvmStatus::no_keys : arrive(arrival, vmid);
    });
}

/// Bytes that a body may have, of a VM that fits here.
std::uint64_t HsvmController::most_body_bytes(std::uint64_t vcpus, std::uint64_t pages) const {
    return encrypted_ ? most_node_bytes(TreeGeometry(pages, memory_.scheme().node_tag_bytes)) : most_state_bytes(vcpus, pages);
}

/// Nothing where bytes that it takes to tell cannot be read. The beginning of a blob says how long the rest may be.
std::optional<ArrivalState> HsvmController::open(const BytesSource& bytes, Arrival& arrival) {
    const std::optional<Bytes> beginning = bytes.take(0, std::min<std::uint64_t>(bytes.size(), VmBlob::fixed_bytes));
    if (!beginning) return std::nullopt;
    if (gate_ == nullptr) return ArrivalState::good;
    std::optional<VmBlob> blob = VmBlob::decode(*beginning);
    if (!blob) return ArrivalState::unreadable;
    ++statistics_.private_key_uses;
    const LifecycleStatus opened = gate_->open(blob->vm_key, blob->vector, arrival.vm).status;
    if (opened == LifecycleStatus::bad_key || opened == LifecycleStatus::bad_vector) return ArrivalState::unreadable;
    const VmVector& vector = arrival.vm.vm.vector;
    if (vector.kind != VectorKind::migrate) return ArrivalState::unreadable;
    if (opened == LifecycleStatus::other_chip || opened == LifecycleStatus::bad_nonce) return ArrivalState::stale;
    if (opened != LifecycleStatus::ok) return ArrivalState::known;
    // The log knows it already: a VM that came, and is gone since.
    if (!arrival.vm.import) return ArrivalState::stale;
    if (!fits(vector)) return ArrivalState::foreign;
    const std::uint64_t rest = bytes.size() - VmBlob::fixed_bytes;
    if (rest > most_body_bytes(vector.vcpus, vector.pages)) return ArrivalState::unreadable;
    std::optional<Bytes> body = bytes.take(VmBlob::fixed_bytes, rest);
    if (!body) return std::nullopt;
    blob->body = std::move(*body);
    return open_body(*blob, arrival) ? ArrivalState::good : ArrivalState::unreadable;
}

/// Whether memory here is protected as the vector's VM needs it. A VM has a shim exactly where memory is encrypted.
bool HsvmController::fits(const VmVector& vector) const {
    if (vector.pages > NestedPageTable::max_pages || encrypted_ != (vector.addr_shim != 0)) return false;
    const Scheme& scheme = memory_.scheme();
    const bool same_macs = vector.data_mac == scheme.data_mac && vector.node_mac == scheme.node_mac;
    const bool same_tags = vector.tag_bytes == scheme.tag_bytes && vector.node_tag_bytes == scheme.node_tag_bytes;
    return !encrypted_ || (tree_ && same_macs && same_tags);
}

bool HsvmController::open_body(const VmBlob& blob, Arrival& arrival) const {
    const SealableVm& vm = arrival.vm.vm;
    if (encrypted_) {
        auto nodes = decode_nodes(blob.body, TreeGeometry(vm.vector.pages, memory_.scheme().node_tag_bytes));
        if (nodes) arrival.nodes = std::move(*nodes);
        return nodes.has_value();
    }
    auto state = open_state(blob.body, derive_seal_key(vm.k_vm, gate_->chip().fleet_id()), arrival.vm.hash, vm.vector);
    if (state) arrival.state = std::move(*state);
    return state.has_value();
}

HsvmStatus HsvmController::arrive(const Arrival& arrival, Vmid& vmid) {
    const VmVector& vector = arrival.vm.vm.vector;
    VmInstall domain;
    domain.k_vm = arrival.vm.vm.k_vm;
    domain.pages = vector.pages;
    domain.addr_shim = vector.addr_shim;
    domain.vcpus = vector.vcpus;
    domain.measurement = vector.measurement;
    domain.root = vector.root;
    std::optional<Vm> vm = make(domain, true);
    if (!vm) return HsvmStatus::no_room;
    place_nodes(vm->record.vmid, arrival.nodes);
    HsvmStatus status = encrypted_ || place_state(*vm, arrival.state) ? HsvmStatus::ok : HsvmStatus::no_room;
    if (status == HsvmStatus::ok) status = status_of(gate_->admit(vm->record.vmid, arrival.vm).status);
    if (status == HsvmStatus::ok)
        vmid = vm->record.vmid;
    else
        end(*vm);
    return status;
}

/// The tree of a domain that is new here: its root vouches for the nodes, whoever brought them.
void HsvmController::place_nodes(Vmid vmid, const std::vector<TreeNode>& nodes) {
    if (nodes.empty()) return;
    const Address base = memory_.entry(vmid).tree_base;
    for (const TreeNode& node : nodes) memory_.write_raw(base + node.number * line_bytes, node.block.data(), node.block.size());
}

/// False where the chip region has no room for all of it.
bool HsvmController::place_state(Vm& vm, const PlainVmState& state) {
    for (std::uint32_t vcpu = 0; vcpu < vm.record.vcpus; ++vcpu) contexts_.write(vm.record.first_context, vcpu, state.contexts[vcpu]);
    for (const PlainVmState::Page& page : state.pages) {
        if (!vm.table.prepare(page.gpn)) return false;
        if (page.lost) {
            vm.table.set(page.gpn, {NptEntry::lost_bit});
            continue;
        }
        const std::optional<std::uint64_t> record = swap_.allocate();
        if (!record) return false;
        swap_.write(*record, page.record);
        vm.table.set(page.gpn, NptEntry::of(*record, NptEntry::swapped_bit));
    }
    return true;
}

}  // namespace coffer
