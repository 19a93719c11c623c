#include "cosim/framework/cosim_block.h"
#include "cosim/sha256/sha256_bundle.h"
#include "cosim/sha256/sha256_scoreboard.h"
#include "cosim/sha256/sha256_traffic.h"
#include "crypto/sha256_synth.h"

#include <Vsha256.h>
#include <Vsha256_mutated.h>

namespace coffer::cosim {

void add_blocks(std::vector<CosimBlock>& blocks) {
    CosimBlock block;
    block.name = "sha256";
    block.device = make_device<Sha256Bundle, synth::Sha256, Vsha256>;
    block.mutated_device = make_device<Sha256Bundle, synth::Sha256, Vsha256_mutated>;
    block.traffic = sha256_traffic;
    block.vectors = sha256_vectors;
    block.long_vectors = sha256_long_vectors;
    block.scoreboard = std::make_unique<Sha256Scoreboard>;
    block.transfers = 100;
    block.cycles_per_session = 260;
    block.cycles_alone = 65;
    block.cycles_sustained = 65;
    blocks.push_back(block);
}

}  // namespace coffer::cosim
