#include "crypto/cmac_synth.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "bmt/node_mac.h"
#include "common/units.h"
#include "crypto/aes.h"
#include "synth/clocked_bench.h"
#include "synth/words.h"

namespace coffer::synth::test {
namespace {

using Tag = sc_dt::sc_biguint<128>;

struct Request {
    Block16 key{};
    bool derive = false;
    std::uint8_t level = 0;
    std::uint64_t index = 0;
    Block64 node{};
};

/// SP 800-38B, section 6.1.
Block16 subkey(const Block16& key) {
    const Block16 block = crypto::aes_encrypt_block(key, Block16{});
    Block16 doubled;
    for (std::size_t i = 0; i < 16; ++i) doubled[i] = static_cast<std::uint8_t>(block[i] << 1 | (i < 15 ? block[i + 1] >> 7 : 0));
    if (block[0] & 0x80) doubled[15] ^= 0x87;
    return doubled;
}

Tag expected_tag(const Request& request) {
    if (request.derive) return big_endian<128>(subkey(request.key));
    const NodeTag tag = NodeMac(MacAlgorithm::cmac, 16, crypto::Key128(request.key)).tag(request.level, request.index, request.node);
    return big_endian<128>({tag.data(), 16});
}

Block16 block_of(std::string_view hex) {
    const Bytes bytes = from_hex(hex, "block");
    Block16 block;
    std::copy_n(bytes.begin(), block.size(), block.begin());
    return block;
}

/// K_node of the worked example; docs/formats.md, section 12.
const Block16 example_key = block_of("8993f5fcd9164a7c618ca3e6fb4955ba");

struct CmacSynth : testing::Test {
    CmacSynth() {
        bench.clock(module);
        source.bind(module.in_valid, module.in_ready);
        sink.bind(module.out_valid, module.out_ready);
        module.in_derive(in_derive);
        module.in_key(in_key);
        module.in_subkey(in_subkey);
        module.in_level(in_level);
        module.in_index(in_index);
        module.in_node(in_node);
        module.out_tag(out_tag);
        bench.reset();
    }

    void show(const Request& request) {
        in_derive = request.derive;
        in_key = big_endian<128>(request.key);
        in_subkey = request.derive ? Tag(0) : big_endian<128>(subkey(request.key));
        in_level = request.level;
        in_index = request.index;
        in_node = big_endian<512>(request.node);
    }
    void ask(const Request& request) {
        source.send(request);
        sink.expect(expected_tag(request));
    }
    Request any_request() {
        Request request;
        request.key = random_bytes<Block16>(bench.random);
        request.level = static_cast<std::uint8_t>(bench.random() % 3);
        request.index = bench.random() >> bench.random() % 64;
        if (bench.random() % 8 != 0) request.node = random_bytes<Block64>(bench.random);
        return request;
    }

    ClockedBench bench;
    Cmac<SboxKind::table> module{"cmac"};
    Source<Request> source{bench, [this](const Request& request) { show(request); }};
    Sink<Tag> sink{bench, [this] { return out_tag.read(); }};

private:
    sc_core::sc_signal<bool> in_derive;
    sc_core::sc_signal<Tag> in_key;
    sc_core::sc_signal<Tag> in_subkey;
    sc_core::sc_signal<sc_dt::sc_uint<64>> in_level;
    sc_core::sc_signal<sc_dt::sc_uint<64>> in_index;
    sc_core::sc_signal<sc_dt::sc_biguint<512>> in_node;
    sc_core::sc_signal<Tag> out_tag;
};

TEST_F(CmacSynth, MakesTheTagsOfTheWorkedExample) {
    Request leaf{example_key, false, 0, 4, {}};
    const Bytes counters = from_hex("050000000000010000c0", "counter block");
    std::copy(counters.begin(), counters.end(), leaf.node.begin());
    const Block16 leaf_tag = block_of("7a9452b3c419418830b87aa9c4493cc7");
    Request node{example_key, false, 1, 1, {}};
    std::copy(leaf_tag.begin(), leaf_tag.end(), node.node.begin());
    const Block16 node_tag = block_of("1f65bff96defc2b2348f7287da12c544");
    Request root{example_key, false, 2, 0, {}};
    std::copy(node_tag.begin(), node_tag.end(), root.node.begin() + 16);

    for (const Request& request : {leaf, node, root}) source.send(request);
    sink.expect(big_endian<128>(leaf_tag));
    sink.expect(big_endian<128>(node_tag));
    sink.expect(big_endian<128>(block_of("97ddf18b88f17ade73d004f819fc5124")));
    bench.run(100);
}

// SP 800-38B, appendix D.1: K1 of the examples. The other key's AES(K, 0) begins with a 0 bit, or its K1 ends differently.
TEST_F(CmacSynth, DerivesSubkeys) {
    source.send({block_of("2b7e151628aed2a6abf7158809cf4f3c"), true, 0, 0, {}});
    sink.expect(big_endian<128>(block_of("fbeed618357133667c85e08f7236a8de")));
    for (int i = 0; i < 20; ++i) {
        Request request = any_request();
        request.derive = true;
        ask(request);
    }
    bench.run(100);
}

// Nodes whose computed tags are given numbers, found with the inverse of the cipher.
TEST_F(CmacSynth, AvoidsTheReservedValues) {
    struct Case {
        const char* last_chunk;
        const char* tag;
    };
    for (const Case& c : {Case{"5ba9ec124e603f95079b5f1d3be47a70", "02000000000000000000000000000000"},   // computed: 0
                          Case{"f72e4f73aeb0210ff7eee5ab28cda712", "03000000000000000000000000000000"},   // computed: 1
                          Case{"1e552ba3e287bdf2590950ba1ca4eca9", "02000000000000000000000000000000"},   // computed: 2
                          Case{"0104186c518779d88a307c532985f9ec", "00010000000000000000000000000000"},
                          Case{"8f29fde97c9d9aeb7991c37469e4081d", "80000000000000000000000000000000"},
                          Case{"cd90661a945eda744fcaafb006bce82f", "00000000000000000000000000000001"}}) {
        Request request{example_key, false, 1, 5, {}};
        for (std::uint8_t i = 0; i < 48; ++i) request.node[i] = i;
        const Block16 last = block_of(c.last_chunk);
        std::copy(last.begin(), last.end(), request.node.begin() + 48);
        ASSERT_TRUE(expected_tag(request) == big_endian<128>(block_of(c.tag)));
        ask(request);
    }
    bench.run(100);
}

TEST_F(CmacSynth, TheTagOfANodeOfZerosIs0ButNotThatOfACounterBlock) {
    for (const std::uint8_t level : Bytes{0, 1, 2, 255}) {
        const Request request{example_key, false, level, 7, {}};
        ASSERT_EQ(expected_tag(request) == 0, level != 0);
        ask(request);
    }
    bench.run(100);
}

TEST_F(CmacSynth, AgreesWithTheReferenceUnderRandomTrafficAndStalls) {
    for (const unsigned percent : {0u, 60u, 95u})
        for (const unsigned waiting : {0u, 50u, 90u}) {
            source.stall(percent);
            sink.stall(waiting);
            for (int i = 0; i < 40; ++i) ask(any_request());
            bench.run(10000);
        }
}

TEST_F(CmacSynth, ATagAloneTakes56CyclesAndASubkey12) {
    ask(any_request());
    bench.run(100);
    EXPECT_EQ(sink.cycles()[0] - source.cycles()[0], 56u);
    Request derive = any_request();
    derive.derive = true;
    ask(derive);
    bench.run(100);
    EXPECT_EQ(sink.cycles()[1] - source.cycles()[1], 12u);
}

TEST_F(CmacSynth, ATagEvery5CyclesNeverWaits) {
    for (std::uint64_t i = 0; i < 40; ++i) {
        ask(any_request());
        for (int cycle = 0; cycle < 5; ++cycle) bench.step();
        ASSERT_EQ(source.cycles()[i], 5 * i);
    }
    bench.run(100);
    for (std::uint64_t i = 0; i < 40; ++i) EXPECT_EQ(sink.cycles()[i], 5 * i + 56);
}

TEST_F(CmacSynth, ElevenTagsAreOnTheirWay) {
    for (int i = 0; i < 55; ++i) ask(any_request());
    bench.run(400);
    for (std::uint64_t i = 0; i < 55; ++i) EXPECT_EQ(source.cycles()[i], 55 * (i / 11) + i % 11);
}

TEST_F(CmacSynth, AResetDropsWhatIsOnItsWay) {
    for (int i = 0; i < 5; ++i) source.send(any_request());
    for (int i = 0; i < 40; ++i) bench.step();
    bench.reset();
    for (int i = 0; i < 60; ++i) bench.step();
    ask(any_request());
    bench.run(60);
}

}  // namespace
}  // namespace coffer::synth::test
