// What happens at the edges of the reference level: ranges, ends of counters, pages that change hands, memory that holds something else.
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <stdexcept>

#include "bmt/node_mac.h"
#include "common/errors.h"
#include "memory/protected_memory.h"
#include "unit/fixtures.h"

namespace coffer {
namespace {

constexpr Block64 some_data{1, 2, 3};
constexpr Block64 other_data{4, 5};

ProtectedMemoryParameters with_integrity(Integrity integrity) {
    ProtectedMemoryParameters p = small_memory();
    p.scheme.integrity = integrity;
    return p;
}

Block64 read_of(ProtectedMemory& memory, Vmid vmid, Address gpa, Address hpa) {
    Block64 data{0xee};
    const MaybeViolation violation = memory.read_line(vmid, gpa, hpa, data.data());
    EXPECT_FALSE(violation) << violation->describe();
    return data;
}

void write_to(ProtectedMemory& memory, Vmid vmid, Address gpa, Address hpa, const Block64& data) {
    const MaybeViolation violation = memory.write_line(vmid, gpa, hpa, data.data());
    EXPECT_FALSE(violation) << violation->describe();
}

VmInstall reinstalled(const VmEntry& entry, const NodeTag& root) {
    VmInstall vm = vm_of(entry.vmid, entry.pages, entry.k_vm);
    vm.tree_base = entry.tree_base;
    vm.root = root;
    return vm;
}

// Rooms of trees

TEST(TreeRoom, OfAReinstalledVmIsNotGivenToTheNextOne) {
    Fixture f;
    f.memory.install(vm_of(2, 40));
    write_to(f.memory, 2, 0x5000, 0x5000, some_data);
    const VmInstall again = reinstalled(f.memory.entry(2), f.memory.flush(2));

    ProtectedMemory restarted(small_memory(), f.store, f.lpids);
    restarted.install(again);
    restarted.install(vm_of(3, 40));
    EXPECT_NE(restarted.entry(3).tree_base, again.tree_base);
    write_to(restarted, 3, 0x5000, 0x6000, other_data);
    restarted.flush(3);
    EXPECT_EQ(read_of(restarted, 2, 0x5000, 0x5000), some_data);
}

TEST(TreeRoom, GivenByTheCallerIsGivenBackOnce) {
    Fixture f;
    VmInstall far = vm_of(2, 40);
    far.tree_base = f.memory.end_of_metadata() + 3 * page_bytes;
    f.memory.install(far);
    f.memory.uninstall(2);
    std::set<Address> bases;
    for (Vmid vmid = 2; vmid < 10; ++vmid) {
        f.memory.install(vm_of(vmid, 40));
        EXPECT_TRUE(bases.insert(f.memory.entry(vmid).tree_base).second) << "VMID " << vmid << " shares its tree's room";
    }
}

TEST(TreeRoom, ThatIsNotFreeIsRefused) {
    Fixture f;
    f.memory.install(vm_of(2, 40));
    const Address taken = f.memory.entry(2).tree_base;
    const Address lowest = f.memory.map().tree_base();
    // In use, the chip's own, unaligned, among tags and data, beyond the last address.
    for (const Address base : {taken, lowest, taken + 2 * page_bytes + 64, lowest - page_bytes, Address{0x1000}, ~Address{0} - 4095}) {
        VmInstall vm = vm_of(3, 40);
        vm.tree_base = base;
        EXPECT_THROW(f.memory.install(vm), InputError) << std::hex << base;
        EXPECT_FALSE(f.memory.vm_table().installed(3));
    }
}

TEST(TreeRoom, IsNotLostWhenAnInstallIsRefused) {
    Fixture f;
    f.memory.install(vm_of(2, 40));
    const Address end = f.memory.end_of_metadata();
    for (int i = 0; i < 5; ++i) EXPECT_THROW(f.memory.install(vm_of(2, 40)), InputError);
    f.memory.install(vm_of(3, 40));
    EXPECT_EQ(f.memory.end_of_metadata(), end + page_bytes);
}

// Pages and frames that change hands

class EveryIntegrity : public ::testing::TestWithParam<Integrity> {};
INSTANTIATE_TEST_SUITE_P(Modes, EveryIntegrity, ::testing::Values(Integrity::none, Integrity::mac, Integrity::bmt),
                         [](const auto& mode) { return std::string(to_string(mode.param)); });

TEST_P(EveryIntegrity, ARestartedChipBeginsWithAnEmptyRegion) {
    ProtectedMemoryParameters p = with_integrity(GetParam());
    p.vm_table_slots = 2;
    Fixture f(p);
    for (Vmid vmid = 2; vmid < 5; ++vmid) f.memory.install(vm_of(vmid, 3));
    for (Vmid vmid = 2; vmid < 5; ++vmid) write_to(f.memory, vmid, 0, vmid * page_bytes, some_data);
    f.memory.flush(chip_vmid);

    LpidAllocator lpids(f.nonvolatile);
    ProtectedMemory restarted(p, f.store, lpids);
    EXPECT_EQ(read_of(restarted, chip_vmid, 2 * VmTable::entry_bytes, restarted.map().chip_base() + 2 * VmTable::entry_bytes), Block64{});
    for (Vmid vmid = 2; vmid < 5; ++vmid) restarted.install(vm_of(vmid, 3));
    for (Vmid vmid = 2; vmid < 5; ++vmid) restarted.release_page(vmid, 0, vmid * page_bytes);
    for (Vmid vmid = 2; vmid < 5; ++vmid) write_to(restarted, vmid, 0, vmid * page_bytes, other_data);
    for (Vmid vmid = 2; vmid < 5; ++vmid) EXPECT_EQ(read_of(restarted, vmid, 0, vmid * page_bytes), other_data);
    EXPECT_EQ(restarted.violations().count(), 0u);
}

TEST_P(EveryIntegrity, AReleasedFrameIsItsNextOwnersAlone) {
    Fixture f(with_integrity(GetParam()));
    f.memory.install(vm_of(2, 3));
    f.memory.install(vm_of(3, 3));
    write_to(f.memory, 2, 0x1000, 0x7000, some_data);
    ASSERT_FALSE(f.memory.release_page(2, 0x1000, 0x7000));

    ASSERT_FALSE(f.memory.release_page(3, 0x2000, 0x7000));
    write_to(f.memory, 3, 0x2000, 0x7000, other_data);
    f.memory.flush(3);
    f.memory.flush(2);
    EXPECT_EQ(read_of(f.memory, 3, 0x2000, 0x7000), other_data);
}

TEST(ChangedPages, AReleaseThatNamesAnotherFrameStillEmptiesThePage) {
    Fixture f;
    f.memory.install(vm_of(2, 3));
    write_to(f.memory, 2, 0x1000, 0x7000, some_data);
    ASSERT_FALSE(f.memory.release_page(2, 0x1000, 0x9000));
    EXPECT_EQ(read_of(f.memory, 2, 0x1000, 0x7000), Block64{});
}

TEST(ChangedPages, APageLostUnderAnotherFrameIsLost) {
    Fixture f;
    f.memory.install(vm_of(2, 3));
    write_to(f.memory, 2, 0x1000, 0x7000, some_data);
    ASSERT_FALSE(f.memory.lose_page(2, 0x1000, 0x9000));
    Block64 data;
    const MaybeViolation violation = f.memory.read_line(2, 0x1000, 0x7000, data.data());
    ASSERT_TRUE(violation);
    EXPECT_EQ(violation->check, Check::lost_page);
}

// The new mapping's counter block must not be taken for the page's only because the old one's has not reached the tree yet.
TEST(ChangedPages, APageThatWasNotMovedIsNotFoundInAnotherFrame) {
    ProtectedMemoryParameters p = small_memory();
    p.on_violation = OnViolation::report;
    Fixture f(p);
    f.memory.install(vm_of(2, 3));
    write_to(f.memory, 2, 0x1000, 0x7000, some_data);
    Block64 data{0xee};
    const MaybeViolation violation = f.memory.read_line(2, 0x1000, 0x9000, data.data());
    ASSERT_TRUE(violation);
    EXPECT_EQ(violation->check, Check::counter_block);
    EXPECT_EQ(violation->hpa, f.memory.map().counter_of(0x9000));
    EXPECT_EQ(data, Block64{});
    EXPECT_EQ(read_of(f.memory, 2, 0x1000, 0x7000), some_data);
}

// The chip's own domain

TEST(ChipDomain, AnEntryThatFailsItsCheckStopsWhoNeedsIt) {
    for (const OnViolation on_violation : {OnViolation::freeze, OnViolation::report}) {
        SCOPED_TRACE(to_string(on_violation));
        ProtectedMemoryParameters p = small_memory();
        p.vm_table_slots = 2;
        p.on_violation = on_violation;
        Fixture f(p);
        for (Vmid vmid = 2; vmid < 4; ++vmid) {
            f.memory.install(vm_of(vmid, 3));
            write_to(f.memory, vmid, 0, vmid * page_bytes, some_data);
        }
        f.memory.flush(chip_vmid);
        const Address entry = f.memory.map().chip_base() + 2 * VmTable::entry_bytes;
        f.store.flip(entry + 70, 1);

        Block64 data = some_data;
        const MaybeViolation violation = f.memory.read_line(2, 0, 2 * page_bytes, data.data());
        ASSERT_TRUE(violation);
        EXPECT_EQ(violation->check, Check::frozen);
        EXPECT_EQ(violation->vmid, chip_vmid);
        EXPECT_EQ(data, Block64{});
        const Violation& cause = f.memory.violations().violations().front();
        EXPECT_EQ(cause.check, Check::data_tag);
        EXPECT_EQ(cause.vmid, chip_vmid);
        EXPECT_EQ(cause.gpa, 2 * VmTable::entry_bytes + line_bytes);
        EXPECT_EQ(cause.hpa, entry + line_bytes);

        // An entry that was written afterwards would be lost, and an older one could take its place: the domain stays stopped.
        f.store.flip(entry + 70, 1);
        EXPECT_EQ(f.memory.write_line(2, 0, 2 * page_bytes, data.data())->vmid, chip_vmid);
        EXPECT_EQ(f.memory.shred_page(2, 0, 2 * page_bytes)->check, Check::frozen);
    }
}

// Metadata checks on the way out of the cache

/// One way for guests: whatever is fetched displaces what was fetched before.
ProtectedMemoryParameters with_smallest_cache() {
    ProtectedMemoryParameters p = small_memory();
    p.metadata_cache = {1, 2};
    p.metadata_chip_ways = 1;
    return p;
}

TEST(Settling, NamesTheFirstPageBelowTheNodeThatLeaves) {
    Fixture f(with_smallest_cache());
    f.memory.install(vm_of(2, 60));
    write_to(f.memory, 2, 0x29000, 0x7000, some_data);  // GPN 41: level-1 node 10, level-2 node 2
    f.memory.flush(2);
    ASSERT_FALSE(f.memory.release_page(2, 0x29000, 0x7000));
    const Address level2 = f.memory.entry(2).tree_base + (15 + 2) * line_bytes;
    f.store.flip(level2 + 1, 1);
    f.memory.flush(2);
    ASSERT_EQ(f.memory.violations().count(), 1u);
    const Violation& violation = f.memory.violations().last();
    EXPECT_EQ(violation.check, Check::tree_node);
    EXPECT_EQ(violation.vmid, 2);
    EXPECT_EQ(violation.gpa, 40 * page_bytes);
    EXPECT_EQ(violation.hpa, level2);
    EXPECT_EQ(violation.level, 2);
    EXPECT_EQ(violation.index, 2u);
}

TEST(Settling, OfAWholeVmChangesItsRootOnce) {
    Fixture f;
    f.memory.install(vm_of(2, 60));
    const auto write_some = [&](const Block64& data) {
        for (Gpn gpn = 0; gpn < 60; gpn += 7) write_to(f.memory, 2, gpn * page_bytes, gpn * page_bytes, data);
    };
    write_some(some_data);
    f.memory.flush(2);
    write_some(other_data);  // all nodes above are in the cache now
    const std::uint64_t before = f.memory.tree_statistics().root_updates;
    f.memory.flush(2);
    EXPECT_EQ(f.memory.tree_statistics().root_updates, before + 1);
}

TEST(Settling, ThatFailsStopsTheVmWhateverThePolicy) {
    ProtectedMemoryParameters p = with_smallest_cache();
    p.on_violation = OnViolation::report;
    Fixture f(p);
    f.memory.install(vm_of(2, 60));
    write_to(f.memory, 2, 0, 0, some_data);
    f.memory.flush(2);
    // A new page whose tag finds no way up: its leaf stays empty, and without this rule it would be read as zeros.
    write_to(f.memory, 2, 0x1000, 0x1000, some_data);
    const Address level1 = f.memory.entry(2).tree_base;
    f.store.flip(level1, 1);
    f.memory.flush(2);
    f.store.flip(level1, 1);
    Block64 data;
    const MaybeViolation violation = f.memory.read_line(2, 0x1000, 0x1000, data.data());
    ASSERT_TRUE(violation);
    EXPECT_EQ(violation->check, Check::frozen);
    EXPECT_EQ(violation->vmid, 2);
}

// Ranges

TEST(Ranges, AGpnBeyondTheInstalledSizeIsAViolation) {
    using Operation = std::function<MaybeViolation(ProtectedMemory&, Address gpa)>;
    Block64 data{};
    const Operation operations[] = {
        [&](ProtectedMemory& m, Address gpa) { return m.read_line(2, gpa, 0x7000, data.data()); },
        [&](ProtectedMemory& m, Address gpa) { return m.write_line(2, gpa, 0x7000, data.data()); },
        [](ProtectedMemory& m, Address gpa) { return m.move_page(2, gpa, 0x7000, 0x8000); },
        [](ProtectedMemory& m, Address gpa) { return m.shred_page(2, gpa, 0x7000); },
        [](ProtectedMemory& m, Address gpa) { return m.release_page(2, gpa, 0x7000); },
        [](ProtectedMemory& m, Address gpa) { return m.lose_page(2, gpa, 0x7000); },
    };
    for (const Operation& operation : operations) {
        for (const Gpn gpn : {Gpn{5}, Gpn{6}, Gpn{64}, Gpn{1} << 40, Gpn{1} << 51}) {
            Fixture f;
            f.memory.install(vm_of(2, 5));
            EXPECT_FALSE(operation(f.memory, 4 * page_bytes)) << "the last page is one";
            const MaybeViolation violation = operation(f.memory, gpn * page_bytes);
            ASSERT_TRUE(violation);
            EXPECT_EQ(violation->check, Check::out_of_range);
            EXPECT_EQ(violation->gpa, gpn * page_bytes);
            EXPECT_EQ(violation->hpa, 0x7000u);
            EXPECT_EQ(violation->index, gpn);
        }
    }
}

TEST(Ranges, UnknownVmsAndAddressesBeyondMemoryAreTheCallersFault) {
    Fixture f;
    f.memory.install(vm_of(2, 5));
    Block64 data{};
    const Address beyond = f.memory.map().chip_base() + f.memory.map().chip_bytes();
    for (const Vmid vmid : {host_vmid, Vmid{2}}) {
        EXPECT_THROW((void)f.memory.read_line(vmid, 0, beyond, data.data()), std::invalid_argument);
        EXPECT_THROW((void)f.memory.write_line(vmid, 0, beyond, data.data()), std::invalid_argument);
        EXPECT_THROW((void)f.memory.move_page(vmid, 0, 0x7000, beyond), std::invalid_argument);
        EXPECT_THROW((void)f.memory.move_page(vmid, 0, beyond, 0x7000), std::invalid_argument);
    }
    EXPECT_THROW((void)f.memory.read_line(3, 0, 0x7000, data.data()), std::invalid_argument);
    EXPECT_THROW((void)f.memory.shred_page(3, 0, 0x7000), std::invalid_argument);
    EXPECT_THROW((void)f.memory.flush(3), std::invalid_argument);
    EXPECT_THROW((void)f.memory.entry(3), std::invalid_argument);
    EXPECT_THROW(f.memory.uninstall(3), std::invalid_argument);
    EXPECT_EQ(f.memory.violations().count(), 0u);
}

// Plain domains

TEST(PlainMemory, ShredAndReleaseClearAPage) {
    ProtectedMemoryParameters p = small_memory();
    p.scheme.encrypt = false;
    Fixture f(p);
    f.memory.install(vm_of(2, 5));
    for (const Vmid vmid : {host_vmid, Vmid{2}}) {
        write_to(f.memory, vmid, 0x1fc0, 0x7fc0, some_data);
        EXPECT_EQ(f.store.block(0x7fc0), some_data);
        ASSERT_FALSE(f.memory.move_page(vmid, 0x1000, 0x7000, 0x9000));
        EXPECT_EQ(read_of(f.memory, vmid, 0x1fc0, 0x9fc0), some_data);
        ASSERT_FALSE(f.memory.shred_page(vmid, 0x1000, 0x9000));
        EXPECT_EQ(read_of(f.memory, vmid, 0x1fc0, 0x9fc0), Block64{});
        write_to(f.memory, vmid, 0x1000, 0x9000, some_data);
        ASSERT_FALSE(f.memory.release_page(vmid, 0x1000, 0x9000));
        EXPECT_EQ(read_of(f.memory, vmid, 0x1000, 0x9000), Block64{});
        EXPECT_THROW((void)f.memory.lose_page(vmid, 0x1000, 0x9000), std::invalid_argument);
    }
    const AddressMap& map = f.memory.map();
    EXPECT_EQ(f.store.bytes(map.counter_base(), f.memory.end_of_metadata() - map.counter_base()),
              Bytes(f.memory.end_of_metadata() - map.counter_base()))
        << "a plain domain has no metadata";
}

// Reserved values of the tree

TEST(ReservedTags, AreNeverComputedTags) {
    EXPECT_EQ(avoid_reserved(NodeTag{0}), NodeTag{2});
    EXPECT_EQ(avoid_reserved(NodeTag{1}), NodeTag{3});
    NodeTag large{};
    large[15] = 1;
    for (const NodeTag& tag : {NodeTag{2}, NodeTag{3}, NodeTag{255}, NodeTag{0, 1}, NodeTag{1, 1}, large}) EXPECT_EQ(avoid_reserved(tag), tag);
}

TEST(ReservedTags, OfAZeroNodeIsEmptyAndOfAZeroCounterBlockIsNot) {
    for (const unsigned bytes : {4u, 8u, 16u}) {
        const NodeMac mac(MacAlgorithm::cmac, bytes, numbered_key(1));
        EXPECT_EQ(mac.tag(1, 7, Block64{}), empty_tag);
        EXPECT_EQ(mac.tag(40, 0, Block64{}), empty_tag);
        EXPECT_NE(mac.tag(0, 7, Block64{}), empty_tag);
        EXPECT_NE(mac.tag(1, 7, Block64{1}), empty_tag);
    }
}

TEST(EmptyPages, IgnoreWhateverMemoryHolds) {
    Fixture f;
    const Address end = f.memory.end_of_metadata() + 16 * page_bytes;
    f.store.put(f.memory.map().counter_base(), Bytes(end - f.memory.map().counter_base(), 0xa5));
    f.memory.install(vm_of(2, 60));
    for (Gpn gpn = 0; gpn < 60; ++gpn)
        for (Address line = 0; line < page_bytes; line += line_bytes)
            EXPECT_EQ(read_of(f.memory, 2, gpn * page_bytes + line, gpn * page_bytes + line), Block64{});
    EXPECT_EQ(f.memory.violations().count(), 0u);
}

TEST(EmptyPages, GarbageBelowANodeThatBecameEmptyIsIgnored) {
    Fixture f;
    f.memory.install(vm_of(2, 60));
    write_to(f.memory, 2, 0, 0, some_data);
    const Gpn neighbours[] = {20, 21, 22, 23};  // all of level-1 node 5
    for (const Gpn gpn : neighbours) write_to(f.memory, 2, gpn * page_bytes, gpn * page_bytes, some_data);
    f.memory.flush(2);
    for (const Gpn gpn : neighbours) ASSERT_FALSE(f.memory.release_page(2, gpn * page_bytes, gpn * page_bytes));
    const NodeTag root = f.memory.flush(2);
    EXPECT_NE(root, empty_tag);
    const Address tree = f.memory.entry(2).tree_base;
    EXPECT_EQ(f.store.block(tree + (15 + 1) * line_bytes), Block64{}) << "level-2 node 1 held nothing else";

    f.store.put(tree + 5 * line_bytes, Bytes(line_bytes, 0x5a));
    f.store.put(tree + (15 + 1) * line_bytes, Bytes(line_bytes, 0x5a));
    for (const Gpn gpn : neighbours) f.store.put(f.memory.map().counter_of(gpn * page_bytes), Bytes(line_bytes, 0x5a));
    for (const Gpn gpn : neighbours) EXPECT_EQ(read_of(f.memory, 2, gpn * page_bytes, gpn * page_bytes), Block64{});
    EXPECT_EQ(read_of(f.memory, 2, 0, 0), some_data);
}

TEST(EmptyPages, TheRootBecomesEmptyAgain) {
    for (const std::uint64_t pages : {1u, 4u, 5u, 60u}) {
        Fixture f;
        f.memory.install(vm_of(2, pages));
        const Address gpa = (pages - 1) * page_bytes;
        write_to(f.memory, 2, gpa, 0x7000, some_data);
        EXPECT_NE(f.memory.flush(2), empty_tag);
        ASSERT_FALSE(f.memory.release_page(2, gpa, 0x7000));
        EXPECT_EQ(f.memory.flush(2), empty_tag) << pages << " pages";

        const TreeGeometry geometry(pages, 16);
        f.store.put(f.memory.entry(2).tree_base, Bytes(geometry.bytes(), 0x5a));
        EXPECT_EQ(read_of(f.memory, 2, gpa, 0x7000), Block64{});
        write_to(f.memory, 2, gpa, 0x7000, other_data);
        EXPECT_NE(f.memory.flush(2), empty_tag);
        EXPECT_EQ(read_of(f.memory, 2, gpa, 0x7000), other_data);
    }
}

TEST(LostPages, StayLostWhateverTheHypervisorDoes) {
    ProtectedMemoryParameters p = small_memory();
    p.on_violation = OnViolation::report;
    Fixture f(p);
    f.memory.install(vm_of(2, 5));
    write_to(f.memory, 2, 0x1000, 0x7000, some_data);
    ASSERT_FALSE(f.memory.lose_page(2, 0x1000, 0x7000));
    ASSERT_FALSE(f.memory.lose_page(2, 0x2000, 0x8000)) << "a page that was never used can be lost too";
    ASSERT_FALSE(f.memory.move_page(2, 0x1000, 0x7000, 0x9000));
    const VmInstall again = reinstalled(f.memory.entry(2), f.memory.flush(2));
    f.memory.uninstall(2);
    f.memory.install(again);

    Block64 data{0xee};
    for (const MaybeViolation& violation : {f.memory.read_line(2, 0x1040, 0x9040, data.data()), f.memory.read_line(2, 0x1040, 0x7040, data.data()),
                                            f.memory.write_line(2, 0x1040, 0x9040, some_data.data()), f.memory.shred_page(2, 0x1000, 0x9000),
                                            f.memory.read_line(2, 0x2000, 0x8000, data.data())}) {
        ASSERT_TRUE(violation);
        EXPECT_EQ(violation->check, Check::lost_page);
        EXPECT_EQ(violation->vmid, 2);
    }
    EXPECT_EQ(data, Block64{});

    ASSERT_FALSE(f.memory.release_page(2, 0x1000, 0x9000)) << "its guest may give it up";
    EXPECT_EQ(read_of(f.memory, 2, 0x1040, 0x9040), Block64{});
}

// Ends of counters

TEST(EndOfLpids, NothingIsEncryptedWithoutAFreshOne) {
    ProtectedMemoryParameters p = small_memory();
    p.on_violation = OnViolation::report;
    TestStore store;
    MemoryNonVolatile nonvolatile(ChipNumber(1));
    LpidAllocator lpids(nonvolatile, 3);
    ProtectedMemory memory(p, store, lpids);
    memory.install(vm_of(2, 5));
    write_to(memory, 2, 0, 0, other_data);
    for (unsigned i = 1; i <= CounterBlock::last_minor; ++i) write_to(memory, 2, 0x1000, 0x1000, some_data);

    const auto expect_exhausted = [](const MaybeViolation& violation, Address gpa) {
        ASSERT_TRUE(violation);
        EXPECT_EQ(violation->check, Check::lpid_exhausted);
        EXPECT_EQ(violation->gpa, gpa);
    };
    Block64 data{0xee};
    expect_exhausted(memory.read_line(2, 0x2000, 0x2000, data.data()), 0x2000);
    EXPECT_EQ(data, Block64{});
    expect_exhausted(memory.write_line(2, 0x2000, 0x2000, some_data.data()), 0x2000);
    expect_exhausted(memory.write_line(2, 0x1000, 0x1000, other_data.data()), 0x1000);
    expect_exhausted(memory.shred_page(2, 0, 0), 0);
    EXPECT_EQ(read_of(memory, 2, 0x1000, 0x1000), some_data) << "a page that cannot be renewed stays as it is";
    EXPECT_EQ(read_of(memory, 2, 0, 0), other_data);
    write_to(memory, 2, 0, 0, some_data);
    EXPECT_EQ(read_of(memory, 2, 0, 0), some_data);
}

TEST(Overflow, OfAPageWithATamperedLineChangesNothing) {
    ProtectedMemoryParameters p = small_memory();
    p.on_violation = OnViolation::report;
    Fixture f(p);
    f.memory.install(vm_of(2, 5));
    write_to(f.memory, 2, 0x1fc0, 0x7fc0, other_data);
    for (unsigned i = 1; i <= CounterBlock::last_minor; ++i) write_to(f.memory, 2, 0x1000, 0x7000, some_data);
    f.memory.flush(2);
    f.store.flip(0x7fc0, 1);
    TestStore before = f.store;
    const Lpid next = f.lpids.peek();

    const MaybeViolation violation = f.memory.write_line(2, 0x1000, 0x7000, other_data.data());
    ASSERT_TRUE(violation);
    EXPECT_EQ(violation->check, Check::data_tag);
    EXPECT_EQ(violation->gpa, 0x1fc0u);
    EXPECT_EQ(violation->hpa, 0x7fc0u);
    f.memory.flush(2);
    EXPECT_EQ(f.store.bytes(0, f.memory.end_of_metadata()), before.bytes(0, f.memory.end_of_metadata()));
    EXPECT_EQ(f.lpids.peek(), next);
    EXPECT_EQ(read_of(f.memory, 2, 0x1000, 0x7000), some_data);
}

TEST(LpidFloor, APageOfAnEarlierInstallIsReadAsItIsAndRenewedAtItsFirstWrite) {
    Fixture f;
    f.memory.install(vm_of(2, 5));
    write_to(f.memory, 2, 0x1000, 0x7000, some_data);
    write_to(f.memory, 2, 0x1fc0, 0x7fc0, other_data);
    const VmInstall again = reinstalled(f.memory.entry(2), f.memory.flush(2));
    f.memory.uninstall(2);
    f.memory.install(again);
    TestStore before = f.store;

    EXPECT_EQ(read_of(f.memory, 2, 0x1000, 0x7000), some_data);
    f.memory.flush(2);
    EXPECT_EQ(f.store.bytes(0, f.memory.end_of_metadata()), before.bytes(0, f.memory.end_of_metadata()));
    EXPECT_EQ(f.memory.engine_statistics().floor_renewals, 0u);

    write_to(f.memory, 2, 0x1000, 0x7000, other_data);
    EXPECT_EQ(f.memory.engine_statistics().floor_renewals, 1u);
    EXPECT_EQ(f.memory.engine_statistics().reencrypted_lines, 1u);
    f.memory.flush(2);
    const CounterBlock block(f.store.block(f.memory.map().counter_of(0x7000)));
    EXPECT_GE(block.lpid(), f.memory.entry(2).lpid_floor);
    EXPECT_EQ(block.minor(0), 1u);
    EXPECT_EQ(block.minor(63), 1u);
    EXPECT_EQ(block.minor(1), 0u);
    write_to(f.memory, 2, 0x1000, 0x7000, some_data);
    EXPECT_EQ(f.memory.engine_statistics().floor_renewals, 1u) << "once is enough";
    EXPECT_EQ(read_of(f.memory, 2, 0x1fc0, 0x7fc0), other_data);
}

TEST(LpidFloor, ThePageThatGotTheFloorItselfIsNew) {
    Fixture f;
    f.memory.install(vm_of(2, 5));
    write_to(f.memory, 2, 0x1000, 0x7000, some_data);
    write_to(f.memory, 2, 0x1000, 0x7000, other_data);
    f.memory.flush(2);
    const CounterBlock block(f.store.block(f.memory.map().counter_of(0x7000)));
    EXPECT_EQ(block.lpid(), f.memory.entry(2).lpid_floor);
    EXPECT_EQ(block.minor(0), 2u);
    EXPECT_EQ(f.memory.engine_statistics().floor_renewals, 0u);
}

TEST(LpidFloor, ThePageThatGotTheLpidBeforeItIsOld) {
    Fixture f;
    f.memory.install(vm_of(3, 5));
    f.memory.uninstall(3);  // the chip's own page has its LPID now
    f.memory.install(vm_of(2, 5));
    write_to(f.memory, 2, 0x1000, 0x7000, some_data);
    const VmInstall again = reinstalled(f.memory.entry(2), f.memory.flush(2));
    f.memory.uninstall(2);
    f.memory.install(again);
    ASSERT_EQ(f.memory.entry(2).lpid_floor, CounterBlock(f.store.block(f.memory.map().counter_of(0x7000))).lpid() + 1);
    write_to(f.memory, 2, 0x1000, 0x7000, other_data);
    EXPECT_EQ(f.memory.engine_statistics().floor_renewals, 1u);
}

/// One boot of a chip over memory that comes from elsewhere.
struct OtherChip {
    OtherChip(std::uint64_t number, const TestStore& from) : store(from), nonvolatile(ChipNumber(number)), memory(parameters(number), store, lpids) {}
    static ProtectedMemoryParameters parameters(std::uint64_t number) {
        ProtectedMemoryParameters p = small_memory();
        p.chip.number = ChipNumber(number);
        return p;
    }
    TestStore store;
    MemoryNonVolatile nonvolatile;
    LpidAllocator lpids{nonvolatile};
    ProtectedMemory memory;
};

TEST(LpidFloor, APageOfAnotherChipIsRenewedHoweverLargeItsLpid) {
    OtherChip source(500, TestStore());
    source.memory.install(vm_of(2, 5));
    write_to(source.memory, 2, 0x1000, 0x7000, some_data);
    const VmInstall moved = reinstalled(source.memory.entry(2), source.memory.flush(2));
    for (const std::uint64_t chip : {1u, 499u, 501u, 65535u}) {
        OtherChip other(chip, source.store);
        TestStore& store = other.store;
        ProtectedMemory& target = other.memory;
        target.install(moved);
        EXPECT_EQ(read_of(target, 2, 0x1000, 0x7000), some_data);
        write_to(target, 2, 0x1040, 0x7040, other_data);
        EXPECT_EQ(target.engine_statistics().floor_renewals, 1u);
        target.flush(2);
        EXPECT_EQ(chip_of(CounterBlock(store.block(target.map().counter_of(0x7000))).lpid()), chip);
        EXPECT_EQ(read_of(target, 2, 0x1000, 0x7000), some_data);
    }
}

// Stopped VMs

TEST(FrozenVm, DoesNothingMoreAndHarmsNobody) {
    Fixture f;
    f.memory.install(vm_of(2, 5));
    f.memory.install(vm_of(3, 5));
    write_to(f.memory, 2, 0x1000, 0x7000, some_data);
    write_to(f.memory, 2, 0x2000, 0x8000, some_data);
    write_to(f.memory, 3, 0x1000, 0x9000, other_data);
    f.store.flip(0x7000, 1);
    Block64 data;
    ASSERT_TRUE(f.memory.read_line(2, 0x1000, 0x7000, data.data()));
    f.memory.flush(3);
    TestStore before = f.store;

    data.fill(0xee);
    for (const MaybeViolation& violation :
         {f.memory.read_line(2, 0x2000, 0x8000, data.data()), f.memory.write_line(2, 0x2000, 0x8000, some_data.data()),
          f.memory.move_page(2, 0x2000, 0x8000, 0xa000), f.memory.shred_page(2, 0x2000, 0x8000), f.memory.release_page(2, 0x2000, 0x8000),
          f.memory.lose_page(2, 0x2000, 0x8000)}) {
        ASSERT_TRUE(violation);
        EXPECT_EQ(violation->check, Check::frozen);
        EXPECT_EQ(violation->vmid, 2);
    }
    EXPECT_EQ(data, Block64{});
    EXPECT_EQ(f.memory.violations().count(), 1u);
    EXPECT_EQ(f.store.bytes(0, f.memory.end_of_metadata()), before.bytes(0, f.memory.end_of_metadata()));
    EXPECT_EQ(read_of(f.memory, 3, 0x1000, 0x9000), other_data);

    f.memory.uninstall(2);
    f.memory.install(vm_of(2, 5));
    EXPECT_EQ(read_of(f.memory, 2, 0x1000, 0x7000), Block64{}) << "the next VM of this VMID is another one";
}

}  // namespace
}  // namespace coffer
