// Whatever ends a VM, nothing of it is left for the next one under its VMID: no registers of H-SVM's commands, no shim, no exits, no core.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "hsvm/register_table.h"
#include "tlm/core_bench.h"

namespace coffer::test {
namespace {

using Configuration = ProtectionConfiguration;
using CommandRegister = hsvm_registers::Register;

enum class Way { remove_tables, delete_vm, export_vm, uninstall, migrate_out };

void PrintTo(Way way, std::ostream* out) {
    constexpr const char* names[] = {"remove_tables", "delete_vm", "export_vm", "uninstall", "migrate_out"};
    *out << names[static_cast<std::size_t>(way)];
}

struct Ending {
    Configuration configuration;
    Way way;
};

std::string name_of(const ::testing::TestParamInfo<Ending>& ending) {
    return std::string(rules_of(ending.param.configuration).name) + "_" + ::testing::PrintToString(ending.param.way);
}

class EndOfAVm : public ::testing::TestWithParam<Ending> {
protected:
    static constexpr unsigned host_core = 0, vm_core = 1, forgotten_core = 2;
    static constexpr std::uint64_t mark = 0x5ec2e7a11a7e5ec2;

    /// Every argument that a caller can leave in its registers.
    static std::vector<CommandRegister> arguments() {
        return {CommandRegister::vmid,           CommandRegister::gpn,           CommandRegister::frame,          CommandRegister::flags,
                CommandRegister::pages,          CommandRegister::vcpus,         CommandRegister::addr_shim,      CommandRegister::vcpu,
                CommandRegister::core,           CommandRegister::sharer,        CommandRegister::buffer_address, CommandRegister::buffer_length,
                CommandRegister::second_address, CommandRegister::second_length, CommandRegister::nonce,          CommandRegister::user_data};
    }
    /// A register of what runs on the core.
    static std::uint64_t command_register(CoreTlm& core, CommandRegister name, tlm::tlm_command command, std::uint64_t value = 0) {
        const auto& entry = hsvm_registers::entry(name);
        Bytes bytes(entry.bytes);
        store_le64(bytes.data(), value);
        EXPECT_EQ(core.command(command, entry.address, bytes.data(), bytes.size()), tlm::TLM_OK_RESPONSE);
        return load_le64(bytes.data());
    }
    static void become(CoreTlm& core, Vmid vmid, CoreMode mode) {
        core.state() = ProcessorCore();
        core.state().mode = mode;
        core.state().vmid = vmid;
    }
    /// A guest that has run, asked for something, and was left by an exit that an entry answers.
    Vmid start(CoreBench& bench) {
        const Vmid vmid = bench.start_vm(1, 100);
        CoreTlm& core = bench.core(vm_core);
        EXPECT_TRUE(core.enter(vmid, 0, bench.entry(), bench.first_view(0)).ok());
        if (bench.hsvm)
            for (const CommandRegister name : arguments()) command_register(core, name, tlm::TLM_WRITE_COMMAND, mark);
        ExitEvent load;
        load.reason = ExitReason::mmio_read;
        load.instruction_bytes = 3;
        load.size = 8;
        load.gpa = 60 * page_bytes;
        load.operand = static_cast<std::uint8_t>(Register::rbx);
        EXPECT_TRUE(core.exit(load).ok());
        return vmid;
    }
    void end(CoreBench& bench, Vmid vmid) {
        sc_core::sc_time delay;
        const Nonce nonce{1};
        const SignedCertificate& certificate = test_chip(2).certificate(KeyUsage::unwrap);
        Bytes blob;
        switch (GetParam().way) {
            case Way::remove_tables: bench.ept->remove(vmid); break;
            case Way::delete_vm: {
                const auto code = static_cast<std::uint64_t>(HsvmOperation::delete_vm);
                command_register(bench.core(host_core), CommandRegister::vmid, tlm::TLM_WRITE_COMMAND, vmid);
                command_register(bench.core(host_core), CommandRegister::operation, tlm::TLM_WRITE_COMMAND, code);
                EXPECT_EQ(command_register(bench.core(host_core), CommandRegister::status, tlm::TLM_READ_COMMAND), 0u);
                break;
            }
            case Way::export_vm:
                for (Gpn gpn = 0; gpn < 16; ++gpn)
                    EXPECT_EQ(bench.hsvm->controller().swap_out(HsvmCaller::host, vmid, gpn, blob), HsvmStatus::ok);
                EXPECT_EQ(bench.hsvm->controller().export_vm(HsvmCaller::host, vmid, certificate, nonce, blob), HsvmStatus::ok);
                break;
            case Way::uninstall: EXPECT_TRUE(bench.core(host_core).vm_uninstall(vmid).ok()); break;
            case Way::migrate_out:
                EXPECT_TRUE(bench.lifecycle->migrate_out(vmid, certificate, nonce, [](const Bytes&, const SealedVector&) {}).ok());
                if (bench.ept) bench.ept->remove(vmid);
                break;
        }
    }
    /// What is left when the VM has ended and the next one has its VMID.
    std::vector<std::string> left_over(CoreBench& bench) {
        const Vmid vmid = start(bench);
        // Whatever left it there: vm_uninstall alone looks at the cores itself.
        if (GetParam().way != Way::uninstall) {
            become(bench.core(forgotten_core), vmid, CoreMode::guest);
            bench.core(forgotten_core).state().registers[Register::rbx] = mark;
        }
        end(bench, vmid);
        std::vector<std::string> found;
        if (bench.core(forgotten_core).mode() != CoreMode::host) found.push_back("core");
        if (bench.core(forgotten_core).state().registers[Register::rbx] != 0) found.push_back("registers of a core");
        if (bench.unit.runner().shim(vmid) != nullptr) found.push_back("shim");
        become(bench.core(forgotten_core), host_vmid, CoreMode::host);

        EXPECT_EQ(bench.start_vm(2, 300), vmid) << "the same VMID";
        for (const CoreMode mode : {CoreMode::guest, CoreMode::shim}) {
            if (!bench.hsvm) break;
            become(bench.core(forgotten_core), vmid, mode);
            for (const CommandRegister name : arguments())
                if (command_register(bench.core(forgotten_core), name, tlm::TLM_READ_COMMAND) != 0)
                    found.push_back("arguments of the H-SVM controller");
            become(bench.core(forgotten_core), host_vmid, CoreMode::host);
        }
        HypervisorView first = bench.first_view(0);
        first[EventField::data] = 0x77;
        EXPECT_TRUE(bench.core(vm_core).enter(vmid, 0, bench.entry(), first).ok());
        VcpuContext expected;
        if (GetParam().configuration != Configuration::hsvm) expected = bench.first_view(0).context;
        if (!(bench.core(vm_core).state().registers == expected)) found.push_back("exit");
        return found;
    }
};

INSTANTIATE_TEST_SUITE_P(All, EndOfAVm,
                         ::testing::Values(Ending{Configuration::none, Way::remove_tables}, Ending{Configuration::hsvm, Way::delete_vm},
                                           Ending{Configuration::hsvm, Way::export_vm}, Ending{Configuration::hypercoffer, Way::uninstall},
                                           Ending{Configuration::hypercoffer, Way::migrate_out}, Ending{Configuration::combined, Way::delete_vm},
                                           Ending{Configuration::combined, Way::export_vm}, Ending{Configuration::combined, Way::uninstall},
                                           Ending{Configuration::combined, Way::migrate_out}),
                         name_of);

TEST_P(EndOfAVm, LeavesNothingUnderItsVmid) {
    CoreBench bench(GetParam().configuration);
    simulate([&] {
        bench.boot();
        EXPECT_THAT(left_over(bench), ::testing::IsEmpty());
    });
}

TEST_P(EndOfAVm, IsFoundWhereNobodyHearsOfIt) {
    CoreBench bench(GetParam().configuration, {true, false});
    simulate([&] {
        bench.boot();
        const std::vector<std::string> found = left_over(bench);
        EXPECT_THAT(found, ::testing::Contains(bench.rules().shim ? "shim" : bench.hsvm ? "arguments of the H-SVM controller" : "exit"));
        if (GetParam().way == Way::uninstall) return;
        EXPECT_THAT(found, ::testing::IsSupersetOf({"core", "registers of a core"}));
    });
}

}  // namespace
}  // namespace coffer::test
