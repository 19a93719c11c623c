#include "ghash_rtl.h"

#include <gtest/gtest.h>

#include <random>

#include "crypto/line_cipher.h"

namespace coffer {
namespace {

template <class Array>
Array random_array(std::mt19937_64& random) {
    Array bytes;
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
}

TEST(GhashRtl, GivesTheTagsOfTheReference) {
    std::mt19937_64 random{7};
    const crypto::Key128 keys[] = {crypto::Key128(random_array<Block16>(random)), crypto::Key128(random_array<Block16>(random))};
    GhashRtl rtl;
    for (Slot slot = 0; slot < 2; ++slot) rtl.install(slot, keys[slot]);
    std::optional<Slot> before;
    for (unsigned i = 0; i < 100; ++i) {
        const auto slot = static_cast<Slot>(random() % 2);
        const auto additional_data = random_array<Block16>(random);
        const auto ciphertext = random_array<Block64>(random);
        const auto mask = random_array<Block16>(random);
        Block16 expected = crypto::LineGhash(keys[slot]).hash(additional_data, ciphertext.data());
        for (std::size_t b = 0; b < expected.size(); ++b) expected[b] = static_cast<std::uint8_t>(expected[b] ^ mask[b]);
        EXPECT_EQ(rtl.tag(slot, additional_data, ciphertext.data(), mask.data()), expected);
        EXPECT_EQ(rtl.cycles(), before == slot ? 6u : 9u);
        before = slot;
    }
}

TEST(GhashRtl, UsesTheKeyInstalledLast) {
    GhashRtl rtl;
    const crypto::Key128 key({1});
    rtl.install(0, crypto::Key128({2}));
    const Block64 ciphertext{};
    const Block16 zero{};
    const Block16 other = rtl.tag(0, zero, ciphertext.data(), zero.data());
    rtl.install(0, key);
    const Block16 tag = rtl.tag(0, zero, ciphertext.data(), zero.data());
    EXPECT_NE(tag, other);
    EXPECT_EQ(tag, crypto::LineGhash(key).hash(zero, ciphertext.data()));
}

}  // namespace
}  // namespace coffer
