#pragma once

#include <cstdint>
#include <string>

#include "cosim/framework/port.h"

namespace coffer::cosim {

/// One disturbed bit of one port at one level, to show that a bench notices. An output is seen flipped in one cycle; an input is flipped on its way
/// to the block from that cycle on, so that the block itself computes something else.
struct Fault {
    Level level = Level::systemc;
    std::string port;
    unsigned bit = 0;
    std::uint64_t cycle = 0;
    bool both_levels = false;  ///< inputs only: both levels agree, and only the reference level can tell
};

}  // namespace coffer::cosim
