#pragma once

#include <cstddef>

#include "cosim/framework/traffic.h"

namespace coffer::cosim {

/// `messages` random messages of one to four blocks, padded.
Traffic sha256_traffic(Random& random, std::size_t messages);

/// FIPS 180-4 and the short messages of the Secure Hash Algorithm Validation System, but for the long one.
Traffic sha256_vectors();

/// FIPS 180-4: a million letters, 15,626 blocks.
Traffic sha256_long_vectors();

}  // namespace coffer::cosim
