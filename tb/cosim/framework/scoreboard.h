#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cosim/framework/signal_bundle.h"
#include "cosim/framework/traffic.h"

namespace coffer::cosim {

/// Says by the reference level what a block answers to what it accepted. One answer channel; the answers of one stream come in order.
class Scoreboard {
public:
    virtual ~Scoreboard() = default;

    /// The answer to an accepted transfer, one value for each field of the output channel; nothing where the block does not answer to it. A value of
    /// width 0 is one that the reference level does not have: there the two levels are compared with each other only.
    virtual std::optional<std::vector<Bits>> predict(const Transfer& accepted) = 0;
    /// The stream that an accepted transfer's answer belongs to: answers of different streams may overtake each other.
    virtual unsigned stream(const Transfer&) const { return 0; }
    /// What is wrong with outputs that belong to no channel; empty if nothing is. `next_answer`: what the block has yet to answer, the first of it.
    virtual std::string check(const SignalBundle&, const std::vector<Bits>* /*next_answer*/) { return {}; }
    /// A reset: forget what went before.
    virtual void reset() {}
};

/// What went through a block in one run.
struct Observed {
    std::uint64_t cycles = 0;
    std::uint64_t accepted = 0;
    std::uint64_t answered = 0;
    std::uint64_t dropped = 0;  ///< accepted, and forgotten in a reset
    std::uint64_t repeated = 0;  ///< accepted, and to be repeated because a reset tore the session
    std::uint64_t resets = 0;
    /// Cycles from an accepted transfer to its answer: the shortest and the longest.
    std::uint64_t shortest = UINT64_MAX;
    std::uint64_t longest = 0;
    /// Cycles from the first answer to the last.
    std::uint64_t answering = 0;
};

}  // namespace coffer::cosim
