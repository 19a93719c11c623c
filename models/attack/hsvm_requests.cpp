#include "attack/hsvm_requests.h"

#include <stdexcept>

namespace coffer {

namespace {

/// Statuses beside those of operations (docs/registers_hsvm.md).
constexpr std::uint64_t bad_buffer = 0x80;

Address address_of(HsvmRequests::Register name) { return hsvm_registers::entry(name).address; }

}  // namespace

Answer HsvmRequests::carry_out(HsvmOperation operation, const Arguments& arguments) {
    MachineCoreTlm& core = machine_.core(core_);
    const ProcessorCore& state = machine_.instructions().core(core_);
    for (const auto& [name, value] : arguments)
        if (!core.write_register(state, address_of(name), value)) return {"register refused"};
    if (!core.write_register(state, address_of(Register::operation), static_cast<std::uint64_t>(operation))) return {"register refused"};
    const std::uint64_t status = result(Register::status);
    if (status == bad_buffer) return {"bad_buffer"};
    return {status == 0 ? "" : std::string(to_string(static_cast<HsvmStatus>(status)))};
}

std::uint64_t HsvmRequests::result(Register name) {
    const auto value = machine_.core(core_).read_register(machine_.instructions().core(core_), address_of(name));
    if (!value) throw std::logic_error("a result of the H-SVM controller cannot be read");
    return *value;
}

}  // namespace coffer
