#include "vcpu/ept_tlm.h"

#include "vcpu/walk_target_tlm.h"

namespace coffer {

EptTlm::EptTlm(const sc_core::sc_module_name& name, const Parameters& parameters, const AddressMap& map, OrderingPort& ordering,
               PageSettlePort* settling)
    : sc_module(name),
      walk_socket("walk_socket"),
      memory_socket("memory_socket"),
      parameters_(parameters),
      memory_(memory_socket.target()),
      tables_(parameters.tables, map, memory_, ordering, settling) {
    walk_socket.serve<&EptTlm::b_transport>(*this);
}

void EptTlm::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    const Charge charge = memory_.charge(delay);
    serve_walk(payload, tables_);
    if (payload.is_response_ok() && payload.is_read()) delay += parameters_.latency;
}

EptStatus EptTlm::store(Vmid vmid, Gpn gpn, NptEntry entry, sc_core::sc_time& delay) {
    const Charge charge = memory_.charge(delay);
    const EptStatus status = tables_.store(vmid, gpn, entry);
    delay += parameters_.latency;
    return status;
}

}  // namespace coffer
