#pragma once

#include <cstddef>

#include "cosim/framework/traffic.h"

namespace coffer::cosim {

/// Counter blocks, nodes, and nodes of zeros, at any place of a tree, under keys that stay for a few of them; now and then the subkey of a key.
Traffic cmac_traffic(Random& random, std::size_t transfers);

/// SP 800-38B's subkey, and its example 4 behind a block that encrypts to zero.
Traffic cmac_vectors();

}  // namespace coffer::cosim
