#include "crypto/ghash_synth.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/units.h"
#include "crypto/aes.h"
#include "crypto/line_cipher.h"
#include "synth/clocked_bench.h"
#include "synth/words.h"
#include "unit/kat_file.h"

namespace coffer::synth::test {
namespace {

using Word = sc_dt::sc_biguint<128>;

struct Line {
    Block16 additional_data;
    Block64 ciphertext;
    Block16 mask;
};

Word hash_subkey(const Block16& key) { return big_endian<128>(crypto::aes_encrypt_block(key, Block16{})); }

Word expected_tag(const Block16& key, const Line& line) {
    Block16 tag = crypto::LineGhash(crypto::Key128(key)).hash(line.additional_data, line.ciphertext.data());
    for (std::size_t i = 0; i < tag.size(); ++i) tag[i] = static_cast<std::uint8_t>(tag[i] ^ line.mask[i]);
    return big_endian<128>(tag);
}

template <class Multipliers>
struct GhashSynth : testing::Test {
    static constexpr unsigned multipliers = Multipliers::value;
    using Module = Ghash<multipliers>;
    using Data = sc_dt::sc_biguint<128 * multipliers>;

    struct Transfer {
        Data data;
        Word mask;
    };

    GhashSynth() {
        bench.clock(module);
        keys.bind(module.key_valid, module.key_ready);
        source.bind(module.in_valid, module.in_ready);
        sink.bind(module.out_valid, module.out_ready);
        module.key_h(key_h);
        module.in_data(in_data);
        module.in_mask(in_mask);
        module.out_tag(out_tag);
        bench.reset();
    }

    /// What does not count (chunks before the additional data, masks before the last transfer) is noise.
    void send(const Line& line) {
        const Word noise = big_endian<128>(random_bytes<Block16>(bench.random));
        Data first = 0;
        for (unsigned i = 0; i < multipliers; ++i) first.range(128 * i + 127, 128 * i) = noise;
        first.range(127, 0) = big_endian<128>(line.additional_data);
        source.send({first, noise});
        constexpr unsigned bytes = 16 * multipliers;
        for (unsigned offset = 0; offset < line_bytes; offset += bytes) {
            const Data chunks = big_endian<128 * multipliers>({line.ciphertext.data() + offset, bytes});
            source.send({chunks, offset + bytes == line_bytes ? big_endian<128>(line.mask) : noise});
        }
    }
    void ask(const Block16& key, const Line& line) {
        send(line);
        sink.expect(expected_tag(key, line));
    }
    Line any_line() {
        return {random_bytes<Block16>(bench.random), random_bytes<Block64>(bench.random), random_bytes<Block16>(bench.random)};
    }
    Block16 install_any_key() {
        const Block16 key = random_bytes<Block16>(bench.random);
        keys.send(hash_subkey(key));
        bench.run(200);
        for (unsigned i = 0; i < Module::install_cycles; ++i) bench.step();
        return key;
    }

    ClockedBench bench;
    Module module{"ghash"};
    Source<Word> keys{bench, [this](const Word& h) { key_h = h; }};
    Source<Transfer> source{bench, [this](const Transfer& transfer) {
                                in_data = transfer.data;
                                in_mask = transfer.mask;
                            }};
    Sink<Word> sink{bench, [this] { return out_tag.read(); }};

private:
    sc_core::sc_signal<Word> key_h;
    sc_core::sc_signal<Data> in_data;
    sc_core::sc_signal<Word> in_mask;
    sc_core::sc_signal<Word> out_tag;
};

using Multipliers = testing::Types<std::integral_constant<unsigned, 1>, std::integral_constant<unsigned, 2>, std::integral_constant<unsigned, 4>>;
TYPED_TEST_SUITE(GhashSynth, Multipliers);

TYPED_TEST(GhashSynth, AgreesWithTheVectorsOfLines) {
    const auto records = kat::load("line_openssl.rsp");
    ASSERT_EQ(records.size(), 64u);
    for (const kat::Record& record : records) {
        const auto field = [&record](const char* name, auto& array) {
            const Bytes& bytes = record.at(name);
            ASSERT_EQ(bytes.size(), array.size());
            std::copy(bytes.begin(), bytes.end(), array.begin());
        };
        Block16 key, tag, counter{};
        Line line;
        crypto::Iv iv;
        field("Key", key);
        field("IV", iv);
        field("AAD", line.additional_data);
        field("CT", line.ciphertext);
        field("Tag", tag);
        std::copy(iv.begin(), iv.end(), counter.begin());
        counter[15] = 1;
        line.mask = crypto::aes_encrypt_block(key, counter);
        this->keys.send(hash_subkey(key));
        this->bench.run(100);
        this->send(line);
        this->sink.expect(big_endian<128>(tag));
        this->bench.run(100);
    }
}

TYPED_TEST(GhashSynth, AgreesWithTheReferenceUnderRandomTrafficAndStalls) {
    for (const unsigned percent : {0u, 30u, 80u})
        for (const unsigned waiting : {0u, 50u, 90u}) {
            this->source.stall(percent);
            this->sink.stall(waiting);
            const Block16 key = this->install_any_key();
            for (int i = 0; i < 20; ++i) this->ask(key, this->any_line());
            this->bench.run(20000);
        }
}

TYPED_TEST(GhashSynth, ALineTakesItsTransfersAndOneCycle) {
    const Block16 key = this->install_any_key();
    for (int i = 0; i < 10; ++i) this->ask(key, this->any_line());
    this->bench.run(100);
    const std::size_t transfers = TestFixture::Module::transfers;
    ASSERT_EQ(transfers, 1 + 4 / TestFixture::multipliers);
    for (std::size_t line = 0; line < 10; ++line) {
        const std::uint64_t first = this->source.cycles()[line * transfers];
        EXPECT_EQ(first, this->source.cycles()[0] + line * transfers) << "lines back to back";
        EXPECT_EQ(this->sink.cycles()[line], first + transfers) << "the tag in the cycle after the last chunk";
    }
}

TYPED_TEST(GhashSynth, AKeyComesBetweenLines) {
    const Block16 first_key = this->install_any_key();
    const Block16 second_key = random_bytes<Block16>(this->bench.random);
    this->ask(first_key, this->any_line());
    this->bench.step();
    this->keys.send(hash_subkey(second_key));
    this->ask(second_key, this->any_line());
    this->bench.run(100);
    const std::size_t transfers = TestFixture::Module::transfers;
    const std::uint64_t installed = this->keys.cycles()[1];
    EXPECT_EQ(installed, this->source.cycles()[transfers - 1] + 1);
    EXPECT_EQ(this->source.cycles()[transfers], installed + TestFixture::Module::install_cycles + 1);
}

TYPED_TEST(GhashSynth, NoLineBeginsWithoutAKey) {
    this->send(this->any_line());
    for (int i = 0; i < 20; ++i) this->bench.step();
    EXPECT_TRUE(this->source.cycles().empty());
}

TYPED_TEST(GhashSynth, AResetDropsLineTagAndKey) {
    const Block16 key = this->install_any_key();
    this->sink.stall(100);
    this->send(this->any_line());
    this->send(this->any_line());
    for (unsigned i = 0; i < 2 * TestFixture::Module::transfers + 2; ++i) this->bench.step();
    ASSERT_EQ(this->source.cycles().size(), 2 * TestFixture::Module::transfers - 1) << "the second line waits for the first one's tag";
    this->bench.reset();
    this->source.forget();
    this->sink.forget();
    this->sink.stall(0);

    this->ask(key, this->any_line());
    for (int i = 0; i < 10; ++i) this->bench.step();
    EXPECT_EQ(this->source.cycles().size(), 2 * TestFixture::Module::transfers - 1) << "no key, no line";
    this->keys.send(hash_subkey(key));
    this->bench.run(100);
}

}  // namespace
}  // namespace coffer::synth::test
