#pragma once

#include <cstddef>

#include "cosim/framework/traffic.h"

namespace coffer::cosim {

/// `messages` random messages of one to four blocks, padded.
Traffic sha256_traffic(Random& random, std::size_t messages);

/// FIPS 180-4 and the short messages of the Secure Hash Algorithm Validation System. The message of a million letters is left out: it has 15,626 blocks.
Traffic sha256_vectors();

}  // namespace coffer::cosim
