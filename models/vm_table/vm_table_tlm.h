#pragma once

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>

#include "common/context_payload_tlm.h"
#include "common/register_map.h"
#include "common/statistics.h"
#include "common/target_socket_tlm.h"
#include "common/violation_log.h"
#include "vm_table/key_address.h"
#include "vm_table/vm_table.h"

namespace coffer {

/// The VM-Table's registers as a module (docs/registers_vm_table.md).
///
/// `target_socket`: the register map, for several initiators; an access with mode chip in its SecurityContext has the hardware's rights, any other
/// software's. A forbidden access is a command error, one outside a register an address error.
/// `pad_key_socket`, `mac_key_socket`, `tree_key_socket`: keys for their users (KeyAddress). `memory_socket`: VMID 1's memory.
class VmTableTlm : public sc_core::sc_module, public StatisticsProvider, private KeyPort, private ChipMemory {
public:
    TargetSocket<VmTableTlm, 0> target_socket;
    tlm_utils::simple_initiator_socket<VmTableTlm> pad_key_socket;
    tlm_utils::simple_initiator_socket<VmTableTlm> mac_key_socket;
    tlm_utils::simple_initiator_socket<VmTableTlm> tree_key_socket;
    tlm_utils::simple_initiator_socket<VmTableTlm> memory_socket;

    struct Parameters {
        unsigned slots = 16;                          ///< register sets, the chip's own included
        Address chip_base = 0;                        ///< machine address of VMID 1's memory
        Address chip_bytes = 0;
        crypto::KdfContext fleet_id{};
        sc_core::sc_time latency{1, sc_core::SC_NS};  ///< of a register access by software
    };

    VmTableTlm(const sc_core::sc_module_name& name, const Parameters& parameters, const ViolationLog& violations);

    /// As VmTable::install_chip, install and uninstall. After elaboration only.
    void install_chip(const VmEntry& entry) { table_.install_chip(entry); }
    void install(const VmEntry& entry) { table_.install(entry); }
    void uninstall(Vmid vmid) { table_.uninstall(vmid); }
    bool installed(Vmid vmid) const { return table_.installed(vmid); }
    /// The domain's entry, brought into registers; null for an unknown VMID.
    const VmEntry* entry(Vmid vmid);

    void collect(StatisticsGroup& group) const override;

private:
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    unsigned transport_dbg(tlm::tlm_generic_payload& payload);
    tlm::tlm_response_status serve(tlm::tlm_generic_payload& payload);
    tlm::tlm_response_status read_register(const RegisterHit& hit, std::uint8_t* data, std::size_t size) const;
    tlm::tlm_response_status write_register(const RegisterHit& hit, const std::uint8_t* data);

    void install_keys(Slot slot, const VmEntry& entry, const DomainKeys& keys) override;
    void revoke_keys(Slot slot) override;
    bool read_chip(Address offset, std::uint8_t* data, std::size_t size) override;
    bool write_chip(Address offset, const std::uint8_t* data, std::size_t size) override;
    void send_key(tlm_utils::simple_initiator_socket<VmTableTlm>& socket, Slot slot, KeyPart part, const crypto::Key128& key);
    bool send_chip(tlm::tlm_generic_payload& payload, Address offset);

    const Parameters parameters_;
    const ViolationLog& violations_;
    VmTable table_;
    Slot selected_ = 0xffff;
    ContextPayload key_payload_;
    ContextPayload chip_payload_;
};

}  // namespace coffer
