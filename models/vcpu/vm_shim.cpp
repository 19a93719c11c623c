#include "vcpu/vm_shim.h"

#include <algorithm>
#include <string>

namespace coffer {

namespace {

ShimStatus status_of(MemoryAnswer answer) {
    switch (answer) {
        case MemoryAnswer::ok: return ShimStatus::ok;
        case MemoryAnswer::not_mapped: return ShimStatus::not_mapped;
        case MemoryAnswer::violated: return ShimStatus::violated;
    }
    return ShimStatus::violated;
}

VmShim::Entry failed(ShimStatus status) {
    VmShim::Entry entry;
    entry.status = status;
    return entry;
}

}  // namespace

std::string_view to_string(ShimStatus status) {
    switch (status) {
        case ShimStatus::ok: return "ok";
        case ShimStatus::unknown_vcpu: return "unknown vCPU";
        case ShimStatus::not_in_guest: return "vCPU is not in its guest";
        case ShimStatus::not_stopped: return "vCPU is not stopped";
        case ShimStatus::impossible_exit: return "impossible exit";
        case ShimStatus::wrong_entry: return "wrong entry point";
        case ShimStatus::no_context: return "no context";
        case ShimStatus::refused_value: return "refused value";
        case ShimStatus::not_mapped: return "context page is not mapped";
        case ShimStatus::violated: return "context page was tampered with";
    }
    return "unknown";
}

VmShim::VmShim(Address addr_shim, std::uint64_t vcpus, GuestMemoryPort& memory, const ExitPolicy& policy)
    : addr_shim_(addr_shim), memory_(memory), policy_(policy), modes_(vcpus, VcpuMode::host) {}

VmShim::Exit VmShim::exit(std::uint64_t vcpu, const ExitEvent& event, const VcpuContext& context) {
    Exit exit;
    exit.view.reason = event.reason;
    if (vcpu >= modes_.size()) {
        exit.status = ShimStatus::unknown_vcpu;
        return exit;
    }
    if (modes_[vcpu] != VcpuMode::guest) {
        exit.status = ShimStatus::not_in_guest;
        return exit;
    }
    const ExitEntry* row = find_exit(policy_.table(), event.reason);
    if (row == nullptr || !is_possible(*row, event)) {
        exit.status = ShimStatus::impossible_exit;
        return exit;
    }
    modes_[vcpu] = VcpuMode::shim;
    exit.status = save(vcpu, event, context);
    if (exit.status == ShimStatus::ok) {
        exit.view = policy_.show(*row, event, context);
        ++statistics_.exits[static_cast<std::size_t>(row - policy_.table().data())];
    }
    modes_[vcpu] = VcpuMode::host;
    return exit;
}

ShimStatus VmShim::save(std::uint64_t vcpu, const ExitEvent& event, const VcpuContext& context) {
    const Address page = context_page(addr_shim_, vcpu);
    Block64 line;
    if (const MemoryAnswer answer = memory_.read_line(page, line.data()); answer != MemoryAnswer::ok) return status_of(answer);
    const auto before = decode_header(line);
    if (!before) return ShimStatus::no_context;
    return status_of(store_context_page(memory_, page, {ContextState::stopped, event, before->exits + 1, before->time}, context));
}

VmShim::Entry VmShim::enter(std::uint64_t vcpu, Address entry, const HypervisorView& returned) {
    Entry result;
    if (vcpu >= modes_.size())
        result = failed(ShimStatus::unknown_vcpu);
    else if (entry != addr_shim_)
        result = failed(ShimStatus::wrong_entry);
    else if (modes_[vcpu] != VcpuMode::host)
        result = failed(ShimStatus::not_stopped);
    else {
        modes_[vcpu] = VcpuMode::shim;
        result = resume(vcpu, returned);
        modes_[vcpu] = result.status == ShimStatus::ok ? VcpuMode::guest : VcpuMode::host;
    }
    ++(result.status == ShimStatus::ok ? statistics_.entries : statistics_.refused_entries);
    return result;
}

VmShim::Entry VmShim::resume(std::uint64_t vcpu, const HypervisorView& returned) {
    const Address page = context_page(addr_shim_, vcpu);
    Block64 line;
    if (const MemoryAnswer answer = memory_.read_line(page, line.data()); answer != MemoryAnswer::ok) return failed(status_of(answer));
    auto header = decode_header(line);
    if (!header) return failed(ShimStatus::no_context);
    if (header->state != ContextState::stopped) return failed(ShimStatus::not_stopped);

    VcpuContext context;
    if (const MemoryAnswer answer = load(vcpu, context); answer != MemoryAnswer::ok) return failed(status_of(answer));
    std::uint64_t ignored = 0;
    if (header->event) {
        const ExitEntry* row = find_exit(policy_.table(), header->event->reason);
        if (row == nullptr || !is_possible(*row, *header->event)) return failed(ShimStatus::no_context);
        ignored = count_ignored(*row, *header->event, returned, context);
        if (const AcceptedValue* refused = policy_.accept(*row, *header->event, returned, context)) {
            Entry entry = failed(ShimStatus::refused_value);
            entry.refused = refused;
            return entry;
        }
        if (row->monotonic) {
            const std::uint64_t time = context[Register::rdx] << 32 | context[Register::rax];
            if (time < header->time) {
                Entry entry = failed(ShimStatus::refused_value);
                entry.refused = row->accepted.begin();
                return entry;
            }
            header->time = time;
        }
        complete_instruction(*row, *header->event, context);
    }
    header->state = ContextState::running;
    line = encode_header(*header);
    if (const MemoryAnswer answer = memory_.write_line(page, line.data()); answer != MemoryAnswer::ok) return failed(status_of(answer));
    statistics_.ignored_values += ignored;
    return {ShimStatus::ok, context, nullptr};
}

MemoryAnswer VmShim::load(std::uint64_t vcpu, VcpuContext& context) {
    ContextBytes bytes;
    const MemoryAnswer answer = read_guest(memory_, context_page(addr_shim_, vcpu) + line_bytes, bytes.data(), bytes.size());
    if (answer == MemoryAnswer::ok) context = decode_context(bytes);
    return answer;
}

std::uint64_t VmShim::count_ignored(const ExitEntry& row, const ExitEvent& event, const HypervisorView& returned, const VcpuContext& context) const {
    const HypervisorView shown = policy_.show(row, event, context);
    std::uint64_t changed = 0;
    for (std::size_t i = 0; i < register_count; ++i) {
        const auto is_accepted = [i](const AcceptedValue& accepted) { return !accepted.data && accepted.reg == static_cast<Register>(i); };
        const bool may_change = std::any_of(row.accepted.begin(), row.accepted.end(), is_accepted);
        if (!may_change && shown.context.registers[i] != returned.context.registers[i]) ++changed;
    }
    return changed;
}

void VmShim::collect(StatisticsGroup& group) const {
    StatisticsGroup& exits = group.group("exits");
    for (std::size_t i = 0; i < exit_reason_count; ++i) exits.add(policy_.table()[i].name, statistics_.exits[i], "1");
    group.add("entries", statistics_.entries, "1");
    group.add("refused_entries", statistics_.refused_entries, "1");
    group.add("ignored_values", statistics_.ignored_values, "1");
}

}  // namespace coffer
