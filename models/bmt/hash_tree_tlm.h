#pragma once

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>

#include "bmt/hash_tree.h"
#include "common/context_payload_tlm.h"
#include "common/initiator_socket_tlm.h"
#include "common/statistics.h"
#include "common/target_socket_tlm.h"
#include "vm_table/key_target_socket_tlm.h"

namespace coffer {

/// The Bonsai Merkle Trees as a module.
///
/// `target_socket`: counter blocks, memory mapped by GPN * 64, with `vmid`, `key_slot` and `frame` in the SecurityContext. A read returns a verified
/// block (zeros for an empty leaf), a write updates it. A failed check is a generic error, and the violation log holds its record. TLM_IGNORE_COMMAND
/// with a MetadataCommand evicts the page's block, or all of the slot, or changes the page's leaf; a read with MetadataCommand::leaf tells the leaf's
/// state. `settle_socket`: dirty blocks that leave the metadata cache. `metadata_socket`: the metadata cache. `vm_table_socket`: root registers and
/// domains. `key_socket`: K_node and revoke (KeyAddress), write only.
class HashTreeTlm : public sc_core::sc_module, public StatisticsProvider, private MetadataPort, private RootPort {
public:
    TargetSocket<HashTreeTlm> target_socket;
    TargetSocket<HashTreeTlm> settle_socket;
    KeyTargetSocket key_socket;
    InitiatorSocket<HashTreeTlm> metadata_socket;
    tlm_utils::simple_initiator_socket<HashTreeTlm> vm_table_socket;

    struct Parameters {
        Scheme scheme;
        sc_core::sc_time mac_latency{40, sc_core::SC_NS};  ///< of one node or leaf tag
    };

    HashTreeTlm(const sc_core::sc_module_name& name, const Parameters& parameters, const AddressMap& map, ViolationLog& violations);

    const HashTree::Statistics& statistics() const { return tree_.statistics(); }
    void collect(StatisticsGroup& group) const override;

private:
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    unsigned transport_dbg(tlm::tlm_generic_payload& payload);
    void settle_b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    bool take_key(Slot slot, KeyPart part, const crypto::Key128& key);
    tlm::tlm_response_status serve(tlm::tlm_generic_payload& payload, const SecurityContext& context);
    tlm::tlm_response_status command(const tlm::tlm_generic_payload& payload, const SecurityContext* context);
    std::uint64_t checks() const { return tree_.statistics().verified_blocks + tree_.statistics().verified_nodes - posted_checks_; }
    tlm::tlm_response_status judge(const tlm::tlm_generic_payload& payload, const SecurityContext* context) const;

    bool look_up(Address address, const BlockId& id, Block64& block) override;
    void fetch(Address address, const BlockId& id, Block64& block) override;
    bool peek(Address address, const BlockId& id, Block64& block) override;
    void write(Address address, const BlockId& id, const Block64& block) override;
    void install(Address address, const BlockId& id, const Block64& block, bool dirty) override;
    void drop(Address address, const BlockId& id) override;
    void evict(Address address, const BlockId& id) override;
    void evict_all(Slot slot) override;
    NodeTag root(Slot slot) override;
    void set_root(Slot slot, const NodeTag& root) override;
    ContextPayload& metadata_payload() { return settling_ ? settle_payload_ : metadata_payload_; }
    void send_metadata(MetadataCommand command, const BlockId& id, tlm::tlm_generic_payload& payload);

    const Parameters parameters_;
    HashTree tree_;
    ContextPayload metadata_payload_;
    ContextPayload settle_payload_;  // while a call with metadata_payload_ displaces blocks
    bool settling_ = false;
    std::uint64_t posted_checks_ = 0;  // made while settling: nobody waits for them
    ContextPayload register_payload_;
    sc_core::sc_time uncharged_;
    sc_core::sc_time* delay_ = &uncharged_;  // of the transaction being served
};

}  // namespace coffer
