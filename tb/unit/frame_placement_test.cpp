#include "platform/frame_placement.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "common/errors.h"

namespace coffer {
namespace {

TEST(FramePlacement, NoFrameHasTwoOwners) {
    EXPECT_TRUE(rc::check("frames", [] {
        const auto frames = *rc::gen::inRange<std::uint64_t>(1, 300);
        const auto seed = *rc::gen::arbitrary<std::uint64_t>();
        FramePlacement placement(frames);
        std::set<std::uint64_t> used;
        std::uint64_t next = 0;
        // Runs with gaps, so that free frames lie before, between and behind them.
        while (next < frames) {
            const std::uint64_t first = next + *rc::gen::inRange<std::uint64_t>(0, 20);
            const std::uint64_t count = *rc::gen::inRange<std::uint64_t>(1, 20);
            if (first + count > frames) break;
            placement.take("run", first, count);
            for (std::uint64_t i = 0; i != count; ++i) used.insert(first + i);
            next = first + count;
        }
        const std::uint64_t free = frames - used.size();
        const std::uint64_t a = *rc::gen::inRange<std::uint64_t>(0, free + 1);
        const std::uint64_t b = *rc::gen::inRange<std::uint64_t>(0, free - a + 1);
        const auto dealt = placement.scatter("all", {a, b}, seed);
        RC_ASSERT(dealt[0].size() == a);
        RC_ASSERT(dealt[1].size() == b);
        for (const auto& owner : dealt) {
            for (std::uint64_t frame : owner) {
                RC_ASSERT(frame < frames);
                RC_ASSERT(used.insert(frame).second);
            }
        }
        RC_ASSERT(placement.scatter("all", {a, b}, seed) == dealt);
    }));
}

TEST(FramePlacement, ScattersOverTheWholeMemory) {
    const std::uint64_t frames = std::uint64_t{1} << 28;
    const auto dealt = FramePlacement(frames).scatter("all", {4096}, 1)[0];
    EXPECT_GT(*std::max_element(dealt.begin(), dealt.end()), frames / 8 * 7);
    EXPECT_LT(*std::min_element(dealt.begin(), dealt.end()), frames / 8);
    EXPECT_FALSE(std::is_sorted(dealt.begin(), dealt.end()));
    EXPECT_NE(FramePlacement(frames).scatter("all", {4096}, 2)[0], dealt);
}

TEST(FramePlacement, RefusesFramesThatAreNotThereOrTaken) {
    FramePlacement placement(100);
    placement.take("a", 10, 20);
    EXPECT_THROW(placement.take("b", 0, 11), InputError);
    EXPECT_THROW(placement.take("b", 29, 1), InputError);
    EXPECT_THROW(placement.take("b", 5, 50), InputError);
    EXPECT_THROW(placement.take("b", 99, 2), InputError);
    EXPECT_THROW(placement.take("b", 100, 1), InputError);
    EXPECT_THROW(placement.take("b", 1, ~std::uint64_t{0}), InputError);
    placement.take("b", 0, 10);
    placement.take("c", 30, 70);
    EXPECT_THROW((void)placement.scatter("all", {1}, 1), InputError);
    EXPECT_EQ(placement.scatter("all", {0}, 1)[0].size(), 0u);
}

}  // namespace
}  // namespace coffer
