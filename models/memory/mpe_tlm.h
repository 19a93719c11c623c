#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>

#include "common/bus_store_tlm.h"
#include "common/context_payload_tlm.h"
#include "common/initiator_socket_tlm.h"
#include "common/statistics.h"
#include "common/target_socket_tlm.h"
#include "memory/protection_engine.h"
#include "vm_table/key_target_socket_tlm.h"

namespace coffer {

/// The memory protection engine between last-level cache and bus: the protection engine's algorithm over the sockets of its parts, and the time that
/// their overlap leaves.
///
/// `target_socket`: any access of host (plain) and guests (protected), by machine address; the SecurityContext tells VMID and GPA. Guests and host
/// reach data frames only; VMID 1 is a generic error here. A failed check, or a stopped VM, is a generic error. `chip_socket`: VMID 1's accesses to
/// the chip region, for several initiators. `control_socket`: the H-SVM controller's commands for whole pages (PageCommand), and its accesses to
/// machine memory as it is, metadata too, and to lines of guests. `metadata_socket`: the metadata cache's way to the bus. `key_socket`: K_data, K_mac
/// and revoke (KeyAddress), write only. `pad_socket`, `counter_socket`, `vm_table_socket`: the parts. `initiator_socket`: the bus.
class MpeTlm : public sc_core::sc_module, public StatisticsProvider, private PadPort, private CounterPort, private ByteStore {
public:
    TargetSocket<MpeTlm> target_socket;
    TargetSocket<MpeTlm, 0> chip_socket;
    TargetSocket<MpeTlm, 0, sc_core::SC_ZERO_OR_MORE_BOUND> control_socket;
    TargetSocket<MpeTlm> metadata_socket;
    KeyTargetSocket key_socket;
    InitiatorSocket<MpeTlm> pad_socket;
    InitiatorSocket<MpeTlm> counter_socket;
    tlm_utils::simple_initiator_socket<MpeTlm> vm_table_socket;
    InitiatorSocket<MpeTlm> initiator_socket;

    struct Parameters {
        Scheme scheme;
        ChipNumber chip{1};
        Verification verification = Verification::lazy;
        sc_core::sc_time mac_latency{40, sc_core::SC_NS};  ///< of a data tag; only precise verification waits for it
        /// Makes GCM's tags in place of the reference level, if there is one; its cycles, each of `cycle`, then take the place of mac_latency.
        std::shared_ptr<crypto::GhashHardware> ghash;
        sc_core::sc_time cycle{1, sc_core::SC_NS};
    };

    /// Throws InputError for a scheme that formats forbid. `lpids` and `violations` outlive the module.
    MpeTlm(const sc_core::sc_module_name& name, const Parameters& parameters, const AddressMap& map, LpidSource& lpids, ViolationLog& violations);

    /// Settles the domain's metadata, so that memory and root agree. Outside transactions only; takes no time.
    void flush(Vmid vmid);

    const ProtectionEngine::Statistics& statistics() const { return engine_.statistics(); }
    void collect(StatisticsGroup& group) const override;

private:
    /// When, after the start of an access, each of its overlapping parts is ready.
    struct Timing {
        sc_core::sc_time counters;
        sc_core::sc_time pads;
        sc_core::sc_time data;
        sc_core::sc_time tags;
    };

    /// The counter block used last stays in a register: lines of one page follow each other more often than not. Only this module changes counter
    /// blocks, so that the copy is the truth until the slot changes hands or the page moves.
    struct CounterBuffer {
        bool valid = false;
        Slot slot = 0;
        Gpn gpn = 0;
        Address frame = 0;
        CounterBlock block;
    };

    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    unsigned transport_dbg(tlm::tlm_generic_payload& payload);
    bool get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
    void invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last);
    void chip_b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    unsigned chip_transport_dbg(tlm::tlm_generic_payload& payload);
    void control_b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    void metadata_b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    unsigned metadata_transport_dbg(tlm::tlm_generic_payload& payload);
    bool take_key(Slot slot, KeyPart part, const crypto::Key128& key);

    bool is_plain_access(const SecurityContext* context) const {
        return context == nullptr || context->vmid == host_vmid || context->raw || !parameters_.scheme.encrypt;
    }
    /// Whether a raw load of a VM is to be decrypted (raw_ld with enc_on).
    bool is_decrypted(const tlm::tlm_generic_payload& payload, const SecurityContext* context) const {
        return context != nullptr && context->raw && context->decrypt && payload.is_read() && parameters_.scheme.encrypt &&
               context->vmid >= first_guest_vmid && context->mode != Mode::chip;
    }
    void serve(tlm::tlm_generic_payload& payload, const SecurityContext& context, sc_core::sc_time& delay);
    /// An access of any length and shape, line by line.
    [[gnu::noinline]] bool serve_pieces(tlm::tlm_generic_payload& payload, const SecurityContext& context, Slot slot, sc_core::sc_time& delay);
    /// A load of any length and shape without checks, line by line.
    [[gnu::noinline]] bool serve_unchecked(tlm::tlm_generic_payload& payload, const SecurityContext& context, Slot slot, sc_core::sc_time& delay);
    /// A whole line.
    bool serve_line(tlm::tlm_command command, const PageRef& page, Address hpa, std::uint8_t* data, sc_core::sc_time& delay);
    /// Part of a line; a write merges it.
    bool serve_part(tlm::tlm_command command, const PageRef& page, Address hpa, std::uint8_t* data, unsigned length, sc_core::sc_time& delay);
    [[gnu::noinline]] tlm::tlm_response_status judge_page_command(const tlm::tlm_generic_payload& payload, const SecurityContext& context) const;
    /// The answer to a page command that judge_page_command accepts.
    [[gnu::noinline]] bool serve_page(tlm::tlm_generic_payload& payload, const SecurityContext& context, sc_core::sc_time& delay);
    [[gnu::noinline]] bool serve_plain_page(tlm::tlm_generic_payload& payload, PageCommand command, sc_core::sc_time& delay);
    bool send_counter_command(MetadataCommand command, const PageRef& page, sc_core::sc_time& delay);
    bool move_page(const PageRef& page, Address to, sc_core::sc_time& delay);
    bool verify_page(const PageRef& page, sc_core::sc_time& delay);
    bool read_leaf(const PageRef& page, std::uint8_t& state, sc_core::sc_time& delay);
    void copy_bus(Address from, Address to, std::size_t size, sc_core::sc_time& delay);
    /// `checked`: the data waits for the check of its tag.
    sc_core::sc_time read_time(bool checked) const;
    sc_core::sc_time write_time() const;
    sc_core::sc_time mac_time() const;
    std::optional<Slot> slot_of(Vmid vmid) const {
        if (vmid >= slots_.size() || slots_[vmid] == no_slot) return std::nullopt;
        return slots_[vmid];
    }
    /// The VM's register set; where it has none, the VM-Table makes it resident, and its keys arrive on the key socket meanwhile.
    std::optional<Slot> select(Vmid vmid) {
        const auto slot = slot_of(vmid);
        return slot ? slot : make_resident(vmid);
    }
    [[gnu::noinline]] std::optional<Slot> make_resident(Vmid vmid);
    unsigned peek(tlm::tlm_generic_payload& payload, const SecurityContext& context, unsigned length);
    unsigned peek_plain(tlm::tlm_generic_payload& payload, unsigned length);

    void generate(Slot slot, const crypto::Iv* ivs, std::size_t lines, std::uint8_t* pads) override;
    MaybeViolation read(Slot slot, Gpn gpn, Address frame, CounterBlock& block) override;
    MaybeViolation write(Slot slot, Gpn gpn, Address frame, const CounterBlock& block) override;
    bool peek(Slot slot, Gpn gpn, Address frame, CounterBlock& block) override;
    void read(Address address, std::uint8_t* data, std::size_t size) override;
    void write(Address address, const std::uint8_t* data, std::size_t size) override;
    tlm::tlm_generic_payload& counter_payload(tlm::tlm_command command, Slot slot, Gpn gpn, Address frame, std::uint8_t* data);
    MaybeViolation send_counters(tlm::tlm_generic_payload& payload);
    std::uint64_t read_register(Address address);

    const Parameters parameters_;
    const AddressMap map_;
    ViolationLog& violations_;
    ProtectionEngine engine_;
    BusStoreTlm bus_;
    ContextPayload pad_payload_;
    ContextPayload counter_payload_;
    ContextPayload register_payload_;
    Timing timing_;
    CounterBuffer counter_buffer_;
    std::vector<Slot> slots_;  // by VMID; no_slot where not resident
    std::vector<crypto::Key128> pending_k_data_;  // by slot, until K_mac completes the set
    std::uint64_t plain_accesses_ = 0;
    std::uint64_t refused_accesses_ = 0;
    std::uint64_t counter_buffer_hits_ = 0;
    std::uint64_t page_commands_ = 0;

    static constexpr Slot no_slot = 0xffff;
};

}  // namespace coffer
