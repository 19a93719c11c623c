#include "vcpu/exit_policy.h"

#include <algorithm>

namespace coffer {

namespace {

std::uint64_t mask_of(std::uint8_t bits, const ExitEvent& event) {
    const unsigned width = bits == access_width ? 8u * event.size : bits;
    return width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
}

std::uint64_t value_of(EventField field, const ExitEvent& event, const VcpuContext& context) {
    switch (field) {
        case EventField::port: return event.port;
        case EventField::size: return event.size;
        case EventField::access: return static_cast<std::uint64_t>(event.access);
        case EventField::gpa: return event.gpa;
        case EventField::register_id: return event.register_id;
        case EventField::data: return context.registers[event.operand] & mask_of(access_width, event);
    }
    return 0;
}

std::uint64_t returned_value(const AcceptedValue& accepted, const HypervisorView& returned) {
    return accepted.data ? returned[EventField::data] : returned.context[accepted.reg];
}

bool fits(const AcceptedValue& accepted, const ExitEvent& event, std::uint64_t value) {
    if (value > mask_of(accepted.bits, event)) return false;
    const auto inside = [value](const ValueRange& range) { return range.low <= value && value <= range.high; };
    return accepted.ranges.empty() || std::any_of(accepted.ranges.begin(), accepted.ranges.end(), inside);
}

// A result of 4 bytes clears the upper half of its register, one of 1 or 2 bytes leaves the rest (Intel SDM volume 1, 3.4.1.1).
void place(const AcceptedValue& accepted, const ExitEvent& event, std::uint64_t value, std::uint64_t& reg) {
    const bool leaves_rest = accepted.bits == access_width && event.size < 4;
    reg = leaves_rest ? (reg & ~mask_of(access_width, event)) | value : value;
}

}  // namespace

HypervisorView ExitPolicy::show(const ExitEntry& entry, const ExitEvent& event, const VcpuContext& context) const {
    HypervisorView view;
    view.reason = event.reason;
    for (std::size_t i = 0; i < event_field_count; ++i) {
        const auto field = static_cast<EventField>(i);
        if (entry.shows(field)) view[field] = value_of(field, event, context);
    }
    for (const ShownRegister& shown : entry.shown) view.context[shown.reg] = context[shown.reg] & mask_of(shown.bits, event);
    return view;
}

const AcceptedValue* ExitPolicy::accept(const ExitEntry& entry, const ExitEvent& event, const HypervisorView& returned, VcpuContext& context) const {
    for (const AcceptedValue& accepted : entry.accepted)
        if (!fits(accepted, event, returned_value(accepted, returned))) return &accepted;
    for (const AcceptedValue& accepted : entry.accepted)
        place(accepted, event, returned_value(accepted, returned), accepted.data ? context.registers[event.operand] : context[accepted.reg]);
    return nullptr;
}

}  // namespace coffer
