#pragma once

#include <cstddef>

#include "cosim/framework/traffic.h"

namespace coffer::cosim {

/// Random blocks under random keys; now and then a key stays, as for the lines of one VM.
Traffic aes_pipeline_traffic(Random& random, std::size_t transfers);

/// AES-128 of FIPS 197 and of the AES Algorithm Validation Suite.
Traffic aes_pipeline_vectors();

}  // namespace coffer::cosim
