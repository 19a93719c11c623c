#pragma once

#include <systemc>
#include <tlm>

#include "common/initiator_socket_tlm.h"
#include "common/statistics.h"
#include "common/target_socket_tlm.h"
#include "memory/bus_probe.h"

namespace coffer {

/// The bus probe between the MPE and DRAM. Takes no time. Debug accesses are not on the bus and do not count; direct access (DMI) would bypass the
/// probe and is refused while an action waits for its time.
class BusProbeTlm : public sc_core::sc_module, public StatisticsProvider {
public:
    TargetSocket<BusProbeTlm> target_socket;
    InitiatorSocket<BusProbeTlm> initiator_socket;

    /// `store`: the bytes of the DRAM behind the probe.
    BusProbeTlm(const sc_core::sc_module_name& name, ByteStore& store);

    /// As BusProbe::add; withdraws direct access.
    std::size_t add(TamperAction action);
    const BusProbe& probe() const { return probe_; }

    void collect(StatisticsGroup& group) const override { probe_.collect(group); }

private:
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    unsigned transport_dbg(tlm::tlm_generic_payload& payload) { return initiator_socket->transport_dbg(payload); }
    bool get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
    void invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) { target_socket->invalidate_direct_mem_ptr(first, last); }

    BusProbe probe_;
};

}  // namespace coffer
