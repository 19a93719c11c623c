#include "crypto/sha256_synth.h"

#include <gtest/gtest.h>

#include "common/units.h"
#include "crypto/sha256.h"
#include "synth/clocked_bench.h"
#include "synth/words.h"
#include "unit/kat_file.h"

namespace coffer::synth::test {
namespace {

using Hash = sc_dt::sc_biguint<256>;

struct Block {
    Block64 bytes;
    bool first;
};

/// FIPS 180-4, section 5.1.1: a 1 bit, zeros, the number of bits as a big-endian number of 64 bits.
Bytes padded(Bytes message) {
    const std::uint64_t bits = 8 * message.size();
    message.push_back(0x80);
    while (message.size() % 64 != 56) message.push_back(0);
    message.resize(message.size() + 8);
    store_be64(message.data() + message.size() - 8, bits);
    return message;
}

struct Sha256Synth : testing::Test {
    Sha256Synth() {
        bench.clock(module);
        source.bind(module.in_valid, module.in_ready);
        sink.bind(module.out_valid, module.out_ready);
        module.in_block(in_block);
        module.in_first(in_first);
        module.out_digest(out_digest);
        bench.reset();
    }

    std::size_t send(const Bytes& message) {
        const Bytes blocks = padded(message);
        for (std::size_t offset = 0; offset < blocks.size(); offset += 64) {
            Block block{{}, offset == 0};
            std::copy_n(blocks.begin() + offset, 64, block.bytes.begin());
            source.send(block);
        }
        return blocks.size() / 64;
    }
    /// The hash values before the last one are those of no message; the next block depends on them.
    void ask(const Bytes& message, ByteView digest) {
        const std::size_t blocks = send(message);
        for (std::size_t i = 1; i < blocks; ++i) sink.expect(std::nullopt);
        sink.expect(big_endian<256>(digest));
    }
    Bytes any_message(std::size_t size) {
        Bytes message(size);
        for (std::uint8_t& byte : message) byte = static_cast<std::uint8_t>(bench.random());
        return message;
    }

    ClockedBench bench;
    Sha256 module{"sha256"};
    Source<Block> source{bench, [this](const Block& block) {
                             in_block = big_endian<512>(block.bytes);
                             in_first = block.first;
                         }};
    Sink<Hash> sink{bench, [this] { return out_digest.read(); }};

private:
    sc_core::sc_signal<sc_dt::sc_biguint<512>> in_block;
    sc_core::sc_signal<bool> in_first;
    sc_core::sc_signal<Hash> out_digest;
};

TEST_F(Sha256Synth, AgreesWithTheExamplesOfTheStandard) {
    const auto records = kat::load("sha256_fips180.rsp");
    ASSERT_EQ(records.size(), 3u);
    for (const kat::Record& record : records)
        if (!record.has("Repeat")) ask(record.at("Msg"), record.at("MD"));
    bench.run(400);
    EXPECT_EQ(sink.cycles().size(), 3u);
}

TEST_F(Sha256Synth, AgreesWithTheValidationVectors) {
    const auto records = kat::load("sha256_shavs.rsp");
    ASSERT_EQ(records.size(), 65u);
    for (const kat::Record& record : records) ask(record.at("Msg"), record.at("MD"));
    bench.run(20000);
}

TEST_F(Sha256Synth, AgreesWithTheReferenceUnderRandomTrafficAndStalls) {
    source.stall(60);
    sink.stall(70);
    for (int i = 0; i < 30; ++i) {
        const Bytes message = any_message(bench.random() % 300);
        ask(message, crypto::sha256({message}));
    }
    bench.run(30000);
}

TEST_F(Sha256Synth, ABlockTakes65Cycles) {
    const Bytes message = any_message(6 * 64);
    ask(message, crypto::sha256({message}));
    bench.run(1000);
    ASSERT_EQ(sink.cycles().size(), 7u);
    for (std::size_t i = 0; i < 7; ++i) {
        EXPECT_EQ(source.cycles()[i], source.cycles()[0] + 65 * i);
        EXPECT_EQ(sink.cycles()[i], source.cycles()[i] + 65);
    }
}

TEST_F(Sha256Synth, ADigestStaysTheHashValueAfterItWasSent) {
    const Bytes message = any_message(100);
    const Bytes blocks = padded(message);
    for (std::size_t i = 0; i < 2; ++i) {
        Block block{{}, i == 0};
        std::copy_n(blocks.begin() + 64 * i, 64, block.bytes.begin());
        source.send(block);
        sink.expect(i == 0 ? std::nullopt : std::optional<Hash>(big_endian<256>(crypto::sha256({message}))));
        bench.run(200);
        for (int idle = 0; idle < 10; ++idle) bench.step();
    }
}

TEST_F(Sha256Synth, AResetEndsTheMessage) {
    send(any_message(100));
    for (int i = 0; i < 30; ++i) bench.step();
    bench.reset();
    source.forget();
    for (int i = 0; i < 70; ++i) bench.step();
    ask({}, crypto::sha256({}));
    bench.run(70);
}

}  // namespace
}  // namespace coffer::synth::test
