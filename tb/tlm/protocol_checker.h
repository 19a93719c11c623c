#pragma once

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include "tlm/protocol_monitor.h"

namespace coffer::test {

/// A protocol monitor to put between any two modules: `checker.bind_between(llc.initiator_socket, mpe.target_socket)`.
class ProtocolChecker : public sc_core::sc_module {
public:
    tlm_utils::simple_target_socket<ProtocolChecker> target_socket;
    tlm_utils::simple_initiator_socket<ProtocolChecker> initiator_socket;

    explicit ProtocolChecker(const sc_core::sc_module_name& name, ProtocolMonitor::Report report = {})
        : sc_module(name), target_socket("target_socket"), initiator_socket("initiator_socket"), monitor_(this->name(), std::move(report)) {
        target_socket.register_b_transport(this, &ProtocolChecker::b_transport);
        target_socket.register_transport_dbg(this, &ProtocolChecker::transport_dbg);
        target_socket.register_get_direct_mem_ptr(this, &ProtocolChecker::get_direct_mem_ptr);
        initiator_socket.register_invalidate_direct_mem_ptr(this, &ProtocolChecker::invalidate_direct_mem_ptr);
    }

    template <class InitiatorSocket, class TargetSocket>
    void bind_between(InitiatorSocket& initiator, TargetSocket& target) {
        initiator.bind(target_socket);
        initiator_socket.bind(target);
    }

private:
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
        monitor_.b_transport(payload, delay, [&] { initiator_socket->b_transport(payload, delay); });
    }
    unsigned transport_dbg(tlm::tlm_generic_payload& payload) {
        return monitor_.transport_dbg(payload, [&] { return initiator_socket->transport_dbg(payload); });
    }
    bool get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
        return monitor_.get_direct_mem_ptr(payload, dmi, [&] { return initiator_socket->get_direct_mem_ptr(payload, dmi); });
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) {
        monitor_.invalidate_direct_mem_ptr(first, last);
        target_socket->invalidate_direct_mem_ptr(first, last);
    }

    ProtocolMonitor monitor_;
};

}  // namespace coffer::test
