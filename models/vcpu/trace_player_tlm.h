#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <systemc>
#include <tlm>
#include <tlm_utils/tlm_quantumkeeper.h>

#include "common/initiator_socket_tlm.h"
#include "common/statistics.h"
#include "common/tlm_process.h"
#include "vcpu/access_source.h"
#include "vcpu/first_touch_paging.h"
#include "vcpu/trace_data.h"

namespace coffer {

struct TracePlayerParameters {
    std::uint64_t seed = 0;             ///< of the data written; the same in a platform and its twin
    double clock_ghz = 2;
    double cycles_per_instruction = 1;  ///< of all but the memory accesses recorded
    Gpn first_gpn = 0;                  ///< guest pages [first_gpn, first_gpn + pages) hold the recorded process
    std::uint64_t pages = 0;
    std::uint64_t max_accesses = std::numeric_limits<std::uint64_t>::max();
};

/// A vCPU that plays a recorded trace: computes for as long as the instructions between two accesses take, makes the access at guest physical
/// addresses, and goes on when it has its data. Runs ahead of the simulation by up to the global quantum. Stops at the first error response.
class TracePlayerTlm : public sc_core::sc_module, public StatisticsProvider {
public:
    enum class Stop {
        running,        ///< not yet
        end_of_trace,
        max_accesses,
        error_response,
        out_of_pages,   ///< the process touched more pages than there are
        bad_source,     ///< the source threw, or gave an access of no bytes
    };

    InitiatorSocket<TracePlayerTlm> initiator_socket;

    COFFER_HAS_PROCESS(TracePlayerTlm);
    /// `source` outlives the module. Throws InputError for a clock or instructions that make no sense, and for no guest pages.
    TracePlayerTlm(const sc_core::sc_module_name& name, const TracePlayerParameters& parameters, AccessSource& source);

    Stop stop() const { return stop_; }
    /// Why the player stopped, in one line; empty while it runs.
    const std::string& stop_text() const { return stop_text_; }
    /// Accesses of the trace carried out so far.
    std::uint64_t accesses() const { return reads_ + writes_; }
    /// Folded from all data read: equal in a platform and its twin unless one of them read wrong data.
    std::uint64_t digest() const { return data_.digest(); }
    /// The player's own time when it stopped.
    const sc_core::sc_time& finish_time() const { return finish_time_; }

    /// accesses, reads, read_bytes, writes, write_bytes, instructions, pages, finish_time, stopped, digest.
    void collect(StatisticsGroup& group) const override;

private:
    void run();
    void play();
    bool play(const TraceAccess& access);
    bool transport(const TraceAccess& access, Address address, std::uint8_t* data, unsigned size);
    sc_core::sc_time compute_time(std::uint32_t instructions) const;
    bool stop(Stop reason, std::string text);

    const TracePlayerParameters parameters_;
    AccessSource& source_;
    const double ticks_per_instruction_;
    FirstTouchPaging paging_;
    TraceData data_;
    tlm_utils::tlm_quantumkeeper keeper_;
    tlm::tlm_generic_payload payload_;
    std::array<std::uint8_t, 256> buffer_{};
    std::uint64_t reads_ = 0;
    std::uint64_t writes_ = 0;
    std::uint64_t read_bytes_ = 0;
    std::uint64_t write_bytes_ = 0;
    std::uint64_t instructions_ = 0;
    sc_core::sc_time finish_time_;
    Stop stop_ = Stop::running;
    std::string stop_text_;
};

std::string_view to_string(TracePlayerTlm::Stop stop);

}  // namespace coffer
