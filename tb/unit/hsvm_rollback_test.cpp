// Operations on 2 MiB are all or nothing, whatever they meet halfway.
#include <gtest/gtest.h>

#include "unit/hsvm_bench.h"

namespace coffer {
namespace {

constexpr HsvmCaller host = HsvmCaller::host, guest = HsvmCaller::guest;
constexpr std::uint64_t pages = 1100;
constexpr std::uint64_t level_one_nodes = divide_up(pages, 4);
constexpr Gpn first = 512;
constexpr std::uint64_t frame = 1024;

class HsvmRollback : public testing::TestWithParam<OnViolation> {
protected:
    Vmid create() {
        Vmid vmid = 0;
        EXPECT_EQ(bench.hsvm.create(host, {pages, 1, 20 * page_bytes}, vmid), HsvmStatus::ok);
        return vmid;
    }
    bool freezes() const { return GetParam() == OnViolation::freeze; }
    HsvmStatus map_large(Vmid vmid) { return bench.hsvm.page_map(host, vmid, first, frame, true); }
    TranslationFault fault_of(Vmid vmid, Gpn gpn) { return bench.hsvm.translate(vmid, gpn * page_bytes, false).fault; }
    void expect_free_frames() {
        for (std::uint64_t i = 0; i < large_pages; ++i) ASSERT_EQ(bench.hsvm.ownership(frame + i), OwnershipEntry{}) << i;
    }
    void expect_empty_pages(Vmid vmid) {
        (void)bench.memory.flush(vmid);
        for (Gpn gpn = first; gpn < first + large_pages; ++gpn) {
            ASSERT_EQ(fault_of(vmid, gpn), TranslationFault::not_mapped) << gpn;
            LeafState leaf = LeafState::lost;
            ASSERT_FALSE(bench.memory.leaf_state(vmid, gpn * page_bytes, leaf));
            ASSERT_EQ(leaf, LeafState::empty) << gpn;
        }
    }
    /// Another VM takes some of the frames, and keeps what it writes there, whatever is still written back for the first.
    void expect_usable_by_another(Vmid vmid) {
        const Vmid other = create();
        const auto gpa = [](std::uint64_t i) { return i * page_bytes; };
        const auto hpa = [](std::uint64_t i) { return (frame + i) * page_bytes; };
        Block64 line;
        line.fill(7);
        for (std::uint64_t i = 0; i < 100; ++i) {
            ASSERT_EQ(bench.hsvm.page_map(host, other, i, frame + i), HsvmStatus::ok);
            ASSERT_FALSE(bench.memory.write_line(other, gpa(i), hpa(i), line.data()));
            bench.memory.settle_page(other, gpa(i), hpa(i));
        }
        ASSERT_EQ(bench.hsvm.delete_vm(host, vmid), HsvmStatus::ok);
        const std::uint64_t violations = bench.memory.violations().count();
        for (std::uint64_t i = 0; i < 100; ++i) {
            ASSERT_FALSE(bench.memory.read_line(other, gpa(i), hpa(i), line.data())) << i;
            ASSERT_EQ(line[0], 7);
        }
        EXPECT_EQ(bench.memory.violations().count(), violations);
        ASSERT_EQ(bench.hsvm.delete_vm(host, other), HsvmStatus::ok);
    }

    HsvmBench bench{{true, GetParam()}};
};
INSTANTIATE_TEST_SUITE_P(Freeze, HsvmRollback, testing::Values(OnViolation::freeze));
INSTANTIATE_TEST_SUITE_P(Report, HsvmRollback, testing::Values(OnViolation::report));

TEST_P(HsvmRollback, WithTooFewLpidsNothingBegins) {
    const Vmid vmid = create();
    // One too few: the chip region's pages may need 64.
    bench.lpids.claimed = large_pages + 63;
    const std::uint64_t before = bench.lpids.remaining;
    EXPECT_EQ(map_large(vmid), HsvmStatus::exhausted);
    EXPECT_LT(before - bench.lpids.remaining, 64u) << "none is for a page of the VM";
    expect_free_frames();
    expect_empty_pages(vmid);
    EXPECT_EQ(bench.memory.violations().count(), 0u);
    bench.lpids.claimed = large_pages + 64;
    EXPECT_EQ(map_large(vmid), HsvmStatus::ok);
}

TEST_P(HsvmRollback, AMapThatRunsOutOfLpidsHalfwayIsUndone) {
    const Vmid vmid = create();
    bench.lpids.remaining = 200;
    bench.lpids.claimed = 1'000'000;  // a fault: the check before is told of LPIDs that are not there
    EXPECT_EQ(map_large(vmid), HsvmStatus::exhausted);
    EXPECT_EQ(bench.lpids.remaining, 0u);
    bench.lpids.remaining = 1'000'000;
    expect_free_frames();
    if (freezes())
        EXPECT_EQ(map_large(vmid), HsvmStatus::vm_frozen);
    else
        expect_empty_pages(vmid);
    expect_usable_by_another(vmid);
}

TEST_P(HsvmRollback, AMapThatMeetsAViolationHalfwayIsUndone) {
    const Vmid vmid = create();
    // A page beside the large one, so that nodes of level 1 are in memory; they are read again as counter blocks push them out of the cache.
    ASSERT_EQ(bench.hsvm.page_map(host, vmid, 3, 3), HsvmStatus::ok);
    for (Gpn gpn = first; gpn < first + large_pages; gpn += 64) {
        ASSERT_EQ(bench.hsvm.page_map(host, vmid, gpn, 4), HsvmStatus::ok);
        ASSERT_EQ(bench.hsvm.release(guest, vmid, gpn), HsvmStatus::ok);
    }
    const Address tree = bench.memory.entry(vmid).tree_base;
    const std::uint64_t lpids = bench.lpids.remaining;
    bench.bus.after_read = [&](Address address, std::uint8_t* data, std::size_t) {
        const bool node = address >= tree && address < tree + level_one_nodes * line_bytes;
        if (node && lpids - bench.lpids.remaining >= 100 && lpids - bench.lpids.remaining < large_pages) data[0] ^= 1;
    };
    const HsvmStatus status = map_large(vmid);
    bench.bus.after_read = nullptr;
    ASSERT_EQ(status, HsvmStatus::violated);
    EXPECT_GT(lpids - bench.lpids.remaining, 100u) << "halfway";
    expect_free_frames();
    if (freezes())
        EXPECT_EQ(fault_of(vmid, first), TranslationFault::frozen);
    else
        for (Gpn gpn = first; gpn < first + large_pages; ++gpn) ASSERT_NE(fault_of(vmid, gpn), TranslationFault::none) << gpn;
    expect_usable_by_another(vmid);
}

TEST_P(HsvmRollback, WithoutRoomForTablesNothingBegins) {
    const Vmid vmid = create();
    std::uint64_t taken = 0;
    // Pages far apart, of a VM that is larger, take the frames of the pool.
    Vmid large = 0;
    ASSERT_EQ(bench.hsvm.create(host, {std::uint64_t{1} << 36, 1, 20 * page_bytes}, large), HsvmStatus::ok);
    while (bench.hsvm.page_map(host, large, taken << 27, taken) == HsvmStatus::ok) ++taken;
    while (bench.hsvm.free_chip_frames() >= 2) ASSERT_EQ(bench.hsvm.create(host, {pages, 1, 20 * page_bytes}, large), HsvmStatus::ok);
    ASSERT_EQ(map_large(vmid), HsvmStatus::no_room);
    expect_free_frames();
    expect_empty_pages(vmid);
}

TEST_P(HsvmRollback, WhatIsTakenOrReleasedAndMeetsAViolationHalfwayIsLostAndAllOfIt) {
    for (const bool released : {true, false}) {
        const Vmid vmid = create();
        ASSERT_EQ(map_large(vmid), HsvmStatus::ok);
        (void)bench.memory.flush(vmid);
        const Address tree = bench.memory.entry(vmid).tree_base;
        bench.store.flip(tree + (first + 300) / 4 * line_bytes, 1);
        EXPECT_EQ(released ? bench.hsvm.release(guest, vmid, first, true) : bench.hsvm.page_unmap(host, vmid, first, true), HsvmStatus::violated);
        expect_free_frames();
        for (Gpn gpn = first; gpn < first + large_pages; ++gpn)
            ASSERT_EQ(fault_of(vmid, gpn), freezes() ? TranslationFault::frozen : TranslationFault::lost) << gpn;
        expect_usable_by_another(vmid);
    }
}

}  // namespace
}  // namespace coffer
