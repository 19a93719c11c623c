#include "common/register_map.h"

#include <gtest/gtest.h>

#include "vm_table/register_table.h"
#include "vm_table/registers.h"

namespace coffer {
namespace {

using vm_table_registers::Register;
using vm_table_registers::entry;
using vm_table_registers::table;

constexpr std::uint64_t slots = 4;

TEST(RegisterMap, DecodesTheFirstAndLastByteOfEveryRegister) {
    for (std::size_t i = 0; i < table.size(); ++i) {
        const std::uint64_t last = table[i].stride == 0 ? 0 : slots - 1;
        for (std::uint64_t instance = 0; instance <= last; ++instance) {
            const Address address = table[i].address_of(instance);
            const auto whole = decode(table, address, table[i].bytes, slots);
            ASSERT_TRUE(whole.has_value()) << table[i].name;
            EXPECT_EQ(whole->index, i);
            EXPECT_EQ(whole->instance, instance);
            EXPECT_EQ(whole->byte, 0u);
            const auto last_byte = decode(table, address + table[i].bytes - 1, 1, slots);
            ASSERT_TRUE(last_byte.has_value()) << table[i].name;
            EXPECT_EQ(last_byte->index, i);
            EXPECT_EQ(last_byte->byte, table[i].bytes - 1);
        }
    }
}

TEST(RegisterMap, RefusesWhatIsNotInsideOneRegister) {
    const Address version = entry(Register::version).address;
    EXPECT_FALSE(decode(table, version, 9, slots));       // leaves the register
    EXPECT_FALSE(decode(table, version, 0, slots));
    EXPECT_FALSE(decode(table, version + 7, 2, slots));
    EXPECT_FALSE(decode(table, 0x20, 8, slots));          // behind the global block
    EXPECT_FALSE(decode(table, vm_table_registers::slot_base + 0x30, 8, slots));
    EXPECT_FALSE(decode(table, entry(Register::vmid).address_of(slots), 8, slots));  // no such slot
    EXPECT_FALSE(decode(table, ~Address{0}, 8, slots));
    EXPECT_FALSE(decode(table, version, ~std::size_t{0}, slots));
}

TEST(RegisterMap, NobodyReachesAKeyOverTheBus) {
    const RegisterEntry& key = entry(Register::k_vm);
    EXPECT_EQ(key.bytes, 16u);
    EXPECT_FALSE(may_read(key.software) || may_write(key.software) || may_read(key.hardware) || may_write(key.hardware));
}

TEST(RegisterMap, SoftwareWritesNothingAndNeverSeesARoot) {
    for (const RegisterEntry& reg : table) EXPECT_FALSE(may_write(reg.software)) << reg.name;
    EXPECT_EQ(entry(Register::root).software, RegisterAccess::none);
    EXPECT_EQ(entry(Register::root).hardware, RegisterAccess::rw);
    EXPECT_EQ(entry(Register::root).bytes, 32u);
}

TEST(RegisterMap, TheCHeaderAgreesWithTheTable) {
    EXPECT_EQ(COFFER_VM_TABLE_SLOT_BASE, vm_table_registers::slot_base);
    EXPECT_EQ(COFFER_VM_TABLE_SLOT_STRIDE, vm_table_registers::slot_stride);
    EXPECT_EQ(COFFER_VM_TABLE_SLOT_BASE + 3 * COFFER_VM_TABLE_SLOT_STRIDE + COFFER_VM_TABLE_ROOT_OFFSET, entry(Register::root).address_of(3));
    EXPECT_EQ(COFFER_VM_TABLE_ROOT_BYTES, entry(Register::root).bytes);
    EXPECT_EQ(COFFER_VM_TABLE_SELECTED_RESET, entry(Register::selected).reset);
    EXPECT_EQ(COFFER_VM_TABLE_SELECTED_RESET, 0xffffu);
    EXPECT_EQ(COFFER_VM_TABLE_FLAGS_FROZEN_MASK, vm_table_registers::flags_frozen_mask);
    EXPECT_EQ(vm_table_registers::flags_frozen_mask, 2u);
    EXPECT_EQ(COFFER_VM_TABLE_FLAGS_FROZEN_SHIFT, vm_table_registers::flags_frozen_shift);
}

}  // namespace
}  // namespace coffer
