#include "vcpu/tlb.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <utility>

namespace coffer {
namespace {

Translation to(std::uint64_t frame, bool writable = true) { return {TranslationFault::none, frame * page_bytes, false, writable}; }

TEST(Tlb, RefusesShapesThatAreNone) {
    EXPECT_THROW(Tlb({64, 0}), InputError);
    EXPECT_THROW(Tlb({64, 65}), InputError);
    EXPECT_THROW(Tlb({0, 4}), InputError);
    EXPECT_THROW(Tlb({63, 4}), InputError);
    EXPECT_NO_THROW(Tlb({12, 4}));
}

TEST(Tlb, TranslationsOfVmsStandSideBySide) {
    Tlb tlb({64, 4});
    tlb.keep(2, 5, to(50));
    tlb.keep(3, 5, to(60));
    ASSERT_NE(tlb.find(2, 5, false), nullptr);
    EXPECT_EQ(tlb.find(2, 5, false)->hpa, 50 * page_bytes);
    EXPECT_EQ(tlb.find(3, 5, true)->hpa, 60 * page_bytes);
    EXPECT_EQ(tlb.find(4, 5, false), nullptr);
    EXPECT_EQ(tlb.statistics().hits, 3u);
    EXPECT_EQ(tlb.statistics().misses, 1u);
}

TEST(Tlb, AWriteToAReadOnlyPageIsAMiss) {
    Tlb tlb({4, 4});
    tlb.keep(2, 5, to(50, false));
    EXPECT_NE(tlb.find(2, 5, false), nullptr);
    EXPECT_EQ(tlb.find(2, 5, true), nullptr);
    EXPECT_EQ(tlb.peek(2, 5, true), nullptr);
    tlb.keep(2, 5, to(50));
    EXPECT_NE(tlb.find(2, 5, true), nullptr);
}

TEST(Tlb, TheLeastRecentlyUsedOfASetGoes) {
    Tlb tlb({2, 2});
    tlb.keep(2, 0, to(10));
    tlb.keep(2, 1, to(11));
    EXPECT_NE(tlb.find(2, 0, false), nullptr);
    EXPECT_NE(tlb.peek(2, 1, false), nullptr) << "peeking is no use";
    tlb.keep(2, 2, to(12));
    EXPECT_NE(tlb.peek(2, 0, false), nullptr);
    EXPECT_EQ(tlb.peek(2, 1, false), nullptr);
}

TEST(Tlb, InvalidationNamesPagesOrFrames) {
    Tlb tlb({64, 8});
    for (Gpn gpn = 0; gpn < 8; ++gpn) {
        tlb.keep(2, gpn, to(100 + gpn));
        tlb.keep(3, gpn, to(200 + gpn));
    }
    tlb.invalidate_pages(2, 3, 2);
    tlb.invalidate_frames(206, 5);
    for (Gpn gpn = 0; gpn < 8; ++gpn) {
        EXPECT_EQ(tlb.peek(2, gpn, false) == nullptr, gpn == 3 || gpn == 4) << gpn;
        EXPECT_EQ(tlb.peek(3, gpn, false) == nullptr, gpn >= 6) << gpn;
    }
    EXPECT_EQ(tlb.statistics().invalidated, 4u);
    tlb.invalidate_pages(2, 0, ~std::uint64_t{0});
    EXPECT_EQ(tlb.peek(2, 0, false), nullptr);
    EXPECT_NE(tlb.peek(3, 0, false), nullptr);
}

/// Whatever a TLB finds is what was kept last and has not been invalidated since.
RC_GTEST_PROP(Tlb, FindsNothingButTheTruth, ()) {
    Tlb tlb({*rc::gen::element(1u, 4u, 12u, 32u), 1});
    std::map<std::pair<Vmid, Gpn>, std::uint64_t> truth;
    unsigned found_some = 0;
    for (int step = 0; step < 300; ++step) {
        const auto vmid = static_cast<Vmid>(*rc::gen::inRange(2, 5));
        const Gpn gpn = *rc::gen::inRange(0, 12);
        const std::uint64_t frame = *rc::gen::inRange(0, 40);
        switch (*rc::gen::inRange(0, 8)) {
            case 0: {
                const std::uint64_t count = *rc::gen::inRange(1, 4);
                tlb.invalidate_pages(vmid, gpn, count);
                for (Gpn page = gpn; page < gpn + count; ++page) truth.erase({vmid, page});
                break;
            }
            case 1: {
                const std::uint64_t count = *rc::gen::inRange(1, 6);
                tlb.invalidate_frames(frame, count);
                for (auto entry = truth.begin(); entry != truth.end();)
                    entry = entry->second >= frame && entry->second < frame + count ? truth.erase(entry) : std::next(entry);
                break;
            }
            case 2:
            case 3:
            case 4:
                tlb.keep(vmid, gpn, to(frame));
                truth[{vmid, gpn}] = frame;
                break;
            default:
                if (const Translation* const found = tlb.find(vmid, gpn, true)) {
                    const auto known = truth.find({vmid, gpn});
                    RC_ASSERT(known != truth.end());
                    RC_ASSERT(found->hpa == known->second * page_bytes);
                    ++found_some;
                }
        }
    }
    RC_CLASSIFY(found_some > 10);
}

}  // namespace
}  // namespace coffer
