// A VM that H-SVM created, sealed and restored by instructions: the host's software has no key of it but the one that vm_snapshot leaves.
#include <gtest/gtest.h>

#include "attack/guest_program.h"
#include "attack/hypervisor.h"
#include "attack/vm_owner.h"
#include "platform/machine_tlm.h"
#include "tlm/simulate.h"
#include "unit/test_chips.h"

namespace coffer::test {
namespace {

using HsvmRegister = HsvmRequests::Register;

constexpr Gpn context_gpn = page_of(VmOwner::addr_shim) + 1;
constexpr Address gpa = 0x5000;
const Block64 line{9, 8, 7};

class CreatedVm : public ::testing::Test {
protected:
    void create() {
        machine.boot();
        HsvmRequests hsvm(machine, Hypervisor::core);
        const HsvmRequests::Arguments size{
            {HsvmRegister::pages, VmOwner::pages}, {HsvmRegister::vcpus, 1}, {HsvmRegister::addr_shim, VmOwner::addr_shim}};
        ASSERT_TRUE(hsvm.carry_out(HsvmOperation::create, size).ok());
        vmid = static_cast<Vmid>(hsvm.result(HsvmRegister::result_vmid));
        for (const Gpn gpn : {page_of(gpa), context_gpn}) ASSERT_TRUE(hypervisor.map(vmid, gpn, hypervisor.take_frame()).ok());
        const ContextBytes registers = encode_context({});
        const Address image_at = hypervisor.take_frame() * page_bytes, registers_at = hypervisor.take_frame() * page_bytes;
        ASSERT_TRUE(hypervisor.store(image_at, line).ok());
        ASSERT_TRUE(hypervisor.store(registers_at, registers).ok());
        ASSERT_TRUE(hsvm.carry_out(HsvmOperation::launch, {{HsvmRegister::vmid, vmid},
                                                           {HsvmRegister::gpn, page_of(gpa)},
                                                           {HsvmRegister::buffer_address, image_at},
                                                           {HsvmRegister::buffer_length, line.size()},
                                                           {HsvmRegister::second_address, registers_at},
                                                           {HsvmRegister::second_length, registers.size()}}).ok());
    }
    void swap_out() {
        for (const Gpn gpn : {page_of(gpa), context_gpn}) ASSERT_TRUE(hypervisor.swap_out(vmid, gpn, images[gpn]).ok());
    }
    /// What vm_snapshot left: the vector with its nodes, and behind them the key.
    Bytes key_behind(const Bytes& vector, Address at) {
        Bytes key(InstructionSet::vm_key_bytes);
        EXPECT_TRUE(hypervisor.load(at + vector.size(), key).ok());
        return key;
    }
    CoreTlm& core() { return machine.core(1); }

    MemoryNonVolatile nonvolatile{ChipNumber(1)};
    MachineTlm machine{"machine", [] {
                           MachineParameters parameters;
                           parameters.chip = &test_chip(1);
                           return parameters;
                       }(), nonvolatile};
    Hypervisor hypervisor{machine};
    Vmid vmid = 0;
    std::map<Gpn, Bytes> images;
};

TEST_F(CreatedVm, ComesBackByTheKeyThatItsSnapshotBrings) {
    simulate([&] {
        create();
        ASSERT_TRUE(core().enter(vmid, 0, VmOwner::addr_shim, {}).ok());
        Block64 read{};
        EXPECT_EQ(core().load(gpa, read.data(), read.size()), MemoryAnswer::ok);
        EXPECT_EQ(read, line);
        const Block64 later{1, 2, 3};
        ASSERT_EQ(core().store(gpa, later.data(), later.size()), MemoryAnswer::ok);
        const Address at = hypervisor.take_frame() * page_bytes;
        ASSERT_EQ(machine.core(0).vm_snapshot(vmid, at).status, InstructionStatus::vm_running);
        const HypervisorView view = core().exit(GuestProgram::interrupt()).view;

        swap_out();
        ASSERT_TRUE(machine.core(0).vm_snapshot(vmid, at).ok());
        Bytes vector(InstructionSet::nodes_at);
        ASSERT_TRUE(hypervisor.load(at, vector).ok());
        vector.resize(InstructionSet::nodes_at + load_le64(vector.data() + InstructionSet::node_count_at));
        ASSERT_TRUE(hypervisor.load(at, vector).ok());
        const Bytes key = key_behind(vector, at);
        crypto::Key128 k_vm;
        EXPECT_TRUE(test_chip(1).unwrap_key().unwrap(key, k_vm));
        EXPECT_FALSE(test_chip(2).unwrap_key().unwrap(key, k_vm)) << "for this chip alone";

        ASSERT_TRUE(hypervisor.end_vm(vmid).ok());
        Vmid again = 0;
        Bytes altered = key;
        altered[7] ^= 1;
        EXPECT_EQ(hypervisor.install(altered, vector, again).refusal, "bad_key");
        ASSERT_EQ(hypervisor.install(key, vector, again).refusal, "");
        for (const auto& [gpn, image] : images) ASSERT_EQ(hypervisor.swap_in(again, gpn, hypervisor.take_frame(), image).refusal, "");
        ASSERT_TRUE(core().enter(again, 0, VmOwner::addr_shim, view).ok());
        EXPECT_EQ(core().load(gpa, read.data(), read.size()), MemoryAnswer::ok);
        EXPECT_EQ(read, later);
        EXPECT_EQ(machine.protection.violations.violations().size(), 0u);
    });
}

TEST_F(CreatedVm, DoesNotComeBackFromAnOlderSnapshot) {
    simulate([&] {
        create();
        swap_out();
        const Address at = hypervisor.take_frame() * page_bytes;
        ASSERT_TRUE(machine.core(0).vm_snapshot(vmid, at).ok());
        Bytes vector(page_bytes - InstructionSet::vm_key_bytes);
        ASSERT_TRUE(hypervisor.load(at, vector).ok());
        vector.resize(InstructionSet::nodes_at + load_le64(vector.data() + InstructionSet::node_count_at));
        const Bytes key = key_behind(vector, at);
        ASSERT_TRUE(machine.core(0).vm_snapshot(vmid, hypervisor.take_frame() * page_bytes).ok());
        ASSERT_TRUE(hypervisor.end_vm(vmid).ok());
        Vmid again = 0;
        EXPECT_EQ(hypervisor.install(key, vector, again).refusal, "refused_by_log");
    });
}

}  // namespace
}  // namespace coffer::test
