#pragma once

#include <cstdint>
#include <memory>
#include <systemc>
#include <tlm>

#include "aise/pad_generator.h"
#include "aise/pad_hardware.h"
#include "common/security_context_tlm.h"
#include "common/statistics.h"
#include "common/target_socket_tlm.h"
#include "vm_table/key_target_socket_tlm.h"

namespace coffer {

/// The AISE pad generator as a module.
///
/// Either level is behind the same sockets: the reference level with given times, or hardware with its own.
///
/// `target_socket`: a read of 80 bytes a line (1 to 64 lines: four pad chunks, then the tag mask), with `ivs` and `key_slot` in the SecurityContext,
/// answered with the pads and, in `ready`, the time they are there; the address does not matter. An unknown slot, or no extension, is a generic
/// error. `key_socket`: K_data and revoke (KeyAddress), write only.
class PadGeneratorTlm : public sc_core::sc_module, public StatisticsProvider {
public:
    TargetSocket<PadGeneratorTlm> target_socket;
    KeyTargetSocket key_socket;

    struct Parameters {
        sc_core::sc_time latency{40, sc_core::SC_NS};  ///< from the request to the first line's pads
        sc_core::sc_time interval{1, sc_core::SC_NS};  ///< between the pads of two lines of one request
        /// Makes the pads in place of the reference level, if there is one; its cycles, each of `cycle`, then take the place of latency and interval.
        std::shared_ptr<PadHardware> hardware;
        sc_core::sc_time cycle{1, sc_core::SC_NS};
    };

    PadGeneratorTlm(const sc_core::sc_module_name& name, const Parameters& parameters);

    void collect(StatisticsGroup& group) const override;

private:
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    unsigned transport_dbg(tlm::tlm_generic_payload& payload);
    bool take_key(Slot slot, KeyPart part, const crypto::Key128& key);
    sc_core::sc_time time_of(unsigned lines) const;
    tlm::tlm_response_status generate(tlm::tlm_generic_payload& payload, const SecurityContext* context);

    const Parameters parameters_;
    PadGenerator reference_;
    KeyedPads& pads_;  // the reference level or the hardware
    std::uint64_t lines_ = 0;
    std::uint64_t cycles_ = 0;  // of the hardware
};

}  // namespace coffer
