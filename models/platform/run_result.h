#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/statistics.h"
#include "common/violation.h"
#include "common/units.h"
#include "memory/bus_probe.h"

namespace coffer {

/// How one guest, or the host, fared on one platform.
struct PlayResult {
    bool completed = false;  ///< the whole trace, or as much of it as was asked for
    std::string stopped;     ///< why the player stopped, in one line
    std::uint64_t accesses = 0;
    double time_ns = 0;
    std::uint64_t digest = 0;  ///< of all data read
};

/// What reading all of a guest's memory at the end showed.
struct SweepResult {
    std::uint64_t lines = 0;
    std::uint64_t refused = 0;    ///< answered with an error
    std::uint64_t different = 0;  ///< given, but not what the twin holds
};

struct TenantResult {
    std::string name;
    Vmid vmid = 0;
    PlayResult play;
    std::optional<PlayResult> twin;
    std::optional<SweepResult> sweep;

    /// Whether what the tenant did can be compared with what it did on the twin.
    bool comparable() const { return twin && play.completed && twin->completed; }
    bool reads_agree() const { return comparable() && play.digest == twin->digest; }
    /// Whether every line of memory is the twin's.
    bool memory_agrees() const { return comparable() && sweep && sweep->different == 0 && sweep->refused == 0; }
    /// Time beyond the twin's, as a share of it.
    double overhead() const { return play.time_ns / twin->time_ns - 1; }
};

/// What a run of a platform gave.
struct RunResult {
    std::vector<std::pair<std::string, std::string>> configuration;  ///< every key and its value, without secrets
    std::vector<TenantResult> tenants;
    StatisticsGroup platform{"platform"};
    std::optional<StatisticsGroup> twin;
    std::vector<Violation> violations;  ///< the first ones
    std::uint64_t violation_count = 0;
    std::vector<TamperOutcome> tampering;

    /// Whether a tenant read, or was left with, other data than on the twin although nothing was reported about it.
    bool silently_wrong() const;
};

/// The result as the text of stats.json: equal results give equal bytes.
std::string run_json(const RunResult& result);
/// The result as aligned text for people.
std::string run_summary(const RunResult& result);

}  // namespace coffer
