#pragma once

#include <optional>
#include <systemc>
#include <tlm>

#include "common/context_payload_tlm.h"
#include "common/initiator_socket_tlm.h"
#include "common/statistics.h"
#include "common/target_socket_tlm.h"
#include "common/tlm_exclusive.h"
#include "memory/last_level_cache.h"

namespace coffer {

struct LastLevelCacheParameters {
    Address memory_size = 0;             ///< bytes; addresses [0, memory_size) are memory
    std::uint64_t size = 1 << 20;        ///< bytes of lines; 0: no cache, every access goes through
    unsigned ways = 8;
    sc_core::sc_time latency{5, sc_core::SC_NS};  ///< of every line accessed, hit or miss
    bool posted_write_backs = true;      ///< write-backs leave through a buffer, and whoever caused one does not wait for it
    /// Host accesses to [uncached_base, uncached_base + uncached_bytes) bypass the cache, and may use DMI; multiples of 4096.
    Address uncached_base = 0;
    Address uncached_bytes = 0;
};

/// The last-level cache between processors (`target_socket`, any number of them) and MPE (`initiator_socket`), for the host, devices and guests.
/// Guests' lines carry their VMID and GPA, from the SecurityContext. Raw and uncached accesses bypass it, VMID 1's and all where there is no cache go
/// through as they are. An access whose GPA and HPA differ within the page is an address error. An error from below comes back as the response, and
/// the line is not cached; one of a write-back does not concern the access that caused it. Debug access shows a VM its own cached lines, and nobody
/// else's.
class LastLevelCacheTlm : public sc_core::sc_module, public StatisticsProvider, private LineBus {
public:
    using Leaving = LastLevelCache::Leaving;

    TargetSocket<LastLevelCacheTlm, 0> target_socket;
    InitiatorSocket<LastLevelCacheTlm> initiator_socket;

    /// Throws InputError for a shape that is no cache, or an uncached range that is not made of pages.
    LastLevelCacheTlm(const sc_core::sc_module_name& name, const LastLevelCacheParameters& parameters);

    /// Accesses wait from block_fills to unblock_fills, and lines that leave meanwhile charge their write-backs to `delay`. Waits until an access
    /// that is under way is done.
    void block_fills(sc_core::sc_time& delay);
    void unblock_fills() { blocked_.reset(); }
    /// Withdraws direct access to addresses [first, last].
    void withdraw_dmi(Address first, Address last) { invalidate_direct_mem_ptr(first, last); }

    /// As those of LastLevelCache; outside block_fills they take no time.
    void evict_page(Vmid vmid, Gpn gpn, Leaving leaving);
    void evict_vm(Vmid vmid, Leaving leaving);
    void evict_frame(Address hpa, Leaving leaving);
    void evict_all(Leaving leaving);

    LastLevelCache::Statistics statistics() const { return cache_ ? cache_->statistics() : LastLevelCache::Statistics{}; }
    void collect(StatisticsGroup& group) const override;

private:
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    unsigned transport_dbg(tlm::tlm_generic_payload& payload);
    bool get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
    void invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last);

    bool goes_through(const SecurityContext* context) const { return !cache_ || (context != nullptr && context->vmid == chip_vmid); }
    bool is_uncached(Address hpa) const { return hpa - parameters_.uncached_base < parameters_.uncached_bytes; }
    bool bypasses(const tlm::tlm_generic_payload& payload, const SecurityContext& context) const;
    tlm::tlm_response_status serve(tlm::tlm_generic_payload& payload, const SecurityContext& context, sc_core::sc_time& delay);
    bool serve_piece(tlm::tlm_command command, const LineTag& line, Address hpa, std::uint8_t* piece, unsigned size);
    [[gnu::noinline]] bool serve_pieces(const tlm::tlm_generic_payload& payload, const SecurityContext& context);
    [[gnu::noinline]] void prepare_bypass(const tlm::tlm_generic_payload& payload, const SecurityContext& context, sc_core::sc_time& delay);
    unsigned debug_line(tlm::tlm_command command, const SecurityContext& context, Address hpa, std::uint8_t* data, unsigned size);
    template <class Function>
    void maintain(Function&& function);

    bool read_line(const LineTag& line, std::uint8_t* data) override;
    bool write_line(const LineTag& line, const std::uint8_t* data) override;

    const LastLevelCacheParameters parameters_;
    std::optional<LastLevelCache> cache_;
    Exclusive exclusive_;
    std::optional<Exclusive::Hold> blocked_;  // while fills are blocked
    ContextPayload payload_;
    Mode mode_ = Mode::host;               // of the access being served
    sc_core::sc_time* delay_ = nullptr;    // of the access being served
    tlm::tlm_response_status status_ = tlm::TLM_OK_RESPONSE;  // of the last fetch
};

}  // namespace coffer
