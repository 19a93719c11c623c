#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cosim/framework/bits.h"

namespace coffer::cosim {

/// One transfer into a block: the channel by its name, and the payload in the order of the bundle's fields.
struct Transfer {
    std::string channel;
    std::vector<Bits> fields;
    /// Offered only after everything before it was accepted, and nothing behind it is offered before.
    bool in_order = false;
    /// Offered only while at most so many transfers before it are still to be accepted.
    std::size_t ahead = static_cast<std::size_t>(-1);
    /// What comes before it must be repeated after a reset: false where a transfer begins anew, as every transfer of a block without state does.
    bool continues = false;
    /// The last transfer of a message, for scoreboards of blocks that work on several.
    bool last = false;
    /// What the scoreboard must know beside the fields, and the block never sees.
    Bytes aside;
    /// What a standard says the block's answer is; empty, or with values of width 0, where only the reference level says it.
    std::vector<Bits> expected;
};

using Traffic = std::vector<Transfer>;

/// How traffic reaches a block, as probabilities, per cycle unless told otherwise.
struct Scenario {
    std::string name;
    double idle = 0;   ///< an input channel with something to offer waits
    double stall = 0;  ///< an output channel is not ready
    double reset = 0;  ///< a reset of one to three cycles begins, in the time of a session (CosimBlock::cycles_per_session)
    /// Outputs become ready only after they are valid: a block whose valid waits for ready would hang.
    bool ready_after_valid = false;
};

/// What every block is put through.
inline const std::vector<Scenario>& scenarios() {
    static const std::vector<Scenario> all{
        {"back_to_back", 0, 0, 0, false},       {"idle", 0.85, 0, 0, false},         {"stalled_output", 0, 0.7, 0, false},
        {"random_stalls", 0.4, 0.4, 0, false},  {"ready_after_valid", 0, 0.3, 0, true}, {"resets", 0.2, 0.3, 0.5, false},
    };
    return all;
}

}  // namespace coffer::cosim
