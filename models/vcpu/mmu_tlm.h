#pragma once

#include <optional>

#include <systemc>
#include <tlm>

#include "common/context_payload_tlm.h"
#include "common/initiator_socket_tlm.h"
#include "common/statistics.h"
#include "common/target_socket_tlm.h"
#include "common/units.h"
#include "common/violation_log.h"
#include "vcpu/guest_memory_map.h"
#include "vcpu/tlb.h"

namespace coffer {

/// The MMU of a processor core between its guests (`target_socket`, guest physical addresses) and the last-level cache (`initiator_socket`, machine
/// addresses). It says who makes an access: whatever SecurityContext comes in is replaced by {VMID, mode, GPA, raw}, and put back afterwards. An
/// access across pages becomes one per page, after all of them were found; an address that has no machine page is an address error, and fault() tells
/// why. No direct access for guests.
///
/// Translations are those of a fixed map, or are kept in a TLB and come over the `walk_socket` (vcpu/walk_protocol.h), which is bound then. A failed
/// walk is a generic error, and so is every access of a VM that a failed check stopped, before anything is looked up: caches and TLBs may still hold
/// what the VM used. Takes no time but that of walks.
class MmuTlm : public sc_core::sc_module, public StatisticsProvider, public TranslationCache {
public:
    TargetSocket<MmuTlm> target_socket;
    InitiatorSocket<MmuTlm> initiator_socket;
    InitiatorSocket<MmuTlm, sc_core::SC_ZERO_OR_MORE_BOUND> walk_socket;

    /// The map may change between accesses, and outlives the module.
    MmuTlm(const sc_core::sc_module_name& name, Vmid vmid, const GuestMemoryMap& map);
    /// Walks. Serves VMID 0, which no guest has, until set_guest. Throws InputError for a TLB that is none.
    MmuTlm(const sc_core::sc_module_name& name, const TlbParameters& tlb);
    /// The one with the map, or where that is null, the other.
    MmuTlm(const sc_core::sc_module_name& name, Vmid vmid, const GuestMemoryMap* map, const TlbParameters& tlb);

    /// The chip's record of stopped VMs, which outlives the module. Without it no VM is stopped here.
    void stop_with(const ViolationLog& violations) { violations_ = &violations; }

    /// Whose accesses come from now on; mode is guest or shim. Between accesses only.
    void set_guest(Vmid vmid, Mode mode = Mode::guest);
    /// Whether accesses from now on are raw, whatever the tables say, and whether raw loads are decrypted: the processor's raw instructions. Between
    /// accesses only.
    void set_raw(bool raw, bool decrypt = false);
    /// Why the last access that was an address error had no machine page.
    TranslationFault fault() const { return fault_; }

    void invalidate_pages(Vmid vmid, Gpn first, std::uint64_t count) override;
    void invalidate_frames(std::uint64_t first_frame, std::uint64_t count) override;

    /// refused_accesses, of stopped VMs; hits, misses, walk_faults, invalidated and walk_time but of an MMU with a fixed map.
    void collect(StatisticsGroup& group) const override;

private:
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    unsigned transport_dbg(tlm::tlm_generic_payload& payload);
    void forward(tlm::tlm_generic_payload& payload, Address hpa, bool raw, sc_core::sc_time& delay);
    /// The payload with another context and address for a while.
    [[gnu::noinline]] void forward_itself(tlm::tlm_generic_payload& payload, Address hpa, bool raw, sc_core::sc_time& delay);
    [[gnu::noinline]] void forward_walked(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    [[gnu::noinline]] tlm::tlm_response_status split(const tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    tlm::tlm_response_status find_all(Address gpa, unsigned reach, bool write, sc_core::sc_time& delay);
    /// The machine page of a guest page, from the map, the TLB or a walk.
    tlm::tlm_response_status find(Address gpa, bool write, Translation& translation, sc_core::sc_time& delay);
    tlm::tlm_response_status walk_tables(Address gpa, bool write, Translation& translation, sc_core::sc_time& delay);
    bool peek(Address gpa, bool write, Translation& translation);
    bool stopped() const { return violations_ != nullptr && violations_->frozen(payload_.context.vmid); }
    tlm::tlm_response_status refuse();
    SecurityContext context_at(Address gpa, bool raw) const;
    Address end() const { return map_ != nullptr ? map_->end() : guest_end; }

    /// GPNs have 36 bits.
    static constexpr Address guest_end = Address{1} << 48;

    ContextPayload payload_;   // of the access being forwarded, with whose access it is
    bool forwarding_ = false;  // another one comes in meanwhile only where something below waits
    bool raw_ = false;
    TranslationFault fault_ = TranslationFault::none;
    const ViolationLog* violations_ = nullptr;
    const GuestMemoryMap* const map_;  // null: walks
    std::optional<Tlb> tlb_;
    std::uint64_t changes_ = 0;        // of translations, so far
    std::uint64_t refused_ = 0;
    std::uint64_t walk_faults_ = 0;
    sc_core::sc_time walk_time_;
};

}  // namespace coffer
