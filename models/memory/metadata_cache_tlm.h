#pragma once

#include <systemc>
#include <tlm>

#include "common/bus_store_tlm.h"
#include "common/context_payload_tlm.h"
#include "common/initiator_socket_tlm.h"
#include "common/statistics.h"
#include "common/target_socket_tlm.h"
#include "memory/metadata_cache.h"

namespace coffer {

/// The metadata cache as a module between hash tree and bus.
///
/// `target_socket`: reads and writes of whole 64-byte blocks, with `key_slot`, `level`, `index` and a MetadataCommand in the SecurityContext. A read
/// tells in `trusted` whether the block was cached. Other sizes are burst errors, no extension a generic error.
/// `settle_socket`: writes of the blocks that leave dirty. `initiator_socket`: the bus.
class MetadataCacheTlm : public sc_core::sc_module, public StatisticsProvider, private SettlePort {
public:
    TargetSocket<MetadataCacheTlm> target_socket;
    InitiatorSocket<MetadataCacheTlm> settle_socket;
    InitiatorSocket<MetadataCacheTlm> initiator_socket;

    struct Parameters {
        CacheGeometry geometry = CacheGeometry::of_size("metadata_cache.bytes", 32 * 1024, 16);
        unsigned chip_ways = 2;                       ///< of each set, for VMID 1 alone
        sc_core::sc_time latency{2, sc_core::SC_NS};  ///< of a look-up
    };

    MetadataCacheTlm(const sc_core::sc_module_name& name, const Parameters& parameters);

    const MetadataCache::Statistics& statistics() const { return cache_.statistics(); }
    void collect(StatisticsGroup& group) const override;

private:
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    unsigned transport_dbg(tlm::tlm_generic_payload& payload);
    tlm::tlm_response_status serve(tlm::tlm_generic_payload& payload, SecurityContext& context);
    void settle(Address address, const BlockId& id, const Block64& block) override;

    const Parameters parameters_;
    BusStoreTlm bus_;
    MetadataCache cache_;
    ContextPayload settle_payload_;
};

}  // namespace coffer
