#include "cosim/framework/cosim_block.h"
#include "cosim/ghash/ghash_bundle.h"
#include "cosim/ghash/ghash_scoreboard.h"
#include "cosim/ghash/ghash_traffic.h"
#include "crypto/ghash_synth.h"

#include <Vghash.h>
#include <Vghash_2.h>
#include <Vghash_2_mutated.h>
#include <Vghash_4.h>
#include <Vghash_4_mutated.h>
#include <Vghash_mutated.h>

namespace coffer::cosim {

namespace {

template <unsigned multipliers, class Rtl, class MutatedRtl>
CosimBlock ghash(const char* name) {
    const GhashTraffic traffic{multipliers};
    CosimBlock block;
    block.name = name;
    block.device = make_device<GhashBundle, synth::Ghash<multipliers>, Rtl>;
    block.mutated_device = make_device<GhashBundle, synth::Ghash<multipliers>, MutatedRtl>;
    block.traffic = [traffic](Random& random, std::size_t lines) { return traffic.random(random, lines); };
    block.steady_traffic = [traffic](Random& random, std::size_t lines) { return traffic.under_one_key(random, lines); };
    block.vectors = [traffic] { return traffic.vectors(); };
    block.scoreboard = [] { return std::make_unique<GhashScoreboard>(multipliers); };
    block.transfers = 200;
    block.cycles_per_session = 40;
    block.cycles_alone = 3;
    block.cycles_sustained = 1.0 + 4 / multipliers;
    return block;
}

}  // namespace

void add_blocks(std::vector<CosimBlock>& blocks) {
    blocks.push_back(ghash<1, Vghash, Vghash_mutated>("ghash"));
    blocks.push_back(ghash<2, Vghash_2, Vghash_2_mutated>("ghash_2"));
    blocks.push_back(ghash<4, Vghash_4, Vghash_4_mutated>("ghash_4"));
}

}  // namespace coffer::cosim
