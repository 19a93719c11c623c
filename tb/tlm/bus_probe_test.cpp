#include <gtest/gtest.h>

#include "tlm/memory_targets.h"
#include "tlm/simulate.h"

namespace coffer::test {
namespace {

TEST(BusProbe, TampersAfterTheAccessItWaitedFor) {
    ProbeSystem system;
    system.probe.add({TamperKind::flip, 2, 0, {{0, 1}}, {0xff}});
    simulate([&] {
        std::uint64_t value;
        EXPECT_OK(system.initiator.write64(0, 5));
        EXPECT_OK(system.initiator.read64(0, value));
        EXPECT_EQ(value, 5u);
        EXPECT_OK(system.initiator.read64(0, value));
        EXPECT_EQ(value, 0xfau);
        EXPECT_EQ(system.initiator.last_delay(), sc_core::sc_time(10, sc_core::SC_NS));
    });
    EXPECT_EQ(system.probe.probe().reads(), 2u);
    EXPECT_EQ(system.probe.probe().writes(), 1u);
}

TEST(BusProbe, DebugAndFailedAccessesAreNotOnTheBus) {
    ProbeSystem system;
    simulate([&] {
        std::uint8_t byte = 1;
        system.initiator.debug_read(0, &byte, 1);
        system.initiator.debug_write(0, &byte, 1);
        system.initiator.read(memory_size, &byte, 1);
        EXPECT_EQ(system.probe.probe().accesses(), 0u);
    });
}

TEST(BusProbe, PassesDirectAccessOnlyWhileNothingIsPlanned) {
    ProbeSystem system;
    system.dram.set_dmi_policy([](Address) { return true; });
    simulate([&] {
        EXPECT_TRUE(system.initiator.request_dmi(0));
        system.dram.withdraw_dmi(0, 4095);
        EXPECT_EQ(system.initiator.withdrawn().size(), 1u);
        system.probe.add({TamperKind::flip, 2, 0, {{0, 1}}, {0xff}});
        EXPECT_EQ(system.initiator.withdrawn().size(), 2u);
        EXPECT_FALSE(system.initiator.request_dmi(0));
        EXPECT_OK(system.initiator.write64(0, 5));
        EXPECT_FALSE(system.initiator.last_dmi_hint());
        EXPECT_OK(system.initiator.write64(0, 5));
        EXPECT_OK(system.initiator.write64(0, 5));
        EXPECT_TRUE(system.initiator.last_dmi_hint());
        EXPECT_TRUE(system.initiator.request_dmi(0));
    });
}

}  // namespace
}  // namespace coffer::test
