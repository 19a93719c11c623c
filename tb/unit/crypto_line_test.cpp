#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "common/units.h"
#include "crypto/aes_gcm.h"
#include "crypto/kdf.h"
#include "crypto/line_cipher.h"
#include "crypto/mac.h"
#include "crypto/sha256.h"

namespace coffer::crypto {
namespace {

/// Ciphertext | tag of one line, from pads and GHASH as the memory protection engine uses them.
Bytes seal_line(const PadCipher& cipher, const LineGhash& ghash, const Iv& iv, const Block16& additional_data, ByteView line) {
    std::array<std::uint8_t, pad_bytes> pads;
    cipher.generate(&iv, 1, pads.data());
    Bytes sealed(pad_bytes);
    for (std::size_t i = 0; i < line_bytes; ++i) sealed[i] = line.data[i] ^ pads[i];
    const Block16 hash = ghash.hash(additional_data, sealed.data());
    for (std::size_t i = 0; i < chunk_bytes; ++i) sealed[line_bytes + i] = hash[i] ^ pads[line_bytes + i];
    return sealed;
}

template <std::size_t N>
void randomize(std::mt19937_64& random, std::array<std::uint8_t, N>& bytes) {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
}

/// The example of docs/formats.md: its values come from other programs (OpenSSL, a GCM library), not from here.
class WorkedExample : public testing::Test {
protected:
    static constexpr KdfContext fleet_id{1, 2, 3, 4, 5, 6, 7, 8};

    static Key128 k_vm() {
        std::array<std::uint8_t, 16> bytes;
        for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i);
        return Key128(bytes);
    }

    static std::string tag_hex(const MacValue& value) { return to_hex({value.data(), 16}); }

    Key128 k_data = derive_128(k_vm(), "coffer data", fleet_id);
    Key128 k_mac = derive_128(k_vm(), "coffer mac", fleet_id);
    Key128 k_node = derive_128(k_vm(), "coffer node", fleet_id);
};

TEST_F(WorkedExample, DerivesTheKeys) {
    EXPECT_EQ(to_hex(k_data.view()), "c2c87ffd260db1131e61a7f3e90e82bc");
    EXPECT_EQ(to_hex(k_mac.view()), "6778920b91e6e03eeadda3593401fa12");
    EXPECT_EQ(to_hex(k_node.view()), "8993f5fcd9164a7c618ca3e6fb4955ba");
}

TEST_F(WorkedExample, SealsTheLine) {
    const Iv iv{5, 0, 0, 0, 0, 0, 1, 0, 3, 1, 0, 0};
    const Block16 additional_data{4};
    Block64 line;
    for (std::size_t i = 0; i < line.size(); ++i) line[i] = static_cast<std::uint8_t>(i);

    const Bytes sealed = seal_line(PadCipher(k_data), LineGhash(k_data), iv, additional_data, line);

    EXPECT_EQ(to_hex({sealed.data(), 16}), "ab5f0fc7c1464cfb29199fd45b817985");
    EXPECT_EQ(to_hex({sealed.data() + line_bytes, 16}), "3a9afd4c0628b2b0fbfa62a7b0019366");
}

TEST_F(WorkedExample, TagsTheTree) {
    const Mac node_mac(MacAlgorithm::cmac, k_node);
    const auto tag = [&node_mac](std::uint64_t level, std::uint64_t index, const Block64& block) {
        Block16 place;
        store_le64(place.data(), level);
        store_le64(place.data() + 8, index);
        return node_mac.compute({place, block});
    };

    const MacValue leaf = tag(0, 4, Block64{5, 0, 0, 0, 0, 0, 1, 0, 0, 0xc0});
    EXPECT_EQ(tag_hex(leaf), "7a9452b3c419418830b87aa9c4493cc7");

    Block64 level_1_node{};
    std::copy_n(leaf.begin(), 16, level_1_node.begin());
    const MacValue node = tag(1, 1, level_1_node);
    EXPECT_EQ(tag_hex(node), "1f65bff96defc2b2348f7287da12c544");

    Block64 level_2_node{};
    std::copy_n(node.begin(), 16, level_2_node.begin() + 16);
    EXPECT_EQ(tag_hex(tag(2, 0, level_2_node)), "97ddf18b88f17ade73d004f819fc5124");
}

TEST(LineCipher, EqualsTheLibrarysGcm) {
    static constexpr int lines = 100'000;
    static constexpr int lines_per_key = 1'000;
    const char* chosen_seed = std::getenv("COFFER_SEED");
    const std::uint64_t seed = chosen_seed != nullptr ? std::strtoull(chosen_seed, nullptr, 0) : 20110615;
    std::printf("seed %llu (COFFER_SEED)\n", static_cast<unsigned long long>(seed));
    std::mt19937_64 random(seed);

    for (int key_number = 0; key_number < lines / lines_per_key; ++key_number) {
        std::array<std::uint8_t, 16> key_bytes;
        randomize(random, key_bytes);
        const Key128 key(key_bytes);
        const PadCipher cipher(key);
        const LineGhash ghash(key);
        for (int i = 0; i < lines_per_key; ++i) {
            Iv iv;
            Block16 additional_data;
            Block64 line;
            randomize(random, iv);
            randomize(random, additional_data);
            randomize(random, line);
            ASSERT_EQ(seal_line(cipher, ghash, iv, additional_data, line), gcm_seal(key.view(), iv, additional_data, line))
                << "key " << key_number << ", line " << i;
        }
    }
}

TEST(LineCipher, ComparisonFindsEveryFlippedBitOfTheIv) {
    const Key128 key({1, 2, 3});
    const PadCipher cipher(key);
    const LineGhash ghash(key);
    const Iv iv{4, 5, 6};
    const Bytes expected = gcm_seal(key.view(), iv, Block16{}, Block64{});
    EXPECT_EQ(seal_line(cipher, ghash, iv, Block16{}, Block64{}), expected);
    for (std::size_t bit = 0; bit < 8 * iv.size(); ++bit) {
        Iv other = iv;
        other[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
        EXPECT_NE(seal_line(cipher, ghash, other, Block16{}, Block64{}), expected) << "bit " << bit;
    }
}

TEST(LineCipher, PadsOfManyLinesAreThePadsOfEach) {
    const PadCipher cipher(Key128({1, 2, 3}));
    std::array<Iv, 65> ivs;
    std::mt19937_64 random(1);
    for (Iv& iv : ivs) randomize(random, iv);
    Bytes together(ivs.size() * pad_bytes);
    cipher.generate(ivs.data(), ivs.size(), together.data());

    Bytes one_by_one(together.size());
    for (std::size_t i = 0; i < ivs.size(); ++i) cipher.generate(&ivs[i], 1, one_by_one.data() + i * pad_bytes);
    EXPECT_EQ(together, one_by_one);
}

TEST(LineCipher, HashDependsOnEveryBitOfItsInput) {
    const LineGhash ghash(Key128({7}));
    Block16 additional_data{};
    Block64 ciphertext{};
    const Block16 clean = ghash.hash(additional_data, ciphertext.data());
    for (std::size_t bit = 0; bit < 8 * (chunk_bytes + line_bytes); ++bit) {
        std::uint8_t& byte = bit < 128 ? additional_data[bit / 8] : ciphertext[bit / 8 - chunk_bytes];
        byte ^= static_cast<std::uint8_t>(1u << bit % 8);
        EXPECT_NE(ghash.hash(additional_data, ciphertext.data()), clean) << "bit " << bit;
        byte ^= static_cast<std::uint8_t>(1u << bit % 8);
    }
    EXPECT_EQ(ghash.hash(additional_data, ciphertext.data()), clean);
}

TEST(Mac, PartsAreConcatenated) {
    for (MacAlgorithm algorithm : {MacAlgorithm::cmac, MacAlgorithm::hmac_sha1, MacAlgorithm::hmac_sha256}) {
        const Mac mac(algorithm, Key128({9, 9}));
        const MacValue whole = mac.compute({std::string_view("counter block and tree")});
        EXPECT_EQ(mac.compute({std::string_view("counter "), ByteView{}, std::string_view("block and tree")}), whole) << to_string(algorithm);
        EXPECT_NE(mac.compute({std::string_view("counter block and trea")}), whole) << to_string(algorithm);
        EXPECT_TRUE(all_zero({whole.data() + mac_bytes(algorithm), whole.size() - mac_bytes(algorithm)})) << to_string(algorithm);
        EXPECT_FALSE(all_zero({whole.data(), mac_bytes(algorithm)})) << to_string(algorithm);
    }
}

TEST(Mac, RefusesWhatIsNoKeyedMac) {
    EXPECT_THROW(Mac(MacAlgorithm::gcm, Key128()), std::invalid_argument);
    EXPECT_THROW(Mac(MacAlgorithm::cmac, ByteView(std::string_view("fifteen bytes ."))), std::invalid_argument);
}

TEST(Wipe, Overwrites) {
    Block64 bytes;
    bytes.fill(0xa5);
    wipe(bytes.data(), bytes.size());
    EXPECT_TRUE(all_zero(bytes));
}

TEST(Sha256, PartsAreConcatenated) {
    EXPECT_EQ(to_hex(sha256({std::string_view("a"), std::string_view("bc")})), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, PaddingTakesABlockMoreWhereItDoesNotFit) {
    EXPECT_EQ(sha256_blocks(0), 1u);
    EXPECT_EQ(sha256_blocks(55), 1u);
    EXPECT_EQ(sha256_blocks(56), 2u);
    EXPECT_EQ(sha256_blocks(119), 2u);
    EXPECT_EQ(sha256_blocks(120), 3u);
}

}  // namespace
}  // namespace coffer::crypto
