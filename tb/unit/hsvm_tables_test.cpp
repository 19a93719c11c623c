#include <gtest/gtest.h>

#include <initializer_list>
#include <map>
#include <set>
#include <vector>

#include "common/errors.h"
#include "common/protection_configuration.h"
#include "hsvm/nested_page_table.h"
#include "hsvm/ownership_table.h"
#include "hsvm/protected_memory_port.h"
#include "hsvm/vm_records.h"
#include "unit/fixtures.h"

namespace coffer {
namespace {

constexpr unsigned vmids = 64;

ProtectedMemoryParameters memory_with_pool(bool encrypt) {
    ProtectedMemoryParameters p = small_memory();
    p.scheme.encrypt = encrypt;
    p.chip_bytes = 32 * page_bytes;
    return p;
}

/// The chip region of a machine, plain or encrypted.
struct Region {
    explicit Region(bool encrypt) : memory(memory_with_pool(encrypt)), port(memory.memory, memory.store, memory.lpids, {}) {}

    Fixture memory;
    ProtectedMemoryPort port;
    ChipRegion region{port, ChipRegionLayout(port.map(), vmids)};
    ChipFramePool pool{region};
};

class ChipTables : public testing::TestWithParam<bool> {
protected:
    Region r{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(PlainAndEncrypted, ChipTables, testing::Bool());

TEST(ChipRegionLayout, PutsEveryPartOnFramesOfItsOwn) {
    const AddressMap map(64 * page_bytes, 32 * page_bytes, 16);
    const ChipRegionLayout layout(map, vmids);
    EXPECT_EQ(layout.base, 64 * page_bytes);
    EXPECT_EQ(layout.vm_records, layout.base + 2 * page_bytes);  // 64 entries of 128 bytes
    EXPECT_EQ(layout.ownership, layout.vm_records + 2 * page_bytes);
    EXPECT_EQ(layout.pool, layout.ownership + page_bytes);
    EXPECT_EQ(layout.end, layout.base + 32 * page_bytes);
}

TEST(ChipRegionLayout, NamesTheKeyOfARegionThatIsTooSmall) {
    EXPECT_THROW(ChipRegionLayout(AddressMap(64 * page_bytes, 5 * page_bytes, 16), vmids), InputError);
    EXPECT_NO_THROW(ChipRegionLayout(AddressMap(64 * page_bytes, 6 * page_bytes, 16), vmids));
    for (const unsigned bad : {0u, 2u, 65537u})
        EXPECT_THROW(ChipRegionLayout(AddressMap(64 * page_bytes, 32 * page_bytes, 16), bad), InputError) << bad;
}

TEST(OwnershipEntry, IsStoredAsTheFormatSays) {
    const OwnershipEntry entry{0x1234, OwnershipState::shared_read_write, true, 0x5678, 0x1122334455667788};
    EXPECT_EQ(to_hex(entry.encode()), "3412030178560000" "8877665544332211");
    EXPECT_EQ(OwnershipEntry::decode(entry.encode()), entry);
    EXPECT_EQ(to_hex(OwnershipEntry{}.encode()), std::string(32, '0'));
}

TEST_P(ChipTables, OwnershipOfEveryFrameIsKept) {
    OwnershipTable table(r.region);
    std::map<std::uint64_t, OwnershipEntry> expected;
    for (std::uint64_t frame = 0; frame < 64; frame += 3) {
        expected[frame] = {static_cast<Vmid>(frame + 2), OwnershipState::owned, false, host_vmid, frame * 7};
        table.set(frame, expected[frame]);
    }
    for (std::uint64_t frame = 0; frame < 64; ++frame) EXPECT_EQ(table.entry(frame), expected[frame]) << frame;
}

TEST_P(ChipTables, ChipAndMetadataFramesHaveTheirOwnerForEver) {
    OwnershipTable table(r.region);
    for (const std::uint64_t frame : {64, 95})
        EXPECT_EQ(table.entry(frame), (OwnershipEntry{chip_vmid, OwnershipState::owned, false, host_vmid, 0})) << frame;
    for (const std::uint64_t frame : {std::uint64_t{96}, std::uint64_t{1} << 40, ~std::uint64_t{0}})
        EXPECT_EQ(table.entry(frame).state, OwnershipState::metadata) << frame;
    EXPECT_THROW(table.set(64, {}), std::invalid_argument);
    EXPECT_THROW(table.set(~std::uint64_t{0}, {}), std::invalid_argument);
}

TEST_P(ChipTables, PoolGivesEveryFrameOnceAndFramesOfZeros) {
    const std::uint64_t all = r.pool.available();
    EXPECT_EQ(all, 32u - 5);
    std::set<std::uint64_t> frames;
    for (std::uint64_t i = 0; i < all; ++i) {
        const auto frame = r.pool.allocate();
        ASSERT_TRUE(frame);
        EXPECT_TRUE(frames.insert(*frame).second);
        EXPECT_GE(*frame * page_bytes, r.region.layout().pool);
        EXPECT_LT(*frame * page_bytes, r.region.layout().end);
        r.region.write_word(*frame * page_bytes + 2048, 7);
    }
    EXPECT_FALSE(r.pool.allocate());
    for (const std::uint64_t frame : frames) r.pool.release(frame);
    EXPECT_EQ(r.pool.available(), all);
    for (std::uint64_t i = 0; i < all; ++i) {
        const auto frame = r.pool.allocate();
        ASSERT_TRUE(frame);
        EXPECT_EQ(frames.erase(*frame), 1u);
        for (Address at = *frame * page_bytes; at < (*frame + 1) * page_bytes; at += line_bytes) EXPECT_EQ(r.region.read_line(at), Block64{});
    }
}

TEST_P(ChipTables, RecordsOfVms) {
    VmRecords records(r.region);
    VmRecord record;
    EXPECT_FALSE(records.read(2, record));
    records.write({2, 3, 4, 5, 6, 7 * page_bytes, true});
    const crypto::Digest measurement{1, 2, 3};
    records.set_measurement(2, measurement);
    ASSERT_TRUE(records.read(2, record));
    EXPECT_TRUE(record.used);
    EXPECT_EQ(records.measurement(2), measurement);
    EXPECT_EQ(record.vcpus, 3u);
    EXPECT_EQ(record.pages, 4u);
    EXPECT_EQ(record.npt_root, 5u);
    EXPECT_EQ(record.first_context, 6u);
    EXPECT_EQ(record.addr_shim, 7 * page_bytes);
    for (const Vmid other : std::initializer_list<Vmid>{0, 1, 3, vmids, 65535}) EXPECT_FALSE(records.read(other, record)) << other;
    records.erase(2);
    EXPECT_FALSE(records.read(2, record));
    EXPECT_EQ(records.measurement(2), crypto::Digest{});
}

class PageTables : public ChipTables {
protected:
    NestedPageTable table{r.region, r.pool, *r.pool.allocate()};
};
INSTANTIATE_TEST_SUITE_P(PlainAndEncrypted, PageTables, testing::Bool());

/// Walks the bytes as a processor would, sharing nothing with the class but the chip region.
std::uint64_t walk(ChipRegion& region, std::uint64_t root, Gpn gpn) {
    std::uint64_t table = root;
    for (int shift = 27; shift >= 0; shift -= 9) {
        const std::uint64_t entry = region.read_word(table * 4096 + (gpn >> shift & 511) * 8);
        const std::uint64_t frame = entry >> 12 & 0xffffffffff;
        if ((entry & 1) == 0) return 0;
        if (shift == 9 && (entry & 0x80) != 0) return frame + (gpn & 511);
        if (shift == 0) return frame;
        table = frame;
    }
    return 0;
}

TEST(NptEntry, HasTheBitsOfTheFormat) {
    EXPECT_EQ(NptEntry::mapped(0x12345).bits, 0x12345003u);
    EXPECT_EQ(NptEntry::shared_bit, 1ull << 52);
    EXPECT_EQ(NptEntry::swapped_bit, 1ull << 53);
    EXPECT_EQ(NptEntry::lost_bit, 1ull << 54);
    EXPECT_EQ(NptEntry::of((1ull << 40) - 1, NptEntry::lost_bit).frame(), (1ull << 40) - 1);
}

TEST_P(PageTables, AProcessorFindsTheFrameOfEveryPage) {
    const std::uint64_t root = r.region.layout().pool / page_bytes;
    const Gpn gpns[] = {0, 1, 511, 512, 513, 262143, 262144, (Gpn{1} << 27) + 5, NestedPageTable::max_pages - 1};
    for (const Gpn gpn : gpns) {
        ASSERT_TRUE(table.prepare(gpn)) << gpn;
        table.set(gpn, NptEntry::mapped(gpn % 61 + 1));
    }
    for (const Gpn gpn : gpns) {
        EXPECT_EQ(table.entry(gpn), NptEntry::mapped(gpn % 61 + 1)) << gpn;
        EXPECT_EQ(walk(r.region, root, gpn), gpn % 61 + 1) << gpn;
    }
    EXPECT_TRUE(table.entry(2).empty());
    EXPECT_EQ(walk(r.region, root, 2), 0u);
    std::vector<Gpn> seen;
    table.for_each([&](Gpn gpn, NptEntry, std::uint64_t pages) {
        EXPECT_EQ(pages, 1u);
        seen.push_back(gpn);
    });
    EXPECT_EQ(seen, std::vector<Gpn>(std::begin(gpns), std::end(gpns)));
}

TEST_P(PageTables, LargeMappingsAreOneEntryUntilOneOfTheirPagesChanges) {
    const std::uint64_t root = r.region.layout().pool / page_bytes;
    ASSERT_TRUE(table.prepare_large(1024));
    table.set_large(1024, NptEntry::mapped(512));
    const std::uint64_t available = r.pool.available();
    for (const Gpn gpn : {1024, 1025, 1535}) {
        EXPECT_EQ(table.entry(gpn), NptEntry::mapped(512 + gpn - 1024));
        EXPECT_EQ(walk(r.region, root, gpn), 512 + gpn - 1024);
        EXPECT_TRUE(table.large_entry(gpn).large());
    }
    EXPECT_TRUE(table.large_entry(1023).empty());
    EXPECT_TRUE(table.large_entry(1536).empty());

    ASSERT_TRUE(table.prepare(1100));
    EXPECT_EQ(r.pool.available(), available - 1);
    for (const Gpn gpn : {1024, 1100, 1535}) EXPECT_EQ(walk(r.region, root, gpn), 512 + gpn - 1024);
    EXPECT_TRUE(table.large_entry(1100).empty());
    table.set(1100, {});
    EXPECT_EQ(walk(r.region, root, 1100), 0u);
    EXPECT_EQ(walk(r.region, root, 1101), 512 + 77u);

    for (Gpn gpn = 1024; gpn < 1536; ++gpn) table.set(gpn, {});
    ASSERT_TRUE(table.prepare_large(1024));
    table.set_large(1024, NptEntry::mapped(0));
    EXPECT_EQ(r.pool.available(), available) << "the split table's frame comes back";
    EXPECT_EQ(walk(r.region, root, 1535), 511u);
}

TEST_P(PageTables, WithoutFramesNothingChanges) {
    while (r.pool.available() > 2) r.pool.allocate();
    EXPECT_FALSE(table.prepare(7));
    EXPECT_EQ(r.pool.available(), 2u);
    EXPECT_TRUE(table.prepare_large(0));
    EXPECT_EQ(r.pool.available(), 0u);
    table.set_large(0, NptEntry::mapped(0));
    EXPECT_FALSE(table.prepare(7)) << "splitting needs a frame";
    EXPECT_EQ(table.entry(7), NptEntry::mapped(7));
    EXPECT_THROW(table.set(7, {}), std::logic_error);
}

TEST_P(PageTables, DestroyGivesAllFramesBack) {
    const std::uint64_t all = r.pool.available() + 1;
    for (const Gpn gpn : {Gpn{0}, Gpn{1} << 20, Gpn{1} << 30}) ASSERT_TRUE(table.prepare(gpn));
    ASSERT_TRUE(table.prepare_large(4096));
    table.set_large(4096, NptEntry::mapped(0));
    table.destroy();
    EXPECT_EQ(r.pool.available(), all);
}

TEST(ChipRegion, EncryptedEntriesAreUnreadableAndCheckedOnTheBus) {
    Region r(true);
    OwnershipTable table(r.region);
    table.set(5, {7, OwnershipState::owned, false, host_vmid, 9});
    const Bytes stored = r.memory.store.bytes(r.region.layout().ownership + 5 * 16, 16);
    EXPECT_NE(to_hex(stored), to_hex(OwnershipEntry{7, OwnershipState::owned, false, host_vmid, 9}.encode()));
    r.memory.store.flip(r.region.layout().ownership + 5 * 16, 1);
    EXPECT_THROW(table.entry(5), ChipRegionFailure);
    EXPECT_TRUE(r.memory.memory.violations().frozen(chip_vmid));
}

TEST(ChipRegion, PlainEntriesLieInMemoryAsTheyAre) {
    Region r(false);
    OwnershipTable table(r.region);
    const OwnershipEntry entry{7, OwnershipState::owned, false, host_vmid, 9};
    table.set(5, entry);
    EXPECT_EQ(r.memory.store.hex(r.region.layout().ownership + 5 * 16, 16), to_hex(entry.encode()));
}

TEST(ProtectionConfiguration, IsTheTableOfTheDesign) {
    EXPECT_EQ(rules_of(ProtectionConfiguration::hsvm).name, "hsvm");
    EXPECT_EQ(rules_of(ProtectionConfiguration::combined).name, "combined");
    for (const ConfigurationRules& rules : configuration_rules) {
        EXPECT_EQ(rules.encrypt, rules.shim);
        EXPECT_EQ(rules.chip_region_hidden, rules.encrypt || rules.ownership);
    }
}

}  // namespace
}  // namespace coffer
