#include "vcpu/vcpu_runner.h"

#include <fmt/format.h>

namespace coffer {

MemoryAnswer VcpuRunner::ShimPort::read_line(Address gpa, std::uint8_t* data) {
    return core == nowhere ? MemoryAnswer::not_mapped : instructions_.load(core, gpa, data, line_bytes);
}

MemoryAnswer VcpuRunner::ShimPort::write_line(Address gpa, const std::uint8_t* data) {
    return core == nowhere ? MemoryAnswer::not_mapped : instructions_.store(core, gpa, data, line_bytes);
}

bool VcpuRunner::ShimPort::load(Address gpa, std::uint8_t* data, std::size_t size) {
    return core != nowhere && instructions_.raw_ld(core, false, gpa, data, size).ok();
}

bool VcpuRunner::ShimPort::store(Address gpa, const std::uint8_t* data, std::size_t size) {
    return core != nowhere && instructions_.raw_st(core, gpa, data, size).ok();
}

std::shared_ptr<VcpuRunner::Software>& VcpuRunner::shared_software_of(Vmid vmid) {
    std::shared_ptr<Software>& software = software_[vmid];
    if (!software) software = std::make_shared<Software>(instructions_);
    return software;
}

/// The VM's software with a shim for what the VM is now: under the VMID there may have been another one.
std::shared_ptr<VcpuRunner::Software> VcpuRunner::shim_of(Vmid vmid) {
    const std::shared_ptr<Software> software = shared_software_of(vmid);
    const ShimMemory place = *instructions_.shim_memory(vmid);
    if (!software->shim || place.addr_shim != software->place.addr_shim || place.vcpus != software->place.vcpus) {
        software->place = place;
        software->shim = std::make_unique<VmShim>(place.addr_shim, place.vcpus, software->memory, policy_);
    }
    return software;
}

void VcpuRunner::forget(Vmid vmid) {
    software_.erase(vmid);
    last_exits_.erase(last_exits_.lower_bound({vmid, 0}), last_exits_.upper_bound({vmid, ~std::uint64_t{0}}));
}

VmShim* VcpuRunner::shim(Vmid vmid) {
    const auto found = software_.find(vmid);
    return found == software_.end() ? nullptr : found->second->shim.get();
}

/// Without a shim the hypervisor itself puts what it returns where the instruction expects it.
HypervisorView VcpuRunner::emulated(Vmid vmid, std::uint64_t vcpu, const HypervisorView& returned) const {
    HypervisorView view = returned;
    const auto last = last_exits_.find({vmid, vcpu});
    if (last != last_exits_.end()) policy_.accept(*find_exit(policy_.table(), last->second.reason), last->second, returned, view.context);
    return view;
}

VcpuRunner::Entry VcpuRunner::enter(unsigned core, Vmid vmid, std::uint64_t vcpu, Address entry, const HypervisorView& returned, const ShimWork& work) {
    Entry result;
    ProcessorCore& state = instructions_.core(core);
    const bool shim = rules_of(instructions_.configuration()).shim;
    if (state.mode == CoreMode::host) state.view = shim ? returned : emulated(vmid, vcpu, returned);
    result.instruction = instructions_.vm_enter(core, vmid, vcpu, entry);
    if (!result.instruction.ok() || !shim) return result;

    const std::shared_ptr<Software> software = shim_of(vmid);
    const Working working(software->memory, core);
    const VmShim::Entry entered = software->shim->enter(vcpu, entry, state.view);
    result.shim = entered.status;
    result.refused = entered.refused;
    if (entered.status != ShimStatus::ok) {
        result.instruction = instructions_.shim_to_host(core, returned);
        return result;
    }
    // A VM that was stopped or ended meanwhile is not on the core any more, and its registers are not for the host.
    if (state.mode == CoreMode::shim) {
        state.registers = entered.context;
        if (work) work(state);
    }
    result.instruction = instructions_.shim_to_guest(core);
    return result;
}

VcpuRunner::Exit VcpuRunner::exit(unsigned core, const ExitEvent& event, const ShimWork& work) {
    Exit result;
    ProcessorCore& state = instructions_.core(core);
    const Vmid vmid = state.vmid;
    const std::uint64_t vcpu = state.vcpu;
    result.instruction = instructions_.vm_exit(core, event);
    if (result.instruction.fault != InstructionFault::none) return result;
    if (state.mode == CoreMode::host) {
        last_exits_[{vmid, vcpu}] = event;
        result.view = state.view;
        return result;
    }
    const std::shared_ptr<Software> software = shim_of(vmid);
    const Working working(software->memory, core);
    const VmShim::Exit left = software->shim->exit(vcpu, event, state.registers);
    result.shim = left.status;
    if (left.status == ShimStatus::ok && work) work(state);
    result.instruction = instructions_.shim_to_host(core, left.view);
    result.view = left.view;
    return result;
}

void VcpuRunner::collect(StatisticsGroup& group) const {
    for (const auto& [vmid, software] : software_)
        if (software->shim) software->shim->collect(group.group(fmt::format("vm_{}", vmid)));
}

}  // namespace coffer
