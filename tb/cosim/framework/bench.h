#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cosim/framework/device.h"
#include "cosim/framework/driver.h"
#include "cosim/framework/fault.h"
#include "cosim/framework/pin_recording.h"
#include "cosim/framework/scoreboard.h"

namespace coffer::cosim {

/// Runs a block at both levels in lock-step: every output is compared in every cycle, the rules of ready/valid are checked, and every answer is
/// compared with the scoreboard's. Once wrong, a run ends.
class Bench {
public:
    explicit Bench(Device& device) : device_(device), bundle_(device.bundle()) {}

    /// A run begins with a reset. `reset_per_cycle`: probability of further ones. The failure, if any, is failure()'s.
    Observed run(const Traffic& traffic, const Scenario& scenario, Scoreboard& scoreboard, Random& random, double reset_per_cycle = 0,
                 const std::optional<Fault>& fault = std::nullopt);

    /// Writes what is on the ports in each cycle from now on. Throws InputError where the file cannot be written.
    void record(const std::string& path) { recording_ = std::make_unique<PinRecording>(path, bundle_); }

    /// The first thing that went wrong, with all ports of that cycle; empty if nothing did.
    const std::string& failure() const { return failure_; }

    /// Cycles without any transfer after which a block counts as stuck.
    static constexpr std::uint64_t patience = 3000;

private:
    struct Expected {
        std::vector<Bits> fields;
        std::uint64_t accepted_in = 0;
        unsigned stream = 0;
    };
    /// What an output channel showed in the last cycle without being taken.
    struct Waiting {
        bool valid = false;
        std::vector<Bits> fields;
    };

    void apply(const Driver& driver);
    void apply_field(Port& port, const Bits& value);
    void settle_and_compare();
    Bits observe(const Port& port, Level level) const;
    void clock_edge();
    void forget_what_is_in_flight();
    void take_inputs(Driver& driver);
    void check_other_outputs();
    void take_outputs(const Driver& driver);
    void check_stable(std::size_t channel, bool valid, const std::vector<Bits>& fields);
    void take_answer(const Channel& channel, const std::vector<Bits>& fields);
    std::deque<Expected>::iterator answered_by(const std::vector<Bits>& fields);
    void fail(const std::string& what);
    std::string table() const;

    Device& device_;
    SignalBundle& bundle_;
    Scoreboard* scoreboard_ = nullptr;
    std::optional<Fault> fault_;
    std::unique_ptr<PinRecording> recording_;
    std::deque<Expected> expected_;
    std::vector<Waiting> waiting_;  // by channel
    std::vector<bool> valid_;       // by channel, in the last cycle
    Observed observed_;
    std::uint64_t last_progress_ = 0;
    std::uint64_t first_answer_ = 0;
    std::uint64_t half_cycles_ = 0;  // of the device's life
    std::string failure_;
};

}  // namespace coffer::cosim
