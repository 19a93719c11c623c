#include "pad_generator_rtl.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace coffer {
namespace {

crypto::Key128 key(std::uint8_t first) { return crypto::Key128({first, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}); }

std::vector<crypto::Iv> random_ivs(std::mt19937_64& random, std::size_t count) {
    std::vector<crypto::Iv> ivs(count);
    for (crypto::Iv& iv : ivs)
        for (std::uint8_t& byte : iv) byte = static_cast<std::uint8_t>(random());
    return ivs;
}

Bytes pads_of(PadPort& generator, Slot slot, const std::vector<crypto::Iv>& ivs) {
    Bytes pads(ivs.size() * pad_bytes);
    generator.generate(slot, ivs.data(), ivs.size(), pads.data());
    return pads;
}

TEST(PadGeneratorRtl, GivesThePadsOfTheReference) {
    std::mt19937_64 random{7};
    PadGeneratorRtl rtl;
    PadGenerator reference;
    for (const Slot slot : {Slot{0}, Slot{3}}) {
        rtl.install(slot, key(static_cast<std::uint8_t>(slot)));
        reference.install(slot, key(static_cast<std::uint8_t>(slot)));
    }
    for (const std::size_t lines : {1, 2, 64, 1, 7})
        for (const Slot slot : {Slot{3}, Slot{0}}) {
            const std::vector<crypto::Iv> ivs = random_ivs(random, lines);
            EXPECT_EQ(pads_of(rtl, slot, ivs), pads_of(reference, slot, ivs)) << lines << " lines, slot " << slot;
            EXPECT_EQ(rtl.cycles(), 11 + 5 * lines);
        }
}

TEST(PadGeneratorRtl, HasTheKeysThatAreInstalled) {
    PadGeneratorRtl rtl;
    EXPECT_FALSE(rtl.installed(Slot{2}));
    rtl.install(Slot{2}, key(2));
    EXPECT_TRUE(rtl.installed(Slot{2}));
    EXPECT_FALSE(rtl.installed(Slot{1}));
    rtl.revoke(Slot{2});
    rtl.revoke(Slot{9});
    EXPECT_FALSE(rtl.installed(Slot{2}));
}

}  // namespace
}  // namespace coffer
