#include "aise/pad_generator_synth.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "aise/counter_block.h"
#include "aise/pad_generator.h"
#include "synth/clocked_bench.h"
#include "synth/words.h"

namespace coffer::synth::test {
namespace {

struct Request {
    sc_dt::sc_biguint<128> key;
    sc_dt::sc_biguint<96> iv;
};

/// Four pads and the mask.
using Line = std::array<sc_dt::sc_biguint<128>, 5>;

Line expected_line(const crypto::Key128& key, const crypto::Iv& iv) {
    coffer::PadGenerator reference;
    reference.install(0, key);
    std::array<std::uint8_t, 80> bytes;
    reference.generate(0, &iv, 1, bytes.data());
    Line line;
    for (unsigned i = 0; i < line.size(); ++i) line[i] = big_endian<128>({bytes.data() + 16 * i, 16});
    return line;
}

/// Sees when the first pad of each line is there, and that pads do not change from then to the line's transfer.
template <class Module>
class PadWatch : public Port {
public:
    PadWatch(ClockedBench& bench, const Module& module) : module_(module) { bench.add(*this); }
    void drive() override {}
    void sample(std::uint64_t cycle) override {
        const unsigned there = module_.out_pads_there.read().to_uint();
        ASSERT_LE(there, 4u);
        EXPECT_GE(there, pads_.size());
        const std::array<sc_dt::sc_biguint<128>, 4> shown{module_.out_pad0.read(), module_.out_pad1.read(), module_.out_pad2.read(), module_.out_pad3.read()};
        for (std::size_t i = 0; i < pads_.size(); ++i) EXPECT_TRUE(shown[i] == pads_[i]) << "pad " << i << " changed in cycle " << cycle;
        if (pads_.empty() && there > 0) first_.push_back(cycle);
        pads_.assign(shown.begin(), shown.begin() + there);
        if (!module_.out_valid.read()) return;
        EXPECT_EQ(there, 4u);
        if (module_.out_ready.read()) pads_.clear();
    }
    bool done() const override { return true; }
    /// After a reset: what was there is gone.
    void forget() { pads_.clear(); }
    const std::vector<std::uint64_t>& first() const { return first_; }

private:
    const Module& module_;
    std::vector<sc_dt::sc_biguint<128>> pads_;
    std::vector<std::uint64_t> first_;
};

template <unsigned pipelines>
struct PadBench {
    using Module = synth::PadGenerator<pipelines, SboxKind::gates>;

    PadBench() {
        bench.clock(module);
        source.bind(module.in_valid, module.in_ready);
        sink.bind(module.out_valid, module.out_ready);
        module.in_key(in_key);
        module.in_iv(in_iv);
        module.out_pads_there(pads_there);
        module.out_pad0(out[0]);
        module.out_pad1(out[1]);
        module.out_pad2(out[2]);
        module.out_pad3(out[3]);
        module.out_mask(out[4]);
        bench.reset();
    }

    void ask(const crypto::Key128& key, const crypto::Iv& iv) {
        source.send({big_endian<128>(key.view()), big_endian<96>({iv.data(), iv.size()})});
        sink.expect(expected_line(key, iv));
    }
    void ask_random(unsigned count) {
        for (unsigned i = 0; i < count; ++i) ask(crypto::Key128(random_bytes<Block16>(bench.random)), random_bytes<crypto::Iv>(bench.random));
    }

    ClockedBench bench;
    Module module{"pad_generator"};
    Source<Request> source{bench, [this](const Request& request) {
                               in_key = request.key;
                               in_iv = request.iv;
                           }};
    Sink<Line> sink{bench, [this] { return Line{out[0].read(), out[1].read(), out[2].read(), out[3].read(), out[4].read()}; }};
    PadWatch<Module> watch{bench, module};

private:
    sc_core::sc_signal<sc_dt::sc_biguint<128>> in_key;
    sc_core::sc_signal<sc_dt::sc_biguint<96>> in_iv;
    sc_core::sc_signal<sc_dt::sc_uint<3>> pads_there;
    std::array<sc_core::sc_signal<sc_dt::sc_biguint<128>>, 5> out;
};

template <unsigned pipelines>
void gives_the_pads_of_the_iv_of_the_worked_example() {
    PadBench<pipelines> b;
    const Bytes k_data = from_hex("c2c87ffd260db1131e61a7f3e90e82bc", "K_data");
    Block16 key;
    std::copy(k_data.begin(), k_data.end(), key.begin());
    b.ask(crypto::Key128(key), make_iv(0x0001000000000005, 3, 2));
    b.bench.run(30);
}

template <unsigned pipelines>
void keeps_its_times() {
    constexpr unsigned lines = 30;
    constexpr unsigned interval = 5 / pipelines;
    PadBench<pipelines> b;
    b.ask_random(lines);
    b.bench.run(40 + interval * lines);
    ASSERT_EQ(b.watch.first().size(), lines);
    for (unsigned i = 0; i < lines; ++i) {
        EXPECT_EQ(b.source.cycles()[i], b.source.cycles()[0] + interval * i);
        EXPECT_EQ(b.sink.cycles()[i], b.source.cycles()[i] + 11 + interval - 1);
        EXPECT_EQ(b.watch.first()[i], b.source.cycles()[i] + (pipelines == 1 ? 12 : 11));
    }
}

template <unsigned pipelines>
void loses_nothing_whatever_waits() {
    PadBench<pipelines> b;
    for (const unsigned source_stall : {0u, 40u, 95u}) {
        for (const unsigned sink_stall : {0u, 40u, 95u}) {
            b.source.stall(source_stall);
            b.sink.stall(sink_stall);
            b.ask_random(25);
            b.bench.run(3000);
        }
    }
}

template <unsigned pipelines>
void forgets_what_it_holds_at_reset() {
    PadBench<pipelines> b;
    for (unsigned steps = 0; steps < 15; ++steps) {
        b.ask_random(2);
        while (!b.source.done()) b.bench.step();
        for (unsigned i = 0; i < steps; ++i) b.bench.step();
        b.bench.reset();
        b.sink.forget();
        b.watch.forget();
    }
    b.ask_random(10);
    b.bench.run(100);
}

TEST(PadGeneratorSynth, OnePipelineGivesThePadsOfTheIvOfTheWorkedExample) { gives_the_pads_of_the_iv_of_the_worked_example<1>(); }
TEST(PadGeneratorSynth, FivePipelinesGivesThePadsOfTheIvOfTheWorkedExample) { gives_the_pads_of_the_iv_of_the_worked_example<5>(); }
TEST(PadGeneratorSynth, OnePipelineKeepsItsTimes) { keeps_its_times<1>(); }
TEST(PadGeneratorSynth, FivePipelinesKeepsItsTimes) { keeps_its_times<5>(); }
TEST(PadGeneratorSynth, OnePipelineLosesNothingWhateverWaits) { loses_nothing_whatever_waits<1>(); }
TEST(PadGeneratorSynth, FivePipelinesLosesNothingWhateverWaits) { loses_nothing_whatever_waits<5>(); }
TEST(PadGeneratorSynth, OnePipelineForgetsWhatItHoldsAtReset) { forgets_what_it_holds_at_reset<1>(); }
TEST(PadGeneratorSynth, FivePipelinesForgetsWhatItHoldsAtReset) { forgets_what_it_holds_at_reset<5>(); }

}  // namespace
}  // namespace coffer::synth::test
