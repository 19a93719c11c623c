#include "vcpu/instruction_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "unit/core_machine.h"
#include "unit/shim_bench.h"

namespace coffer {

inline std::ostream& operator<<(std::ostream& out, InstructionFault fault) { return out << to_string(fault); }
inline std::ostream& operator<<(std::ostream& out, InstructionStatus status) { return out << to_string(status); }
inline std::ostream& operator<<(std::ostream& out, HsvmStatus status) { return out << static_cast<unsigned>(status); }

namespace {

using Configuration = ProtectionConfiguration;

constexpr Configuration all_configurations[] = {Configuration::none, Configuration::hsvm, Configuration::hypercoffer, Configuration::combined};
constexpr CoreMode all_modes[] = {CoreMode::host, CoreMode::shim, CoreMode::guest};
constexpr std::uint64_t first_frame = 100;

std::string name_of(Configuration configuration) { return std::string(rules_of(configuration).name); }

CoreMachineSettings with(Configuration configuration) {
    CoreMachineSettings settings;
    settings.configuration = configuration;
    return settings;
}

/// The instruction's issuing modes and whether a machine without a shim has it, as the seed's table and the four configurations say it; written by hand.
struct Expected {
    std::set<CoreMode> modes;
    bool without_shim = false;
};
using ExpectedTable = std::map<Instruction, Expected>;

ExpectedTable expected_table() {
    using I = Instruction;
    using M = CoreMode;
    return {
        {I::vm_install, {{M::host}}},       {I::vm_uninstall, {{M::host}}},     {I::vm_snapshot, {{M::host}}},
        {I::ept_st, {{M::host}}},           {I::vm_enter, {{M::host}, true}},   {I::vm_exit, {{M::guest}, true}},
        {I::shim_to_host, {{M::shim}}},     {I::shim_to_guest, {{M::shim}}},    {I::raw_st, {{M::shim, M::guest}}},
        {I::raw_ld, {{M::shim, M::guest}}},
    };
}

InstructionFault expected_fault(const ExpectedTable& table, Instruction instruction, CoreMode mode, Configuration configuration) {
    const Expected& row = table.at(instruction);
    if (!rules_of(configuration).shim && !row.without_shim) return InstructionFault::undefined_instruction;
    return row.modes.count(mode) != 0 ? InstructionFault::none : InstructionFault::wrong_mode;
}

/// Everything that an instruction could change.
struct Fingerprint {
    Bytes memory;
    std::vector<std::uint64_t> counts;
    std::vector<VcpuContext> contexts;
    bool operator==(const Fingerprint& other) const { return memory == other.memory && counts == other.counts && contexts == other.contexts; }
};

Fingerprint fingerprint(CoreMachine& machine) {
    Fingerprint f;
    f.memory = machine.store.bytes(0, machine.memory.end_of_metadata());
    const LastLevelCache::Statistics cache = machine.cache.statistics();
    f.counts = {machine.lpids.peek(), cache.read_hits, cache.read_misses, cache.write_hits, cache.write_misses, cache.write_backs,
                machine.memory.engine_statistics().lines_read, machine.memory.engine_statistics().lines_written,
                machine.memory.engine_statistics().unchecked_reads, machine.memory.violations().count(), machine.translations(first_guest_vmid)};
    if (machine.lifecycle) f.counts.push_back(machine.lifecycle->log().generation());
    if (machine.hsvm) {
        f.counts.push_back(machine.hsvm->statistics().operations);
        for (unsigned core = 0; core < 2; ++core) f.counts.push_back(machine.hsvm->running(core).value_or(0));
    }
    if (machine.ept) f.counts.push_back(machine.ept->statistics().new_mappings + machine.ept->statistics().changes + machine.ept->statistics().unchanged);
    for (unsigned core = 0; core < 2; ++core) {
        const ProcessorCore& state = machine.instructions->core(core);
        f.counts.insert(f.counts.end(), {static_cast<std::uint64_t>(state.mode), state.vmid, state.vcpu, static_cast<std::uint64_t>(state.event.reason)});
        f.contexts.insert(f.contexts.end(), {state.registers, state.view.context, machine.instructions->latched(core)});
    }
    return f;
}

/// Brings core 1 into a mode, with vCPU 0 of the VM where it is not the host's.
void bring_into(CoreMachine& machine, Vmid vmid, CoreMode mode) {
    if (mode == CoreMode::host) return;
    if (mode == CoreMode::guest) {
        ASSERT_TRUE(machine.runner->enter(1, vmid, 0, machine.entry(), machine.first_view(0)).ok());
    } else if (machine.rules().shim) {
        ASSERT_TRUE(machine.instructions->vm_enter(1, vmid, 0, machine.entry()).ok());
    } else {
        // No program gets there: the core is put into the mode by hand.
        machine.instructions->core(1).mode = mode;
        machine.instructions->core(1).vmid = vmid;
    }
}

/// Issues an instruction on core 1 with operands that are all right; `installed` is a VM that vm_install made, with no vCPU on a core.
InstructionResult issue(CoreMachine& machine, Vmid vmid, Vmid installed, Instruction instruction, Bytes& loaded) {
    InstructionSet& set = *machine.instructions;
    Bytes bytes(16, 0x5a);
    Vmid made = 0;
    switch (instruction) {
        case Instruction::vm_install: return set.vm_install(1, CoreMachine::vm_key_at, CoreMachine::vm_vector_at, made);
        case Instruction::vm_uninstall: return set.vm_uninstall(1, installed);
        case Instruction::vm_snapshot: return set.vm_snapshot(1, installed, CoreMachine::snapshot_at);
        case Instruction::ept_st: return set.ept_st(1, InstructionSet::ept_address(vmid, 20), NptEntry::mapped(300).bits);
        case Instruction::vm_enter: return set.vm_enter(1, vmid, 1, machine.entry());
        case Instruction::vm_exit: return set.vm_exit(1, simple_exit(ExitReason::hlt));
        case Instruction::shim_to_host: return set.shim_to_host(1, {});
        case Instruction::shim_to_guest: return set.shim_to_guest(1);
        case Instruction::raw_st: return set.raw_st(1, 0x3010, bytes.data(), bytes.size());
        case Instruction::raw_ld: return set.raw_ld(1, true, 0x3010, loaded.data(), loaded.size());
    }
    return {};
}

/// Every instruction in every mode of every configuration. Gives how many answers differ from the table, or had an effect with a fault, or none without.
unsigned count_differences(const ExpectedTable& table) {
    unsigned differences = 0;
    for (const Configuration configuration : all_configurations)
        for (const CoreMode mode : all_modes)
            for (const InstructionEntry& row : instruction_table) {
                CoreMachine machine(with(configuration));
                const Vmid vmid = machine.start_vm(1, first_frame);
                const Vmid installed = machine.rules().shim ? machine.install_vm(2) : vmid;
                machine.put_blobs(3);
                bring_into(machine, vmid, mode);
                const Fingerprint before = fingerprint(machine);
                Bytes loaded(16, 0xee);
                const InstructionResult result = issue(machine, vmid, installed, row.instruction, loaded);
                const bool changed = !(fingerprint(machine) == before) || loaded != Bytes(16, 0xee);
                const InstructionFault expected = expected_fault(table, row.instruction, mode, configuration);
                const bool same = result.fault == expected && changed == (expected == InstructionFault::none);
                differences += !same;
                if (!same && table.at(row.instruction).modes == expected_table().at(row.instruction).modes)
                    ADD_FAILURE() << row.name << " in mode " << core_mode_names[static_cast<std::size_t>(mode)] << " of " << name_of(configuration) << ": " << result.fault
                                  << ", " << result.status << ", changed " << changed;
            }
    return differences;
}

TEST(InstructionSet, EveryInstructionInEveryModeOfEveryConfiguration) {
    ASSERT_EQ(expected_table().size(), instruction_count);
    EXPECT_EQ(count_differences(expected_table()), 0u);
}

TEST(InstructionSetPlanted, ATableWithOneModeTooManyIsSeen) {
    ExpectedTable table = expected_table();
    table[Instruction::ept_st].modes.insert(CoreMode::guest);
    EXPECT_EQ(count_differences(table), 2u) << "in both configurations that have it";
}

/// All four configurations.
class Instructions : public ::testing::TestWithParam<Configuration> {
protected:
    CoreMachine machine{with(GetParam())};
    InstructionSet& set = *machine.instructions;
    VcpuRunner& runner = *machine.runner;
    const ConfigurationRules& rules = rules_of(GetParam());
};

INSTANTIATE_TEST_SUITE_P(All, Instructions, ::testing::ValuesIn(all_configurations), [](const auto& configuration) { return name_of(configuration.param); });

TEST_P(Instructions, AGuestRunsAndKeepsItsRegistersOverExits) {
    const Vmid vmid = machine.start_vm(1, first_frame);
    ASSERT_TRUE(runner.enter(1, vmid, 1, machine.entry(), machine.first_view(1)).ok());
    ProcessorCore& core = set.core(1);
    EXPECT_EQ(core.mode, CoreMode::guest);
    EXPECT_EQ(core.vmid, vmid);
    // In hsvm alone a context begins as zeros: nobody wrote another.
    const std::uint64_t start = GetParam() == Configuration::hsvm ? 0 : 0x1001;
    EXPECT_EQ(core.registers[Register::rip], start);
    core.registers[Register::rbx] = 0x1234;
    const Block64 line{1, 2, 3};
    EXPECT_EQ(set.store(1, 0x2000, line.data(), line.size()), MemoryAnswer::ok);
    const VcpuRunner::Exit exit = runner.exit(1, simple_exit(ExitReason::hlt));
    ASSERT_TRUE(exit.ok());
    EXPECT_EQ(core.mode, CoreMode::host);
    EXPECT_EQ(exit.view.reason, ExitReason::hlt);
    ASSERT_TRUE(runner.enter(0, vmid, 1, machine.entry(), exit.view).ok()) << "on another core";
    EXPECT_EQ(set.core(0).registers[Register::rbx], 0x1234u);
    EXPECT_EQ(set.core(0).registers[Register::rip], start + 2) << "behind the instruction";
    Block64 read{};
    EXPECT_EQ(set.load(0, 0x2000, read.data(), read.size()), MemoryAnswer::ok);
    EXPECT_EQ(read, line);
}

TEST_P(Instructions, WhatTheHypervisorSeesAndMayChange) {
    const Vmid vmid = machine.start_vm(1, first_frame);
    ASSERT_TRUE(runner.enter(0, vmid, 0, machine.entry(), machine.first_view(0)).ok());
    set.core(0).registers[Register::rax] = 0x11;
    set.core(0).registers[Register::rbx] = 0x22;
    ExitEvent event = simple_exit(ExitReason::io_in);
    event.size = 4;
    event.port = 0x60;
    HypervisorView view = runner.exit(0, event).view;
    EXPECT_EQ(view[EventField::port], 0x60u);
    EXPECT_EQ(view.context[Register::rbx], rules.shim || rules.ownership ? 0u : 0x22u);
    view.context[Register::rax] = 0x77;
    view.context[Register::rbx] = 0x88;
    ASSERT_TRUE(runner.enter(0, vmid, 0, machine.entry(), view).ok());
    const VcpuContext& registers = set.core(0).registers;
    EXPECT_EQ(registers[Register::rbx], GetParam() == Configuration::none ? 0x88u : 0x22u);
    EXPECT_EQ(registers[Register::rax], GetParam() == Configuration::hsvm ? 0x11u : 0x77u) << "hsvm alone has no way to give a value back";
}

TEST_P(Instructions, AnEntryThatCannotBeHasItsStatus) {
    const Vmid vmid = machine.start_vm(1, first_frame);
    const auto status = [&](unsigned core, Vmid who, std::uint64_t vcpu, Address entry) { return set.vm_enter(core, who, vcpu, entry); };
    const InstructionResult unknown = status(0, 7, 0, machine.entry());
    EXPECT_EQ(unknown.status, GetParam() == Configuration::hsvm ? InstructionStatus::refused_by_hsvm : InstructionStatus::unknown_vm);
    if (rules.shim) {
        EXPECT_EQ(status(0, vmid, CoreMachine::vcpus, machine.entry()).status, InstructionStatus::no_vcpu);
        EXPECT_EQ(status(0, vmid, 0, machine.entry() + page_bytes).status, InstructionStatus::wrong_entry);
    } else if (rules.ownership) {
        EXPECT_EQ(status(0, vmid, CoreMachine::vcpus, 0).hsvm, HsvmStatus::no_vcpu);
        EXPECT_EQ(status(0, vmid, ~std::uint64_t{0}, 0).hsvm, HsvmStatus::no_vcpu);
    }
    EXPECT_EQ(set.core(0).mode, CoreMode::host);
    ASSERT_TRUE(runner.enter(1, vmid, 0, machine.entry(), machine.first_view(0)).ok());
    EXPECT_EQ(status(0, vmid, 0, machine.entry()).status, InstructionStatus::vcpu_running);
    EXPECT_TRUE(runner.enter(0, vmid, 1, machine.entry(), machine.first_view(1)).ok()) << "another vCPU on another core";
}

TEST_P(Instructions, EventsThatNoProcessorReportsAreAFaultOfTheModel) {
    const Vmid vmid = machine.start_vm(1, first_frame);
    ASSERT_TRUE(runner.enter(0, vmid, 0, machine.entry(), machine.first_view(0)).ok());
    EXPECT_THROW(set.vm_exit(0, {}), std::invalid_argument);
}

/// Random instructions by software that keeps to nothing: every answer is one that the table lists.
TEST_P(Instructions, AnswersAreThoseOfTheTable) {
    std::mt19937_64 random(17);
    const auto address = [&]() -> std::uint64_t { return random() % 4 == 0 ? random() : random() % (CoreMachine::vm_pages + 2) * page_bytes + random() % 64; };
    const auto row_of = [](Instruction instruction) {
        return std::find_if(instruction_table.begin(), instruction_table.end(), [&](const InstructionEntry& row) { return row.instruction == instruction; });
    };
    const auto judge = [&](Instruction instruction, const InstructionResult& result) {
        const auto row = row_of(instruction);
        EXPECT_TRUE(row->may_answer(result.status)) << row->name << ": " << result.status;
        EXPECT_TRUE(row->memory || result.fault != InstructionFault::memory_fault) << row->name;
        EXPECT_EQ(result.status == InstructionStatus::refused_by_hsvm, result.hsvm != HsvmStatus::ok) << row->name;
    };
    std::map<InstructionStatus, unsigned> seen;
    for (std::uint8_t key = 1; key < 4; ++key) machine.start_vm(key, 100 + 20u * key);
    machine.put_blobs(9);
    Bytes bytes(64);
    for (unsigned step = 0; step < 6000; ++step) {
        const auto core = static_cast<unsigned>(random() % 2);
        const auto vmid = static_cast<Vmid>(1 + random() % 6);
        const Instruction instruction = instruction_table[random() % instruction_count].instruction;
        InstructionResult result;
        Vmid installed = 0;
        switch (instruction) {
            case Instruction::vm_install: result = set.vm_install(core, random() % 2 == 0 ? CoreMachine::vm_key_at : address(), random() % 8 == 0 ? address() : CoreMachine::vm_vector_at, installed); break;
            case Instruction::vm_uninstall: result = random() % 8 == 0 ? set.vm_uninstall(core, vmid) : set.vm_uninstall(core, 6); break;
            case Instruction::vm_snapshot: result = set.vm_snapshot(core, vmid, random() % 2 == 0 ? CoreMachine::snapshot_at : address()); break;
            case Instruction::ept_st:
                result = set.ept_st(core, InstructionSet::ept_address(vmid, random() % (CoreMachine::vm_pages + 2)) + random() % 16 / 15,
                                    random() % 3 == 0 ? random() : NptEntry::mapped(random() % 1200).bits * (random() % 3 != 0));
                break;
            case Instruction::vm_enter: result = set.vm_enter(core, vmid, random() % 3, random() % 4 == 0 ? address() : machine.entry()); break;
            case Instruction::vm_exit: result = set.vm_exit(core, simple_exit(random() % 2 == 0 ? ExitReason::hlt : ExitReason::nmi)); break;
            case Instruction::shim_to_host: result = set.shim_to_host(core, {}); break;
            case Instruction::shim_to_guest: result = set.shim_to_guest(core); break;
            case Instruction::raw_st: result = set.raw_st(core, address(), bytes.data(), random() % 64); break;
            case Instruction::raw_ld: result = set.raw_ld(core, random() % 2 == 0, address(), bytes.data(), random() % 64); break;
        }
        judge(instruction, result);
        ++seen[result.status];
    }
    EXPECT_GT(seen.size(), GetParam() == Configuration::none ? 2u : GetParam() == Configuration::hsvm ? 2u : 6u) << "the steps reach too little";
}

/// Configurations with a shim.
class ShimInstructions : public Instructions {};
INSTANTIATE_TEST_SUITE_P(All, ShimInstructions, ::testing::Values(Configuration::hypercoffer, Configuration::combined),
                         [](const auto& configuration) { return name_of(configuration.param); });

TEST_P(ShimInstructions, RawStoresAndLoadsPassProtection) {
    const Vmid vmid = machine.start_vm(1, first_frame);
    ASSERT_TRUE(runner.enter(0, vmid, 0, machine.entry(), machine.first_view(0)).ok());
    const Bytes secret(64, 0x42);
    Bytes read(64);
    ASSERT_EQ(set.store(0, 0x3000, secret.data(), secret.size()), MemoryAnswer::ok);
    ASSERT_TRUE(set.raw_ld(0, false, 0x3000, read.data(), read.size()).ok());
    EXPECT_NE(read, secret) << "ciphertext";
    EXPECT_EQ(read, machine.store.bytes((first_frame + 3) * page_bytes, 64)) << "written back first";
    ASSERT_TRUE(set.raw_ld(0, true, 0x3000, read.data(), read.size()).ok());
    EXPECT_EQ(read, secret) << "decrypted";
    ASSERT_TRUE(set.raw_st(0, 0x4010, secret.data(), 16).ok());
    EXPECT_EQ(machine.store.bytes((first_frame + 4) * page_bytes + 16, 16), Bytes(16, 0x42)) << "in clear";

    machine.store.flip((first_frame + 3) * page_bytes, 1);
    ASSERT_TRUE(set.raw_ld(0, true, 0x3000, read.data(), read.size()).ok()) << "no integrity check";
    EXPECT_EQ(read[0], secret[0] ^ 1) << "a flipped bit of ciphertext";
    EXPECT_EQ(machine.memory.violations().count(), 0u);
    machine.write_back();
    EXPECT_EQ(set.load(0, 0x3000, read.data(), read.size()), MemoryAnswer::violated) << "an ordinary load is checked";
}

TEST_P(ShimInstructions, RawAccessesOfPagesThatAreNotThereFault) {
    const Vmid vmid = machine.start_vm(1, first_frame);
    ASSERT_TRUE(runner.enter(0, vmid, 0, machine.entry(), machine.first_view(0)).ok());
    Bytes bytes(16);
    EXPECT_EQ(set.raw_st(0, 20 * page_bytes, bytes.data(), 16).fault, InstructionFault::memory_fault);
    EXPECT_EQ(set.raw_ld(0, true, 40 * page_bytes, bytes.data(), 16).fault, InstructionFault::memory_fault);
}

TEST_P(ShimInstructions, EntriesOfTheEptWindow) {
    const Vmid vmid = machine.start_vm(1, first_frame, 10);
    const auto store = [&](std::uint64_t address, std::uint64_t value) { return set.ept_st(0, address, value); };
    const std::uint64_t page_20 = InstructionSet::ept_address(vmid, 20);
    const bool combined = GetParam() == Configuration::combined;
    EXPECT_TRUE(store(page_20, NptEntry::mapped(300).bits).ok());
    EXPECT_TRUE(store(page_20, NptEntry::mapped(300).bits).ok()) << "the same again";
    EXPECT_TRUE(store(page_20, NptEntry::mapped(301).bits).ok()) << "another frame";
    EXPECT_TRUE(store(page_20, 0).ok()) << "none";
    EXPECT_EQ(store(page_20 + 4, NptEntry::mapped(300).bits).status, InstructionStatus::bad_address);
    EXPECT_EQ(store(page_20, NptEntry::mapped(300).bits | 0x100).status, InstructionStatus::bad_entry);
    EXPECT_EQ(store(page_20, NptEntry::mapped(300).bits & ~NptEntry::present_bit).status, InstructionStatus::bad_entry);
    const InstructionResult beyond = store(InstructionSet::ept_address(vmid, CoreMachine::vm_pages), NptEntry::mapped(300).bits);
    const InstructionResult chip = store(InstructionSet::ept_address(vmid, 21), NptEntry::mapped(CoreMachine::data_frames).bits);
    const InstructionResult unknown = store(InstructionSet::ept_address(7, 20), NptEntry::mapped(300).bits);
    if (combined) {
        EXPECT_EQ(beyond.hsvm, HsvmStatus::page_beyond);
        EXPECT_EQ(chip.hsvm, HsvmStatus::frame_protected);
        EXPECT_EQ(unknown.hsvm, HsvmStatus::unknown_vm);
        const Vmid other = machine.start_vm(2, 500);
        EXPECT_EQ(store(InstructionSet::ept_address(other, 21), NptEntry::mapped(first_frame).bits).hsvm, HsvmStatus::frame_owned) << "another VM's";
        EXPECT_EQ(machine.hsvm->mapping(vmid, 20).lost(), true) << "the guest had not released it";
    } else {
        EXPECT_EQ(beyond.status, InstructionStatus::page_beyond);
        EXPECT_EQ(chip.status, InstructionStatus::frame_protected);
        EXPECT_EQ(unknown.status, InstructionStatus::unknown_vm);
        EXPECT_EQ(machine.ept->statistics().changes, 2u);
    }
}

TEST_P(ShimInstructions, TheShimRefusesAndTheHypervisorTriesAgain) {
    const Vmid vmid = machine.start_vm(1, first_frame);
    ASSERT_TRUE(runner.enter(0, vmid, 0, machine.entry(), machine.first_view(0)).ok());
    HypervisorView view = runner.exit(0, simple_exit(ExitReason::rdtsc)).view;
    view.context[Register::rax] = std::uint64_t{1} << 40;
    const VcpuRunner::Entry refused = runner.enter(0, vmid, 0, machine.entry(), view);
    EXPECT_TRUE(refused.instruction.ok());
    EXPECT_EQ(refused.shim, ShimStatus::refused_value);
    EXPECT_EQ(set.core(0).mode, CoreMode::host);
    view.context[Register::rax] = 40;
    EXPECT_TRUE(runner.enter(0, vmid, 0, machine.entry(), view).ok());
    EXPECT_EQ(set.core(0).registers[Register::rax], 40u);
}

TEST(CombinedInstructions, ACoreIsBoundToItsVcpuWhileItRuns) {
    CoreMachine machine(with(Configuration::combined));
    const Vmid vmid = machine.start_vm(1, first_frame);
    ASSERT_TRUE(machine.runner->enter(1, vmid, 0, machine.entry(), machine.first_view(0)).ok());
    EXPECT_EQ(machine.hsvm->running(1), vmid);
    EXPECT_EQ(machine.hsvm->delete_vm(HsvmCaller::host, vmid), HsvmStatus::vm_running);
    ASSERT_TRUE(machine.runner->exit(1, simple_exit(ExitReason::hlt)).ok());
    EXPECT_EQ(machine.hsvm->running(1), std::nullopt);
    EXPECT_EQ(machine.instructions->latched(1), VcpuContext()) << "no copy of the registers stays";
}

TEST(CombinedInstructions, AVcpuWhoseContextPageIsGoneLeavesItsCoreAndShowsNothing) {
    CoreMachine machine(with(Configuration::combined));
    const Vmid vmid = machine.start_vm(1, first_frame);
    ASSERT_TRUE(machine.runner->enter(1, vmid, 0, machine.entry(), machine.first_view(0)).ok());
    machine.instructions->core(1).registers[Register::rbx] = 0x5ec1e7;
    Bytes image;
    ASSERT_EQ(machine.hsvm->swap_out(HsvmCaller::host, vmid, page_of(CoreMachine::addr_context), image), HsvmStatus::ok);
    const VcpuRunner::Exit exit = machine.runner->exit(1, simple_exit(ExitReason::hlt));
    EXPECT_EQ(exit.shim, ShimStatus::not_mapped);
    EXPECT_EQ(exit.instruction.hsvm, HsvmStatus::no_context);
    EXPECT_EQ(machine.instructions->core(1).mode, CoreMode::host);
    EXPECT_EQ(exit.view.context, VcpuContext());
    EXPECT_EQ(machine.instructions->latched(1)[Register::rbx], 0x5ec1e7u) << "H-SVM can still save it";
    ASSERT_EQ(machine.hsvm->swap_in(HsvmCaller::host, vmid, page_of(CoreMachine::addr_context), 600, image), HsvmStatus::ok);
    EXPECT_EQ(machine.hsvm->context_save(HsvmCaller::host, vmid, 0, 1, machine.instructions->latched(1)), HsvmStatus::ok);
    EXPECT_EQ(machine.hsvm->running(1), std::nullopt);
}

// From here on hypercoffer, where vm_install makes VMs.

TEST(HypercofferInstructions, ANewMappingInvalidatesNothing) {
    CoreMachine machine;
    const Vmid vmid = machine.start_vm(1, first_frame);
    ASSERT_TRUE(machine.runner->enter(1, vmid, 0, machine.entry(), machine.first_view(0)).ok());
    const std::uint64_t before = machine.translations(vmid);
    EXPECT_GT(before, 0u);
    EXPECT_TRUE(machine.map(vmid, 25, 400));
    EXPECT_EQ(machine.translations(vmid), before);
    EXPECT_TRUE(machine.map(vmid, page_of(CoreMachine::addr_context), 401));
    EXPECT_EQ(machine.translations(vmid), before - 1) << "a change takes the one that it concerns";
}

TEST(HypercofferInstructions, AWrongMappingIsFoundWhenMemoryIsRead) {
    CoreMachine machine;
    const Vmid vmid = machine.start_vm(1, first_frame);
    const Vmid other = machine.start_vm(2, 500);
    ASSERT_TRUE(machine.runner->enter(1, vmid, 0, machine.entry(), machine.first_view(0)).ok());
    Block64 line{7};
    ASSERT_EQ(machine.instructions->store(1, 0x2000, line.data(), line.size()), MemoryAnswer::ok);
    EXPECT_TRUE(machine.map(vmid, 2, 502)) << "another VM's frame: not prevented";
    EXPECT_EQ(machine.instructions->load(1, 0x2000, line.data(), line.size()), MemoryAnswer::violated);
    EXPECT_TRUE(machine.memory.violations().frozen(vmid));
    EXPECT_FALSE(machine.memory.violations().frozen(other));
}

TEST(HypercofferInstructions, BadBlobsHaveTheirStatus) {
    CoreMachine machine;
    InstructionSet& set = *machine.instructions;
    machine.put_blobs(1);
    Vmid vmid = 77;
    EXPECT_EQ(set.vm_install(0, CoreMachine::vm_vector_at, CoreMachine::vm_vector_at, vmid).status, InstructionStatus::bad_key);
    EXPECT_EQ(set.vm_install(0, CoreMachine::vm_key_at, CoreMachine::vm_key_at, vmid).status, InstructionStatus::bad_vector);
    for (const Address nowhere : {CoreMachine::first_ept_frame * page_bytes, CoreMachine::data_frames * page_bytes, ~Address{0} - 63}) {
        EXPECT_EQ(set.vm_install(0, nowhere, CoreMachine::vm_vector_at, vmid).fault, InstructionFault::memory_fault);
        EXPECT_EQ(set.vm_install(0, CoreMachine::vm_key_at, nowhere, vmid).fault, InstructionFault::memory_fault);
    }
    EXPECT_EQ(vmid, 77) << "unchanged";
    EXPECT_TRUE(set.vm_install(0, CoreMachine::vm_key_at, CoreMachine::vm_vector_at, vmid).ok());
    EXPECT_EQ(vmid, 2);
    EXPECT_EQ(set.vm_install(0, CoreMachine::vm_key_at, CoreMachine::vm_vector_at, vmid).status, InstructionStatus::refused_by_log) << "it runs already";
}

/// In combined: the pages of a VM travel as images, its tree beside its vector.
class CombinedLife : public ::testing::Test {
protected:
    /// A VM that ran, with a value in page 5, all of its pages swapped out.
    void SetUp() override {
        vmid = machine.start_vm(1, first_frame);
        ASSERT_TRUE(machine.runner->enter(1, vmid, 0, machine.entry(), machine.first_view(0)).ok());
        ASSERT_EQ(set.store(1, 0x5000, line.data(), line.size()), MemoryAnswer::ok);
        set.core(1).registers[Register::r12] = 0xcafe;
        view = machine.runner->exit(1, simple_exit(ExitReason::hlt)).view;
        for (Gpn gpn = 0; gpn < 16; ++gpn) ASSERT_EQ(machine.hsvm->swap_out(HsvmCaller::host, vmid, gpn, images[gpn]), HsvmStatus::ok);
    }
    InstructionResult install(Address vector, Vmid& made) { return set.vm_install(0, CoreMachine::vm_key_at, vector, made); }

    CoreMachine machine{with(Configuration::combined)};
    InstructionSet& set = *machine.instructions;
    Vmid vmid = 0;
    const Block64 line{9, 8, 7};
    HypervisorView view;
    std::map<Gpn, Bytes> images;
};

TEST_F(CombinedLife, AVmComesBackFromVectorTreeAndImages) {
    ASSERT_TRUE(set.vm_snapshot(0, vmid, CoreMachine::snapshot_at).ok());
    ASSERT_TRUE(set.vm_uninstall(0, vmid).ok());
    EXPECT_EQ(machine.translations(vmid), 0u);
    Vmid again = 0;
    ASSERT_TRUE(install(CoreMachine::snapshot_at, again).ok());
    for (Gpn gpn = 0; gpn < 16; ++gpn)
        ASSERT_EQ(machine.hsvm->swap_in(HsvmCaller::host, again, gpn, 400 + gpn, images[gpn]), HsvmStatus::ok) << "in other frames";
    ASSERT_TRUE(machine.runner->enter(0, again, 0, machine.entry(), view).ok());
    EXPECT_EQ(set.core(0).registers[Register::r12], 0xcafeu);
    Block64 read{};
    EXPECT_EQ(set.load(0, 0x5000, read.data(), read.size()), MemoryAnswer::ok);
    EXPECT_EQ(read, line);
}

TEST_F(CombinedLife, AnyNodesBesideTheVectorAreCheckedAgainstItsRoot) {
    ASSERT_TRUE(set.vm_snapshot(0, vmid, CoreMachine::snapshot_at).ok());
    ASSERT_TRUE(set.vm_uninstall(0, vmid).ok());
    const Address count = CoreMachine::snapshot_at + InstructionSet::node_count_at;
    machine.write_back();
    const std::uint64_t bytes = load_le64(machine.store.bytes(count, 8).data());
    ASSERT_GT(bytes, 0u);
    Vmid again = 77;
    const auto with_count = [&](std::uint64_t number) {
        std::uint8_t raw[8];
        store_le64(raw, number);
        machine.store.write(count, raw, sizeof raw);
        return install(CoreMachine::snapshot_at, again);
    };
    EXPECT_EQ(with_count(0).status, InstructionStatus::bad_tree);
    machine.write_back();
    EXPECT_EQ(with_count(bytes - 1).status, InstructionStatus::bad_tree);
    machine.write_back();
    EXPECT_EQ(with_count(bytes + 72).status, InstructionStatus::bad_tree);
    machine.write_back();
    EXPECT_EQ(with_count(~std::uint64_t{0}).status, InstructionStatus::bad_tree) << "more than such a tree has, wherever it would lie";
    EXPECT_EQ(again, 77);
    machine.write_back();
    const Bytes vector = machine.store.bytes(CoreMachine::snapshot_at, 204);
    const Address end = CoreMachine::data_frames * page_bytes - InstructionSet::nodes_at;
    machine.store.put(end, vector);
    machine.store.put(end + InstructionSet::node_count_at, machine.store.bytes(count, 8));
    EXPECT_EQ(install(end, again).status, InstructionStatus::bad_tree) << "as long as it is too long, nothing of it is read";
    Bytes fitting(8);
    store_le64(fitting.data(), bytes);
    machine.store.put(end + InstructionSet::node_count_at, fitting);
    machine.write_back();
    EXPECT_EQ(install(end, again).fault, InstructionFault::memory_fault) << "it goes on behind the host's memory";
    EXPECT_EQ(again, 77);
    machine.write_back();
    machine.store.flip(CoreMachine::snapshot_at + InstructionSet::nodes_at + bytes - 3, 1);
    const InstructionResult tampered = with_count(bytes);
    const bool found = !tampered.ok() || machine.hsvm->swap_in(HsvmCaller::host, again, 5, 405, images[5]) != HsvmStatus::ok;
    EXPECT_TRUE(found) << "at once, or when the page comes back";
}

TEST_F(CombinedLife, ASnapshotWhoseNodesCannotBeStoredDoesNotCommit) {
    const std::uint64_t generation = machine.lifecycle->log().generation();
    const Address end = CoreMachine::data_frames * page_bytes;
    EXPECT_EQ(set.vm_snapshot(0, vmid, end - InstructionSet::nodes_at).fault, InstructionFault::memory_fault);
    EXPECT_EQ(machine.lifecycle->log().generation(), generation);
    EXPECT_TRUE(set.vm_snapshot(0, vmid, CoreMachine::snapshot_at).ok());
}

TEST(HypercofferInstructions, NoVmWithoutFramesForItsTables) {
    CoreMachine machine;
    Vmid vmid = 0;
    for (Vmid other = 100; machine.ept->add(other, 1);) ++other;
    machine.put_blobs(1);
    EXPECT_EQ(machine.instructions->vm_install(0, CoreMachine::vm_key_at, CoreMachine::vm_vector_at, vmid).status, InstructionStatus::no_room);
    EXPECT_FALSE(machine.memory.vm_table().installed(2));
}

TEST(HypercofferInstructions, ASnapshotThatCannotBeStoredDoesNotCommit) {
    CoreMachine machine;
    const Vmid vmid = machine.start_vm(1, first_frame);
    ASSERT_TRUE(machine.instructions->vm_snapshot(0, vmid, CoreMachine::snapshot_at).ok());
    const std::uint64_t generation = machine.lifecycle->log().generation();
    EXPECT_EQ(machine.instructions->vm_snapshot(0, vmid, CoreMachine::first_ept_frame * page_bytes).fault, InstructionFault::memory_fault);
    EXPECT_EQ(machine.lifecycle->log().generation(), generation);
}

TEST(HypercofferInstructions, ARunningVmIsNeitherSealedNorTakenAway) {
    CoreMachine machine;
    const Vmid vmid = machine.start_vm(1, first_frame);
    ASSERT_TRUE(machine.runner->enter(1, vmid, 0, machine.entry(), machine.first_view(0)).ok());
    EXPECT_EQ(machine.instructions->vm_snapshot(0, vmid, CoreMachine::snapshot_at).status, InstructionStatus::vm_running);
    EXPECT_EQ(machine.instructions->vm_uninstall(0, vmid).status, InstructionStatus::vm_running);
    ASSERT_TRUE(machine.runner->exit(1, simple_exit(ExitReason::hlt)).ok());
    EXPECT_TRUE(machine.instructions->vm_snapshot(0, vmid, CoreMachine::snapshot_at).ok());
    EXPECT_TRUE(machine.instructions->vm_uninstall(0, vmid).ok());
    EXPECT_EQ(machine.instructions->vm_uninstall(0, vmid).status, InstructionStatus::unknown_vm);
    EXPECT_EQ(machine.instructions->vm_snapshot(0, vmid, CoreMachine::snapshot_at).status, InstructionStatus::unknown_vm);
}

TEST(HypercofferInstructions, AVmComesBackFromItsSnapshot) {
    CoreMachine machine;
    InstructionSet& set = *machine.instructions;
    const Vmid vmid = machine.start_vm(1, first_frame);
    ASSERT_TRUE(machine.runner->enter(1, vmid, 0, machine.entry(), machine.first_view(0)).ok());
    const Block64 line{9, 8, 7};
    ASSERT_EQ(set.store(1, 0x5000, line.data(), line.size()), MemoryAnswer::ok);
    set.core(1).registers[Register::r12] = 0xcafe;
    const HypervisorView view = machine.runner->exit(1, simple_exit(ExitReason::hlt)).view;
    ASSERT_TRUE(set.vm_snapshot(0, vmid, CoreMachine::snapshot_at).ok());
    ASSERT_TRUE(set.vm_uninstall(0, vmid).ok());
    Vmid again = 0;
    EXPECT_EQ(set.vm_install(0, CoreMachine::vm_key_at, CoreMachine::vm_vector_at, again).status, InstructionStatus::refused_by_log) << "the boot image is older";
    ASSERT_TRUE(set.vm_install(0, CoreMachine::vm_key_at, CoreMachine::snapshot_at, again).ok());
    for (Gpn gpn = 0; gpn < 16; ++gpn) ASSERT_TRUE(machine.map(again, gpn, first_frame + gpn));
    ASSERT_TRUE(machine.runner->enter(0, again, 0, machine.entry(), view).ok());
    EXPECT_EQ(set.core(0).registers[Register::r12], 0xcafeu);
    Block64 read{};
    EXPECT_EQ(set.load(0, 0x5000, read.data(), read.size()), MemoryAnswer::ok);
    EXPECT_EQ(read, line);
}

TEST(HypercofferInstructions, NothingOfAVmIsLeftForTheNextOneUnderItsVmid) {
    CoreMachine machine;
    InstructionSet& set = *machine.instructions;
    const Vmid vmid = machine.start_vm(1, first_frame);
    ASSERT_TRUE(machine.runner->enter(1, vmid, 0, machine.entry(), machine.first_view(0)).ok());
    const Block64 secret{0x5e, 0xc1, 0xe7};
    ASSERT_EQ(set.store(1, 0x5000, secret.data(), secret.size()), MemoryAnswer::ok);
    ASSERT_TRUE(machine.runner->exit(1, simple_exit(ExitReason::hlt)).ok());
    ASSERT_TRUE(set.vm_uninstall(0, vmid).ok());
    EXPECT_EQ(machine.translations(vmid), 0u);
    Block64 line{};
    for (Address gpa = 0; gpa < CoreMachine::vm_pages * page_bytes; gpa += line_bytes)
        EXPECT_FALSE(machine.cache.peek({vmid, gpa, first_frame * page_bytes + gpa}, 0, line.data(), line_bytes)) << gpa;
    EXPECT_EQ(machine.ept->free_frames(), CoreMachine::ept_frames);

    const Vmid next = machine.start_vm(2, first_frame);
    ASSERT_EQ(next, vmid) << "the same VMID";
    EXPECT_EQ(machine.ept->translate(next, 20 * page_bytes, false).fault, TranslationFault::not_mapped);
    ASSERT_TRUE(machine.runner->enter(1, next, 0, machine.entry(), machine.first_view(0)).ok());
    ASSERT_EQ(set.load(1, 0x5000, line.data(), line.size()), MemoryAnswer::ok);
    EXPECT_EQ(line, Block64{}) << "the old VM's frame is empty for the new one";
    EXPECT_EQ(machine.memory.violations().count(), 0u);
}

TEST(InstructionSet, NeedsTheConfigurationsPorts) {
    EXPECT_THROW(InstructionSet(Configuration::none, {}), std::invalid_argument);
    EXPECT_THROW(InstructionSet(Configuration::combined, {}), std::invalid_argument);
}

TEST(InstructionSet, CountsWhatIsIssuedRefusedAndFaulty) {
    CoreMachine machine;
    const Vmid vmid = machine.start_vm(1, first_frame);
    machine.instructions->shim_to_guest(0);
    machine.instructions->vm_uninstall(0, 7);
    machine.instructions->vm_uninstall(0, vmid);
    StatisticsGroup group("instructions");
    machine.instructions->collect(group);
    const auto counts = [&](std::string_view name) {
        for (const StatisticsGroup& row : group.groups())
            if (row.name() == name) return std::vector<std::uint64_t>{std::get<std::uint64_t>(row.values()[0].value), std::get<std::uint64_t>(row.values()[1].value),
                                                                      std::get<std::uint64_t>(row.values()[2].value)};
        return std::vector<std::uint64_t>{};
    };
    EXPECT_EQ(counts("shim_to_guest"), (std::vector<std::uint64_t>{1, 1, 0}));
    EXPECT_EQ(counts("vm_uninstall"), (std::vector<std::uint64_t>{2, 0, 1}));
}

}  // namespace
}  // namespace coffer
