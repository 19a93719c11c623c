// MachineTlm: the host MMUs of its cores, and what its MMUs refuse.

#include "platform/machine_tlm.h"

#include <gtest/gtest.h>

#include <array>

#include "attack/attack_scene.h"
#include "attack/hypervisor.h"
#include "tlm/initiator_tester.h"
#include "tlm/simulate.h"

namespace coffer::test {
namespace {

using Configuration = ProtectionConfiguration;

constexpr std::uint64_t frame = 200;
constexpr Address page = frame * page_bytes;

class Machine : public ::testing::TestWithParam<Configuration> {
protected:
    /// Whether a core's host software may load from the page.
    bool loads(unsigned core) {
        std::array<std::uint8_t, 8> bytes{};
        return machine.core(core).load(page, bytes.data(), bytes.size()) == MemoryAnswer::ok;
    }
    HostMmuTlm::Statistics statistics(unsigned core) const { return machine.host_mmu(core).statistics(); }

    MemoryNonVolatile nonvolatile{ChipNumber(1)};
    MachineTlm machine{"machine", [] {
                           MachineParameters parameters;
                           parameters.configuration = GetParam();
                           return parameters;
                       }(), nonvolatile};
};

std::string name_of(const ::testing::TestParamInfo<Configuration>& configuration) { return std::string(rules_of(configuration.param).name); }
INSTANTIATE_TEST_SUITE_P(All, Machine, ::testing::Values(Configuration::none, Configuration::hsvm, Configuration::hypercoffer, Configuration::combined), name_of);

TEST_P(Machine, EachCoreAsksForAPageItself) {
    simulate([&] {
        machine.boot();
        for (const unsigned core : {0u, 1u}) {
            EXPECT_EQ(statistics(core).walks, 0u) << "what another core knows helps nobody";
            for (int i = 0; i != 3; ++i) EXPECT_TRUE(loads(core));
            EXPECT_EQ(statistics(core).walks, 1u);
            EXPECT_EQ(statistics(core).hits, 2u);
        }
        EXPECT_EQ(statistics(2).walks, 0u);
    });
}

using OwningMachine = Machine;
INSTANTIATE_TEST_SUITE_P(Ownership, OwningMachine, ::testing::Values(Configuration::hsvm, Configuration::combined), name_of);

TEST_P(OwningMachine, AChangeOfOwnerReachesTheHostMmuOfEveryCore) {
    // Planted: the host MMU of a core that nobody tells.
    HostMmuParameters parameters;
    parameters.memory_size = machine.parameters().data_bytes;
    HostMmuTlm untold("untold", parameters);
    InitiatorTester forgotten_core("forgotten_core");
    forgotten_core.initiator_socket.bind(untold.target_socket);
    untold.walk_socket.bind(machine.hsvm()->walk_socket);
    untold.initiator_socket.bind(machine.last_level_cache.target_socket);

    simulate([&] {
        machine.boot();
        Hypervisor hypervisor(machine);
        Vmid vmid = 0;
        ASSERT_TRUE(hypervisor.start_vm(VmOwner(crypto::Key128({1, 2, 3})), vmid).ok());
        std::array<std::uint8_t, 8> bytes{};
        for (const unsigned core : {0u, 1u}) EXPECT_TRUE(loads(core));
        EXPECT_OK(forgotten_core.read(page, bytes.data(), bytes.size()));

        ASSERT_TRUE(hypervisor.map(vmid, 3, frame).ok());
        for (const unsigned core : {0u, 1u, 2u}) {
            EXPECT_FALSE(loads(core)) << core;
            EXPECT_EQ(statistics(core).invalidated, core == 2 ? 0u : 1u) << core;
            EXPECT_EQ(statistics(core).refused, 1u) << core;
        }
        EXPECT_OK(forgotten_core.read(page, bytes.data(), bytes.size())) << "an old check is all that it goes by";
        untold.invalidate_frames(frame, 1);
        EXPECT_EQ(forgotten_core.read(page, bytes.data(), bytes.size()), tlm::TLM_ADDRESS_ERROR_RESPONSE) << "told, it asks again";

        ASSERT_TRUE(hypervisor.unmap(vmid, 3).ok());
        for (const unsigned core : {0u, 1u, 2u}) EXPECT_TRUE(loads(core)) << "no core keeps a refusal";
    });
}

using StoppingMachine = Machine;
INSTANTIATE_TEST_SUITE_P(Checks, StoppingMachine, ::testing::Values(Configuration::hsvm, Configuration::hypercoffer, Configuration::combined),
                         name_of);

TEST_P(StoppingMachine, AVmThatACheckStoppedReachesNothingThatIsHot) {
    simulate([&] {
        AttackScene scene(machine, 1);
        constexpr Gpn bait = 7;
        const Bytes line(line_bytes, 0x5a);
        const auto loads = [&](GuestProgram& program, Gpn gpn) { return program.load(gpn * page_bytes, line_bytes).has_value(); };
        for (GuestProgram* const program : {&scene.victim, &scene.accomplice}) ASSERT_TRUE(program->store(bait * page_bytes, line));
        machine.settle();
        const Vmid vmid = scene.victim.vmid();
        const Answer taken = machine.rules().ownership ? scene.hypervisor.unmap(vmid, bait)
                                                       : scene.hypervisor.remap(vmid, bait, scene.hypervisor.take_frame());
        ASSERT_TRUE(taken.ok());
        EXPECT_TRUE(loads(scene.victim, AttackScene::secret_gpn)) << "in cache and TLB from here on";
        EXPECT_FALSE(loads(scene.victim, bait));
        EXPECT_TRUE(machine.protection.violations.frozen(vmid));
        EXPECT_FALSE(loads(scene.victim, AttackScene::secret_gpn));
        EXPECT_TRUE(loads(scene.accomplice, bait)) << "another VM goes on";
    });
}

}  // namespace
}  // namespace coffer::test
