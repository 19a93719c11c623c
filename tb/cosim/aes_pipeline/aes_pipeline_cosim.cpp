#include "cosim/aes_pipeline/aes_pipeline_bundle.h"
#include "cosim/aes_pipeline/aes_pipeline_scoreboard.h"
#include "cosim/aes_pipeline/aes_pipeline_traffic.h"
#include "cosim/framework/cosim_block.h"
#include "crypto/aes_pipeline_synth.h"

#include <Vaes_pipeline.h>
#include <Vaes_pipeline_mutated.h>
#include <Vaes_pipeline_table.h>
#include <Vaes_pipeline_table_mutated.h>

namespace coffer::cosim {

namespace {

template <class Systemc, class Rtl, class MutatedRtl>
CosimBlock aes_pipeline(const char* name) {
    CosimBlock block;
    block.name = name;
    block.device = make_device<AesPipelineBundle, Systemc, Rtl>;
    block.mutated_device = make_device<AesPipelineBundle, Systemc, MutatedRtl>;
    block.traffic = aes_pipeline_traffic;
    block.vectors = aes_pipeline_vectors;
    block.scoreboard = std::make_unique<AesPipelineScoreboard>;
    block.cycles_alone = 11;
    block.cycles_sustained = 1;
    return block;
}

}  // namespace

void add_blocks(std::vector<CosimBlock>& blocks) {
    using synth::AesPipeline;
    using synth::SboxKind;
    blocks.push_back(aes_pipeline<AesPipeline<SboxKind::gates>, Vaes_pipeline, Vaes_pipeline_mutated>("aes_pipeline"));
    blocks.push_back(aes_pipeline<AesPipeline<SboxKind::table>, Vaes_pipeline_table, Vaes_pipeline_table_mutated>("aes_pipeline_table"));
}

}  // namespace coffer::cosim
