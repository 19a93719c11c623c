// What each integrity mode detects, as facts: encryption alone nothing, tags what is changed or misplaced but not what is old, the tree all.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>

#include "memory/protected_memory.h"
#include "unit/fixtures.h"

namespace coffer {
namespace {

constexpr Address page_a = 0x7000, page_b = 0x9000, page_c = 0xb000;  // frames: GPN 1 and 2 of VMID 2, GPN 1 of VMID 3
constexpr Block64 old_a{0x0a, 1}, new_a{0x0a, 2}, line_b{0x0b}, line_c{0x0c};

struct World : Fixture {
    explicit World(Integrity integrity) : Fixture(parameters(integrity)) {
        for (const Vmid vmid : {Vmid{2}, Vmid{3}}) memory.install(vm_of(vmid, 8));
        for (const Address frame : {page_a, page_b}) EXPECT_FALSE(memory.release_page(2, frame == page_a ? 0x1000 : 0x2000, frame));
        EXPECT_FALSE(memory.release_page(3, 0x1000, page_c));
        write(2, 0x1000, page_a, old_a);
        write(2, 0x2000, page_b, line_b);
        write(3, 0x1000, page_c, line_c);
        settle();
        before = store;
        write(2, 0x1000, page_a, new_a);
        settle();
    }

    static ProtectedMemoryParameters parameters(Integrity integrity) {
        ProtectedMemoryParameters p = small_memory();
        p.scheme.integrity = integrity;
        return p;
    }
    void write(Vmid vmid, Address gpa, Address hpa, const Block64& data) { EXPECT_FALSE(memory.write_line(vmid, gpa, hpa, data.data())); }
    void settle() {
        for (const Vmid vmid : {Vmid{2}, Vmid{3}}) memory.flush(vmid);
    }

    Address tag(Address hpa) const { return memory.map().tag_of(hpa); }
    Address counters(Address hpa) const { return memory.map().counter_of(hpa); }
    void copy(TestStore& from, Address source, Address target, std::size_t bytes) { store.put(target, from.bytes(source, bytes)); }
    /// Line, tag and counter block of `from` as they are in `source`, in the place of page A's.
    void place(TestStore& source, Address from) {
        TestStore now = source;
        copy(now, from, page_a, line_bytes);
        copy(now, tag(from), tag(page_a), 16);
        copy(now, counters(from), counters(page_a), line_bytes);
    }

    /// What the guest gets of page A: the name of the check that failed, or whose data.
    std::string outcome() {
        Block64 data;
        if (const auto violation = memory.read_line(2, 0x1000, page_a, data.data())) return std::string(to_string(violation->check));
        if (data == new_a) return "right data";
        if (data == old_a) return "old data";
        if (data == line_b) return "another page's data";
        if (data == Block64{}) return "zeros";
        return "garbage";
    }

    TestStore before;
};

TEST(IntegrityModes, DetectWhatTheyAreThereFor) {
    struct Row {
        const char* name;
        std::function<void(World&)> tamper;
        std::string none, mac, bmt;
    };
    const Row rows[] = {
        {"nothing", [](World&) {}, "right data", "right data", "right data"},
        {"flip in the line", [](World& w) { w.store.flip(page_a + 40, 0x10); }, "garbage", "data tag", "data tag"},
        {"flip in the tag", [](World& w) { w.store.flip(w.tag(page_a) + 3, 1); }, "right data", "data tag", "data tag"},
        {"flip in the minor counter", [](World& w) { w.store.flip(w.counters(page_a) + 8, 4); }, "garbage", "data tag", "counter block"},
        {"flip in the LPID", [](World& w) { w.store.flip(w.counters(page_a), 0x40); }, "garbage", "data tag", "counter block"},
        {"counter block of zeros", [](World& w) { w.store.put(w.counters(page_a), Bytes(64)); }, "zeros", "zeros", "counter block"},
        {"another line with its tag",
         [](World& w) {
             w.copy(w.store, page_b, page_a, line_bytes);
             w.copy(w.store, w.tag(page_b), w.tag(page_a), 16);
         },
         "garbage", "data tag", "data tag"},
        {"another page of the VM, whole", [](World& w) { w.place(w.store, page_b); }, "another page's data", "data tag", "counter block"},
        {"a page of another VM, whole", [](World& w) { w.place(w.store, page_c); }, "garbage", "data tag", "counter block"},
        {"the old line", [](World& w) { w.copy(w.before, page_a, page_a, line_bytes); }, "garbage", "data tag", "data tag"},
        {"the old line with its tag",
         [](World& w) {
             w.copy(w.before, page_a, page_a, line_bytes);
             w.copy(w.before, w.tag(page_a), w.tag(page_a), 16);
         },
         "garbage", "data tag", "data tag"},
        {"the old page, whole", [](World& w) { w.place(w.before, page_a); }, "old data", "old data", "counter block"},
        {"all of the old memory", [](World& w) { w.store = w.before; }, "old data", "old data", "tree node"},
    };
    for (const Row& row : rows) {
        for (const auto& [integrity, expected] :
             {std::pair(Integrity::none, row.none), std::pair(Integrity::mac, row.mac), std::pair(Integrity::bmt, row.bmt)}) {
            World world(integrity);
            row.tamper(world);
            EXPECT_EQ(world.outcome(), expected) << row.name << ", integrity " << to_string(integrity);
        }
    }
}

TEST(IntegrityModes, WithoutTagsNothingIsWrittenToTheirArray) {
    World world(Integrity::none);
    const AddressMap& map = world.memory.map();
    EXPECT_EQ(world.store.bytes(map.tag_base(), map.tree_base() - map.tag_base()), Bytes(map.tree_base() - map.tag_base()));
}

TEST(IntegrityModes, WithoutATreeNoNodeIsWrittenAndNothingIsLost) {
    for (const Integrity integrity : {Integrity::none, Integrity::mac}) {
        World world(integrity);
        const Address tree_base = world.memory.map().tree_base();
        const std::size_t bytes = world.memory.end_of_metadata() - tree_base;
        EXPECT_EQ(world.store.bytes(tree_base, bytes), Bytes(bytes));
        EXPECT_EQ(world.memory.flush(2), empty_tag);
        EXPECT_THROW((void)world.memory.lose_page(2, 0x1000, page_a), std::invalid_argument);
    }
}

// With encryption alone the adversary changes exactly the bits he likes.
TEST(IntegrityModes, WithoutTagsALineIsMalleable) {
    World world(Integrity::none);
    world.store.flip(page_a + 1, 0x80);
    Block64 data, flipped = new_a;
    flipped[1] ^= 0x80;
    ASSERT_FALSE(world.memory.read_line(2, 0x1000, page_a, data.data()));
    EXPECT_EQ(data, flipped);
}

// With integrity none even the VM-Table's entries may hold anything: that stops a VM, or gives garbage, but never the program.
TEST(IntegrityModes, WithoutChecksAGarbledEntryIsSurvived) {
    for (std::size_t bit = 0; bit < 8 * VmTable::entry_bytes; ++bit) {
        ProtectedMemoryParameters p = World::parameters(Integrity::none);
        p.vm_table_slots = 2;
        Fixture f(p);
        f.memory.install(vm_of(2, 8));
        f.memory.install(vm_of(3, 8));
        f.memory.flush(chip_vmid);
        f.store.flip(f.memory.map().chip_base() + 2 * VmTable::entry_bytes + bit / 8, static_cast<std::uint8_t>(1u << bit % 8));
        Block64 data;
        EXPECT_NO_THROW((void)f.memory.read_line(2, 0x1000, page_a, data.data())) << "bit " << bit;
        EXPECT_NO_THROW(f.memory.uninstall(2)) << "bit " << bit;
    }
}

}  // namespace
}  // namespace coffer
