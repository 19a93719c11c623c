#include "memory/bus_probe.h"

#include <gtest/gtest.h>

#include "common/errors.h"
#include "memory/sparse_memory.h"

namespace coffer {
namespace {

class BusProbeTest : public testing::Test {
protected:
    void put(Address address, const Bytes& bytes) { memory.write(address, bytes.data(), bytes.size()); }
    Bytes get(Address address, std::size_t size) {
        Bytes bytes(size);
        memory.read(address, bytes.data(), size);
        return bytes;
    }
    void make_accesses(int count) {
        for (int i = 0; i < count; ++i) probe.observe(false, 64);
    }
    static TamperAction action(TamperKind kind, std::uint64_t after, std::vector<MemoryBlock> blocks, Bytes mask = {},
                               std::uint64_t record_after = 0) {
        return {kind, after, record_after, std::move(blocks), std::move(mask)};
    }

    SparseMemory memory;
    BusProbe probe{memory};
};

TEST_F(BusProbeTest, FlipsTheBitsOfTheMaskAtOnce) {
    put(100, {1, 2, 3, 4});
    probe.add(action(TamperKind::flip, 0, {{101, 2}, {103, 1}}, {0xf0, 0x01, 0x80}));
    EXPECT_EQ(get(100, 4), (Bytes{1, 0xf2, 2, 0x84}));
    EXPECT_TRUE(probe.idle());
    EXPECT_TRUE(probe.outcomes()[0].done);
    EXPECT_TRUE(probe.outcomes()[0].changed);
}

TEST_F(BusProbeTest, WaitsForItsAccess) {
    probe.add(action(TamperKind::flip, 3, {{0, 1}}, {1}));
    make_accesses(2);
    EXPECT_EQ(get(0, 1), Bytes{0});
    EXPECT_FALSE(probe.idle());
    make_accesses(1);
    EXPECT_EQ(get(0, 1), Bytes{1});
    EXPECT_EQ(probe.outcomes()[0].after, 3u);
    make_accesses(10);
    EXPECT_EQ(get(0, 1), Bytes{1});
    // A count that was reached long ago: at once.
    probe.add(action(TamperKind::flip, 5, {{0, 1}}, {2}));
    EXPECT_EQ(get(0, 1), Bytes{3});
    EXPECT_EQ(probe.outcomes()[1].after, 13u);
}

TEST_F(BusProbeTest, SplicesPairByPair) {
    put(0, {1, 1});
    put(64, {2, 2});
    put(1000, {3});
    put(2000, {4});
    probe.add(action(TamperKind::splice, 0, {{0, 2}, {64, 2}, {1000, 1}, {2000, 1}}));
    EXPECT_EQ(get(0, 2), (Bytes{2, 2}));
    EXPECT_EQ(get(64, 2), (Bytes{1, 1}));
    EXPECT_EQ(get(1000, 1), Bytes{4});
    EXPECT_EQ(get(2000, 1), Bytes{3});
}

TEST_F(BusProbeTest, ReplaysAllBlocksTogether) {
    put(0, {1});
    put(5000, {2, 2});
    probe.add(action(TamperKind::replay, 4, {{0, 1}, {5000, 2}}, {}, 2));
    put(0, {7});
    make_accesses(2);
    put(0, {8});
    put(5000, {9, 9});
    make_accesses(1);
    EXPECT_EQ(get(0, 1), Bytes{8});
    make_accesses(1);
    EXPECT_EQ(get(0, 1), Bytes{7});
    EXPECT_EQ(get(5000, 2), (Bytes{2, 2}));
    EXPECT_TRUE(probe.outcomes()[0].changed);
    EXPECT_TRUE(probe.idle());
}

TEST_F(BusProbeTest, SaysWhenNothingChangedAndTouchesNothingThen) {
    put(0, {5});
    put(64, {5});
    probe.add(action(TamperKind::splice, 0, {{0, 1}, {64, 1}}));
    probe.add(action(TamperKind::splice, 0, {{8 * page_bytes, 64}, {9 * page_bytes, 64}}));
    EXPECT_TRUE(probe.outcomes()[0].done);
    EXPECT_FALSE(probe.outcomes()[0].changed);
    EXPECT_FALSE(probe.outcomes()[1].changed);
    EXPECT_EQ(memory.frame_count(), 1u);
}

TEST_F(BusProbeTest, ActionsOfOneAccessKeepTheirOrder) {
    put(0, {1});
    put(1, {2});
    probe.add(action(TamperKind::flip, 1, {{0, 1}}, {0x10}));
    probe.add(action(TamperKind::splice, 1, {{0, 1}, {1, 1}}));
    make_accesses(1);
    EXPECT_EQ(get(0, 2), (Bytes{2, 0x11}));
}

TEST_F(BusProbeTest, RefusesActionsThatMakeNoSense) {
    EXPECT_THROW(probe.add(action(TamperKind::flip, 0, {}, {1})), InputError);
    EXPECT_THROW(probe.add(action(TamperKind::flip, 0, {{0, 0}}, {})), InputError);
    EXPECT_THROW(probe.add(action(TamperKind::flip, 0, {{~Address{0}, 2}}, {1, 1})), InputError);
    EXPECT_THROW(probe.add(action(TamperKind::flip, 0, {{0, 2}}, {1})), InputError);
    EXPECT_THROW(probe.add(action(TamperKind::flip, 0, {{0, 2}}, {0, 0})), InputError);
    EXPECT_THROW(probe.add(action(TamperKind::splice, 0, {{0, 2}})), InputError);
    EXPECT_THROW(probe.add(action(TamperKind::splice, 0, {{0, 2}, {64, 3}})), InputError);
    EXPECT_THROW(probe.add(action(TamperKind::replay, 2, {{0, 2}}, {}, 2)), InputError);
    EXPECT_TRUE(probe.outcomes().empty());
    EXPECT_EQ(memory.frame_count(), 0u);
}

TEST_F(BusProbeTest, Counts) {
    probe.observe(false, 64);
    probe.observe(true, 16);
    probe.observe(true, 64);
    probe.add(action(TamperKind::flip, 9, {{0, 1}}, {1}));
    StatisticsGroup group("probe");
    probe.collect(group);
    std::vector<std::uint64_t> values;
    for (const Statistic& value : group.values()) values.push_back(std::get<std::uint64_t>(value.value));
    EXPECT_EQ(values, (std::vector<std::uint64_t>{1, 64, 2, 80, 1, 0, 0}));
}

}  // namespace
}  // namespace coffer
