#include "memory/dram_tlm.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "common/errors.h"
#include "tlm/memory_targets.h"
#include "tlm/simulate.h"

namespace coffer::test {
namespace {

sc_core::sc_time ns(double value) { return {value, sc_core::SC_NS}; }

TEST(Dram, AccessTakesLatencyAndTransfer) {
    DramTlm dram("dram", {memory_size, ns(50), 12.8}, DramTraffic(AddressMap(memory_size, 0, 16), memory_size));
    InitiatorTester initiator("initiator");
    initiator.initiator_socket.bind(dram.target_socket);
    simulate([&] {
        Bytes line(64), tag(16), block(640);
        EXPECT_OK(initiator.read(0, line));
        EXPECT_EQ(initiator.last_delay(), ns(55));
        EXPECT_OK(initiator.write(0, tag));
        EXPECT_EQ(initiator.last_delay(), ns(51.25));
        EXPECT_OK(initiator.read(0, block));
        EXPECT_EQ(initiator.last_delay(), ns(100));
        EXPECT_EQ(dram.busy_time(), ns(56.25));
        initiator.debug_read(0, line.data(), 64);
        EXPECT_EQ(initiator.read(memory_size, line), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(initiator.last_delay(), ns(0));
        EXPECT_EQ(dram.busy_time(), ns(56.25));
    });
}

TEST(Dram, TrafficIsCountedByClass) {
    const AddressMap map(16 * page_bytes, 4 * page_bytes, 16);
    const Address tree_end = map.tree_base() + 2 * page_bytes;
    DramTlm dram("dram", {tree_end + page_bytes, ns(10), 0}, DramTraffic(map, tree_end));
    InitiatorTester initiator("initiator");
    initiator.initiator_socket.bind(dram.target_socket);
    simulate([&] {
        Bytes line(64), tag(16);
        EXPECT_OK(initiator.read(map.data_bytes() - 64, line));
        EXPECT_OK(initiator.write(map.chip_base(), line));
        EXPECT_OK(initiator.read(map.counter_base(), line));
        EXPECT_OK(initiator.read(map.tag_base() - 64, line));
        EXPECT_OK(initiator.write(map.tag_base(), tag));
        EXPECT_OK(initiator.read(map.tree_base() - 16, tag));
        EXPECT_OK(initiator.write(map.tree_base(), line));
        EXPECT_OK(initiator.read(tree_end - 64, line));
        EXPECT_OK(initiator.read(tree_end, line));
        initiator.debug_write(0, line.data(), 64);
    });
    const auto counts = [&](TrafficClass traffic_class) {
        const auto& reads = dram.traffic().reads(traffic_class);
        const auto& writes = dram.traffic().writes(traffic_class);
        return std::array<std::uint64_t, 4>{reads.accesses, reads.bytes, writes.accesses, writes.bytes};
    };
    using Counts = std::array<std::uint64_t, 4>;
    EXPECT_EQ(counts(TrafficClass::data), (Counts{1, 64, 0, 0}));
    EXPECT_EQ(counts(TrafficClass::counters), (Counts{2, 128, 0, 0}));
    EXPECT_EQ(counts(TrafficClass::tags), (Counts{1, 16, 1, 16}));
    EXPECT_EQ(counts(TrafficClass::tree), (Counts{1, 64, 1, 64}));
    EXPECT_EQ(counts(TrafficClass::other), (Counts{1, 64, 1, 64}));

    StatisticsGroup group("dram");
    dram.collect(group);
    ASSERT_EQ(group.groups().size(), traffic_classes);
    EXPECT_EQ(group.groups()[2].name(), "tags");
    EXPECT_EQ(group.groups()[2].values()[3].name, "write_bytes");
    EXPECT_EQ(std::get<std::uint64_t>(group.groups()[2].values()[3].value), 16u);
}

TEST(Dram, GrantsThePagesThatThePlatformNames) {
    DramSystem system;
    InitiatorTester& initiator = system.initiator;
    system.dram.set_dmi_policy([](Address page) { return page == 2 * page_bytes; });
    simulate([&] {
        EXPECT_OK(initiator.write64(2 * page_bytes + 8, 0x1122334455667788));
        EXPECT_TRUE(initiator.last_dmi_hint());
        ASSERT_TRUE(initiator.request_dmi(2 * page_bytes + 100));
        EXPECT_EQ(initiator.dmi().get_start_address(), 2 * page_bytes);
        EXPECT_EQ(initiator.dmi().get_end_address(), 3 * page_bytes - 1);
        EXPECT_EQ(initiator.dmi().get_read_latency(), ns(10));
        EXPECT_TRUE(initiator.dmi().is_read_write_allowed());
        EXPECT_EQ(load_le64(initiator.dmi().get_dmi_ptr() + 8), 0x1122334455667788u);
        initiator.dmi().get_dmi_ptr()[8] = 0x99;
        std::uint64_t value;
        EXPECT_OK(initiator.read64(2 * page_bytes + 8, value));
        EXPECT_EQ(value, 0x1122334455667799u);

        EXPECT_OK(initiator.read64(page_bytes, value));
        EXPECT_FALSE(initiator.last_dmi_hint());
        EXPECT_FALSE(initiator.request_dmi(page_bytes));

        SecurityContext guest;
        guest.vmid = 2;
        guest.mode = Mode::guest;
        initiator.set_context(&guest);
        EXPECT_OK(initiator.read64(2 * page_bytes, value));
        EXPECT_FALSE(initiator.last_dmi_hint());
        EXPECT_FALSE(initiator.request_dmi(2 * page_bytes));

        system.dram.withdraw_dmi(2 * page_bytes, 3 * page_bytes - 1);
        ASSERT_EQ(initiator.withdrawn().size(), 1u);
        EXPECT_EQ(initiator.withdrawn()[0].first, 2 * page_bytes);
        EXPECT_EQ(initiator.withdrawn()[0].second, 3 * page_bytes - 1);
        system.dram.set_dmi_policy({});
        EXPECT_EQ(initiator.withdrawn().size(), 2u);
        initiator.set_context(nullptr);
        EXPECT_FALSE(initiator.request_dmi(2 * page_bytes));
    });
}

TEST(Dram, RefusesParametersThatMakeNoSense) {
    const DramTraffic traffic(AddressMap(memory_size, 0, 16), memory_size);
    EXPECT_THROW(DramTlm("dram", {0, ns(1), 0}, traffic), InputError);
    EXPECT_THROW(DramTlm("dram", {64, ns(1), -1}, traffic), InputError);
    EXPECT_THROW(DramTlm("dram", {64, ns(1), std::numeric_limits<double>::quiet_NaN()}, traffic), InputError);
}

}  // namespace
}  // namespace coffer::test
