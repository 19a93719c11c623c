#pragma once

#include <memory>
#include <type_traits>

#include <systemc>
#include <tlm>

#include "common/direct_transport_tlm.h"

namespace coffer {

/// The target socket of a module: tlm_utils::simple_target_socket without its conversions between blocking and non-blocking transport and without its
/// function pointers, which cost more per hop than the hop: the module's functions are template arguments, so that a transaction is one virtual call.
/// A non-blocking request is answered at once with TLM_COMPLETED, as IEEE 1666-2011 16.2.4 allows. `initiators`: how many may be bound, 0 for any
/// number; `policy`: whether none may be.
template <class Module, int initiators = 1, sc_core::sc_port_policy policy = sc_core::SC_ONE_OR_MORE_BOUND>
class TargetSocket : public tlm::tlm_target_socket<32, tlm::tlm_base_protocol_types, initiators, policy> {
    using Base = tlm::tlm_target_socket<32, tlm::tlm_base_protocol_types, initiators, policy>;
    using Interface = tlm::tlm_fw_transport_if<>;

public:
    using Payload = tlm::tlm_generic_payload;

    explicit TargetSocket(const char* name) : Base(name) {}

    /// Names the member functions of `module` that serve the socket, once, while the module is made. Without `debug`, debug access transfers nothing;
    /// without `direct`, direct access is refused.
    template <auto blocking, auto debug = nullptr, auto direct = nullptr>
    void serve(Module& module) {
        forward_ = std::make_unique<Forward<blocking, debug, direct>>(module);
        Base::bind(*forward_);
    }

private:
    template <auto blocking, auto debug, auto direct>
    struct Forward final : Interface, DirectTransport {
        explicit Forward(Module& served) : module(served) {}

        void b_transport(Payload& payload, sc_core::sc_time& delay) override { (module.*blocking)(payload, delay); }
        void direct_b_transport(Payload& payload, sc_core::sc_time& delay) override { (module.*blocking)(payload, delay); }
        tlm::tlm_sync_enum nb_transport_fw(Payload& payload, tlm::tlm_phase&, sc_core::sc_time& delay) override {
            (module.*blocking)(payload, delay);
            return tlm::TLM_COMPLETED;
        }
        unsigned transport_dbg([[maybe_unused]] Payload& payload) override {
            if constexpr (std::is_null_pointer_v<decltype(debug)>)
                return 0;
            else
                return (module.*debug)(payload);
        }
        bool get_direct_mem_ptr([[maybe_unused]] Payload& payload, tlm::tlm_dmi& dmi) override {
            if constexpr (std::is_null_pointer_v<decltype(direct)>) {
                dmi.allow_none();
                dmi.set_start_address(0);
                dmi.set_end_address(~sc_dt::uint64{0});
                return false;
            } else {
                return (module.*direct)(payload, dmi);
            }
        }

        Module& module;
    };

    std::unique_ptr<Interface> forward_;
};

}  // namespace coffer
