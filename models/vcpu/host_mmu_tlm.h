#pragma once

#include <cstdint>
#include <systemc>
#include <tlm>

#include "common/initiator_socket_tlm.h"
#include "common/security_context_tlm.h"
#include "common/statistics.h"
#include "common/target_socket_tlm.h"
#include "common/units.h"
#include "vcpu/tlb.h"
#include "vcpu/translation.h"

namespace coffer {

struct HostMmuParameters {
    Address memory_size = 0;  ///< bytes; addresses [0, memory_size) are memory
    Mode mode = Mode::host;   ///< of every access that leaves: host, or device for an IOMMU
    TlbParameters tlb;        ///< of checked machine pages
};

/// The MMU of the host, or the IOMMU of its devices, between them (`target_socket`, machine addresses) and the last-level cache (`initiator_socket`).
/// Their machine pages are not translated, but checked: when a page is touched for the first time, `walk_socket` (vcpu/walk_protocol.h) tells whether
/// it may be used, and that is kept until the page changes owner.
/// Whatever SecurityContext comes in is replaced by {VMID 0, mode}, and put back afterwards.
///
/// An access that reaches a page which is refused is an address error and changes nothing, not even the pages before it. A failed walk is a generic
/// error. Direct access is granted for the host's own pages only, where what lies below grants it, one page at a time, and withdrawn when the page
/// changes owner. Takes no time but that of walks.
class HostMmuTlm : public sc_core::sc_module, public StatisticsProvider, public TranslationCache {
public:
    struct Statistics {
        std::uint64_t hits = 0;           ///< pages that were known
        std::uint64_t walks = 0;          ///< pages that were asked for
        std::uint64_t refused = 0;        ///< accesses that reached a page which is not the host's
        std::uint64_t invalidated = 0;    ///< kept pages that changed owner
        std::uint64_t direct_grants = 0;  ///< pages given for direct access
    };

    TargetSocket<HostMmuTlm, 0, sc_core::SC_ZERO_OR_MORE_BOUND> target_socket;
    InitiatorSocket<HostMmuTlm> initiator_socket;
    InitiatorSocket<HostMmuTlm> walk_socket;

    /// Throws InputError for a TLB that is none, and for another mode than host and device.
    HostMmuTlm(const sc_core::sc_module_name& name, const HostMmuParameters& parameters);

    /// Nothing: guests' translations are not kept here.
    void invalidate_pages(Vmid, Gpn, std::uint64_t) override {}
    /// Direct access to the machine pages is withdrawn, too.
    void invalidate_frames(std::uint64_t first_frame, std::uint64_t count) override;

    Statistics statistics() const;
    void collect(StatisticsGroup& group) const override;

private:
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    unsigned transport_dbg(tlm::tlm_generic_payload& payload);
    bool get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
    void withdraw_direct(sc_dt::uint64 first, sc_dt::uint64 last);

    tlm::tlm_response_status check(Address page, bool write, sc_core::sc_time& delay);
    tlm::tlm_response_status check_all(Address first, Address reach, bool write, sc_core::sc_time& delay);
    bool peek(Address page, bool write, Translation& rights);
    void forward(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    tlm::tlm_response_status forward_pieces(const tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);

    const HostMmuParameters parameters_;
    Tlb tlb_;                       // of VMID 0, a page's GPN being its frame
    SecurityContext context_;       // the same for all accesses: the host's GPA is the machine address
    std::uint64_t changes_ = 0;     // of owners, so far
    bool granted_ = false;          // direct access, to any page
    std::uint64_t walks_ = 0;
    std::uint64_t refused_ = 0;
    std::uint64_t direct_grants_ = 0;
};

}  // namespace coffer
