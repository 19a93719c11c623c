#include "platform/machine_core_tlm.h"

#include <array>

#include "common/bytes.h"

namespace coffer {

namespace {

Mode mode_of(CoreMode mode) {
    switch (mode) {
        case CoreMode::host: break;
        case CoreMode::shim: return Mode::shim;
        case CoreMode::guest: return Mode::guest;
    }
    return Mode::host;
}

}  // namespace

MachineCoreTlm::MachineCoreTlm(const sc_core::sc_module_name& name)
    : sc_module(name), host_socket("host_socket"), guest_socket("guest_socket"), command_socket("command_socket"), mmu("mmu", TlbParameters()) {
    guest_socket.bind(mmu.target_socket);
}

bool MachineCoreTlm::host_read(Address hpa, std::uint8_t* data, std::size_t size) {
    tlm::tlm_generic_payload& payload = payload_.read(hpa, data, size);
    host_socket.b_transport(payload, time_);
    return payload.is_response_ok();
}

bool MachineCoreTlm::host_write(Address hpa, const std::uint8_t* data, std::size_t size) {
    tlm::tlm_generic_payload& payload = payload_.write(hpa, data, size);
    host_socket.b_transport(payload, time_);
    return payload.is_response_ok();
}

MemoryAnswer MachineCoreTlm::guest_read(const ProcessorCore& core, Address gpa, std::uint8_t* data, std::size_t size, GuestAccess access) {
    return guest_access(tlm::TLM_READ_COMMAND, core, gpa, data, size, access);
}

MemoryAnswer MachineCoreTlm::guest_write(const ProcessorCore& core, Address gpa, const std::uint8_t* data, std::size_t size, GuestAccess access) {
    return guest_access(tlm::TLM_WRITE_COMMAND, core, gpa, const_cast<std::uint8_t*>(data), size, access);
}

MemoryAnswer MachineCoreTlm::guest_access(tlm::tlm_command command, const ProcessorCore& core, Address gpa, std::uint8_t* data, std::size_t size,
                                          GuestAccess access) {
    mmu.set_guest(core.vmid, mode_of(core.mode));
    mmu.set_raw(access != GuestAccess::usual, access == GuestAccess::decrypted);
    tlm::tlm_generic_payload& payload = payload_.prepare(command, gpa, data, size);
    guest_socket.b_transport(payload, time_);
    if (payload.is_response_ok()) return MemoryAnswer::ok;
    const bool not_mapped = payload.get_response_status() == tlm::TLM_ADDRESS_ERROR_RESPONSE && mmu.fault() != TranslationFault::lost;
    return not_mapped ? MemoryAnswer::not_mapped : MemoryAnswer::violated;
}

bool MachineCoreTlm::send_command(tlm::tlm_generic_payload& payload, const ProcessorCore& core) {
    payload_.context.mode = mode_of(core.mode);
    payload_.context.vmid = core.vmid;
    command_socket.b_transport(payload, time_);
    return payload.is_response_ok();
}

bool MachineCoreTlm::write_register(const ProcessorCore& core, Address address, std::uint64_t value) {
    std::array<std::uint8_t, 8> bytes;
    store_le64(bytes.data(), value);
    return send_command(payload_.write(address, bytes.data(), bytes.size()), core);
}

std::optional<std::uint64_t> MachineCoreTlm::read_register(const ProcessorCore& core, Address address) {
    std::array<std::uint8_t, 8> bytes{};
    if (!send_command(payload_.read(address, bytes.data(), bytes.size()), core)) return std::nullopt;
    return load_le64(bytes.data());
}

}  // namespace coffer
