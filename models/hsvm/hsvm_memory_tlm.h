#pragma once

#include <systemc>

#include "aise/lpid_source.h"
#include "common/charge_tlm.h"
#include "common/context_payload_tlm.h"
#include "common/initiator_socket_tlm.h"
#include "crypto/kdf.h"
#include "hsvm/hsvm_ports.h"
#include "memory/memory_protection_tlm.h"

namespace coffer {

/// Serves the H-SVM controller from the memory protection subsystem over two of its sockets: `chip` (MpeTlm::chip_socket) and `control`
/// (MpeTlm::control_socket). Each access adds its time to the delay that it is charged to.
class HsvmMemoryTlm : public HsvmMemory {
public:
    /// All references outlive the object; `lpids` are those of `protection`.
    HsvmMemoryTlm(BoundTarget& chip, BoundTarget& control, MemoryProtectionTlm& protection, LpidSource& lpids, const crypto::KdfContext& fleet_id);

    /// Where the time of accesses goes, for as long as what this gives lives.
    Charge charge(sc_core::sc_time& delay) { return {delay_, delay}; }
    sc_core::sc_time& delay() { return *delay_; }

    bool read_chip(Address offset, std::uint8_t* data, std::size_t size) override;
    bool write_chip(Address offset, const std::uint8_t* data, std::size_t size) override;
    bool clear_chip_frame(Address offset) override;

    const AddressMap& map() const override { return protection_.map(); }
    const Scheme& scheme() const override { return protection_.scheme(); }
    const crypto::KdfContext& fleet_id() const override { return fleet_id_; }
    bool install(const VmInstall& vm) override;
    std::optional<NodeTag> flush(Vmid vmid) override;
    void uninstall(Vmid vmid) override { protection_.uninstall(vmid); }
    VmEntry entry(Vmid vmid) override;
    crypto::Key128 swap_key(Vmid vmid) override;
    bool frozen(Vmid vmid) override { return protection_.violations.frozen(vmid); }
    void raise(const Violation& violation) override { protection_.violations.raise(violation); }
    bool fresh_lpid(Lpid& lpid) override;
    std::uint64_t lpids_left() const override { return lpids_.left(); }
    MaybeViolation shred_page(Vmid vmid, Address gpa, Address frame) override;
    MaybeViolation release_page(Vmid vmid, Address gpa, Address frame) override;
    MaybeViolation lose_page(Vmid vmid, Address gpa, Address frame) override;
    MaybeViolation move_page(Vmid vmid, Address gpa, Address from, Address to) override;
    MaybeViolation leaf_state(Vmid vmid, Address gpa, LeafState& state) override;
    void settle_page(Vmid vmid, Address gpa, Address frame) override;
    bool verify_page(Vmid vmid, Address gpa, Address frame) override;
    bool read_line(Vmid vmid, Address gpa, Address hpa, std::uint8_t* data) override;
    bool write_line(Vmid vmid, Address gpa, Address hpa, const std::uint8_t* data) override;
    void read_raw(Address address, std::uint8_t* data, std::size_t size) override;
    void write_raw(Address address, const std::uint8_t* data, std::size_t size) override;

private:
    bool send_chip(tlm::tlm_generic_payload& payload, Address offset);
    bool send_control(tlm::tlm_generic_payload& payload, Vmid vmid, Address gpa, PageCommand command);
    /// Sends a page command; the violation that stopped it.
    MaybeViolation command(tlm::tlm_generic_payload& payload, Vmid vmid, Address gpa, PageCommand command);
    MaybeViolation command(Vmid vmid, Address gpa, Address frame, PageCommand command);

    BoundTarget& chip_;
    BoundTarget& control_;
    MemoryProtectionTlm& protection_;
    LpidSource& lpids_;
    const crypto::KdfContext fleet_id_;
    ContextPayload chip_payload_;
    ContextPayload control_payload_;
    sc_core::sc_time uncharged_;
    sc_core::sc_time* delay_ = &uncharged_;
};

}  // namespace coffer
