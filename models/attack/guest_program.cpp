#include "attack/guest_program.h"

namespace coffer {

bool GuestProgram::store(Address gpa, ByteView data) {
    Bytes bytes(data.begin(), data.end());
    if (!transport(tlm::TLM_WRITE_COMMAND, gpa, bytes.data(), bytes.size())) return false;
    stored_[gpa] = std::move(bytes);
    return true;
}

std::optional<Bytes> GuestProgram::load(Address gpa, std::size_t size) {
    Bytes bytes(size);
    if (!transport(tlm::TLM_READ_COMMAND, gpa, bytes.data(), size)) return std::nullopt;
    return bytes;
}

void GuestProgram::look_at_everything(Evidence& evidence) {
    for (const auto& [gpa, bytes] : stored_) evidence.victim_loaded(load(gpa, bytes.size()), bytes);
}

bool GuestProgram::transport(tlm::tlm_command command, Address gpa, std::uint8_t* data, std::size_t size) {
    ContextPayload payload;
    sc_core::sc_time delay;
    tlm::tlm_generic_payload& access = payload.prepare(command, gpa, data, size);
    machine_.guest(vmid_).initiator_socket->b_transport(access, delay);
    return access.is_response_ok();
}

}  // namespace coffer
