#include "cosim/aes_pipeline/aes_pipeline_scoreboard.h"

#include <algorithm>

#include "crypto/aes.h"

namespace coffer::cosim {

std::optional<std::vector<Bits>> AesPipelineScoreboard::predict(const Transfer& accepted) {
    const Bytes block = accepted.fields[0].to_bytes();
    const Bytes key = accepted.fields[1].to_bytes();
    Block16 plaintext;
    std::copy(block.begin(), block.end(), plaintext.begin());
    return std::vector<Bits>{Bits::from_bytes(crypto::aes_encrypt_block(key, plaintext))};
}

}  // namespace coffer::cosim
