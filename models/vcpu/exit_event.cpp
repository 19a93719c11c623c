#include "vcpu/exit_event.h"

#include <algorithm>
#include <optional>
#include <tuple>

namespace coffer {

namespace {

constexpr unsigned longest_instruction = 15;

std::optional<Register> control_register(unsigned number) {
    switch (number) {
        case 0: return Register::cr0;
        case 2: return Register::cr2;
        case 3: return Register::cr3;
        case 4: return Register::cr4;
        case 8: return Register::cr8;
        default: return std::nullopt;
    }
}

std::optional<Register> debug_register(unsigned number) {
    switch (number) {
        case 0: return Register::dr0;
        case 1: return Register::dr1;
        case 2: return Register::dr2;
        case 3: return Register::dr3;
        case 6: return Register::dr6;
        case 7: return Register::dr7;
        default: return std::nullopt;
    }
}

bool moves_register(ExitReason reason) { return reason == ExitReason::control_register || reason == ExitReason::debug_register; }

std::optional<Register> moved_register(const ExitEvent& event) {
    return event.reason == ExitReason::control_register ? control_register(event.register_id) : debug_register(event.register_id);
}

bool access_fits(ExitReason reason, AccessType access) {
    switch (reason) {
        case ExitReason::page_fault: return access <= AccessType::execute;
        case ExitReason::io_out:
        case ExitReason::mmio_write: return access == AccessType::write;
        case ExitReason::control_register:
        case ExitReason::debug_register: return access <= AccessType::write;
        default: return access == AccessType::read;
    }
}

bool uses_operand(ExitReason reason) { return moves_register(reason) || reason == ExitReason::mmio_read || reason == ExitReason::mmio_write; }

bool has_gpa(ExitReason reason) { return reason == ExitReason::page_fault || reason == ExitReason::mmio_read || reason == ExitReason::mmio_write; }

bool has_port(ExitReason reason) { return reason == ExitReason::io_in || reason == ExitReason::io_out; }

bool size_fits(const ExitEntry& entry, unsigned size) {
    if (entry.sizes == 0 || size == 0) return entry.sizes == 0 && size == 0;
    return size <= 128 && (size & (size - 1)) == 0 && (entry.sizes & size) != 0;
}

}  // namespace

bool ExitEvent::operator==(const ExitEvent& other) const {
    const auto fields = [](const ExitEvent& e) {
        return std::tie(e.reason, e.instruction_bytes, e.access, e.size, e.register_id, e.operand, e.port, e.gpa);
    };
    return fields(*this) == fields(other);
}

const ExitEntry* find_exit(const ExitTable& table, ExitReason reason) {
    const auto found = std::find_if(table.begin(), table.end(), [reason](const ExitEntry& entry) { return entry.reason == reason; });
    return found == table.end() ? nullptr : &*found;
}

bool is_possible(const ExitEntry& entry, const ExitEvent& event) {
    const bool has_length = event.instruction_bytes != 0;
    const bool length_fits = has_length == entry.instruction && event.instruction_bytes <= longest_instruction;
    const bool operand_fits = uses_operand(event.reason) ? event.operand < general_register_count : event.operand == 0;
    const bool register_fits = moves_register(event.reason) ? moved_register(event).has_value() : event.register_id == 0;
    const bool place_fits = (has_port(event.reason) || event.port == 0) && (has_gpa(event.reason) || event.gpa == 0);
    return length_fits && operand_fits && register_fits && place_fits && size_fits(entry, event.size) && access_fits(event.reason, event.access);
}

void complete_instruction(const ExitEntry& entry, const ExitEvent& event, VcpuContext& context) {
    if (moves_register(event.reason)) {
        std::uint64_t& special = context[*moved_register(event)];
        std::uint64_t& general = context.registers[event.operand];
        (event.access == AccessType::write ? special : general) = event.access == AccessType::write ? general : special;
    }
    if (entry.instruction) context[Register::rip] += event.instruction_bytes;
}

}  // namespace coffer
