#pragma once

#include <array>
#include <cstdint>

#include "common/units.h"
#include "vcpu/exit_table.h"
#include "vcpu/vcpu_context.h"

namespace coffer {

enum class AccessType : std::uint8_t { read, write, execute };

/// An exit as the processor reports it to the shim. What does not belong to the reason is 0.
struct ExitEvent {
    ExitReason reason{};
    std::uint8_t instruction_bytes = 0;  ///< length of the instruction that made the exit, 1 to 15
    AccessType access = AccessType::read;
    std::uint8_t size = 0;         ///< of an access, in bytes
    std::uint8_t register_id = 0;  ///< number of a control or debug register
    std::uint8_t operand = 0;      ///< number of the general register that an MMIO access, or a move to or from such a register, uses
    std::uint16_t port = 0;
    Address gpa = 0;

    bool operator==(const ExitEvent& other) const;
};

/// What the hypervisor sees of a vCPU and gives back: all registers, those that are none of its business as 0.
struct HypervisorView {
    ExitReason reason{};
    std::array<std::uint64_t, event_field_count> event{};
    VcpuContext context;

    std::uint64_t& operator[](EventField field) { return event[static_cast<std::size_t>(field)]; }
    std::uint64_t operator[](EventField field) const { return event[static_cast<std::size_t>(field)]; }
    bool operator==(const HypervisorView& other) const { return reason == other.reason && event == other.event && context == other.context; }
    bool operator!=(const HypervisorView& other) const { return !(*this == other); }
};

/// The row of the table for a reason; null where there is none.
const ExitEntry* find_exit(const ExitTable& table, ExitReason reason);

/// Whether a processor can report the event: size, instruction length, register numbers, and zeros where the reason has no such thing.
bool is_possible(const ExitEntry& entry, const ExitEvent& event);

/// What is left of the interrupted instruction once the hypervisor did its part: moves to and from control and debug registers, which the shim
/// makes itself, and RIP.
void complete_instruction(const ExitEntry& entry, const ExitEvent& event, VcpuContext& context);

}  // namespace coffer
