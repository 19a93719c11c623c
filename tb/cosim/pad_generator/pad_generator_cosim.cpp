#include "aise/pad_generator_synth.h"
#include "cosim/framework/cosim_block.h"
#include "cosim/pad_generator/pad_generator_bundle.h"
#include "cosim/pad_generator/pad_generator_scoreboard.h"
#include "cosim/pad_generator/pad_generator_traffic.h"

#include <Vpad_generator.h>
#include <Vpad_generator_5.h>
#include <Vpad_generator_5_mutated.h>
#include <Vpad_generator_mutated.h>

namespace coffer::cosim {

namespace {

template <unsigned pipelines, class Rtl, class MutatedRtl>
CosimBlock pad_generator(const char* name, std::uint64_t cycles_alone) {
    using Systemc = synth::PadGenerator<pipelines, synth::SboxKind::gates>;
    CosimBlock block;
    block.name = name;
    block.device = make_device<PadGeneratorBundle, Systemc, Rtl>;
    block.mutated_device = make_device<PadGeneratorBundle, Systemc, MutatedRtl>;
    block.traffic = pad_generator_traffic;
    block.vectors = pad_generator_vectors;
    block.scoreboard = std::make_unique<PadGeneratorScoreboard>;
    block.transfers = 150;
    block.cycles_alone = cycles_alone;
    block.cycles_sustained = 5.0 / pipelines;
    return block;
}

}  // namespace

void add_blocks(std::vector<CosimBlock>& blocks) {
    blocks.push_back(pad_generator<1, Vpad_generator, Vpad_generator_mutated>("pad_generator", 15));
    blocks.push_back(pad_generator<5, Vpad_generator_5, Vpad_generator_5_mutated>("pad_generator_5", 11));
}

}  // namespace coffer::cosim
