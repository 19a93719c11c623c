#include "memory/sparse_memory.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "common/bytes.h"

namespace coffer {
namespace {

/// Addresses that collide, straddle frames and lie at both ends of the address space.
rc::Gen<Address> addresses() {
    const auto near = [](Address base) {
        return rc::gen::map(rc::gen::inRange<Address>(0, 3 * page_bytes), [base](Address offset) { return base + offset; });
    };
    return rc::gen::oneOf(near(0), near(page_bytes * 511), near(Address{1} << 40), near(Address{0} - 3 * page_bytes));
}

RC_GTEST_PROP(SparseMemory, EqualsAMapOfBytes, ()) {
    SparseMemory memory;
    std::map<Address, std::uint8_t> model;
    std::set<std::uint64_t> frames;
    const auto steps = *rc::gen::inRange(1, 50);
    for (int step = 0; step < steps; ++step) {
        const Address address = *addresses();
        const std::size_t size = *rc::gen::element<std::size_t>(0, 1, 7, 16, 64, 64, 200, 5000, 9000);
        if (*rc::gen::arbitrary<bool>()) {
            Bytes data(size);
            for (std::size_t i = 0; i < size; ++i) {
                data[i] = static_cast<std::uint8_t>(step * 37 + i * 11 + 1);
                model[address + i] = data[i];
                frames.insert(page_of(address + i));
            }
            memory.write(address, data.data(), size);
        } else {
            Bytes data(size, 0xee);
            memory.read(address, data.data(), size);
            for (std::size_t i = 0; i < size; ++i) {
                const auto byte = model.find(address + i);
                RC_ASSERT(data[i] == (byte == model.end() ? 0 : byte->second));
            }
        }
        RC_ASSERT(memory.frame_numbers() == std::vector<std::uint64_t>(frames.begin(), frames.end()));
    }
}

TEST(SparseMemory, ReadingCreatesNothing) {
    SparseMemory memory;
    Bytes data(3 * page_bytes, 1);
    memory.read(0x12345, data.data(), data.size());
    EXPECT_TRUE(all_zero(data));
    EXPECT_EQ(memory.frame_count(), 0u);
}

TEST(SparseMemory, FramesStayWhereTheyAreAndKeepTheirBytes) {
    SparseMemory memory;
    constexpr std::uint64_t count = 20000;
    // A stride as large as a page table's reach, so that frames do not follow one another.
    const auto number = [](std::uint64_t i) { return i * 513 + (i % 7 << 40); };
    std::uint8_t* const first = memory.frame(number(0));
    for (std::uint64_t i = 0; i < count; ++i) {
        std::uint8_t bytes[8];
        store_le64(bytes, i + 1);
        memory.write(number(i) * page_bytes + 8, bytes, sizeof bytes);
    }
    EXPECT_EQ(memory.frame(number(0)), first);
    EXPECT_EQ(memory.frame_count(), count);
    for (std::uint64_t i = 0; i < count; ++i) {
        std::uint8_t bytes[8];
        memory.read(number(i) * page_bytes + 8, bytes, sizeof bytes);
        ASSERT_EQ(load_le64(bytes), i + 1);
    }
}

TEST(SparseMemory, FramesAreAlignedForTheHost) {
    SparseMemory memory;
    for (std::uint64_t number = 0; number < 300; ++number) ASSERT_EQ(reinterpret_cast<std::uintptr_t>(memory.frame(number)) % page_bytes, 0u);
}

}  // namespace
}  // namespace coffer
