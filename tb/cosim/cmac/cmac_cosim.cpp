#include "cosim/cmac/cmac_bundle.h"
#include "cosim/cmac/cmac_scoreboard.h"
#include "cosim/cmac/cmac_traffic.h"
#include "cosim/framework/cosim_block.h"
#include "crypto/cmac_synth.h"

#include <Vcmac.h>
#include <Vcmac_mutated.h>

namespace coffer::cosim {

void add_blocks(std::vector<CosimBlock>& blocks) {
    using Systemc = synth::Cmac<synth::SboxKind::gates>;
    CosimBlock block;
    block.name = "cmac";
    block.device = make_device<CmacBundle, Systemc, Vcmac>;
    block.mutated_device = make_device<CmacBundle, Systemc, Vcmac_mutated>;
    block.traffic = cmac_traffic;
    block.vectors = cmac_vectors;
    block.scoreboard = std::make_unique<CmacScoreboard>;
    block.transfers = 200;
    block.cycles_per_session = 60;
    block.cycles_alone = 60;
    block.cycles_sustained = 5;
    blocks.push_back(block);
}

}  // namespace coffer::cosim
