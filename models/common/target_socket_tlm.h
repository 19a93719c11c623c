#pragma once

#include <systemc>
#include <tlm>

namespace coffer {

/// The target socket of a module: tlm_utils::simple_target_socket without its conversions between blocking and non-blocking transport, which cost more
/// per hop than the hop. A non-blocking request is answered at once with TLM_COMPLETED, as IEEE 1666-2011 16.2.4 allows. Debug access without a registered
/// function transfers nothing, and direct access is refused. `initiators`: how many may be bound, 0 for any number.
template <class Module, int initiators = 1>
class TargetSocket : public tlm::tlm_target_socket<32, tlm::tlm_base_protocol_types, initiators> {
    using Base = tlm::tlm_target_socket<32, tlm::tlm_base_protocol_types, initiators>;

public:
    using Payload = tlm::tlm_generic_payload;
    using BTransport = void (Module::*)(Payload&, sc_core::sc_time&);
    using TransportDbg = unsigned (Module::*)(Payload&);
    using GetDirectMemPtr = bool (Module::*)(Payload&, tlm::tlm_dmi&);

    explicit TargetSocket(const char* name) : Base(name) { Base::bind(forward_); }

    void register_b_transport(Module* module, BTransport function) {
        forward_.module = module;
        forward_.blocking = function;
    }
    void register_transport_dbg(Module* module, TransportDbg function) {
        forward_.module = module;
        forward_.debug = function;
    }
    void register_get_direct_mem_ptr(Module* module, GetDirectMemPtr function) {
        forward_.module = module;
        forward_.direct = function;
    }

private:
    struct Forward : tlm::tlm_fw_transport_if<> {
        void b_transport(Payload& payload, sc_core::sc_time& delay) override { (module->*blocking)(payload, delay); }
        tlm::tlm_sync_enum nb_transport_fw(Payload& payload, tlm::tlm_phase&, sc_core::sc_time& delay) override {
            (module->*blocking)(payload, delay);
            return tlm::TLM_COMPLETED;
        }
        unsigned transport_dbg(Payload& payload) override { return debug != nullptr ? (module->*debug)(payload) : 0; }
        bool get_direct_mem_ptr(Payload& payload, tlm::tlm_dmi& dmi) override {
            if (direct != nullptr) return (module->*direct)(payload, dmi);
            dmi.allow_none();
            dmi.set_start_address(0);
            dmi.set_end_address(~sc_dt::uint64{0});
            return false;
        }

        Module* module = nullptr;
        BTransport blocking = nullptr;
        TransportDbg debug = nullptr;
        GetDirectMemPtr direct = nullptr;
    };

    Forward forward_;
};

}  // namespace coffer
