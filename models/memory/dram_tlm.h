#pragma once

#include <array>
#include <functional>
#include <systemc>
#include <tlm>

#include "common/statistics.h"
#include "common/target_socket_tlm.h"
#include "common/units.h"
#include "memory/dram_traffic.h"
#include "memory/sparse_memory.h"

namespace coffer {

struct DramParameters {
    Address size = 0;                                        ///< bytes; addresses [0, size) are memory, metadata included
    sc_core::sc_time latency{100, sc_core::SC_NS};           ///< from request to first byte
    double bandwidth = 0;                                    ///< GB/s (10^9 bytes a second); 0 is unlimited
};

/// DRAM: a sparse memory behind a socket.
///
/// Loosely timed: an access takes latency + bytes / bandwidth, added to its delay. Accesses of different initiators do not queue for each other,
/// since their local times are not ordered; `busy_time` tells how long transfers would have kept the data bus busy.
/// DMI is granted page by page, to host accesses, where the platform allows it.
class DramTlm : public sc_core::sc_module, public StatisticsProvider {
public:
    TargetSocket<DramTlm> target_socket;

    /// Throws InputError for a size of 0 or a bandwidth that is negative or no number.
    DramTlm(const sc_core::sc_module_name& name, const DramParameters& parameters, const DramTraffic& traffic);

    const DramParameters& parameters() const { return parameters_; }
    SparseMemory& memory() { return memory_; }
    const DramTraffic& traffic() const { return traffic_; }
    /// Time that data transfers took, latency not counted.
    const sc_core::sc_time& busy_time() const { return busy_time_; }

    /// Grants direct access from now on to the pages for which `may_grant`, given the address of a page, says so: plain pages of the host that no
    /// cache holds. An empty function, as at the start, grants nothing. What was granted before is withdrawn.
    void set_dmi_policy(std::function<bool(Address page)> may_grant);
    /// Withdraws direct access to [first, last]: call it before these addresses change owner.
    void withdraw_dmi(Address first, Address last);

    /// busy_time and, per traffic class, reads, read_bytes, writes, write_bytes.
    void collect(StatisticsGroup& group) const override;

private:
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    /// What is not plain. Not inlined, like its kin in other modules: what few accesses need would cost all of them registers.
    [[gnu::noinline]] void transfer_runs(const tlm::tlm_generic_payload& payload);
    unsigned transport_dbg(tlm::tlm_generic_payload& payload);
    bool get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
    bool may_grant(const tlm::tlm_generic_payload& payload) const;
    sc_core::sc_time transfer_time(unsigned bytes) const {
        return bytes < transfer_times_.size() ? transfer_times_[bytes] : compute_transfer_time(bytes);
    }
    sc_core::sc_time compute_transfer_time(unsigned bytes) const;

    DramParameters parameters_;
    DramTraffic traffic_;
    SparseMemory memory_;
    std::array<sc_core::sc_time, line_bytes + 1> transfer_times_;
    sc_core::sc_time busy_time_;
    std::function<bool(Address)> may_grant_;
    bool granted_ = false;
};

}  // namespace coffer
