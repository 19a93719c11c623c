#include "aise/lpid_allocator.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <stdexcept>

#include "common/errors.h"
#include "vm_table/nonvolatile.h"

namespace coffer {
namespace {

TEST(ChipNumber, IsOneTo65535OrTheImageToolByName) {
    EXPECT_EQ(ChipNumber(1).value(), 1);
    EXPECT_EQ(ChipNumber(65535).value(), 65535);
    EXPECT_EQ(ChipNumber::image_tool().value(), 0);
    EXPECT_THROW(ChipNumber(0), InputError);
    EXPECT_THROW(ChipNumber(65536), InputError);
    EXPECT_EQ(ChipNumber(1).lpid(5), 0x0001'0000'0000'0005u);
    EXPECT_EQ(chip_of(ChipNumber(65535).lpid(7)), 65535);
    EXPECT_EQ(count_of(ChipNumber(65535).lpid(7)), 7u);
}

TEST(LpidAllocator, StartsAtOneAndPeeksWhatItGivesNext) {
    MemoryNonVolatile nonvolatile(ChipNumber(3));
    LpidAllocator lpids(nonvolatile);
    for (Lpid count = 1; count <= 10; ++count) {
        EXPECT_EQ(lpids.peek(), ChipNumber(3).lpid(count));
        EXPECT_EQ(lpids.next(), ChipNumber(3).lpid(count));
    }
}

TEST(LpidAllocator, ReservesABatchBeforeItsFirstLpidAndNotEarlier) {
    MemoryNonVolatile nonvolatile(ChipNumber(1));
    LpidAllocator lpids(nonvolatile);
    EXPECT_EQ(nonvolatile.gpc(), ChipNumber(1).lpid(1)) << "peeking and starting reserve nothing";
    (void)lpids.next();
    EXPECT_EQ(nonvolatile.gpc(), ChipNumber(1).lpid(65537));
    for (int i = 1; i < 65536; ++i) (void)lpids.next();
    EXPECT_EQ(lpids.peek(), ChipNumber(1).lpid(65537));
    EXPECT_EQ(nonvolatile.gpc(), ChipNumber(1).lpid(65537));
    EXPECT_EQ(lpids.next(), ChipNumber(1).lpid(65537));
    EXPECT_EQ(nonvolatile.gpc(), ChipNumber(1).lpid(131073));
}

TEST(LpidAllocator, RestartCountsOnFromTheStoredValue) {
    MemoryNonVolatile nonvolatile(ChipNumber(1));
    (void)LpidAllocator(nonvolatile).next();
    LpidAllocator restarted(nonvolatile);
    EXPECT_EQ(restarted.peek(), ChipNumber(1).lpid(65537));
    EXPECT_EQ(restarted.next(), ChipNumber(1).lpid(65537));
}

TEST(LpidAllocator, GivesNothingAtTheEndOfTheRange) {
    MemoryNonVolatile nonvolatile(ChipNumber(0xffff));
    nonvolatile.write_gpc(ChipNumber(0xffff).lpid(lpid_count_end - 2));
    LpidAllocator lpids(nonvolatile);
    EXPECT_EQ(lpids.next(), 0xffff'ffff'ffff'fffdu);
    EXPECT_EQ(lpids.next(), 0xffff'ffff'ffff'fffeu);
    EXPECT_EQ(lpids.next(), std::nullopt);
    EXPECT_EQ(lpids.next(), std::nullopt);
    EXPECT_EQ(lpids.peek(), 0xffff'ffff'ffff'ffffu);
    EXPECT_EQ(nonvolatile.gpc(), 0xffff'ffff'ffff'ffffu) << "the stored value stays this chip's";
    EXPECT_EQ(LpidAllocator(nonvolatile).next(), std::nullopt) << "a restart does not begin anew";
}

TEST(LpidAllocator, EndCanBeMovedCloser) {
    MemoryNonVolatile nonvolatile(ChipNumber(1));
    LpidAllocator lpids(nonvolatile, 3);
    EXPECT_EQ(lpids.next(), ChipNumber(1).lpid(1));
    EXPECT_EQ(lpids.next(), ChipNumber(1).lpid(2));
    EXPECT_EQ(lpids.next(), std::nullopt);
    EXPECT_EQ(LpidAllocator(nonvolatile, 2).next(), std::nullopt) << "also behind the end";
}

class FailingNonVolatile : public MemoryNonVolatile {
public:
    using MemoryNonVolatile::MemoryNonVolatile;
    void write_gpc(Lpid gpc) override {
        if (fail) throw std::runtime_error("disk full");
        MemoryNonVolatile::write_gpc(gpc);
    }
    bool fail = false;
};

TEST(LpidAllocator, GivesNothingOutThatIsNotReserved) {
    FailingNonVolatile nonvolatile(ChipNumber(1));
    LpidAllocator lpids(nonvolatile, lpid_count_end, 2);
    (void)lpids.next();
    (void)lpids.next();
    nonvolatile.fail = true;
    EXPECT_THROW((void)lpids.next(), std::runtime_error);
    EXPECT_EQ(lpids.peek(), ChipNumber(1).lpid(3));
    nonvolatile.fail = false;
    EXPECT_EQ(lpids.next(), ChipNumber(1).lpid(3));
    EXPECT_EQ(nonvolatile.gpc(), ChipNumber(1).lpid(5));
}

RC_GTEST_PROP(LpidAllocator, NeverGivesAnLpidTwiceOverRestarts, ()) {
    MemoryNonVolatile nonvolatile(ChipNumber(9));
    const auto batch = *rc::gen::inRange<std::uint64_t>(1, 20);
    const auto end = *rc::gen::inRange<std::uint64_t>(1, 200);
    std::set<Lpid> given;
    for (const auto count : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 40))) {
        LpidAllocator lpids(nonvolatile, end, batch);
        for (int i = 0; i < count; ++i) {
            const Lpid expected = lpids.peek();
            const auto lpid = lpids.next();
            if (!lpid) {
                RC_ASSERT(count_of(expected) == end);
                break;
            }
            RC_ASSERT(*lpid == expected);
            RC_ASSERT(*lpid < nonvolatile.gpc());
            RC_ASSERT(chip_of(*lpid) == 9);
            RC_ASSERT(count_of(*lpid) < end);
            RC_ASSERT(given.insert(*lpid).second);
        }
    }
}

}  // namespace
}  // namespace coffer
