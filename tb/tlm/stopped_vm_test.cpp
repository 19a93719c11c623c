// A VM that a failed check stopped: nothing of it goes on, whatever caches and TLBs still hold, and its VMID takes nothing along to the next VM.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "hsvm/register_table.h"
#include "tlm/core_bench.h"

namespace coffer::test {
namespace {

using Configuration = ProtectionConfiguration;

constexpr std::uint64_t first_frame = 100;
constexpr Address hot = 0x3000, bad = 0x6000;

/// Two vCPUs of a VM on two cores, with hot lines in cache and TLBs, and the host on the third.
class StoppedVm : public ::testing::TestWithParam<Configuration> {
protected:
    static constexpr unsigned host_core = 0, quiet = 1, unlucky = 2;

    void start(CoreBench& bench) {
        bench.boot();
        vmid = bench.start_vm(1, first_frame);
        for (const unsigned core : {quiet, unlucky}) {
            ASSERT_TRUE(bench.core(core).enter(vmid, core - 1, bench.entry(), bench.first_view(core - 1)).ok());
            bench.core(core).state().registers[Register::rbx] = secret[0];
            ASSERT_EQ(bench.core(core).store(hot + core * line_bytes, secret.data(), secret.size()), MemoryAnswer::ok);
        }
        ASSERT_EQ(bench.core(unlucky).store(bad, secret.data(), secret.size()), MemoryAnswer::ok);
    }
    /// The hypervisor does what the chip finds, and one of the cores finds it.
    void violate(CoreBench& bench) {
        const std::uint64_t frame = first_frame + page_of(bad);
        sc_core::sc_time delay;
        if (bench.rules().encrypt) {
            bench.cache.evict_page(vmid, page_of(bad), LastLevelCacheTlm::Leaving::write_back);
            bench.dram.memory().frame(frame)[5] ^= 1;
        } else {
            const auto unmap = [&](HsvmController& hsvm) { return hsvm.page_unmap(HsvmCaller::host, vmid, page_of(bad)); };
            ASSERT_EQ(bench.hsvm->perform(delay, unmap), HsvmStatus::ok);
        }
        Bytes read(8);
        ASSERT_EQ(bench.core(unlucky).load(bad, read.data(), read.size()), MemoryAnswer::violated);
        ASSERT_TRUE(bench.protection.violations.frozen(vmid));
    }
    /// What the cores of the stopped VM still reach.
    std::vector<std::string> reached(CoreBench& bench) {
        std::vector<std::string> done;
        const auto note = [&](bool ok, const std::string& what) {
            if (ok) done.push_back(what);
        };
        for (const unsigned number : {quiet, unlucky}) {
            CoreTlm& core = bench.core(number);
            const std::string who = "core " + std::to_string(number) + ": ";
            Bytes read(8), zeros(8);
            note(core.load(hot + number * line_bytes, read.data(), read.size()) != MemoryAnswer::violated || read != zeros, who + "load");
            note(core.store(hot + number * line_bytes, zeros.data(), zeros.size()) != MemoryAnswer::violated, who + "store");
            Bytes across(page_bytes);
            const MemoryAnswer answer = core.load(hot + 8, across.data(), across.size());
            note(answer != MemoryAnswer::violated || across != Bytes(page_bytes), who + "load across pages");
            tlm::tlm_generic_payload payload;
            payload.set_command(tlm::TLM_READ_COMMAND);
            payload.set_address(hot + number * line_bytes);
            payload.set_data_ptr(read.data());
            payload.set_data_length(static_cast<unsigned>(read.size()));
            payload.set_streaming_width(payload.get_data_length());
            note(core.guest_socket->transport_dbg(payload) != 0 || read != zeros, who + "debug read");
            payload.set_command(tlm::TLM_WRITE_COMMAND);
            note(core.guest_socket->transport_dbg(payload) != 0, who + "debug write");
            if (!bench.rules().shim) continue;
            note(core.raw_ld(false, hot, read.data(), read.size()).ok() || read != zeros, who + "raw load");
            note(core.raw_ld(true, hot, read.data(), read.size()).ok() || read != zeros, who + "decrypted load");
            note(core.raw_st(hot, zeros.data(), zeros.size()).ok(), who + "raw store");
        }
        return done;
    }
    /// The hypervisor ends the VM through the controller's registers.
    static HsvmStatus delete_vm(CoreBench& bench, Vmid gone) {
        using hsvm_registers::Register;
        const auto access = [&](Register name, tlm::tlm_command command, std::uint64_t value) {
            std::uint8_t word[8];
            store_le64(word, value);
            EXPECT_EQ(bench.core(host_core).command(command, hsvm_registers::entry(name).address, word, sizeof word), tlm::TLM_OK_RESPONSE);
            return load_le64(word);
        };
        access(Register::vmid, tlm::TLM_WRITE_COMMAND, gone);
        access(Register::operation, tlm::TLM_WRITE_COMMAND, static_cast<std::uint64_t>(HsvmOperation::delete_vm));
        return static_cast<HsvmStatus>(access(Register::status, tlm::TLM_READ_COMMAND, 0));
    }
    /// The next VM gets the VMID and writes where the last one's lines were; what the last one's cores see then.
    std::vector<std::string> seen_of_the_next(CoreBench& bench) {
        const Vmid next = bench.start_vm(2, 300);
        EXPECT_EQ(next, vmid) << "the same VMID";
        CoreTlm& host = bench.core(host_core);
        host.state().mode = CoreMode::guest;
        host.state().vmid = next;
        const Bytes other = {0x77, 0x76, 0x75, 0x74, 0x73, 0x72, 0x71, 0x70};
        EXPECT_EQ(host.store(hot, other.data(), other.size()), MemoryAnswer::ok);
        std::vector<std::string> found;
        for (const unsigned number : {quiet, unlucky}) {
            Bytes read(8);
            (void)bench.core(number).load(hot, read.data(), read.size());
            if (read == other) found.push_back("core " + std::to_string(number) + ": memory");
            if (bench.core(number).mode() != CoreMode::host) found.push_back("core " + std::to_string(number) + ": mode");
            if (bench.core(number).state().registers[Register::rbx] != 0) found.push_back("core " + std::to_string(number) + ": registers");
        }
        Bytes mine(8);
        EXPECT_EQ(host.load(hot, mine.data(), mine.size()), MemoryAnswer::ok);
        EXPECT_EQ(mine, other) << "the next VM's memory is its own";
        return found;
    }

    const Bytes secret = {0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8};
    Vmid vmid = 0;
};

INSTANTIATE_TEST_SUITE_P(All, StoppedVm, ::testing::Values(Configuration::hsvm, Configuration::hypercoffer, Configuration::combined),
                         [](const auto& configuration) { return std::string(rules_of(configuration.param).name); });

TEST_P(StoppedVm, ReachesNothingThatIsHot) {
    CoreBench bench(GetParam());
    simulate([&] {
        start(bench);
        const Vmid other = bench.start_vm(2, 300);
        ASSERT_TRUE(bench.core(host_core).enter(other, 0, bench.entry(), bench.first_view(0)).ok());
        ASSERT_EQ(bench.core(host_core).store(hot, secret.data(), secret.size()), MemoryAnswer::ok);
        violate(bench);
        EXPECT_THAT(reached(bench), ::testing::IsEmpty());
        Bytes read(8);
        EXPECT_EQ(bench.core(host_core).load(hot, read.data(), read.size()), MemoryAnswer::ok) << "other VMs go on";
        EXPECT_EQ(read, secret);
    });
}

TEST_P(StoppedVm, IsNotEnteredAndLeavesItsCores) {
    CoreBench bench(GetParam());
    simulate([&] {
        start(bench);
        violate(bench);
        for (const std::uint64_t vcpu : {0, 1}) {
            const VcpuRunner::Entry entry = bench.core(host_core).enter(vmid, vcpu, bench.entry(), bench.first_view(vcpu));
            EXPECT_EQ(entry.instruction.fault, InstructionFault::none);
            EXPECT_EQ(entry.instruction.status, bench.rules().shim ? InstructionStatus::vm_stopped : InstructionStatus::refused_by_hsvm);
            EXPECT_EQ(entry.instruction.hsvm, bench.rules().shim ? HsvmStatus::ok : HsvmStatus::vm_frozen);
            EXPECT_EQ(bench.core(host_core).mode(), CoreMode::host);
        }
        for (const unsigned number : {quiet, unlucky}) {
            EXPECT_EQ(bench.core(number).mode(), CoreMode::host) << "a stopped VM is on no core";
            EXPECT_EQ(bench.core(number).state().registers, VcpuContext());
            EXPECT_EQ(bench.unit.set().latched(number), VcpuContext());
        }
        if (!bench.rules().shim) return;
        EXPECT_EQ(bench.core(host_core).vm_snapshot(vmid, CoreBench::snapshot_at).status, InstructionStatus::violated);
    });
}

TEST_P(StoppedVm, AnMmuWithoutTheStopLineIsFound) {
    CoreBench bench(GetParam(), {false, true});
    simulate([&] {
        start(bench);
        violate(bench);
        EXPECT_THAT(reached(bench), ::testing::Contains("core 1: load"));
    });
}

class StoppedVmOfHsvm : public StoppedVm {};
INSTANTIATE_TEST_SUITE_P(All, StoppedVmOfHsvm, ::testing::Values(Configuration::hsvm, Configuration::combined),
                         [](const auto& configuration) { return std::string(rules_of(configuration.param).name); });

TEST_P(StoppedVmOfHsvm, LeavesNothingToTheNextVmAfterDelete) {
    CoreBench bench(GetParam());
    simulate([&] {
        start(bench);
        violate(bench);
        ASSERT_EQ(delete_vm(bench, vmid), HsvmStatus::ok);
        EXPECT_THAT(seen_of_the_next(bench), ::testing::IsEmpty());
    });
}

TEST_P(StoppedVmOfHsvm, CoresThatHearOfNothingAreFound) {
    CoreBench bench(GetParam(), {true, false});
    simulate([&] {
        start(bench);
        violate(bench);
        ASSERT_EQ(delete_vm(bench, vmid), HsvmStatus::ok);
        EXPECT_THAT(seen_of_the_next(bench), ::testing::IsSupersetOf({"core 1: memory", "core 1: mode", "core 1: registers"}));
    });
}

class StoppedVmWithShim : public StoppedVm {};
INSTANTIATE_TEST_SUITE_P(All, StoppedVmWithShim, ::testing::Values(Configuration::hypercoffer, Configuration::combined),
                         [](const auto& configuration) { return std::string(rules_of(configuration.param).name); });

TEST_P(StoppedVmWithShim, LeavesNothingToTheNextVmAfterUninstall) {
    CoreBench bench(GetParam());
    simulate([&] {
        start(bench);
        violate(bench);
        ASSERT_TRUE(bench.core(host_core).vm_uninstall(vmid).ok()) << "a stopped VM is on no core";
        EXPECT_THAT(seen_of_the_next(bench), ::testing::IsEmpty());
    });
}

}  // namespace
}  // namespace coffer::test
