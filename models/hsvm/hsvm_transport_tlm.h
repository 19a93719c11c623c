#pragma once

#include <cstdint>
#include <systemc>
#include <tlm>

#include "common/context_payload_tlm.h"
#include "common/initiator_socket_tlm.h"
#include "common/statistics.h"
#include "common/target_socket_tlm.h"
#include "common/tlm_exclusive.h"
#include "hsvm/hsvm_transport.h"
#include "hsvm/serial_line.h"
#include "hsvm/serial_requester.h"
#include "hsvm/serial_responder.h"

namespace coffer {

struct HsvmTransportParameters {
    HsvmTransport kind = HsvmTransport::microcode;
    sc_core::sc_time cycle{500, sc_core::SC_PS};  ///< of the processor's clock
    unsigned access_cycles = 4;                   ///< microcode, smm: of an access to a register
    /// smm: there and back, for each write of the register that starts an operation.
    /// About 2,000 cycles pass for an exit and an entry of a VM on a Xeon X5570.
    unsigned world_switch_cycles = 2000;
    Address operation_register = 0;               ///< smm: the register that starts an operation
    std::uint64_t baud = 115200;                  ///< usart: bits a second, of which a byte takes ten
    unsigned retries = 5;                         ///< usart: how often a frame is sent again
    sc_core::sc_time answer_timeout{20, sc_core::SC_MS};  ///< usart: of waiting for an answer while the controller does not work
    SerialNoise noise;                            ///< usart: errors of the line
};

/// The way from a processor's command accesses (`target_socket`, any number of initiators) to the H-SVM controller (`initiator_socket`). Only
/// registers go this way; bytes that an operation reads or writes stay in memory.
///
/// `microcode` and `smm` add time, and pass accesses on as they are. `usart` sends each as a frame: it must be a plain one of 1 to 64 bytes at an
/// address below 2^32, and of the SecurityContext VMID and mode alone arrive; mode chip is a command error. An access without an answer after all
/// retries is a generic error: it is carried out before the next one that is answered, once, or never.
class HsvmTransportTlm : public sc_core::sc_module, public StatisticsProvider, private SerialExecutor {
public:
    TargetSocket<HsvmTransportTlm, 0> target_socket;
    InitiatorSocket<HsvmTransportTlm> initiator_socket;

    /// A line with `noise`, or the one given, which outlives the module. Throws InputError for a baud rate of 0 and for noise that is none.
    HsvmTransportTlm(const sc_core::sc_module_name& name, const HsvmTransportParameters& parameters, SerialLine* line = nullptr);

    const SerialRequester::Statistics& line_statistics() const { return requester_.statistics(); }
    const SerialResponder::Statistics& controller_statistics() const { return responder_.statistics(); }
    void collect(StatisticsGroup& group) const override;

private:
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    unsigned transport_dbg(tlm::tlm_generic_payload& payload);
    void pass_on(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    tlm::tlm_response_status send(const tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    sc_core::sc_time time_on_line(const SerialRequester::Effort& effort) const;
    SerialAnswer execute(const SerialRequest& request) override;

    const HsvmTransportParameters parameters_;
    const sc_core::sc_time byte_time_;
    NoisyLine own_line_;
    SerialResponder responder_;
    SerialRequester requester_;
    Exclusive exclusive_;  // one line, one request on it
    ContextPayload payload_;
    sc_core::sc_time* delay_ = nullptr;  // of the access on the line
    std::uint64_t accesses_ = 0;
    std::uint64_t world_switches_ = 0;
};

}  // namespace coffer
