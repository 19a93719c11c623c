#pragma once

#include "common/bytes.h"

namespace coffer::cosim {

/// K1 of a key: SP 800-38B, section 6.1, over the reference level's AES.
Block16 cmac_subkey(ByteView key);

}  // namespace coffer::cosim
