#pragma once

#include <cstdint>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>

#include "common/direct_transport_tlm.h"

namespace coffer {

/// What an initiator socket is bound to: our own target sockets are called directly, all others through the standard's interface.
class BoundTarget {
public:
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) { direct_->direct_b_transport(payload, delay); }
    unsigned transport_dbg(tlm::tlm_generic_payload& payload) { return standard_.target->transport_dbg(payload); }

    void bind(tlm::tlm_fw_transport_if<>* target) {
        standard_.target = target;
        auto* const direct = dynamic_cast<DirectTransport*>(target);
        direct_ = direct != nullptr ? direct : &standard_;
    }

private:
    struct Standard final : DirectTransport {
        void direct_b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) override { target->b_transport(payload, delay); }
        tlm::tlm_fw_transport_if<>* target = nullptr;
    };

    Standard standard_;
    DirectTransport* direct_ = nullptr;
};

/// The initiator socket of a module on the path of every access: tlm_utils::simple_initiator_socket, and the fast way to the one target it is bound
/// to, from the end of elaboration on. `policy`: whether it may be unbound.
template <class Module, sc_core::sc_port_policy policy = sc_core::SC_ONE_OR_MORE_BOUND>
class InitiatorSocket : public tlm_utils::simple_initiator_socket_b<Module, 32, tlm::tlm_base_protocol_types, policy> {
    using Base = tlm_utils::simple_initiator_socket_b<Module, 32, tlm::tlm_base_protocol_types, policy>;

public:
    explicit InitiatorSocket(const char* name) : Base(name) {}

    BoundTarget& target() { return target_; }
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) { target_.b_transport(payload, delay); }

private:
    void end_of_elaboration() override {
        Base::end_of_elaboration();
        if (Base::size() != 0) target_.bind((*this)[0]);
    }

    BoundTarget target_;
};

}  // namespace coffer
