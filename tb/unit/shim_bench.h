#pragma once

#include <functional>
#include <map>
#include <ostream>
#include <random>

#include "vcpu/vm_shim.h"

namespace coffer {

inline std::ostream& operator<<(std::ostream& out, ShimStatus status) { return out << to_string(status); }
inline std::ostream& operator<<(std::ostream& out, Register reg) { return out << to_string(reg); }

/// A VM's memory without protection. Lines never written are zeros.
class PlainGuestMemory final : public GuestMemoryPort {
public:
    /// Called before each access with the line's GPA; what it answers other than ok is the answer.
    std::function<MemoryAnswer(Address gpa, bool write)> before = [](Address, bool) { return MemoryAnswer::ok; };

    MemoryAnswer read_line(Address gpa, std::uint8_t* data) override {
        const MemoryAnswer answer = before(gpa, false);
        if (answer == MemoryAnswer::ok) std::copy_n(lines_[gpa].begin(), line_bytes, data);
        return answer;
    }
    MemoryAnswer write_line(Address gpa, const std::uint8_t* data) override {
        const MemoryAnswer answer = before(gpa, true);
        if (answer == MemoryAnswer::ok) std::copy_n(data, line_bytes, lines_[gpa].begin());
        return answer;
    }

private:
    std::map<Address, Block64> lines_;
};

/// A context in which every byte is drawn, so that two hardly ever agree anywhere.
inline VcpuContext random_context(std::mt19937_64& random) {
    VcpuContext context;
    for (std::uint64_t& value : context.registers) value = random();
    for (std::uint8_t& byte : context.extended) byte = static_cast<std::uint8_t>(random());
    return context;
}

/// An exit that a processor can report, of the size that is given where it has one.
inline ExitEvent event_of(ExitReason reason, unsigned size, std::mt19937_64& random) {
    const ExitEntry& row = *find_exit(exit_table, reason);
    ExitEvent event;
    event.reason = reason;
    event.instruction_bytes = static_cast<std::uint8_t>(row.instruction ? 1 + random() % 15 : 0);
    event.size = static_cast<std::uint8_t>(size);
    switch (reason) {
        case ExitReason::io_in: event.port = static_cast<std::uint16_t>(random()); break;
        case ExitReason::io_out:
            event.port = static_cast<std::uint16_t>(random());
            event.access = AccessType::write;
            break;
        case ExitReason::page_fault:
            event.gpa = random();
            event.access = static_cast<AccessType>(random() % 3);
            break;
        case ExitReason::mmio_read:
        case ExitReason::mmio_write:
            event.gpa = random();
            event.access = reason == ExitReason::mmio_write ? AccessType::write : AccessType::read;
            event.operand = static_cast<std::uint8_t>(random() % general_register_count);
            break;
        case ExitReason::control_register:
        case ExitReason::debug_register:
            event.register_id = 3;
            event.access = static_cast<AccessType>(random() % 2);
            event.operand = static_cast<std::uint8_t>(random() % general_register_count);
            break;
        default: break;
    }
    return event;
}

inline ExitEvent simple_exit(ExitReason reason) {
    ExitEvent event;
    event.reason = reason;
    event.instruction_bytes = find_exit(exit_table, reason)->instruction ? 2 : 0;
    return event;
}

}  // namespace coffer
