#pragma once

#include <systemc>
#include <tlm>

#include "common/bus_store_tlm.h"
#include "common/initiator_socket_tlm.h"
#include "common/statistics.h"
#include "common/target_socket_tlm.h"
#include "vcpu/ept_memory.h"

namespace coffer {

/// EptMemory as a module. `walk_socket`: translations and the host's check (walk_protocol.h), for any number of MMUs. `memory_socket`: the tables,
/// bound to the last-level cache, as VMID 0 and mode chip.
class EptTlm : public sc_core::sc_module, public StatisticsProvider {
public:
    TargetSocket<EptTlm, 0> walk_socket;
    InitiatorSocket<EptTlm> memory_socket;

    struct Parameters {
        EptParameters tables;
        sc_core::sc_time latency{1, sc_core::SC_NS};  ///< of a walk or store, beside the accesses to memory
    };

    /// As EptMemory.
    EptTlm(const sc_core::sc_module_name& name, const Parameters& parameters, const AddressMap& map, OrderingPort& ordering,
           PageSettlePort* settling);

    bool add(Vmid vmid, std::uint64_t pages) { return tables_.add(vmid, pages); }
    void remove(Vmid vmid) { tables_.remove(vmid); }
    /// As EptMemory::store; its time is added to `delay`.
    EptStatus store(Vmid vmid, Gpn gpn, NptEntry entry, sc_core::sc_time& delay);
    /// The same without time, and what loaders need.
    EptMemory& tables() { return tables_; }

    void collect(StatisticsGroup& group) const override { tables_.collect(group); }

private:
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);

    const Parameters parameters_;
    BusStoreTlm memory_;
    EptMemory tables_;
};

}  // namespace coffer
