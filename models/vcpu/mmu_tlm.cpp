#include "vcpu/mmu_tlm.h"

#include "common/context_payload_tlm.h"
#include "common/tlm_target.h"

namespace coffer {

namespace {

void fill(SecurityContext& context, Vmid vmid, Address gpa) {
    context.vmid = vmid;
    context.mode = Mode::guest;
    context.gpa = gpa;
}

}  // namespace

MmuTlm::MmuTlm(const sc_core::sc_module_name& name, Vmid vmid, const GuestMemoryMap& map)
    : sc_module(name), target_socket("target_socket"), initiator_socket("initiator_socket"), vmid_(vmid), map_(map) {
    target_socket.serve<&MmuTlm::b_transport, &MmuTlm::transport_dbg>(*this);
}

void MmuTlm::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    payload.set_dmi_allowed(false);
    if (!check_payload(payload, map_.end())) return;
    const Address gpa = payload.get_address();
    Address hpa = 0;
    if (gpa % page_bytes + reach_of(payload) > page_bytes) {
        payload.set_response_status(split(payload, delay));
    } else if (map_.translate(gpa, hpa)) {
        forward(payload, hpa, delay);
    } else {
        payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    }
}

void MmuTlm::forward(tlm::tlm_generic_payload& payload, Address hpa, sc_core::sc_time& delay) {
    if (!is_plain(payload) || forwarding_) return forward_itself(payload, hpa, delay);
    // A payload of the MMU's own, with its context for good, costs less than a context for a payload that brings one of its own, or none.
    forwarding_ = true;
    fill(payload_.context, vmid_, payload.get_address());
    tlm::tlm_generic_payload& below = payload_.prepare(payload.get_command(), hpa, payload.get_data_ptr(), payload.get_data_length());
    initiator_socket.b_transport(below, delay);
    payload.set_response_status(below.get_response_status());
    forwarding_ = false;
}

void MmuTlm::forward_itself(tlm::tlm_generic_payload& payload, Address hpa, sc_core::sc_time& delay) {
    const Address gpa = payload.get_address();
    SecurityContext context;
    fill(context, vmid_, gpa);
    SecurityContext* const brought = payload.set_extension(&context);
    payload.set_address(hpa);
    initiator_socket.b_transport(payload, delay);
    payload.set_address(gpa);
    payload.set_extension(brought);
    payload.set_dmi_allowed(false);
}

bool MmuTlm::is_mapped(Address gpa, unsigned reach) const {
    for (Address page = page_base(gpa); page < gpa + reach; page += page_bytes)
        if (!map_.hpa_of(page)) return false;
    return true;
}

tlm::tlm_response_status MmuTlm::split(const tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    // A write that reaches a page that is not there must not change the pages before it.
    if (!is_mapped(payload.get_address(), reach_of(payload))) return tlm::TLM_ADDRESS_ERROR_RESPONSE;
    tlm::tlm_response_status status = tlm::TLM_OK_RESPONSE;
    ContextPayload part;
    for_each_run(payload, [&](Address first, std::uint8_t* bytes, unsigned length) {
        return for_each_piece(first, bytes, length, page_bytes, [&](Address gpa, std::uint8_t* data, unsigned size) {
            fill(part.context, vmid_, gpa);
            tlm::tlm_generic_payload& below = part.prepare(payload.get_command(), *map_.hpa_of(gpa), data, size);
            initiator_socket.b_transport(below, delay);
            status = below.get_response_status();
            return below.is_response_ok();
        });
    });
    return status;
}

unsigned MmuTlm::transport_dbg(tlm::tlm_generic_payload& payload) {
    unsigned done = 0;
    ContextPayload part;
    for_each_piece(payload.get_address(), payload.get_data_ptr(), debug_length(payload, map_.end()), page_bytes, [&](Address gpa, std::uint8_t* data, unsigned size) {
        const auto hpa = map_.hpa_of(gpa);
        if (!hpa) return false;
        fill(part.context, vmid_, gpa);
        const unsigned count = initiator_socket->transport_dbg(part.prepare(payload.get_command(), *hpa, data, size));
        done += count;
        return count == size;
    });
    return done;
}

}  // namespace coffer
