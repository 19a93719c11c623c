#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <unistd.h>

#include "kill/worker.h"

namespace coffer::kill {

/// Kills processes that run two chips, and looks what they left.
class Campaign {
public:
    struct Counts {
        std::array<std::uint64_t, phase_names.size()> killed{};
        std::uint64_t kills = 0;
        std::uint64_t lpids = 0;
        std::uint64_t arrived = 0;         ///< migrations that ended
        std::uint64_t lost = 0;            ///< VMs that were under way when their source or target was killed
        std::uint64_t restored = 0;        ///< installs of latest snapshots after a kill
        std::uint64_t damaged_files = 0;   ///< that were refused
    };

    Campaign(std::filesystem::path directory, std::uint64_t seed, Fault fault);
    ~Campaign();
    Campaign(const Campaign&) = delete;
    Campaign& operator=(const Campaign&) = delete;

    /// One or two processes, a kill, and all checks. Throws std::runtime_error that says what is wrong.
    void round();

    const Counts& counts() const { return counts_; }
    bool every_phase_was_hit() const;

private:
    struct Process {
        pid_t id = -1;
        bool was_killed = false;
    };

    unsigned draw(unsigned end) { return std::uniform_int_distribution<unsigned>(0, end - 1)(random_); }
    template <class Function>
    Process start(Function&& function);
    void end(Process& process, const char* what);
    /// What a round does, as it is drawn.
    struct Plan {
        bool migration = false;
        unsigned migrant = vms;
        unsigned victim = 0;
        bool both = false;
        std::optional<Phase> phase;  ///< in which the victim is killed, if it gets there
    };
    Plan draw_plan();
    std::array<Process, chips> start_chips(const Plan& plan);
    void kill_chips(const Plan& plan, std::array<Process, chips>& processes);
    void wait_for_the_moment(const Plan& plan, pid_t victim);
    void reset_facts();
    void check_lpids();
    void check_damaged_files();
    void go_on(unsigned place);
    void renew(unsigned place);

    const std::filesystem::path directory_;
    const VmStorage storage_;
    std::mt19937_64 random_;
    const Fault fault_;
    const pid_t campaign_ = ::getpid();
    SharedFacts* facts_;
    std::array<CampaignVm, vms> vm_;
    std::uint64_t numbers_ = 0;
    std::size_t lpids_checked_ = 0;
    std::array<std::vector<bool>, chips> given_;  // by chip and count
    Counts counts_;
};

}  // namespace coffer::kill
