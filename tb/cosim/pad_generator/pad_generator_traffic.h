#pragma once

#include <cstddef>

#include "cosim/framework/traffic.h"

namespace coffer::cosim {

/// IVs of lines as AISE makes them and any others, under keys that stay for a few lines.
Traffic pad_generator_traffic(Random& random, std::size_t lines);

/// What the test cases of GCM with AES-128 and 96-bit IVs tell about pads and masks (the GCM specification, NIST's CAVP,
/// and lines from another library).
Traffic pad_generator_vectors();

}  // namespace coffer::cosim
