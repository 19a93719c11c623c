#pragma once

#include <systemc>
#include <tlm>

#include "common/context_payload_tlm.h"
#include "common/initiator_socket_tlm.h"
#include "common/target_socket_tlm.h"
#include "common/units.h"
#include "vcpu/guest_memory_map.h"

namespace coffer {

/// A vCPU's MMU between the processor (`target_socket`, guest physical addresses) and the last-level cache (`initiator_socket`, machine addresses). It says who makes an
/// access: whatever SecurityContext comes in is replaced by {VMID, guest, GPA}, and put back afterwards. An access across pages becomes one per page, after all of them were
/// found; an address that is not mapped is an address error. No direct access for guests. Takes no time.
class MmuTlm : public sc_core::sc_module {
public:
    TargetSocket<MmuTlm> target_socket;
    InitiatorSocket<MmuTlm> initiator_socket;

    /// The map may change between accesses, and outlives the module.
    MmuTlm(const sc_core::sc_module_name& name, Vmid vmid, const GuestMemoryMap& map);

private:
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    unsigned transport_dbg(tlm::tlm_generic_payload& payload);
    void forward(tlm::tlm_generic_payload& payload, Address hpa, sc_core::sc_time& delay);
    /// The payload with another context and address for a while.
    [[gnu::noinline]] void forward_itself(tlm::tlm_generic_payload& payload, Address hpa, sc_core::sc_time& delay);
    [[gnu::noinline]] tlm::tlm_response_status split(const tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    bool is_mapped(Address gpa, unsigned reach) const;

    ContextPayload payload_;   // of the access being forwarded
    bool forwarding_ = false;  // another one comes in meanwhile only where something below waits
    const Vmid vmid_;
    const GuestMemoryMap& map_;
};

}  // namespace coffer
