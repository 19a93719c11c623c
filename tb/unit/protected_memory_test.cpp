#include "memory/protected_memory.h"

#include <gtest/gtest.h>

#include "unit/fixtures.h"

namespace coffer {
namespace {

// Every value of the worked example of docs/formats.md, section 11.
TEST(ProtectedMemory, WorkedExample) {
    MemoryNonVolatile nonvolatile(ChipNumber(1));
    LpidAllocator lpids(nonvolatile);
    while (lpids.peek() != 0x0001000000000005) ASSERT_TRUE(lpids.next());
    TestStore store;
    ProtectedMemory memory(small_memory(), store, lpids);
    VmInstall vm = vm_of(2, 5, key_of("000102030405060708090a0b0c0d0e0f"));
    vm.tree_base = 0x80000;
    memory.install(vm);

    Block64 data;
    for (unsigned i = 0; i < 64; ++i) data[i] = static_cast<std::uint8_t>(i);
    const Address gpa = 0x4000 + 2 * line_bytes;
    const Address hpa = 0x3000 + 2 * line_bytes;
    const Block64 earlier{};
    ASSERT_FALSE(memory.write_line(2, gpa, hpa, earlier.data()));
    ASSERT_FALSE(memory.write_line(2, gpa, hpa, earlier.data()));
    ASSERT_FALSE(memory.write_line(2, gpa, hpa, data.data()));
    const NodeTag root = memory.flush(2);

    EXPECT_EQ(store.hex(memory.map().counter_of(hpa), 64), "050000000000010000c0" + std::string(108, '0'));
    EXPECT_EQ(store.hex(hpa, 16), "ab5f0fc7c1464cfb29199fd45b817985");
    EXPECT_EQ(store.hex(memory.map().tag_of(hpa), 16), "3a9afd4c0628b2b0fbfa62a7b0019366");
    EXPECT_EQ(store.hex(0x80000 + 64, 16), "7a9452b3c419418830b87aa9c4493cc7");
    EXPECT_EQ(store.hex(0x80000 + 128 + 16, 16), "1f65bff96defc2b2348f7287da12c544");
    EXPECT_EQ(to_hex(root), "97ddf18b88f17ade73d004f819fc5124" + std::string(32, '0'));

    Block64 read;
    ASSERT_FALSE(memory.read_line(2, gpa, hpa, read.data()));
    EXPECT_EQ(read, data);
}

TEST(ProtectedMemory, EveryBlockOfALineIsChecked) {
    struct Case {
        const char* name;
        Address (*address)(const ProtectedMemory&);
        Check check;
    };
    const Case cases[] = {
        {"data", [](const ProtectedMemory&) { return Address{0x3000}; }, Check::data_tag},
        {"tag", [](const ProtectedMemory& m) { return m.map().tag_of(0x3000); }, Check::data_tag},
        {"counter block", [](const ProtectedMemory& m) { return m.map().counter_of(0x3000); }, Check::counter_block},
        {"level-1 node", [](const ProtectedMemory& m) { return m.vm_table().entry(1)->tree_base + 64; }, Check::tree_node},
        {"top node", [](const ProtectedMemory& m) { return m.vm_table().entry(1)->tree_base + 128; }, Check::tree_node},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        Fixture f;
        f.memory.install(vm_of(2, 5));
        const Block64 data{1, 2, 3};
        ASSERT_FALSE(f.memory.write_line(2, 0x4000, 0x3000, data.data()));
        f.memory.flush(2);
        f.store.flip(c.address(f.memory), 0x10);
        Block64 read{9};
        const MaybeViolation violation = f.memory.read_line(2, 0x4000, 0x3000, read.data());
        ASSERT_TRUE(violation);
        EXPECT_EQ(violation->check, c.check);
        EXPECT_EQ(violation->vmid, 2);
        EXPECT_EQ(violation->gpa, 0x4000u);
        EXPECT_EQ(read, Block64{});
        // The VM is stopped, and nothing else is recorded for it.
        EXPECT_EQ(f.memory.read_line(2, 0x4000, 0x3000, read.data())->check, Check::frozen);
        EXPECT_EQ(f.memory.violations().count(), 1u);
    }
}

TEST(ProtectedMemory, OverflowReencryptsThePage) {
    Fixture f;
    f.memory.install(vm_of(2, 5));
    const Block64 other{7};
    ASSERT_FALSE(f.memory.write_line(2, 0x40, 0x40, other.data()));
    for (unsigned i = 1; i <= 128; ++i) {
        const Block64 data{static_cast<std::uint8_t>(i)};
        ASSERT_FALSE(f.memory.write_line(2, 0, 0, data.data()));
        EXPECT_EQ(f.memory.engine_statistics().overflows, i == 128 ? 1u : 0u);
    }
    Block64 read;
    ASSERT_FALSE(f.memory.read_line(2, 0, 0, read.data()));
    EXPECT_EQ(read, Block64{128});
    ASSERT_FALSE(f.memory.read_line(2, 0x40, 0x40, read.data()));
    EXPECT_EQ(read, other);
    EXPECT_EQ(f.memory.engine_statistics().reencrypted_lines, 1u);
}

TEST(ProtectedMemory, EntriesSpillIntoTheChipsOwnMemory) {
    ProtectedMemoryParameters p = small_memory();
    p.vm_table_slots = 2;
    Fixture f(p);
    for (Vmid vmid = 2; vmid < 6; ++vmid) f.memory.install(vm_of(vmid, 3));
    for (unsigned round = 0; round < 3; ++round)
        for (Vmid vmid = 2; vmid < 6; ++vmid) {
            const Address gpa = round * page_bytes;
            const Block64 data{static_cast<std::uint8_t>(vmid), static_cast<std::uint8_t>(round)};
            ASSERT_FALSE(f.memory.write_line(vmid, gpa, vmid * 4 * page_bytes + gpa, data.data()));
        }
    for (unsigned round = 0; round < 3; ++round)
        for (Vmid vmid = 2; vmid < 6; ++vmid) {
            const Address gpa = round * page_bytes;
            Block64 read;
            ASSERT_FALSE(f.memory.read_line(vmid, gpa, vmid * 4 * page_bytes + gpa, read.data()));
            EXPECT_EQ(read, (Block64{static_cast<std::uint8_t>(vmid), static_cast<std::uint8_t>(round)}));
        }
    EXPECT_GT(f.memory.vm_table().statistics().spills, 0u);
}

TEST(ProtectedMemory, MovedShreddedReleasedAndLostPages) {
    Fixture f;
    f.memory.install(vm_of(2, 5));
    const Block64 data{42};
    Block64 read;
    ASSERT_FALSE(f.memory.write_line(2, 0x1000, 0x5000, data.data()));
    ASSERT_FALSE(f.memory.move_page(2, 0x1000, 0x5000, 0x9000));
    ASSERT_FALSE(f.memory.read_line(2, 0x1000, 0x9000, read.data()));
    EXPECT_EQ(read, data);
    ASSERT_FALSE(f.memory.shred_page(2, 0x1000, 0x9000));
    ASSERT_FALSE(f.memory.read_line(2, 0x1000, 0x9000, read.data()));
    EXPECT_EQ(read, Block64{});
    ASSERT_FALSE(f.memory.write_line(2, 0x1000, 0x9000, data.data()));
    ASSERT_FALSE(f.memory.release_page(2, 0x1000, 0x9000));
    ASSERT_FALSE(f.memory.read_line(2, 0x1000, 0xa000, read.data()));
    EXPECT_EQ(read, Block64{});
    ASSERT_FALSE(f.memory.lose_page(2, 0x1000, 0xa000));
    const MaybeViolation violation = f.memory.read_line(2, 0x1000, 0xa000, read.data());
    ASSERT_TRUE(violation);
    EXPECT_EQ(violation->check, Check::lost_page);
}

}  // namespace
}  // namespace coffer
