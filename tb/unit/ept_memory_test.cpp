#include "vcpu/ept_memory.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "common/errors.h"
#include "hsvm/nested_page_table.h"
#include "unit/fixtures.h"

namespace coffer {

inline std::ostream& operator<<(std::ostream& out, EptStatus status) { return out << to_string(status); }

namespace {

constexpr std::uint64_t data_frames = 4096;
constexpr std::uint64_t chip_frames = 8;
constexpr std::uint64_t first_ept_frame = 64;
constexpr std::uint64_t ept_frames = 40;
constexpr Vmid guest = 2;
constexpr std::uint64_t guest_pages = 4 * large_pages + 7;

/// Caches and TLBs: what is done to them, in order, and a TLB that forgets only what it is told to.
class RecordedOrder : public OrderingPort, public PageSettlePort {
public:
    void block_fills(const GuestPages&) override { steps.push_back("block"); }
    void evict_lines(const GuestPages& pages, LastLevelCache::Leaving leaving) override {
        steps.push_back(leaving == LastLevelCache::Leaving::write_back ? "write back" : "drop");
        evicted_pages += pages.count;
    }
    void evict_frames(std::uint64_t, std::uint64_t, LastLevelCache::Leaving) override { steps.push_back("evict frames"); }
    void invalidate_pages(const GuestPages& pages) override {
        steps.push_back("invalidate");
        if (!stale) tlb.erase(tlb.lower_bound({pages.vmid, pages.first}), tlb.lower_bound({pages.vmid, pages.first + pages.count}));
    }
    void invalidate_frames(std::uint64_t, std::uint64_t) override { steps.push_back("invalidate frames"); }
    void complete(const GuestPages&) override { steps.push_back("complete"); }
    void settle_page(Vmid, Address, Address) override { steps.push_back("settle"); }

    std::vector<std::string> steps;
    std::uint64_t evicted_pages = 0;
    bool stale = false;
    std::map<std::pair<Vmid, Gpn>, Translation> tlb;
};

struct Bench {
    explicit Bench(ProtectionConfiguration configuration = ProtectionConfiguration::hypercoffer)
        : ept({configuration, first_ept_frame, ept_frames}, map, bus, order, &order) {
        ept.add(guest, guest_pages);
    }

    EptStatus store(Gpn gpn, std::uint64_t bits, Vmid vmid = guest) { return ept.store(vmid, gpn, {bits}); }
    /// As a processor translates: by its TLB, else by a walk.
    Translation translate(Vmid vmid, Gpn gpn) {
        const auto cached = order.tlb.find({vmid, gpn});
        if (cached != order.tlb.end()) return cached->second;
        const Translation translation = ept.translate(vmid, gpn * page_bytes, false);
        if (translation.fault == TranslationFault::none) order.tlb[{vmid, gpn}] = translation;
        return translation;
    }

    AddressMap map{data_frames * page_bytes, chip_frames * page_bytes, 16};
    TestStore store_;
    WatchedBus bus{store_};
    RecordedOrder order;
    EptMemory ept;
};

constexpr std::uint64_t mapped(std::uint64_t frame) { return NptEntry::mapped(frame).bits; }
constexpr std::uint64_t read_only(std::uint64_t frame) { return NptEntry::of(frame, NptEntry::present_bit).bits; }
constexpr std::uint64_t large(std::uint64_t frame) { return mapped(frame) | NptEntry::large_bit; }

TEST(EptMemory, ANewMappingIsStoredAndNothingElseIsDone) {
    Bench bench;
    EXPECT_EQ(bench.translate(guest, 5).fault, TranslationFault::not_mapped);
    EXPECT_EQ(bench.store(5, mapped(1000)), EptStatus::ok);
    EXPECT_EQ(bench.store(large_pages, large(2 * large_pages)), EptStatus::ok);
    EXPECT_TRUE(bench.order.steps.empty());
    EXPECT_EQ(bench.ept.translate(guest, 5 * page_bytes + 0x123, true).hpa, 1000 * page_bytes + 0x123);
    EXPECT_EQ(bench.ept.translate(guest, (large_pages + 9) * page_bytes, true).hpa, (2 * large_pages + 9) * page_bytes);
    EXPECT_EQ(bench.ept.statistics().new_mappings, 2u);
}

TEST(EptMemory, AChangeOrRemovalIsOrdered) {
    const std::vector<std::string> steps{"block", "write back", "evict frames", "settle", "invalidate", "invalidate frames", "complete"};
    for (const std::uint64_t next : {mapped(1001), read_only(1000), std::uint64_t{0}}) {
        Bench bench;
        bench.store(5, mapped(1000));
        bench.bus.before_write = [&](Address, const std::uint8_t*, std::size_t) {
            bench.order.steps.push_back("store");
            return true;
        };
        EXPECT_EQ(bench.store(5, next), EptStatus::ok);
        std::vector<std::string> expected = steps;
        expected.insert(expected.end() - 1, "store");
        EXPECT_EQ(bench.order.steps, expected) << next;
        EXPECT_EQ(bench.ept.statistics().changes, 1u);
    }
}

TEST(EptMemory, TheSameEntryAgainAndTheRemovalOfNothingChangeNothing) {
    Bench bench;
    bench.store(5, mapped(1000));
    EXPECT_EQ(bench.store(5, mapped(1000)), EptStatus::ok);
    EXPECT_EQ(bench.store(6, 0), EptStatus::ok);
    EXPECT_EQ(bench.store(3 * large_pages, NptEntry::large_bit), EptStatus::ok);
    EXPECT_TRUE(bench.order.steps.empty());
    EXPECT_EQ(bench.ept.statistics().unchanged, 3u);
}

TEST(EptMemory, RefusesWhatMustNotBeNamed) {
    Bench bench;
    EXPECT_EQ(bench.store(0, mapped(1000), 3), EptStatus::unknown_vm);
    EXPECT_EQ(bench.store(guest_pages, mapped(1000)), EptStatus::page_beyond);
    EXPECT_EQ(bench.store(4 * large_pages, large(0)), EptStatus::page_beyond);
    EXPECT_EQ(bench.store(1, large(1024)), EptStatus::bad_entry);
    EXPECT_EQ(bench.store(0, large(1025)), EptStatus::bad_entry);
    EXPECT_EQ(bench.store(0, mapped(1000) | NptEntry::shared_bit), EptStatus::bad_entry);
    EXPECT_EQ(bench.store(0, mapped(1000) & ~NptEntry::present_bit), EptStatus::bad_entry);
    for (const std::uint64_t frame :
         {first_ept_frame, first_ept_frame + ept_frames - 1, data_frames, data_frames + chip_frames, std::uint64_t{1} << 39})
        EXPECT_EQ(bench.store(0, mapped(frame)), EptStatus::frame_protected) << frame;
    EXPECT_EQ(bench.store(0, large(0)), EptStatus::frame_protected) << "the tables lie within";
    EXPECT_EQ(bench.store(0, mapped(first_ept_frame - 1)), EptStatus::ok);
    EXPECT_EQ(bench.ept.statistics().refused, 13u);
}

TEST(EptMemory, HostReachesTheTablesWithoutProtectionOnly) {
    Bench hypercoffer, none(ProtectionConfiguration::none);
    EXPECT_TRUE(hypercoffer.ept.host_may_access(first_ept_frame - 1, true));
    EXPECT_FALSE(hypercoffer.ept.host_may_access(first_ept_frame, false));
    EXPECT_FALSE(hypercoffer.ept.host_may_access(data_frames, false));
    EXPECT_TRUE(none.ept.host_may_access(first_ept_frame, true));
    EXPECT_TRUE(none.ept.host_may_access(data_frames + chip_frames - 1, true));
    EXPECT_FALSE(none.ept.host_may_access(data_frames + chip_frames, false)) << "metadata";
    EXPECT_EQ(none.store(0, mapped(first_ept_frame)), EptStatus::ok);
}

TEST(EptMemory, WriteRightsAreThoseOfAllLevels) {
    Bench bench;
    bench.store(5, read_only(1000));
    EXPECT_EQ(bench.ept.translate(guest, 5 * page_bytes, true).fault, TranslationFault::read_only);
    const Translation translation = bench.ept.translate(guest, 5 * page_bytes, false);
    EXPECT_EQ(translation.fault, TranslationFault::none);
    EXPECT_FALSE(translation.writable);
}

TEST(EptMemory, TablesRunOutAndComeBack) {
    Bench bench;
    EXPECT_TRUE(bench.ept.add(3, NestedPageTable::max_pages));
    EXPECT_FALSE(bench.ept.add(3, 1)) << "twice";
    Gpn gpn = 0;
    while (bench.store(gpn, mapped(1000), 3) == EptStatus::ok) gpn += large_pages;
    EXPECT_EQ(bench.store(gpn, mapped(1000), 3), EptStatus::no_room);
    EXPECT_EQ(bench.ept.free_frames(), 0u);
    EXPECT_FALSE(bench.ept.add(4, 1));
    EXPECT_EQ(bench.store(0, mapped(1001), 3), EptStatus::ok) << "the table is there";
    bench.ept.remove(3);
    EXPECT_EQ(bench.ept.free_frames(), ept_frames - 1);
    EXPECT_TRUE(bench.ept.add(4, 1));
    EXPECT_EQ(bench.ept.translate(4, 0, false).fault, TranslationFault::not_mapped) << "nothing is left of the old VM";
    EXPECT_EQ(bench.ept.translate(3, 0, false).fault, TranslationFault::unknown_vm);
}

TEST(EptMemory, ALargeMappingIsSplitWhereOnePageOfItChanges) {
    Bench bench;
    bench.store(large_pages, large(1024));
    EXPECT_EQ(bench.store(large_pages + 3, 0), EptStatus::ok);
    EXPECT_EQ(bench.order.evicted_pages, 1u) << "of one page";
    for (Gpn page = 0; page < large_pages; ++page) {
        const Translation t = bench.ept.translate(guest, (large_pages + page) * page_bytes, true);
        EXPECT_EQ(t.fault, page == 3 ? TranslationFault::not_mapped : TranslationFault::none);
        EXPECT_EQ(t.hpa, page == 3 ? 0 : (1024 + page) * page_bytes);
    }
    const std::uint64_t free = bench.ept.free_frames();
    EXPECT_EQ(bench.store(large_pages, large(2048)), EptStatus::ok);
    EXPECT_EQ(bench.order.evicted_pages, 1 + large_pages);
    EXPECT_EQ(bench.ept.free_frames(), free + 1);
    EXPECT_EQ(bench.store(large_pages, NptEntry::large_bit), EptStatus::ok);
    EXPECT_EQ(bench.ept.translate(guest, large_pages * page_bytes, false).fault, TranslationFault::not_mapped);
}

TEST(EptMemory, RefusesConfigurationsThatCannotBe) {
    const AddressMap map(64 * page_bytes, page_bytes, 16);
    TestStore store;
    RecordedOrder order;
    const auto make = [&](const EptParameters& parameters) { EptMemory(parameters, map, store, order, nullptr); };
    EXPECT_THROW(make({ProtectionConfiguration::hsvm, 0, 4}), InputError);
    EXPECT_THROW(make({ProtectionConfiguration::combined, 0, 4}), InputError);
    EXPECT_THROW(make({ProtectionConfiguration::none, 0, 0}), InputError);
    EXPECT_THROW(make({ProtectionConfiguration::none, 60, 5}), InputError);
    EXPECT_NO_THROW(make({ProtectionConfiguration::none, 60, 4}));
}

/// Random stores against a plain map, with the TLB in between. Gives the number of differences.
unsigned compare_with_map(Bench& bench, unsigned steps) {
    std::mt19937_64 random(11);
    std::map<Gpn, std::uint64_t> expected;  // GPN -> frame
    unsigned differences = 0;
    for (unsigned step = 0; step < steps; ++step) {
        const bool is_large = random() % 8 == 0;
        const Gpn gpn = is_large ? random() % 4 * large_pages : random() % guest_pages;
        const std::uint64_t count = is_large ? large_pages : 1;
        const std::uint64_t frame = is_large ? (1 + random() % 7) * large_pages : 128 + random() % (data_frames - 128);
        if (random() % 3 == 0) {
            EXPECT_EQ(bench.store(gpn, is_large ? NptEntry::large_bit : 0), EptStatus::ok);
            expected.erase(expected.lower_bound(gpn), expected.lower_bound(gpn + count));
        } else {
            EXPECT_EQ(bench.store(gpn, is_large ? large(frame) : mapped(frame)), EptStatus::ok);
            for (std::uint64_t i = 0; i < count; ++i) expected[gpn + i] = frame + i;
        }
        for (unsigned look = 0; look < 8; ++look) {
            const Gpn page = random() % 2 == 0 ? gpn + random() % count : random() % guest_pages;
            const Translation found = bench.translate(guest, page);
            const auto known = expected.find(page);
            const bool same = known == expected.end() ? found.fault == TranslationFault::not_mapped
                                                      : found.fault == TranslationFault::none && found.hpa == known->second * page_bytes;
            differences += !same;
        }
    }
    return differences;
}

TEST(EptMemory, EqualsAMapOfPages) {
    Bench bench;
    EXPECT_EQ(compare_with_map(bench, 4000), 0u);
    EXPECT_GT(bench.ept.statistics().new_mappings, 100u);
    EXPECT_GT(bench.ept.statistics().changes, 100u);
}

TEST(EptMemoryPlanted, TheComparisonSeesStaleTranslations) {
    Bench bench;
    bench.order.stale = true;
    EXPECT_GT(compare_with_map(bench, 500), 0u);
}

TEST(EptMemoryPlanted, TheComparisonSeesStoresThatAreLost) {
    Bench bench;
    unsigned stores = 0;
    bench.bus.before_write = [&](Address, const std::uint8_t*, std::size_t) { return ++stores % 50 != 0; };
    EXPECT_GT(compare_with_map(bench, 500), 0u);
}

/// An entry as an adversary would write it: often of a table, and present.
std::uint64_t hostile_entry(std::mt19937_64& random) {
    const std::uint64_t frame = random() % 4 != 0 ? first_ept_frame + random() % ept_frames : random();
    return ((frame << 12) & NptEntry::frame_mask) | (random() & 0xff) | (random() % 4 != 0 ? NptEntry::present_bit : 0);
}

/// A walk that believes what it reads. Gives the frame that it ends at.
std::optional<std::uint64_t> believing_walk(TestStore& store, std::uint64_t root, Gpn gpn) {
    std::uint64_t table = root;
    for (unsigned shift = 27;; shift -= 9) {
        const NptEntry entry{load_le64(store.bytes((table << 12) + (gpn >> shift & 511) * 8, 8).data())};
        if (!entry.present()) return std::nullopt;
        table = entry.frame();
        if (shift == 0) return table;
    }
}

TEST(EptMemory, WalksSurviveAnyBytesAndNameNothingProtected) {
    std::mt19937_64 random(5);
    unsigned translated = 0, believed_protected = 0;
    for (unsigned round = 0; round < 60; ++round) {
        Bench bench;
        for (unsigned i = 0; i < 30; ++i) bench.store(random() % guest_pages, mapped(128 + random() % 1000));
        for (Address address = first_ept_frame * page_bytes; address < (first_ept_frame + ept_frames) * page_bytes; address += 8)
            if (round % 2 == 0 || random() % 4 == 0) {
                std::uint8_t bytes[8];
                store_le64(bytes, hostile_entry(random));
                bench.store_.write(address, bytes, sizeof bytes);
            }
        // Bytes may change under a walk, too.
        if (round % 3 == 0)
            bench.bus.after_read = [&](Address, std::uint8_t* data, std::size_t) {
                if (random() % 3 == 0) store_le64(data, hostile_entry(random));
            };
        for (unsigned i = 0; i < 200; ++i) {
            const Gpn gpn = random() % guest_pages;
            const std::uint64_t read_before = bench.ept.statistics().entries_read;
            const Translation translation = bench.ept.translate(guest, gpn * page_bytes, random() % 2 == 0);
            EXPECT_LE(bench.ept.statistics().entries_read - read_before, NestedPageTable::levels);
            EXPECT_FALSE(translation.raw);
            if (translation.fault == TranslationFault::none) {
                ++translated;
                EXPECT_TRUE(bench.ept.host_may_access(page_of(translation.hpa), false));
            }
            const auto believed = believing_walk(bench.store_, first_ept_frame, gpn);
            believed_protected += believed && !bench.ept.host_may_access(*believed, false);
            const bool is_large = random() % 4 == 0;
            const Gpn at = is_large ? random() % 4 * large_pages : gpn;
            const EptStatus status = bench.store(at, random() % 2 == 0 ? (is_large ? NptEntry::large_bit : 0)
                                                     : is_large        ? large(1024)
                                                                       : mapped(1000));
            EXPECT_TRUE(status == EptStatus::ok || status == EptStatus::no_room) << status;
        }
        bench.ept.remove(guest);
        EXPECT_EQ(bench.ept.free_frames(), ept_frames) << "every frame is free once, whatever the tables say";
    }
    EXPECT_GT(translated, 100u) << "or the bytes show nothing";
    EXPECT_GT(believed_protected, 20u) << "a walk that checks nothing ends in protected frames";
}

}  // namespace
}  // namespace coffer
