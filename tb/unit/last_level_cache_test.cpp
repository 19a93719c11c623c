#include "memory/last_level_cache.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>


namespace coffer {
namespace {

/// Memory in which every VM has its own bytes at every machine line, as if each had its own key;
/// it remembers the order of transfers and fails on demand.
class RecordingBus : public LineBus {
public:
    struct Transfer {
        bool write;
        LineTag line;
        bool operator==(const Transfer& other) const { return write == other.write && line == other.line; }
    };

    bool read_line(const LineTag& line, std::uint8_t* data) override {
        transfers.push_back({false, line});
        if (fail_reads) {
            std::fill_n(data, line_bytes, 0xbd);
            return false;
        }
        const Block64& bytes = lines[{line.vmid, line.hpa}];
        std::copy(bytes.begin(), bytes.end(), data);
        return true;
    }
    bool write_line(const LineTag& line, const std::uint8_t* data) override {
        transfers.push_back({true, line});
        if (fail_writes) return false;
        std::copy_n(data, line_bytes, lines[{line.vmid, line.hpa}].begin());
        return true;
    }

    std::map<std::pair<Vmid, Address>, Block64> lines;
    std::vector<Transfer> transfers;
    bool fail_reads = false;
    bool fail_writes = false;
};

using Leaving = LastLevelCache::Leaving;

class LastLevelCacheTest : public testing::Test {
protected:
    std::uint8_t read(const LineTag& tag, unsigned offset = 0) {
        std::uint8_t byte = 0xee;
        EXPECT_TRUE(cache.read(tag, offset, &byte, 1));
        return byte;
    }
    void write(const LineTag& tag, std::uint8_t byte, unsigned offset = 0) { EXPECT_TRUE(cache.write(tag, offset, &byte, 1)); }

    RecordingBus bus;
    LastLevelCache cache{CacheGeometry{4, 4}, bus};
    const LineTag line{2, 0x1000, 0x8000};
};

TEST_F(LastLevelCacheTest, FetchesOnceAndWritesBackOnEviction) {
    bus.lines[{2, 0x8000}][5] = 7;
    EXPECT_EQ(read(line, 5), 7);
    write(line, 9, 6);
    EXPECT_EQ(read(line, 6), 9);
    EXPECT_EQ(bus.transfers, (std::vector<RecordingBus::Transfer>{{false, line}}));
    cache.evict_all(Leaving::write_back);
    EXPECT_EQ(bus.transfers.back(), (RecordingBus::Transfer{true, line}));
    const Block64& bytes = bus.lines[{2, 0x8000}];
    EXPECT_EQ(bytes[5], 7);
    EXPECT_EQ(bytes[6], 9);
    EXPECT_EQ(cache.statistics().read_misses, 1u);
    EXPECT_EQ(cache.statistics().read_hits, 1u);
    EXPECT_EQ(cache.statistics().write_hits, 1u);
    EXPECT_EQ(cache.statistics().write_backs, 1u);
}

TEST_F(LastLevelCacheTest, CleanLinesLeaveSilently) {
    read(line);
    cache.evict_all(Leaving::write_back);
    EXPECT_EQ(bus.transfers.size(), 1u);
    read(line);
    EXPECT_EQ(bus.transfers.size(), 2u);
}

TEST_F(LastLevelCacheTest, WholeLineIsWrittenWithoutFetching) {
    Block64 bytes;
    bytes.fill(3);
    EXPECT_TRUE(cache.write(line, 0, bytes.data(), 64));
    EXPECT_TRUE(bus.transfers.empty());
    EXPECT_EQ(read(line, 63), 3);
    EXPECT_EQ(cache.statistics().fills, 0u);
    EXPECT_EQ(cache.statistics().write_misses, 1u);
}

TEST_F(LastLevelCacheTest, AnotherVmsLineAtTheSameFrameIsNoHit) {
    write(line, 1);
    const LineTag other{3, 0x1000, 0x8000};
    EXPECT_EQ(read(other), 0);
    const LineTag host{host_vmid, 0x8000, 0x8000};
    EXPECT_EQ(read(host), 0);
    EXPECT_EQ(read(line), 1);
    EXPECT_EQ(cache.statistics().read_misses, 2u);
}

TEST_F(LastLevelCacheTest, RemappedLineIsWrittenBackToItsOldFrameFirst) {
    write(line, 1);
    LineTag moved = line;
    moved.hpa = 0x20000;
    EXPECT_EQ(read(moved), 0);
    EXPECT_EQ(bus.transfers, (std::vector<RecordingBus::Transfer>{{false, line}, {true, line}, {false, moved}}));
    EXPECT_EQ(cache.statistics().remapped, 1u);
    std::uint8_t byte;
    EXPECT_FALSE(cache.peek(line, 0, &byte, 1));
}

TEST_F(LastLevelCacheTest, FailedFetchIsNoLine) {
    bus.fail_reads = true;
    std::uint8_t byte = 0xee;
    EXPECT_FALSE(cache.read(line, 0, &byte, 1));
    EXPECT_EQ(byte, 0xee);
    EXPECT_FALSE(cache.write(line, 0, &byte, 1));
    EXPECT_FALSE(cache.peek(line, 0, &byte, 1));
    EXPECT_EQ(cache.statistics().failed_fills, 2u);
    cache.evict_all(Leaving::write_back);
    EXPECT_EQ(cache.statistics().write_backs, 0u);
    bus.fail_reads = false;
    EXPECT_EQ(read(line), 0);
}

TEST_F(LastLevelCacheTest, FailedWriteBackDoesNotConcernTheAccessThatCausedIt) {
    bus.fail_writes = true;
    for (Address i = 0; i < 100; ++i) write({2, i * 64, 0x10000 + i * 64}, 1);
    EXPECT_GT(cache.statistics().failed_write_backs, 0u);
    EXPECT_EQ(cache.statistics().failed_write_backs, cache.statistics().write_backs);
}

TEST_F(LastLevelCacheTest, RawReadWritesTheVmsAndTheHostsCopyBack) {
    const LineTag host{host_vmid, 0x8000, 0x8000};
    const LineTag stranger{3, 0x1000, 0x8000};
    for (const LineTag& tag : {line, host, stranger}) write(tag, 1);
    bus.transfers.clear();
    cache.before_raw_access(line, false);
    EXPECT_EQ(bus.transfers, (std::vector<RecordingBus::Transfer>{{true, line}, {true, host}}));
    std::uint8_t byte;
    EXPECT_TRUE(cache.peek(line, 0, &byte, 1));
    cache.before_raw_access(line, true);
    EXPECT_EQ(bus.transfers.size(), 2u);
    EXPECT_FALSE(cache.peek(line, 0, &byte, 1));
    EXPECT_FALSE(cache.peek(host, 0, &byte, 1));
    EXPECT_TRUE(cache.peek(stranger, 0, &byte, 1));
}

TEST_F(LastLevelCacheTest, EvictsByPageVmAndFrame) {
    LastLevelCache big(CacheGeometry{64, 8}, bus);
    const auto put = [&](const LineTag& tag) {
        std::uint8_t byte = 1;
        ASSERT_TRUE(big.write(tag, 0, &byte, 1));
    };
    const auto holds = [&](const LineTag& tag) {
        std::uint8_t byte;
        return big.peek(tag, 0, &byte, 1);
    };
    const LineTag first{2, 0x1000, 0x8000}, last{2, 0x1fc0, 0x8fc0}, next{2, 0x2000, 0x9000}, other{3, 0x1000, 0x8040};
    const auto put_all = [&] {
        for (const LineTag& tag : {first, last, next, other}) put(tag);
        bus.transfers.clear();
    };
    put_all();
    big.evict_page(2, 1, Leaving::drop);
    EXPECT_FALSE(holds(first) || holds(last));
    EXPECT_TRUE(holds(next) && holds(other));
    EXPECT_TRUE(bus.transfers.empty());
    put_all();
    big.evict_page(2, 1, Leaving::write_back);
    EXPECT_EQ(bus.transfers.size(), 2u);
    put_all();
    big.evict_vm(2, Leaving::write_back);
    EXPECT_FALSE(holds(first) || holds(last) || holds(next));
    EXPECT_TRUE(holds(other));
    EXPECT_EQ(bus.transfers.size(), 3u);
    put_all();
    big.evict_frame(0x8abc, Leaving::write_back);
    EXPECT_FALSE(holds(first) || holds(last) || holds(other));
    EXPECT_TRUE(holds(next));
}

TEST_F(LastLevelCacheTest, DebugAccessCountsNothingAndFetchesNothing) {
    std::uint8_t byte = 4;
    EXPECT_FALSE(cache.peek(line, 0, &byte, 1));
    EXPECT_FALSE(cache.poke(line, 0, &byte, 1));
    read(line);
    const auto before = cache.statistics();
    EXPECT_TRUE(cache.poke(line, 3, &byte, 1));
    byte = 0;
    EXPECT_TRUE(cache.peek(line, 3, &byte, 1));
    EXPECT_EQ(byte, 4);
    EXPECT_EQ(cache.statistics().read_hits, before.read_hits);
    EXPECT_EQ(cache.statistics().write_hits, before.write_hits);
    cache.evict_all(Leaving::write_back);
    EXPECT_EQ((bus.lines[{2, 0x8000}][3]), 4);
}

RC_GTEST_PROP(LastLevelCacheProperty, IsInvisible, ()) {
    RecordingBus bus;
    LastLevelCache cache(CacheGeometry{*rc::gen::inRange<std::size_t>(1, 5), *rc::gen::inRange(1u, 4u)}, bus);
    // Every VM has four pages; where they lie changes, and the bytes move with them as H-SVM would move them.
    std::map<std::pair<Vmid, Gpn>, Address> frame;
    std::map<std::tuple<Vmid, Address>, std::uint8_t> model;
    Address next_frame = 1;
    const auto tag_of = [&](Vmid vmid, Address gpa) {
        Address& hpa = frame[{vmid, page_of(gpa)}];
        if (vmid == host_vmid) return LineTag{vmid, line_base(gpa), line_base(gpa)};
        if (hpa == 0) hpa = next_frame++ * page_bytes + 0x100000;
        return LineTag{vmid, line_base(gpa), hpa + line_base(gpa) % page_bytes};
    };
    const auto steps = *rc::gen::inRange(0, 200);
    for (int step = 0; step < steps; ++step) {
        const auto vmid = *rc::gen::element<Vmid>(0, 2, 3);
        const Address gpa = *rc::gen::inRange<Address>(0, 4) * page_bytes + *rc::gen::inRange<Address>(0, 3) * 64 + *rc::gen::element<Address>(0, 63);
        std::uint8_t byte = static_cast<std::uint8_t>(step);
        switch (*rc::gen::inRange(0, 8)) {
            case 0: case 1: case 2:
                RC_ASSERT(cache.write(tag_of(vmid, gpa), gpa % 64, &byte, 1));
                model[{vmid, gpa}] = byte;
                break;
            case 3: {
                if (vmid == host_vmid) break;
                const LineTag old = tag_of(vmid, gpa);
                const Address from = frame[{vmid, page_of(gpa)}];
                const Address to = next_frame++ * page_bytes + 0x100000;
                cache.evict_page(vmid, page_of(gpa), Leaving::write_back);
                for (Address offset = 0; offset < page_bytes; offset += 64) bus.lines[{vmid, to + offset}] = bus.lines[{vmid, from + offset}];
                frame[{vmid, page_of(gpa)}] = to;
                RC_ASSERT(!(tag_of(vmid, gpa) == old));
                break;
            }
            case 4:
                cache.evict_vm(vmid, Leaving::write_back);
                break;
            default:
                RC_ASSERT(cache.read(tag_of(vmid, gpa), gpa % 64, &byte, 1));
                RC_ASSERT(byte == (model.count({vmid, gpa}) ? model[{vmid, gpa}] : 0));
        }
    }
}

}  // namespace
}  // namespace coffer
