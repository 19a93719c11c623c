#include "cosim/sha256/sha256_scoreboard.h"

#include "crypto/sha256.h"

namespace coffer::cosim {

std::optional<std::vector<Bits>> Sha256Scoreboard::predict(const Transfer& accepted) {
    if (!accepted.last) return std::vector<Bits>{Bits()};
    return std::vector<Bits>{Bits::from_bytes(crypto::sha256({accepted.aside}))};
}

}  // namespace coffer::cosim
