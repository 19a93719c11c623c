#include "attack/hsvm_requests.h"

#include <array>
#include <stdexcept>

namespace coffer {

namespace {

/// Statuses beside those of operations (docs/registers_hsvm.md).
constexpr std::uint64_t bad_buffer = 0x80;

Address address_of(HsvmRequests::Register name) { return hsvm_registers::entry(name).address; }

}  // namespace

bool HsvmRequests::write(Register name, ByteView bytes) {
    Bytes data(bytes.begin(), bytes.end());
    return machine_.core(core_).command(tlm::TLM_WRITE_COMMAND, address_of(name), data.data(), data.size()) == tlm::TLM_OK_RESPONSE;
}

Answer HsvmRequests::carry_out(HsvmOperation operation, const Arguments& arguments) {
    const auto write_number = [this](Register name, std::uint64_t value) {
        std::array<std::uint8_t, 8> bytes;
        store_le64(bytes.data(), value);
        return write(name, bytes);
    };
    for (const auto& [name, value] : arguments)
        if (!write_number(name, value)) return {"register refused"};
    if (!write_number(Register::operation, static_cast<std::uint64_t>(operation))) return {"register refused"};
    const std::uint64_t status = result(Register::status);
    if (status == bad_buffer) return {"bad_buffer"};
    return {status == 0 ? "" : std::string(to_string(static_cast<HsvmStatus>(status)))};
}

std::uint64_t HsvmRequests::result(Register name) { return load_le64(result(name, 8).data()); }

Bytes HsvmRequests::result(Register name, std::size_t size) {
    Bytes bytes(size);
    if (machine_.core(core_).command(tlm::TLM_READ_COMMAND, address_of(name), bytes.data(), bytes.size()) != tlm::TLM_OK_RESPONSE)
        throw std::logic_error("a result of the H-SVM controller cannot be read");
    return bytes;
}

}  // namespace coffer
