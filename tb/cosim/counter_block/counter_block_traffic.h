#pragma once

#include <cstddef>

#include "cosim/framework/traffic.h"

namespace coffer::cosim {

/// Any operation on any line, of blocks with lines that were never or often written, and with LPIDs about the floor and of other chips.
Traffic counter_block_traffic(Random& random, std::size_t transfers);

}  // namespace coffer::cosim
