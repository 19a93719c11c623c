#include "hsvm/hsvm_controller.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/errors.h"

namespace coffer {

namespace {

MappingSize size_of(bool large, Gpn gpn, std::uint64_t frame) {
    if (!large) return MappingSize::small;
    return gpn % large_pages != 0 || frame % large_pages != 0 ? MappingSize::misaligned : MappingSize::large;
}

/// A misaligned operation is refused whatever its pages are: one of them is looked at.
std::uint64_t pages_of(MappingSize size) { return size == MappingSize::large ? large_pages : 1; }

/// A check of the VM's memory failed while its state was looked at.
struct VmViolation {};

Translation fault(TranslationFault why) { return {why, 0, false, false}; }

bool is_for_host(const OwnershipEntry& entry, bool write) {
    if (entry.state == OwnershipState::free) return true;
    return entry.shared() && entry.sharer == host_vmid && (!write || entry.state == OwnershipState::shared_read_write);
}

}  // namespace

HsvmController::HsvmController(const HsvmParameters& parameters, HsvmMemory& memory, OrderingPort& ordering, KeySource& keys,
                               VmGate* gate)
    : memory_(memory),
      ordering_(ordering),
      keys_(keys),
      gate_(gate),
      encrypted_(memory.scheme().encrypt),
      tree_(encrypted_ && memory.scheme().integrity == Integrity::bmt),
      region_(memory, ChipRegionLayout(memory.map(), parameters.vmids)),
      pool_(region_),
      owners_(region_),
      records_(region_),
      contexts_(region_, pool_),
      swap_(region_, pool_),
      cores_(parameters.cores) {
    if (parameters.cores == 0) throw InputError("hsvm.cores", "0 cores", "1 or more");
    // An encrypted region is empty after each reset; a plain one is what memory held.
    if (!encrypted_) clear_chip_region();
}

void HsvmController::clear_chip_region() {
    // Whole frames at a time: of a large memory there are many, and nearly all are zeros already.
    for (std::uint64_t frame = page_of(layout().base); frame < page_of(layout().end); ++frame)
        if (!region_.is_clear(frame)) region_.clear_frame(frame);
}

HsvmStatus HsvmController::guarded(const std::function<HsvmStatus()>& operation) {
    ++statistics_.operations;
    HsvmStatus status = HsvmStatus::chip_stopped;
    try {
        status = operation();
    } catch (const ChipRegionFailure&) {
    } catch (const VmViolation&) {
        status = HsvmStatus::violated;
    }
    if (status != HsvmStatus::ok) ++statistics_.refused;
    return status;
}

/// Buffers are looked at where the answer depends on them, and only there.
HsvmStatus HsvmController::decide_with_buffers(HsvmOperation operation, const std::optional<Vm>& vm, HsvmSituation& situation, const Take& take) {
    situation.buffer = BufferState::bad;
    const HsvmStatus without = decide(operation, situation);
    situation.buffer = BufferState::good;
    if (decide(operation, situation) == without) return without;
    if (!take(vm, situation)) situation.buffer = BufferState::bad;
    return decide(operation, situation);
}

HsvmStatus HsvmController::answer(HsvmOperation operation, HsvmCaller caller, Vmid vmid, const Look& look, const Change& change, const Take& take) {
    return guarded([&] {
        std::optional<Vm> vm = find(vmid);
        HsvmSituation situation;
        situation.caller = caller;
        situation.vm = vm_state(vmid, vm);
        look(vm, situation);
        const HsvmStatus status = decide_with_buffers(operation, vm, situation, take);
        return status == HsvmStatus::ok ? change(*vm, situation) : status;
    });
}

std::optional<HsvmController::Vm> HsvmController::find(Vmid vmid) {
    VmRecord record;
    if (!records_.read(vmid, record)) return std::nullopt;
    return Vm{record, NestedPageTable(region_, pool_, record.npt_root)};
}

/// The cores themselves first: what they keep is found by what is known of them here.
void HsvmController::take_off_cores(Vmid vmid) {
    if (keeper_ != nullptr) keeper_->take_off(vmid);
    for (std::optional<OnCore>& core : cores_)
        if (core && core->vmid == vmid) core.reset();
}

NptEntry HsvmController::mapping(Vmid vmid, Gpn gpn) {
    try {
        std::optional<Vm> vm = find(vmid);
        return vm && gpn < vm->record.pages ? vm->table.entry(gpn) : NptEntry{};
    } catch (const ChipRegionFailure&) {
        return {};
    }
}

std::optional<VmRecord> HsvmController::record(Vmid vmid) {
    try {
        const std::optional<Vm> vm = find(vmid);
        return vm ? std::optional<VmRecord>(vm->record) : std::nullopt;
    } catch (const ChipRegionFailure&) {
        return std::nullopt;
    }
}

std::optional<Vmid> HsvmController::running(unsigned core) const {
    if (core >= cores_.size() || !cores_[core]) return std::nullopt;
    return cores_[core]->vmid;
}

VmState HsvmController::vm_state(Vmid vmid, const std::optional<Vm>& vm) {
    if (!vm) return VmState::none;
    if (memory_.frozen(vmid)) {
        take_off_cores(vmid);
        return VmState::frozen;
    }
    const bool on_core = std::any_of(cores_.begin(), cores_.end(), [&](const std::optional<OnCore>& core) { return core && core->vmid == vmid; });
    return on_core ? VmState::running : VmState::stopped;
}

/// A page without an entry: of a VM that brought its tree along, the leaf knows what became of it.
PageState HsvmController::leaf_page_state(Vmid vmid, Gpn gpn) {
    LeafState leaf = LeafState::empty;
    if (tree_ && !memory_.frozen(vmid) && memory_.leaf_state(vmid, gpn * page_bytes, leaf)) throw VmViolation();
    switch (leaf) {
        case LeafState::populated: return PageState::swapped;
        case LeafState::lost: return PageState::lost;
        default: return PageState::empty;
    }
}

PageState HsvmController::page_state(std::optional<Vm>& vm, Gpn gpn) {
    if (!vm || gpn >= vm->record.pages) return PageState::beyond;
    const NptEntry entry = vm->table.entry(gpn);
    if (entry.empty()) return leaf_page_state(vm->record.vmid, gpn);
    if (entry.lost()) return PageState::lost;
    if (entry.swapped()) return PageState::swapped;
    if (!entry.shared()) return PageState::mapped;
    if (!entry.present()) return PageState::awaiting;
    const OwnershipEntry owner = owners_.entry(entry.frame());
    if (owner.owner != vm->record.vmid) return PageState::borrowed;
    return owner.lent ? PageState::lent : PageState::shared;
}

/// The state of the first page that is not in the usual one.
PageState HsvmController::pages_state(std::optional<Vm>& vm, Gpn gpn, std::uint64_t count, PageState usual) {
    if (!vm || gpn >= vm->record.pages || vm->record.pages - gpn < count) return PageState::beyond;
    for (Gpn page = gpn; page < gpn + count; ++page)
        if (const PageState state = page_state(vm, page); state != usual) return state;
    return usual;
}

FrameState HsvmController::frame_state(std::optional<Vm>& vm, Gpn gpn, std::uint64_t frame) {
    const OwnershipEntry entry = owners_.entry(frame);
    if (entry.state == OwnershipState::metadata) return FrameState::metadata;
    if (entry.owner == chip_vmid) return FrameState::chip;
    if (entry.state == OwnershipState::free) return FrameState::free;
    if (!vm) return FrameState::other;
    if (entry.owner == vm->record.vmid) return FrameState::own;
    if (!entry.shared() || entry.sharer != vm->record.vmid || entry.lent) return FrameState::other;
    if (page_state(vm, gpn) == PageState::awaiting && vm->table.entry(gpn).frame() != entry.owner) return FrameState::other;
    return FrameState::offered;
}

FrameState HsvmController::frames_state(std::optional<Vm>& vm, Gpn gpn, std::uint64_t frame, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i)
        if (const FrameState state = frame_state(vm, gpn + i, frame + i); state != FrameState::free) return state;
    return FrameState::free;
}

SharerState HsvmController::sharer_state(Vmid vmid, Vmid sharer) {
    if (sharer == host_vmid) return SharerState::host;
    if (sharer == vmid) return SharerState::self;
    VmRecord record;
    return records_.read(sharer, record) ? SharerState::vm : SharerState::unknown;
}

ArgumentState HsvmController::argument_state(const VmArguments& arguments) const {
    const std::uint64_t pages = arguments.pages, vcpus = arguments.vcpus;
    const Gpn shim = page_of(arguments.addr_shim);
    const bool counts = pages >= 1 && pages <= NestedPageTable::max_pages && vcpus >= 1 && vcpus <= max_vcpus;
    const bool shim_fits = encrypted_ ? shim != 0 && arguments.addr_shim % page_bytes == 0 && shim < pages && pages - shim > vcpus
                                      : arguments.addr_shim == 0;
    return counts && shim_fits ? ArgumentState::good : ArgumentState::bad;
}

LendingState HsvmController::lending_state(std::optional<Vm>& vm) {
    bool lent = false;
    if (vm)
        vm->table.for_each([&](Gpn gpn, NptEntry entry, std::uint64_t) {
            lent = lent || (entry.shared() && entry.present() && page_state(vm, gpn) == PageState::lent);
        });
    return lent ? LendingState::some : LendingState::nothing;
}

VcpuState HsvmController::vcpu_state(const std::optional<Vm>& vm, std::uint32_t vcpu) const {
    if (!vm || vcpu >= vm->record.vcpus) return VcpuState::beyond;
    const bool on_core = std::any_of(cores_.begin(), cores_.end(),
                                     [&](const std::optional<OnCore>& core) { return core && core->vmid == vm->record.vmid && core->vcpu == vcpu; });
    return on_core ? VcpuState::running : VcpuState::saved;
}

CoreState HsvmController::core_state(Vmid vmid, std::uint32_t vcpu, unsigned core) const {
    if (core >= cores_.size()) return CoreState::beyond;
    if (!cores_[core]) return CoreState::idle;
    return cores_[core]->vmid == vmid && cores_[core]->vcpu == vcpu ? CoreState::this_vcpu : CoreState::other;
}

ContextPlace HsvmController::context_place(std::optional<Vm>& vm, std::uint32_t vcpu) {
    if (!vm || vcpu >= vm->record.vcpus) return ContextPlace::absent;
    return !encrypted_ || page_state(vm, context_gpn(*vm, vcpu)) == PageState::mapped ? ContextPlace::present : ContextPlace::absent;
}

/// A VM with an empty page table, under a VMID that is free; nothing where there is no room for it.
std::optional<HsvmController::Vm> HsvmController::make(VmInstall domain, bool used) {
    VmRecord record;
    while (first_free_vmid_ < layout().vmids && records_.read(static_cast<Vmid>(first_free_vmid_), record)) ++first_free_vmid_;
    const std::uint64_t context_frames = encrypted_ ? 0 : VcpuContexts::frames_for(domain.vcpus);
    if (first_free_vmid_ == layout().vmids || pool_.available() < 1 + context_frames) return std::nullopt;
    domain.vmid = static_cast<Vmid>(first_free_vmid_);
    if (!memory_.install(domain)) return std::nullopt;
    record = {domain.vmid, static_cast<std::uint32_t>(domain.vcpus), domain.pages, *pool_.allocate(), 0, domain.addr_shim, used};
    if (!encrypted_) record.first_context = contexts_.create(record.vcpus);
    records_.set_measurement(record.vmid, domain.measurement);
    records_.write(record);
    return Vm{record, NestedPageTable(region_, pool_, record.npt_root)};
}

void HsvmController::visit_pages(Vmid vmid, const NestedPageTable::Visitor& f) {
    if (std::optional<Vm> vm = find(vmid)) vm->table.for_each(f);
}

HsvmStatus HsvmController::create(HsvmCaller caller, const VmArguments& arguments, Vmid& vmid) {
    return guarded([&] {
        HsvmSituation situation;
        situation.caller = caller;
        situation.arguments = argument_state(arguments);
        if (const HsvmStatus status = decide(HsvmOperation::create, situation); status != HsvmStatus::ok) return status;

        VmInstall domain;
        domain.k_vm = keys_.next();
        domain.pages = arguments.pages;
        domain.addr_shim = arguments.addr_shim;
        domain.vcpus = arguments.vcpus;
        const std::optional<Vm> vm = make(domain, false);
        if (!vm) return HsvmStatus::no_room;
        vmid = vm->record.vmid;
        return HsvmStatus::ok;
    });
}

HsvmStatus HsvmController::delete_vm(HsvmCaller caller, Vmid vmid) {
    return answer(
        HsvmOperation::delete_vm, caller, vmid,
        [&](std::optional<Vm>& vm, HsvmSituation& situation) { situation.lending = lending_state(vm); },
        [&](Vm& vm, const HsvmSituation& situation) {
            // Two frozen VMs that lend to each other could not be ended otherwise.
            if (situation.lending == LendingState::some) recall(vm);
            end(vm);
            return HsvmStatus::ok;
        });
}

HsvmStatus HsvmController::page_map(HsvmCaller caller, Vmid vmid, Gpn gpn, std::uint64_t frame, bool large) {
    return answer(
        HsvmOperation::page_map, caller, vmid,
        [&](std::optional<Vm>& vm, HsvmSituation& situation) {
            situation.size = size_of(large, gpn, frame);
            situation.page = pages_state(vm, gpn, pages_of(situation.size), PageState::empty);
            situation.frame = frames_state(vm, gpn, frame, pages_of(situation.size));
        },
        [&](Vm& vm, const HsvmSituation& situation) {
            return situation.page == PageState::awaiting ? map_borrowed(vm, gpn, frame) : map_private(vm, gpn, frame, pages_of(situation.size));
        });
}

HsvmStatus HsvmController::page_unmap(HsvmCaller caller, Vmid vmid, Gpn gpn, bool large) {
    return answer(
        HsvmOperation::page_unmap, caller, vmid,
        [&](std::optional<Vm>& vm, HsvmSituation& situation) {
            situation.size = size_of(large, gpn, 0);
            situation.page = pages_state(vm, gpn, pages_of(situation.size), PageState::mapped);
        },
        [&](Vm& vm, const HsvmSituation& situation) {
            switch (situation.page) {
                case PageState::swapped: return take_absent(vm, gpn, true);
                case PageState::shared: return take_shared(vm, gpn);
                case PageState::borrowed: return return_borrowed(vm, gpn, true);
                default: return take_private(vm, gpn, pages_of(situation.size), true);
            }
        });
}

HsvmStatus HsvmController::page_move(HsvmCaller caller, Vmid vmid, Gpn gpn, std::uint64_t frame) {
    return answer(
        HsvmOperation::page_move, caller, vmid,
        [&](std::optional<Vm>& vm, HsvmSituation& situation) {
            situation.page = page_state(vm, gpn);
            situation.frame = frame_state(vm, gpn, frame);
        },
        [&](Vm& vm, const HsvmSituation&) { return move(vm, gpn, frame); });
}

HsvmStatus HsvmController::swap_out(HsvmCaller caller, Vmid vmid, Gpn gpn, Bytes& image, const Room& room) {
    return answer(
        HsvmOperation::swap_out, caller, vmid,
        [&](std::optional<Vm>& vm, HsvmSituation& situation) { situation.page = page_state(vm, gpn); },
        [&](Vm& vm, const HsvmSituation&) { return encrypted_ ? swap_out_encrypted(vm, gpn, image) : swap_out_plain(vm, gpn, image); },
        [&](const std::optional<Vm>&, HsvmSituation&) { return has_room(room, swap_image_bytes()); });
}

HsvmStatus HsvmController::swap_in(HsvmCaller caller, Vmid vmid, Gpn gpn, std::uint64_t frame, const BytesSource& image) {
    std::optional<Bytes> bytes;
    return answer(
        HsvmOperation::swap_in, caller, vmid,
        [&](std::optional<Vm>& vm, HsvmSituation& situation) {
            situation.page = page_state(vm, gpn);
            situation.frame = frame_state(vm, gpn, frame);
        },
        [&](Vm& vm, const HsvmSituation&) { return swap_in(vm, gpn, frame, *bytes); },
        [&](const std::optional<Vm>&, HsvmSituation&) {
            // One byte too many shows that it is none.
            bytes = image.take(0, std::min<std::uint64_t>(image.size(), swap_image_bytes() + 1));
            return bytes.has_value();
        });
}

HsvmStatus HsvmController::context_save(HsvmCaller caller, Vmid vmid, std::uint32_t vcpu, unsigned core, const VcpuContext& registers,
                                        CoreSoftware software) {
    return answer(
        HsvmOperation::context_save, caller, vmid,
        [&](std::optional<Vm>& vm, HsvmSituation& situation) {
            situation.vcpu = vcpu_state(vm, vcpu);
            situation.core = core_state(vmid, vcpu, core);
            situation.software = software;
            situation.context = context_place(vm, vcpu);
        },
        [&](Vm& vm, const HsvmSituation&) {
            if (!save(vm, vcpu, encode_context(registers))) return HsvmStatus::violated;
            cores_[core].reset();
            return HsvmStatus::ok;
        });
}

HsvmStatus HsvmController::context_restore(HsvmCaller caller, Vmid vmid, std::uint32_t vcpu, unsigned core, VcpuContext& registers,
                                           CoreSoftware software) {
    return answer(
        HsvmOperation::context_restore, caller, vmid,
        [&](std::optional<Vm>& vm, HsvmSituation& situation) {
            situation.vcpu = vcpu_state(vm, vcpu);
            situation.core = core_state(vmid, vcpu, core);
            situation.software = software;
            situation.context = context_place(vm, vcpu);
        },
        [&](Vm& vm, const HsvmSituation&) {
            ContextBytes context;
            if (!restore(vm, vcpu, context)) return HsvmStatus::violated;
            registers = decode_context(context);
            if (!vm.record.used) {
                vm.record.used = true;
                records_.write(vm.record);
            }
            cores_[core] = OnCore{vmid, vcpu};
            return HsvmStatus::ok;
        });
}

HsvmStatus HsvmController::launch(HsvmCaller caller, Vmid vmid, Gpn first, const BytesSource& image, const BytesSource& context) {
    std::optional<Bytes> bytes, stored;
    return answer(
        HsvmOperation::launch, caller, vmid,
        [&](std::optional<Vm>& vm, HsvmSituation& situation) {
            situation.birth = vm && !vm->record.used ? LaunchState::fresh : LaunchState::over;
            situation.image = image.size() != 0 ? ImageState::good : ImageState::bad;
            situation.page = pages_state(vm, first, std::max<std::uint64_t>(1, divide_up(image.size(), page_bytes)), PageState::mapped);
            situation.context = context_place(vm, 0);
        },
        [&](Vm& vm, const HsvmSituation&) {
            ContextBytes registers;
            std::copy(stored->begin(), stored->end(), registers.begin());
            // Bytes that mean nothing are not measured.
            return launch(vm, first, *bytes, encode_context(decode_context(registers)));
        },
        [&](const std::optional<Vm>&, HsvmSituation&) {
            if (context.size() < context_bytes) return false;
            stored = context.take(0, context_bytes);
            bytes = image.take(0, image.size());
            return stored.has_value() && bytes.has_value();
        });
}

HsvmStatus HsvmController::release(HsvmCaller caller, Vmid vmid, Gpn gpn, bool large) {
    return answer(
        HsvmOperation::release, caller, vmid,
        [&](std::optional<Vm>& vm, HsvmSituation& situation) {
            situation.size = size_of(large, gpn, 0);
            situation.page = pages_state(vm, gpn, pages_of(situation.size), PageState::mapped);
        },
        [&](Vm& vm, const HsvmSituation& situation) {
            return situation.page == PageState::mapped ? take_private(vm, gpn, pages_of(situation.size), false) : take_absent(vm, gpn, false);
        });
}

HsvmStatus HsvmController::share(HsvmCaller caller, Vmid vmid, Gpn gpn, Vmid sharer, bool writable) {
    return answer(
        HsvmOperation::share, caller, vmid,
        [&](std::optional<Vm>& vm, HsvmSituation& situation) {
            situation.page = page_state(vm, gpn);
            situation.sharer = sharer_state(vmid, sharer);
        },
        [&](Vm& vm, const HsvmSituation& situation) {
            if (situation.page == PageState::mapped) return share_page(vm, gpn, sharer, writable);
            return await_page(vm, gpn, NptEntry::of(sharer, NptEntry::shared_bit));
        });
}

HsvmStatus HsvmController::unshare(HsvmCaller caller, Vmid vmid, Gpn gpn) {
    return answer(
        HsvmOperation::unshare, caller, vmid,
        [&](std::optional<Vm>& vm, HsvmSituation& situation) { situation.page = page_state(vm, gpn); },
        [&](Vm& vm, const HsvmSituation& situation) {
            switch (situation.page) {
                case PageState::awaiting: return await_page(vm, gpn, {});
                case PageState::borrowed: return return_borrowed(vm, gpn, false);
                default: return unshare_page(vm, gpn);
            }
        });
}

HsvmStatus HsvmController::attest(HsvmCaller caller, Vmid vmid, const Nonce& nonce, const ReportData& data, Bytes& report, const Room& room) {
    return answer(
        HsvmOperation::attest, caller, vmid, [](std::optional<Vm>&, HsvmSituation&) {},
        [&](Vm&, const HsvmSituation&) {
            if (gate_ == nullptr) return HsvmStatus::no_keys;
            const VmIdentity identity = derive_identity(memory_.entry(vmid).k_vm, gate_->chip().fleet_id());
            ++statistics_.private_key_uses;
            const SignedReport signed_report = gate_->report(identity, records_.measurement(vmid), nonce, data);
            report.assign(signed_report.begin(), signed_report.end());
            return HsvmStatus::ok;
        },
        [&](const std::optional<Vm>&, HsvmSituation&) { return has_room(room, attestation_report_bytes); });
}

Translation HsvmController::translate(Vmid vmid, Address gpa, bool write) {
    try {
        std::optional<Vm> vm = find(vmid);
        Translation translation = vm ? translate(*vm, gpa, write) : fault(TranslationFault::unknown_vm);
        // Of a VM that brought its tree along, the leaf knows pages that have no entry.
        if (translation.fault == TranslationFault::not_mapped) {
            const PageState state = page_state(vm, page_of(gpa));
            if (state == PageState::lost) translation = fault(TranslationFault::lost);
            if (state == PageState::swapped) translation = fault(TranslationFault::swapped);
        }
        if (translation.fault == TranslationFault::lost) memory_.raise({Check::lost_page, vmid, gpa, 0, 0, page_of(gpa)});
        return translation;
    } catch (const ChipRegionFailure&) {
        return fault(TranslationFault::chip_stopped);
    } catch (const VmViolation&) {
        return fault(TranslationFault::lost);
    }
}

Translation HsvmController::translate(Vm& vm, Address gpa, bool write) {
    if (memory_.frozen(vm.record.vmid)) return fault(TranslationFault::frozen);
    const Gpn gpn = page_of(gpa);
    if (gpn >= vm.record.pages) return fault(TranslationFault::page_beyond);
    const NptEntry entry = vm.table.entry(gpn);
    if (entry.lost()) return fault(TranslationFault::lost);
    if (entry.swapped()) return fault(TranslationFault::swapped);
    if (!entry.present()) return fault(TranslationFault::not_mapped);
    if (write && !entry.writable()) return fault(TranslationFault::read_only);
    return {TranslationFault::none, entry.frame() * page_bytes + gpa % page_bytes, entry.shared(), entry.writable()};
}

bool HsvmController::host_may_access(std::uint64_t frame, bool write) {
    try {
        return is_for_host(owners_.entry(frame), write);
    } catch (const ChipRegionFailure&) {
        return false;
    }
}

Translation HsvmController::peek(ChipPort& memory, Vmid vmid, Address gpa, bool write) {
    try {
        ChipRegion region(memory, layout());
        VmRecord record;
        if (!VmRecords(region).read(vmid, record)) return fault(TranslationFault::unknown_vm);
        Vm vm{record, NestedPageTable(region, pool_, record.npt_root)};
        return translate(vm, gpa, write);
    } catch (const ChipRegionFailure&) {
        return fault(TranslationFault::chip_stopped);
    }
}

bool HsvmController::host_may_access(ChipPort& memory, std::uint64_t frame, bool write) {
    try {
        ChipRegion region(memory, layout());
        return is_for_host(OwnershipTable(region).entry(frame), write);
    } catch (const ChipRegionFailure&) {
        return false;
    }
}

}  // namespace coffer
