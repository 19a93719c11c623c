#include "vcpu/instruction_set.h"

#include <algorithm>
#include <stdexcept>

namespace coffer {

namespace {

constexpr std::size_t row_of(Instruction instruction) {
    for (std::size_t i = 0; i < instruction_count; ++i)
        if (instruction_table[i].instruction == instruction) return i;
    return instruction_count;
}

InstructionResult answer(InstructionStatus status) { return {InstructionFault::none, status, HsvmStatus::ok}; }
InstructionResult fault(InstructionFault why) { return {why, InstructionStatus::ok, HsvmStatus::ok}; }
InstructionResult answer(HsvmStatus status) {
    return {InstructionFault::none, status == HsvmStatus::ok ? InstructionStatus::ok : InstructionStatus::refused_by_hsvm, status};
}
InstructionResult answer(MemoryAnswer answered) {
    return answered == MemoryAnswer::ok ? InstructionResult{} : fault(InstructionFault::memory_fault);
}

InstructionStatus status_of(LifecycleStatus status) {
    switch (status) {
        case LifecycleStatus::ok: return InstructionStatus::ok;
        case LifecycleStatus::bad_key: return InstructionStatus::bad_key;
        case LifecycleStatus::bad_vector:
        case LifecycleStatus::bad_certificate:
        case LifecycleStatus::other_chip:
        case LifecycleStatus::bad_nonce: return InstructionStatus::bad_vector;
        case LifecycleStatus::other_scheme: return InstructionStatus::other_scheme;
        case LifecycleStatus::refused: return InstructionStatus::refused_by_log;
        case LifecycleStatus::no_vmid: return InstructionStatus::no_room;
        case LifecycleStatus::bad_tree: return InstructionStatus::bad_tree;
        case LifecycleStatus::unknown_vmid: return InstructionStatus::unknown_vm;
        case LifecycleStatus::violated: return InstructionStatus::violated;
        case LifecycleStatus::exhausted: return InstructionStatus::exhausted;
    }
    return InstructionStatus::violated;
}

InstructionStatus status_of(EptStatus status) {
    switch (status) {
        case EptStatus::ok: return InstructionStatus::ok;
        case EptStatus::unknown_vm: return InstructionStatus::unknown_vm;
        case EptStatus::page_beyond: return InstructionStatus::page_beyond;
        case EptStatus::bad_entry: return InstructionStatus::bad_entry;
        case EptStatus::frame_protected: return InstructionStatus::frame_protected;
        case EptStatus::no_room: return InstructionStatus::no_room;
    }
    return InstructionStatus::bad_entry;
}

/// The host's memory for the sealed vector cannot be written: the snapshot is given up before it commits.
struct VectorNotStored {};
/// The VM's tree failed its checks.
struct VmViolated {};

/// What the processor tells of an exit where no shim chooses: which access it was, but not what it carries.
HypervisorView view_of(const ExitEvent& event) {
    HypervisorView view;
    view.reason = event.reason;
    view[EventField::port] = event.port;
    view[EventField::size] = event.size;
    view[EventField::access] = static_cast<std::uint64_t>(event.access);
    view[EventField::gpa] = event.gpa;
    view[EventField::register_id] = event.register_id;
    return view;
}

}  // namespace

InstructionSet::InstructionSet(ProtectionConfiguration configuration, const InstructionPorts& ports) : configuration_(configuration), ports_(ports) {
    const bool complete = (!rules().shim || ports.lifecycle != nullptr) && (rules().ownership ? ports.hsvm != nullptr : ports.ept != nullptr);
    if (!complete) throw std::invalid_argument("instruction set: a port of the configuration is missing");
}

unsigned InstructionSet::add_core(CoreMemory& memory) {
    cores_.push_back({&memory, {}, {}});
    return static_cast<unsigned>(cores_.size() - 1);
}

std::optional<ShimMemory> InstructionSet::shim_memory(Vmid vmid) const {
    if (const VmVector* const vector = ports_.lifecycle != nullptr ? ports_.lifecycle->vector(vmid) : nullptr) return ShimMemory{vector->addr_shim, vector->vcpus, 0};
    // A VM that H-SVM created was never installed.
    if (const auto record = ports_.hsvm != nullptr ? ports_.hsvm->record(vmid) : std::nullopt) return ShimMemory{record->addr_shim, record->vcpus, 0};
    return std::nullopt;
}

InstructionFault InstructionSet::check(unsigned core, Instruction instruction) const {
    const InstructionEntry& row = instruction_table[row_of(instruction)];
    if (!row.exists_in(configuration_)) return InstructionFault::undefined_instruction;
    return row.may_issue(cores_.at(core).state.mode) ? InstructionFault::none : InstructionFault::wrong_mode;
}

template <class Execute>
InstructionResult InstructionSet::issue(unsigned core, Instruction instruction, Execute&& execute) {
    Count& count = counts_[row_of(instruction)];
    ++count.issued;
    const InstructionFault why = check(core, instruction);
    const InstructionResult result = why == InstructionFault::none ? execute(cores_[core]) : fault(why);
    if (result.fault != InstructionFault::none)
        ++count.faults;
    else if (!result.ok())
        ++count.refused;
    return result;
}

void InstructionSet::take_off(Vmid vmid) {
    for (unsigned number = 0; number < cores_.size(); ++number) {
        Core& core = cores_[number];
        const bool runs_it = core.state.mode != CoreMode::host && core.state.vmid == vmid;
        // After an exit that H-SVM could not save, the core is the host's, but the registers are the VM's.
        if (runs_it || (ports_.hsvm != nullptr && ports_.hsvm->running(number) == vmid)) core.latched = {};
        if (runs_it) core.state = ProcessorCore();
    }
}

/// Whether a failed check stopped the VM: then it leaves all cores.
bool InstructionSet::stopped(Vmid vmid) {
    const bool is_stopped = ports_.lifecycle != nullptr ? ports_.lifecycle->stopped(vmid) : ports_.hsvm != nullptr && ports_.hsvm->stopped(vmid);
    if (is_stopped) take_off(vmid);
    return is_stopped;
}

bool InstructionSet::runs(Vmid vmid) const {
    return std::any_of(cores_.begin(), cores_.end(), [&](const Core& core) { return core.state.mode != CoreMode::host && core.state.vmid == vmid; });
}

bool InstructionSet::runs(Vmid vmid, std::uint64_t vcpu) const {
    return std::any_of(cores_.begin(), cores_.end(), [&](const Core& core) {
        return core.state.mode != CoreMode::host && core.state.vmid == vmid && core.state.vcpu == vcpu;
    });
}

InstructionResult InstructionSet::vm_install(unsigned core, Address vm_key, Address vm_vector, Vmid& vmid) {
    return issue(core, Instruction::vm_install, [&](Core& issuer) {
        Bytes key(vm_key_bytes), vector(vm_vector_bytes);
        if (!issuer.memory->host_read(vm_key, key.data(), key.size()) || !issuer.memory->host_read(vm_vector, vector.data(), vector.size()))
            return fault(InstructionFault::memory_fault);
        if (ports_.domains != nullptr && !bring_tree(*issuer.memory, vm_vector)) return fault(InstructionFault::memory_fault);
        VmLifecycle::Result installed;
        try {
            installed = ports_.lifecycle->install(key, vector);
        } catch (const UnreadableTree&) {
            return fault(InstructionFault::memory_fault);
        }
        if (!installed.ok()) return answer(status_of(installed.status));
        if (ports_.ept != nullptr && !ports_.ept->add(installed.vmid, ports_.lifecycle->vector(installed.vmid)->pages)) {
            ports_.lifecycle->uninstall(installed.vmid);
            return answer(InstructionStatus::no_room);
        }
        vmid = installed.vmid;
        return InstructionResult{};
    });
}

/// Names the nodes behind a vector: their number is anybody's until the vector is opened.
bool InstructionSet::bring_tree(CoreMemory& memory, Address vm_vector) {
    std::uint8_t count[8];
    if (!memory.host_read(vm_vector + node_count_at, count, sizeof count)) return false;
    const auto read = [&memory, first = vm_vector + nodes_at](std::uint64_t offset, std::uint8_t* data, std::size_t size) {
        return memory.host_read(first + offset, data, size);
    };
    ports_.domains->bring_tree({load_le64(count), read});
    return true;
}

/// Puts a vector, the nodes that its root stands for, and the VM's key into the host's memory.
void InstructionSet::store_vector(CoreMemory& memory, Address address, Vmid vmid, const SealedVector& vector) {
    if (!memory.host_write(address, vector.data(), vector.size())) throw VectorNotStored();
    if (ports_.domains == nullptr) return;
    const std::optional<Bytes> nodes = ports_.domains->tree(vmid);
    if (!nodes) throw VmViolated();
    std::uint8_t count[8];
    store_le64(count, nodes->size());
    // H-SVM drew the keys of VMs that it made, so that nobody else has them.
    const Bytes vm_key = ports_.lifecycle->gate().vm_key(vmid);
    const bool stored = memory.host_write(address + node_count_at, count, sizeof count) &&
                        (nodes->empty() || memory.host_write(address + nodes_at, nodes->data(), nodes->size())) &&
                        memory.host_write(address + nodes_at + nodes->size(), vm_key.data(), vm_key.size());
    if (!stored) throw VectorNotStored();
}

InstructionResult InstructionSet::vm_uninstall(unsigned core, Vmid vmid) {
    return issue(core, Instruction::vm_uninstall, [&](Core&) {
        if (ports_.lifecycle->vector(vmid) == nullptr) return answer(InstructionStatus::unknown_vm);
        if (!stopped(vmid) && runs(vmid)) return answer(InstructionStatus::vm_running);
        // Lines are written back while there is a key to write them with.
        const InstructionStatus status = status_of(ports_.lifecycle->uninstall(vmid).status);
        if (status == InstructionStatus::ok && ports_.ept != nullptr) ports_.ept->remove(vmid);
        return answer(status);
    });
}

InstructionResult InstructionSet::vm_snapshot(unsigned core, Vmid vmid, Address address) {
    return issue(core, Instruction::vm_snapshot, [&](Core& issuer) {
        if (!stopped(vmid) && runs(vmid)) return answer(InstructionStatus::vm_running);
        try {
            const auto store = [&](const SealedVector& vector) { store_vector(*issuer.memory, address, vmid, vector); };
            return answer(status_of(ports_.lifecycle->snapshot(vmid, store).status));
        } catch (const VmViolated&) {
            return answer(InstructionStatus::violated);
        } catch (const VectorNotStored&) {
            return fault(InstructionFault::memory_fault);
        }
    });
}

InstructionResult InstructionSet::ept_st(unsigned core, std::uint64_t address, std::uint64_t value) {
    return issue(core, Instruction::ept_st, [&](Core&) {
        const auto vmid = static_cast<Vmid>(address >> 48);
        const Gpn gpn = (address & ((std::uint64_t{1} << 48) - 1)) >> 3;
        if (address % 8 != 0) return answer(InstructionStatus::bad_address);
        return ports_.ept != nullptr ? answer(status_of(store_entry(vmid, gpn, {value}))) : map_with_hsvm(vmid, gpn, {value});
    });
}

HsvmStatus InstructionSet::perform(const InstructionPorts::HsvmOperation& operation) {
    return ports_.perform ? ports_.perform(operation) : operation(*ports_.hsvm);
}

EptStatus InstructionSet::store_entry(Vmid vmid, Gpn gpn, NptEntry entry) {
    return ports_.ept_store ? ports_.ept_store(vmid, gpn, entry) : ports_.ept->store(vmid, gpn, entry);
}

/// H-SVM's operation for a change from the present entry to another. It decides what is allowed; this only says which one is meant.
InstructionResult InstructionSet::map_with_hsvm(Vmid vmid, Gpn gpn, NptEntry entry) {
    constexpr std::uint64_t known_bits = NptEntry::present_bit | NptEntry::write_bit | NptEntry::large_bit | NptEntry::frame_mask;
    const bool well_formed = (entry.bits & ~known_bits) == 0 && (entry.present() ? entry.writable() : (entry.bits & ~NptEntry::large_bit) == 0);
    if (!well_formed) return answer(InstructionStatus::bad_entry);
    const NptEntry old = ports_.hsvm->mapping(vmid, gpn);
    const bool moves = entry.present() && old.present() && !entry.large();
    if (moves && old.frame() == entry.frame()) return {};
    return answer(perform([&](HsvmController& hsvm) {
        if (!entry.present()) return hsvm.page_unmap(HsvmCaller::host, vmid, gpn, entry.large());
        if (moves) return hsvm.page_move(HsvmCaller::host, vmid, gpn, entry.frame());
        return hsvm.page_map(HsvmCaller::host, vmid, gpn, entry.frame(), entry.large());
    }));
}

InstructionStatus InstructionSet::judge_entry(Vmid vmid, std::uint64_t vcpu, Address entry) {
    const bool is_stopped = stopped(vmid);
    if (rules().shim) {
        const auto shim = shim_memory(vmid);
        if (!shim) return InstructionStatus::unknown_vm;
        if (is_stopped) return InstructionStatus::vm_stopped;
        if (vcpu >= shim->vcpus) return InstructionStatus::no_vcpu;
        if (runs(vmid, vcpu)) return InstructionStatus::vcpu_running;
        return entry == shim->addr_shim ? InstructionStatus::ok : InstructionStatus::wrong_entry;
    }
    // H-SVM knows its VMs itself.
    if (ports_.ept != nullptr && !ports_.ept->has(vmid)) return InstructionStatus::unknown_vm;
    return runs(vmid, vcpu) ? InstructionStatus::vcpu_running : InstructionStatus::ok;
}

/// H-SVM's context restore, where there is H-SVM.
InstructionResult InstructionSet::restore(unsigned core, Vmid vmid, std::uint64_t vcpu) {
    if (ports_.hsvm == nullptr) return {};
    const auto number = static_cast<std::uint32_t>(std::min<std::uint64_t>(vcpu, ~std::uint32_t{0}));
    return answer(perform([&](HsvmController& hsvm) { return hsvm.context_restore(HsvmCaller::host, vmid, number, core, cores_[core].latched); }));
}

/// H-SVM's context save, where there is H-SVM: the core is the host's from here on, whatever H-SVM answers.
InstructionResult InstructionSet::save(unsigned core) {
    if (ports_.hsvm == nullptr) return {};
    Core& leaving = cores_[core];
    const auto vcpu = static_cast<std::uint32_t>(leaving.state.vcpu);
    const InstructionResult saved =
        answer(perform([&](HsvmController& hsvm) { return hsvm.context_save(HsvmCaller::host, leaving.state.vmid, vcpu, core, leaving.latched); }));
    if (saved.ok()) leaving.latched = {};
    return saved;
}

InstructionResult InstructionSet::vm_enter(unsigned core, Vmid vmid, std::uint64_t vcpu, Address entry) {
    return issue(core, Instruction::vm_enter, [&](Core& issuer) {
        if (const InstructionStatus status = judge_entry(vmid, vcpu, entry); status != InstructionStatus::ok) return answer(status);
        if (const InstructionResult restored = restore(core, vmid, vcpu); !restored.ok()) return restored;
        ProcessorCore& state = issuer.state;
        state.vmid = vmid;
        state.vcpu = vcpu;
        state.event = {};
        state.mode = rules().shim ? CoreMode::shim : CoreMode::guest;
        state.registers = rules().shim ? VcpuContext() : rules().ownership ? issuer.latched : state.view.context;
        return InstructionResult{};
    });
}

/// The core is the host's again.
void InstructionSet::leave(ProcessorCore& state, const HypervisorView& view) {
    state = ProcessorCore();
    state.view = view;
}

InstructionResult InstructionSet::vm_exit(unsigned core, const ExitEvent& event) {
    const ExitEntry* const row = find_exit(exit_table, event.reason);
    if (row == nullptr || !is_possible(*row, event)) throw std::invalid_argument("VMExit: no processor reports this event");
    return issue(core, Instruction::vm_exit, [&](Core& issuer) {
        ProcessorCore& state = issuer.state;
        if (rules().shim) {
            if (rules().ownership) issuer.latched = state.registers;
            state.event = event;
            state.mode = CoreMode::shim;
            return InstructionResult{};
        }
        // Nobody behind the processor can do it: without H-SVM the hypervisor could, with H-SVM it does not reach the registers.
        complete_instruction(*row, event, state.registers);
        if (rules().ownership) issuer.latched = state.registers;
        HypervisorView view = view_of(event);
        if (!rules().ownership) view.context = state.registers;
        const InstructionResult saved = save(core);
        leave(state, view);
        return saved;
    });
}

InstructionResult InstructionSet::shim_to_host(unsigned core, const HypervisorView& view) {
    return issue(core, Instruction::shim_to_host, [&](Core& issuer) {
        const InstructionResult saved = save(core);
        leave(issuer.state, view);
        return saved;
    });
}

InstructionResult InstructionSet::shim_to_guest(unsigned core) {
    return issue(core, Instruction::shim_to_guest, [&](Core& issuer) {
        issuer.state.mode = CoreMode::guest;
        issuer.state.event = {};
        issuer.state.view = {};
        return InstructionResult{};
    });
}

InstructionResult InstructionSet::raw_st(unsigned core, Address gpa, const std::uint8_t* data, std::size_t size) {
    return issue(core, Instruction::raw_st, [&](Core& issuer) { return answer(issuer.memory->guest_write(issuer.state, gpa, data, size, GuestAccess::raw)); });
}

InstructionResult InstructionSet::raw_ld(unsigned core, bool enc_on, Address gpa, std::uint8_t* data, std::size_t size) {
    const GuestAccess access = enc_on ? GuestAccess::decrypted : GuestAccess::raw;
    return issue(core, Instruction::raw_ld, [&](Core& issuer) { return answer(issuer.memory->guest_read(issuer.state, gpa, data, size, access)); });
}

MemoryAnswer InstructionSet::load(unsigned core, Address gpa, std::uint8_t* data, std::size_t size) {
    const Core& issuer = cores_.at(core);
    if (issuer.state.mode == CoreMode::host) return MemoryAnswer::not_mapped;
    return issuer.memory->guest_read(issuer.state, gpa, data, size, GuestAccess::usual);
}

MemoryAnswer InstructionSet::store(unsigned core, Address gpa, const std::uint8_t* data, std::size_t size) {
    const Core& issuer = cores_.at(core);
    if (issuer.state.mode == CoreMode::host) return MemoryAnswer::not_mapped;
    return issuer.memory->guest_write(issuer.state, gpa, data, size, GuestAccess::usual);
}

void InstructionSet::collect(StatisticsGroup& group) const {
    for (std::size_t i = 0; i < instruction_count; ++i) {
        StatisticsGroup& row = group.group(instruction_table[i].name);
        row.add("issued", counts_[i].issued, "instructions");
        row.add("faults", counts_[i].faults, "instructions");
        row.add("refused", counts_[i].refused, "instructions");
    }
}

}  // namespace coffer
