#include "crypto/aes_pipeline_synth.h"

#include <gtest/gtest.h>

#include "crypto/aes.h"
#include "synth/clocked_bench.h"
#include "synth/words.h"
#include "unit/kat_file.h"

namespace coffer::synth::test {
namespace {

struct Request {
    sc_dt::sc_biguint<128> key;
    sc_dt::sc_biguint<128> block;
};

template <SboxKind sbox_kind>
struct AesBench {
    AesBench() {
        bench.clock(module);
        source.bind(module.in_valid, module.in_ready);
        sink.bind(module.out_valid, module.out_ready);
        module.in_key(in_key);
        module.in_block(in_block);
        module.out_block(out_block);
        bench.reset();
    }

    void ask(ByteView key, ByteView block, ByteView result) {
        source.send({big_endian<128>(key), big_endian<128>(block)});
        sink.expect(big_endian<128>(result));
    }
    void ask_random(unsigned count) {
        for (unsigned i = 0; i < count; ++i) {
            const auto key = random_bytes<Block16>(bench.random);
            const auto block = random_bytes<Block16>(bench.random);
            ask({key.data(), key.size()}, {block.data(), block.size()}, crypto::aes_encrypt_block({key.data(), key.size()}, block));
        }
    }

    ClockedBench bench;
    AesPipeline<sbox_kind> module{"aes_pipeline"};
    Source<Request> source{bench, [this](const Request& request) {
                               in_key = request.key;
                               in_block = request.block;
                           }};
    Sink<sc_dt::sc_biguint<128>> sink{bench, [this] { return out_block.read(); }};

private:
    sc_core::sc_signal<sc_dt::sc_biguint<128>> in_key;
    sc_core::sc_signal<sc_dt::sc_biguint<128>> in_block;
    sc_core::sc_signal<sc_dt::sc_biguint<128>> out_block;
};

template <SboxKind sbox_kind>
void encrypts_the_standards_vectors() {
    AesBench<sbox_kind> b;
    unsigned vectors = 0;
    for (const char* file : {"aes_fips197.rsp", "aes_aesavs.rsp"}) {
        for (const kat::Record& record : kat::load(file)) {
            if (record.at("Key").size() != 16) continue;
            b.ask(record.at("Key"), record.at("PT"), record.at("CT"));
            ++vectors;
        }
    }
    EXPECT_GT(vectors, 2u);
    b.bench.run(vectors + 20);
}

template <SboxKind sbox_kind>
void gives_a_block_a_cycle_eleven_cycles_later() {
    AesBench<sbox_kind> b;
    b.ask_random(50);
    b.bench.run(100);
    for (unsigned i = 0; i < 50; ++i) {
        EXPECT_EQ(b.source.cycles()[i], b.source.cycles()[0] + i);
        EXPECT_EQ(b.sink.cycles()[i], b.source.cycles()[i] + 11);
    }
}

template <SboxKind sbox_kind>
void loses_nothing_whatever_waits() {
    AesBench<sbox_kind> b;
    for (const unsigned source_stall : {0u, 30u, 90u}) {
        for (const unsigned sink_stall : {0u, 30u, 90u}) {
            b.source.stall(source_stall);
            b.sink.stall(sink_stall);
            b.ask_random(60);
            b.bench.run(3000);
        }
    }
}

template <SboxKind sbox_kind>
void forgets_what_it_holds_at_reset() {
    AesBench<sbox_kind> b;
    b.sink.stall(100);
    b.ask_random(8);
    for (unsigned i = 0; i < 30; ++i) b.bench.step();
    b.bench.reset();
    b.sink.forget();
    b.sink.stall(0);
    b.ask_random(20);
    b.bench.run(100);
}

TEST(AesPipelineSynth, GatesEncryptsTheStandardsVectors) { encrypts_the_standards_vectors<SboxKind::gates>(); }
TEST(AesPipelineSynth, TableEncryptsTheStandardsVectors) { encrypts_the_standards_vectors<SboxKind::table>(); }
TEST(AesPipelineSynth, GatesGivesABlockACycleElevenCyclesLater) { gives_a_block_a_cycle_eleven_cycles_later<SboxKind::gates>(); }
TEST(AesPipelineSynth, TableGivesABlockACycleElevenCyclesLater) { gives_a_block_a_cycle_eleven_cycles_later<SboxKind::table>(); }
TEST(AesPipelineSynth, GatesLosesNothingWhateverWaits) { loses_nothing_whatever_waits<SboxKind::gates>(); }
TEST(AesPipelineSynth, TableLosesNothingWhateverWaits) { loses_nothing_whatever_waits<SboxKind::table>(); }
TEST(AesPipelineSynth, GatesForgetsWhatItHoldsAtReset) { forgets_what_it_holds_at_reset<SboxKind::gates>(); }
TEST(AesPipelineSynth, TableForgetsWhatItHoldsAtReset) { forgets_what_it_holds_at_reset<SboxKind::table>(); }

TEST(SboxSynth, CircuitEqualsTable) {
    for (unsigned byte = 0; byte < 256; ++byte) EXPECT_EQ(sbox_circuit(byte).to_uint(), sbox_table[byte]) << byte;
    EXPECT_EQ(sbox_table[0x00], 0x63);  // FIPS 197, figure 7
    EXPECT_EQ(sbox_table[0x53], 0xed);
    EXPECT_EQ(sbox_table[0xff], 0x16);
}

}  // namespace
}  // namespace coffer::synth::test
