#include "memory/bus_probe_tlm.h"

#include "common/tlm_target.h"

namespace coffer {

BusProbeTlm::BusProbeTlm(const sc_core::sc_module_name& name, ByteStore& store)
    : sc_module(name), target_socket("target_socket"), initiator_socket("initiator_socket"), probe_(store) {
    target_socket.serve<&BusProbeTlm::b_transport, &BusProbeTlm::transport_dbg, &BusProbeTlm::get_direct_mem_ptr>(*this);
    initiator_socket.register_invalidate_direct_mem_ptr(this, &BusProbeTlm::invalidate_direct_mem_ptr);
}

std::size_t BusProbeTlm::add(TamperAction action) {
    const std::size_t number = probe_.add(std::move(action));
    // Before the end of elaboration nobody can hold a pointer yet, and the sockets are not to be called.
    if (sc_core::sc_start_of_simulation_invoked()) target_socket->invalidate_direct_mem_ptr(0, ~Address{0});
    return number;
}

void BusProbeTlm::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    initiator_socket.b_transport(payload, delay);
    if (!probe_.idle()) payload.set_dmi_allowed(false);
    if (payload.is_response_ok() && payload.get_command() != tlm::TLM_IGNORE_COMMAND) probe_.observe(payload.is_write(), payload.get_data_length());
}

bool BusProbeTlm::get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
    return probe_.idle() ? initiator_socket->get_direct_mem_ptr(payload, dmi) : refuse_dmi(dmi, 0, ~Address{0});
}

}  // namespace coffer
