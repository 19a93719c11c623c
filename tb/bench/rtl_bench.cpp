// Speed of Verilated RTL, alone and behind the platform's sockets, in one run: see docs/benchmarks.md and scripts/bench, which prints the ratios.

#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <vector>

#include <systemc>
#include <tlm_utils/simple_initiator_socket.h>

// Verilator's headers look for it here once they see SystemC.
using sc_core::sc_time_stamp;
#include <Vaes_pipeline.h>
#include <Vaes_pipeline_table.h>
#include <Vghash.h>
#include <Vpad_generator.h>

#include "aise/pad_generator_tlm.h"
#include "clocked_model.h"
#include "common/context_payload_tlm.h"
#include "ghash_rtl.h"
#include "pad_generator_rtl.h"

namespace coffer {
namespace {

constexpr std::size_t batch = 256;

/// Cycles per second is what all of these report.
void count_cycles(benchmark::State& state, std::uint64_t cycles) { state.SetItemsProcessed(static_cast<std::int64_t>(cycles)); }

/// Numbers without a pattern, at next to no cost.
class Words {
public:
    std::uint32_t next() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 17;
        state_ ^= state_ << 5;
        return state_;
    }
    template <std::size_t words>
    void fill(VlWide<words>& port) {
        for (std::size_t i = 0; i < words; ++i) port[i] = next();
    }

private:
    std::uint32_t state_ = 1;
};

/// A pipeline with another block and key in every cycle.
template <class Rtl>
void fresh_inputs(benchmark::State& state) {
    ClockedModel<Rtl> model("rtl");
    Words words;
    model->in_valid = 1;
    model->out_ready = 1;
    const std::uint64_t begin = model.cycles();
    for (auto _ : state) {
        for (std::size_t i = 0; i < batch; ++i) {
            words.fill(model->in_block);
            words.fill(model->in_key);
            model.settle();
            model.rise();
        }
        benchmark::DoNotOptimize(model->out_block);
    }
    count_cycles(state, model.cycles() - begin);
}
BENCHMARK_TEMPLATE(fresh_inputs, Vaes_pipeline)->Name("aes_pipeline");
BENCHMARK_TEMPLATE(fresh_inputs, Vaes_pipeline_table)->Name("aes_pipeline_table");

// The bare loop of the pad generator: another IV in every cycle, whether it is taken or not.
void pad_generator_bare(benchmark::State& state) {
    ClockedModel<Vpad_generator> model("rtl");
    Words words;
    words.fill(model->in_key);
    model->in_valid = 1;
    model->out_ready = 1;
    const std::uint64_t begin = model.cycles();
    for (auto _ : state)
        for (std::size_t i = 0; i < batch; ++i) {
            words.fill(model->in_iv);
            model.settle();
            model.rise();
        }
    count_cycles(state, model.cycles() - begin);
}
BENCHMARK(pad_generator_bare);

struct Initiator : sc_core::sc_module {
    explicit Initiator(const sc_core::sc_module_name& name) : sc_module(name), initiator_socket("initiator_socket") {}
    tlm_utils::simple_initiator_socket<Initiator> initiator_socket;
};

/// The pad generator's TLM module over its RTL.
struct PadPlatform {
    PadPlatform()
        : hardware(std::make_shared<PadGeneratorRtl>()),
          initiator("initiator"),
          key_initiator("key_initiator"),
          pads("pads", parameters()) {
        initiator.initiator_socket.bind(pads.target_socket);
        key_initiator.initiator_socket.bind(pads.key_socket);
        hardware->install(Slot{0}, crypto::Key128({1, 2, 3}));
    }
    PadGeneratorTlm::Parameters parameters() const {
        PadGeneratorTlm::Parameters parameters;
        parameters.hardware = hardware;
        return parameters;
    }
    std::shared_ptr<PadGeneratorRtl> hardware;
    Initiator initiator;
    Initiator key_initiator;
    PadGeneratorTlm pads;
};

std::unique_ptr<PadPlatform> pad_platform;

// Requests of so many lines at the socket; cycles are the RTL's.
void pad_generator_socket(benchmark::State& state) {
    const auto lines = static_cast<std::size_t>(state.range(0));
    std::vector<crypto::Iv> ivs(lines);
    std::vector<std::uint8_t> pads(lines * pad_bytes);
    ContextPayload payload;
    payload.context.ivs = ivs.data();
    Words words;
    std::uint64_t cycles = 0;
    for (auto _ : state) {
        for (crypto::Iv& iv : ivs) {
            const std::uint32_t word = words.next();
            std::memcpy(iv.data(), &word, sizeof word);
        }
        sc_core::sc_time delay;
        tlm::tlm_generic_payload& transaction = payload.read(0, pads.data(), static_cast<unsigned>(pads.size()));
        pad_platform->initiator.initiator_socket->b_transport(transaction, delay);
        if (!transaction.is_response_ok()) state.SkipWithError("no pads");
        cycles += pad_platform->hardware->cycles();
    }
    count_cycles(state, cycles);
}
BENCHMARK(pad_generator_socket)->Arg(1)->Arg(lines_per_page);

// The bare loop of GHASH: another chunk in every cycle.
void ghash_bare(benchmark::State& state) {
    ClockedModel<Vghash> model("rtl");
    Words words;
    words.fill(model->key_h);
    model->key_valid = 1;
    model.settle();
    model.rise();
    model->key_valid = 0;
    model->in_valid = 1;
    model->out_ready = 1;
    const std::uint64_t begin = model.cycles();
    for (auto _ : state)
        for (std::size_t i = 0; i < batch; ++i) {
            words.fill(model->in_data);
            model.settle();
            model.rise();
        }
    count_cycles(state, model.cycles() - begin);
}
BENCHMARK(ghash_bare);

// Tags of lines, as the memory protection engine asks for them.
void ghash_tags(benchmark::State& state) {
    GhashRtl ghash;
    ghash.install(Slot{0}, crypto::Key128({1, 2, 3}));
    Words words;
    Block16 additional_data{};
    Block64 ciphertext{};
    std::uint64_t cycles = 0;
    for (auto _ : state) {
        for (std::size_t i = 0; i < ciphertext.size(); i += 4) store_le32(ciphertext.data() + i, words.next());
        benchmark::DoNotOptimize(ghash.tag(Slot{0}, additional_data, ciphertext.data(), additional_data.data()));
        cycles += ghash.cycles();
    }
    count_cycles(state, cycles);
}
BENCHMARK(ghash_tags);

}  // namespace
}  // namespace coffer

int sc_main(int argc, char* argv[]) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    coffer::pad_platform = std::make_unique<coffer::PadPlatform>();
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
