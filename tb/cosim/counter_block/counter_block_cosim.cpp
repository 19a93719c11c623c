#include "aise/counter_block_synth.h"
#include "cosim/counter_block/counter_block_bundle.h"
#include "cosim/counter_block/counter_block_scoreboard.h"
#include "cosim/counter_block/counter_block_traffic.h"
#include "cosim/framework/cosim_block.h"

#include <Vcounter_block.h>
#include <Vcounter_block_mutated.h>

namespace coffer::cosim {

void add_blocks(std::vector<CosimBlock>& blocks) {
    CosimBlock block;
    block.name = "counter_block";
    block.device = make_device<CounterBlockBundle, synth::CounterBlock, Vcounter_block>;
    block.mutated_device = make_device<CounterBlockBundle, synth::CounterBlock, Vcounter_block_mutated>;
    block.traffic = counter_block_traffic;
    block.scoreboard = std::make_unique<CounterBlockScoreboard>;
    block.cycles_alone = 1;
    block.cycles_sustained = 1;
    blocks.push_back(block);
}

}  // namespace coffer::cosim
