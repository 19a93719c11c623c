#pragma once

#include <functional>
#include <systemc>
#include <tlm>
#include <tlm_utils/simple_target_socket.h>

namespace coffer::test {

/// A target that does whatever the test says, right or wrong. Unless told otherwise it answers OK and does nothing.
struct ScriptedTarget : sc_core::sc_module {
    tlm_utils::simple_target_socket<ScriptedTarget> target_socket;

    explicit ScriptedTarget(const sc_core::sc_module_name& name) : sc_module(name), target_socket("target_socket") {
        target_socket.register_b_transport(this, &ScriptedTarget::b_transport);
        target_socket.register_transport_dbg(this, &ScriptedTarget::transport_dbg);
        target_socket.register_get_direct_mem_ptr(this, &ScriptedTarget::get_direct_mem_ptr);
    }
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
        payload.set_response_status(tlm::TLM_OK_RESPONSE);
        on_transport(payload, delay);
    }
    unsigned transport_dbg(tlm::tlm_generic_payload& payload) { return on_debug(payload); }
    bool get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) { return on_dmi(payload, dmi); }

    std::function<void(tlm::tlm_generic_payload&, sc_core::sc_time&)> on_transport = [](auto&, auto&) {};
    std::function<unsigned(tlm::tlm_generic_payload&)> on_debug = [](auto&) { return 0u; };
    std::function<bool(tlm::tlm_generic_payload&, tlm::tlm_dmi&)> on_dmi = [](auto&, auto&) { return false; };
};

}  // namespace coffer::test
