// Tampering with what the VM-Table keeps in memory: entries of VMs that are not in a register set, their tags, counter blocks and tree. The chip's
// own domain stops, and with it every VM that needs it; none gets another's entry or an older one.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cstdio>
#include <random>

#include "unit/machine.h"

namespace coffer {
namespace {

struct Target {
    const char* name;
    Address address;
    std::size_t bytes;
    Check check;
    Address named;  ///< machine address of the block that the violation names
};

Target any_target(std::mt19937_64& random, Machine& machine, Vmid vmid) {
    const AddressMap& map = machine.memory().map();
    const Address line = map.chip_base() + vmid * VmTable::entry_bytes + random() % 2 * line_bytes;
    const Address tree = machine.memory().entry(chip_vmid).tree_base;
    switch (random() % 4) {
        case 0: return {"entry", line, line_bytes, Check::data_tag, line};
        case 1: return {"tag", map.tag_of(line), map.tag_bytes(), Check::data_tag, line};
        case 2: return {"counter block", map.counter_of(line), line_bytes, Check::counter_block, map.counter_of(line)};
        default: return {"node", tree, 16, Check::tree_node, tree};
    }
}

TEST(TamperingWithTheVmTable, StopsWhoNeedsIt) {
    std::map<std::string, unsigned> counts;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        std::mt19937_64 random(seed);
        MachineSettings settings;
        settings.memory = small_memory();
        settings.memory.vm_table_slots = 2 + random() % 2;
        settings.memory.on_violation = random() % 2 == 0 ? OnViolation::freeze : OnViolation::report;
        settings.vms = 4;
        Machine machine(settings);
        const auto use_all = [&] {
            for (unsigned i = 0; i < 12; ++i)
                machine.run({Step::Kind::write, i % 4, static_cast<unsigned>(random() % 3), static_cast<unsigned>(random() % 64),
                             static_cast<unsigned>(random() % 1000)});
            machine.memory().flush(chip_vmid);
        };
        use_all();
        TestStore old = machine.store;
        use_all();

        Vmid victim = first_guest_vmid;
        while (machine.memory().vm_table().resident(victim)) ++victim;
        const Target target = any_target(random, machine, victim);
        const Bytes current = machine.store.bytes(target.address, target.bytes), older = old.bytes(target.address, target.bytes);
        const bool replay = random() % 2 == 0 && older != current;
        if (replay)
            machine.store.put(target.address, older);
        else
            machine.store.flip(target.address + random() % target.bytes, static_cast<std::uint8_t>(1u << random() % 8));

        machine.tolerate_violations();
        machine.sweep();
        ASSERT_GT(machine.memory().violations().count(), 0u) << "seed " << seed << ": " << target.name << " silent";
        const Violation& first = machine.memory().violations().violations().front();
        EXPECT_EQ(first.check, target.check) << "seed " << seed << ' ' << target.name;
        EXPECT_EQ(first.vmid, chip_vmid) << "seed " << seed;
        EXPECT_EQ(first.hpa, target.named) << "seed " << seed << ' ' << target.name;
        EXPECT_EQ(machine.memory().violations().count(), 1u) << "the chip's domain is stopped, and the VMs did nothing wrong";
        Block64 data;
        const MaybeViolation refused = machine.memory().read_line(victim, 0, 0, data.data());
        ASSERT_TRUE(refused);
        EXPECT_EQ(refused->check, Check::frozen);
        EXPECT_EQ(refused->vmid, chip_vmid);
        ++counts[fmt::format("{} {}", replay ? "replay" : "flip", target.name)];
    }
    for (const auto& [kind, count] : counts) fmt::print("  {:<24} {:>4}\n", kind, count);
    EXPECT_EQ(counts.size(), 8u) << "every kind came";
}

}  // namespace
}  // namespace coffer
