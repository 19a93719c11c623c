// CoreTlm: what software on a core can do, over real sockets, in each configuration; and a VM's life from sealed vector to sealed vector.

#include "vcpu/core_tlm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <stdexcept>

#include "hsvm/register_table.h"
#include "tlm/core_bench.h"
#include "vcpu/bounce_buffer.h"
#include "vcpu/sealed_disk.h"
#include "vcpu/shim_memory.h"

namespace coffer::test {
namespace {

using Configuration = ProtectionConfiguration;

constexpr std::uint64_t first_frame = 100;

ExitEvent exit_of(ExitReason reason) {
    ExitEvent event;
    event.reason = reason;
    event.instruction_bytes = find_exit(exit_table, reason)->instruction ? 2 : 0;
    return event;
}

Bytes pattern(std::size_t size, std::uint8_t start) {
    Bytes bytes(size);
    std::iota(bytes.begin(), bytes.end(), start);
    return bytes;
}

Bytes loaded(CoreTlm& core, Address address, std::size_t size) {
    Bytes bytes(size);
    EXPECT_EQ(core.load(address, bytes.data(), bytes.size()), MemoryAnswer::ok) << address;
    return bytes;
}

void stored(CoreTlm& core, Address address, const Bytes& bytes) { EXPECT_EQ(core.store(address, bytes.data(), bytes.size()), MemoryAnswer::ok) << address; }

class Core : public ::testing::TestWithParam<Configuration> {
protected:
    const ConfigurationRules& rules = rules_of(GetParam());
};

INSTANTIATE_TEST_SUITE_P(All, Core, ::testing::Values(Configuration::none, Configuration::hsvm, Configuration::hypercoffer, Configuration::combined),
                         [](const auto& configuration) { return std::string(rules_of(configuration.param).name); });

TEST_P(Core, AGuestRunsOnOneCoreAndGoesOnOnTheOther) {
    CoreBench bench(GetParam());
    simulate([&] {
        bench.boot();
        const Vmid vmid = bench.start_vm(1, first_frame);
        CoreTlm& first = bench.core(0);
        CoreTlm& second = bench.core(1);
        ASSERT_TRUE(second.enter(vmid, 1, bench.entry(), bench.first_view(1)).ok());
        EXPECT_EQ(second.mode(), CoreMode::guest);
        second.state().registers[Register::rbx] = 0x1234;
        const Bytes data = pattern(5000, 3);
        stored(second, 0x2801, data);
        EXPECT_EQ(loaded(second, 0x2801, data.size()), data) << "across pages";
        EXPECT_EQ(first.enter(vmid, 1, bench.entry(), bench.first_view(1)).instruction.status, InstructionStatus::vcpu_running);
        const VcpuRunner::Exit exit = second.exit(exit_of(ExitReason::hlt));
        ASSERT_TRUE(exit.ok());
        EXPECT_EQ(second.mode(), CoreMode::host);
        ASSERT_TRUE(first.enter(vmid, 1, bench.entry(), exit.view).ok());
        EXPECT_EQ(first.state().registers[Register::rbx], 0x1234u);
        EXPECT_EQ(loaded(first, 0x2801, data.size()), data);
    });
}

TEST_P(Core, WhatTheHostFindsInAGuestsFrame) {
    CoreBench bench(GetParam());
    simulate([&] {
        bench.boot();
        const Vmid vmid = bench.start_vm(1, first_frame);
        CoreTlm& guest = bench.core(1);
        CoreTlm& host = bench.core(0);
        ASSERT_TRUE(guest.enter(vmid, 0, bench.entry(), bench.first_view(0)).ok());
        const Bytes secret = pattern(64, 0x40);
        stored(guest, 0x3000, secret);
        bench.settle(vmid);
        const Address frame = (first_frame + 3) * page_bytes;
        Bytes seen(64);
        const MemoryAnswer answer = host.load(frame, seen.data(), seen.size());
        EXPECT_EQ(answer, rules.ownership ? MemoryAnswer::not_mapped : MemoryAnswer::ok);
        EXPECT_EQ(seen == secret, GetParam() == Configuration::none) << "only without protection";
        std::copy_n(bench.dram.memory().frame(first_frame + 3), 64, seen.begin());
        EXPECT_EQ(seen == secret, !rules.encrypt) << "on the bus";
    });
}

TEST_P(Core, FaultsHaveNoEffectAndTakeTheInstructionsTimeOnly) {
    CoreBench bench(GetParam());
    simulate([&] {
        bench.boot();
        bench.start_vm(1, first_frame);
        CoreTlm& core = bench.core(0);
        Bytes bytes(16);
        core.synchronize();
        const sc_core::sc_time before = sc_core::sc_time_stamp();
        const InstructionFault expected = rules.shim ? InstructionFault::wrong_mode : InstructionFault::undefined_instruction;
        EXPECT_EQ(core.shim_to_guest().fault, expected);
        EXPECT_EQ(core.shim_to_host({}).fault, expected);
        EXPECT_EQ(core.raw_st(0x3000, bytes.data(), bytes.size()).fault, expected);
        EXPECT_EQ(core.raw_ld(true, 0x3000, bytes.data(), bytes.size()).fault, expected);
        EXPECT_EQ(core.vm_exit(exit_of(ExitReason::hlt)).fault, InstructionFault::wrong_mode);
        EXPECT_EQ(core.mode(), CoreMode::host);
        core.synchronize();
        EXPECT_EQ(sc_core::sc_time_stamp() - before, sc_core::sc_time(600, sc_core::SC_NS)) << "two switches and an exit";
    });
}

TEST_P(Core, StoresToPageTablesWhereThereIsNoInstructionForIt) {
    CoreBench bench(GetParam());
    simulate([&] {
        bench.boot();
        const Vmid vmid = bench.start_vm(1, first_frame);
        CoreTlm& core = bench.core(0);
        const NptEntry entry = NptEntry::mapped(first_frame + 40);
        if (GetParam() != Configuration::none) {
            EXPECT_THROW(core.store_entry(vmid, 20, entry), std::logic_error);
            return;
        }
        const sc_core::sc_time before = sc_core::sc_time_stamp();
        EXPECT_EQ(core.store_entry(vmid, 20, entry), EptStatus::ok);
        core.synchronize();
        EXPECT_GT(sc_core::sc_time_stamp(), before);
        EXPECT_EQ(core.store_entry(vmid, CoreBench::vm_pages, entry), EptStatus::page_beyond);
        ASSERT_TRUE(core.enter(vmid, 0, bench.entry(), bench.first_view(0)).ok());
        stored(core, 20 * page_bytes, pattern(8, 1));
        EXPECT_EQ(loaded(core, 20 * page_bytes, 8), pattern(8, 1));
        EXPECT_THROW(core.store_entry(vmid, 20, {}), std::logic_error) << "in mode guest";
    });
}

TEST_P(Core, AnEntryAndAnExitTakeAWorldSwitchAndTheShimsWork) {
    CoreBench bench(GetParam());
    simulate([&] {
        bench.boot();
        const Vmid vmid = bench.start_vm(1, first_frame);
        CoreTlm& core = bench.core(0);
        core.synchronize();
        const sc_core::sc_time before = sc_core::sc_time_stamp();
        ASSERT_TRUE(core.enter(vmid, 0, bench.entry(), bench.first_view(0)).ok());
        ASSERT_TRUE(core.exit(exit_of(ExitReason::hlt)).ok());
        core.synchronize();
        const sc_core::sc_time taken = sc_core::sc_time_stamp() - before;
        const sc_core::sc_time world_switch(1, sc_core::SC_US);
        EXPECT_GE(taken, world_switch);
        EXPECT_EQ(taken > world_switch, GetParam() != Configuration::none) << "contexts go through memory";
    });
}

TEST_P(Core, TimeGathersUpToTheQuantum) {
    CoreBench bench(GetParam());
    simulate([&] {
        bench.boot();
        CoreTlm& core = bench.core(0);
        tlm::tlm_global_quantum::instance().set(sc_core::sc_time(10, sc_core::SC_US));
        core.synchronize();
        const sc_core::sc_time before = sc_core::sc_time_stamp();
        loaded(core, 0x1000, 8);
        EXPECT_EQ(sc_core::sc_time_stamp(), before);
        EXPECT_GT(core.local_time(), sc_core::SC_ZERO_TIME);
        while (sc_core::sc_time_stamp() == before) loaded(core, 0x1000, 8);
        EXPECT_GE(sc_core::sc_time_stamp() - before, sc_core::sc_time(10, sc_core::SC_US));
        EXPECT_EQ(core.local_time(), sc_core::SC_ZERO_TIME);
    });
}

class ShimCore : public Core {};
INSTANTIATE_TEST_SUITE_P(All, ShimCore, ::testing::Values(Configuration::hypercoffer, Configuration::combined),
                         [](const auto& configuration) { return std::string(rules_of(configuration.param).name); });

TEST_P(ShimCore, RawAccessesGoPastCachesAndProtection) {
    CoreBench bench(GetParam());
    simulate([&] {
        bench.boot();
        const Vmid vmid = bench.start_vm(1, first_frame);
        CoreTlm& core = bench.core(1);
        ASSERT_TRUE(core.enter(vmid, 0, bench.entry(), bench.first_view(0)).ok());
        const Bytes secret = pattern(64, 0x40);
        Bytes read(64);
        stored(core, 0x3000, secret);
        ASSERT_TRUE(core.raw_ld(false, 0x3000, read.data(), read.size()).ok());
        EXPECT_NE(read, secret) << "ciphertext";
        ASSERT_TRUE(core.raw_ld(true, 0x3000, read.data(), read.size()).ok());
        EXPECT_EQ(read, secret) << "decrypted";
        ASSERT_TRUE(core.raw_st(0x4010, secret.data(), 16).ok());
        EXPECT_TRUE(std::equal(secret.begin(), secret.begin() + 16, bench.dram.memory().frame(first_frame + 4) + 16)) << "in clear, at once";
        EXPECT_EQ(core.raw_ld(true, 50 * page_bytes, read.data(), read.size()).fault, InstructionFault::memory_fault);
        bench.dram.memory().frame(first_frame + 3)[0] ^= 1;
        ASSERT_TRUE(core.raw_ld(true, 0x3000, read.data(), read.size()).ok());
        EXPECT_EQ(read[0], secret[0] ^ 1);
        bench.settle(vmid);
        EXPECT_EQ(core.load(0x3000, read.data(), read.size()), MemoryAnswer::violated) << "an ordinary load is checked";
        EXPECT_FALSE(core.exit(exit_of(ExitReason::hlt)).ok()) << "the VM was stopped";
        EXPECT_EQ(core.mode(), CoreMode::host) << "but not its core";
    });
}

TEST_P(ShimCore, ARawStoreBreaksALineThatTheVmUsesOtherwise) {
    CoreBench bench(GetParam());
    simulate([&] {
        bench.boot();
        const Vmid vmid = bench.start_vm(1, first_frame);
        CoreTlm& core = bench.core(1);
        ASSERT_TRUE(core.enter(vmid, 0, bench.entry(), bench.first_view(0)).ok());
        stored(core, 0x3000, pattern(128, 0x40));
        const Bytes plain = pattern(16, 0x70);
        ASSERT_TRUE(core.raw_st(0x3010, plain.data(), plain.size()).ok());
        Bytes read(64);
        ASSERT_TRUE(core.raw_ld(false, 0x3000, read.data(), read.size()).ok());
        EXPECT_TRUE(std::equal(plain.begin(), plain.end(), read.begin() + 16)) << "a page of the VM's own, which it does not share";
        CoreTlm& host = bench.core(0);
        const MemoryAnswer answer = host.load((first_frame + 3) * page_bytes + 16, read.data(), 16);
        EXPECT_EQ(answer == MemoryAnswer::ok, !rules_of(GetParam()).ownership) << "H-SVM keeps the host away from it, plain or not";
        Bytes other(64);
        EXPECT_EQ(core.load(0x3040, other.data(), other.size()), MemoryAnswer::ok) << "the line beside it";
        EXPECT_EQ(core.load(0x3000, read.data(), read.size()), MemoryAnswer::violated);
    });
}

TEST_P(ShimCore, EptStoresTakeTimeAndTranslationsWithThem) {
    CoreBench bench(GetParam());
    simulate([&] {
        bench.boot();
        const Vmid vmid = bench.start_vm(1, first_frame);
        CoreTlm& guest = bench.core(1);
        CoreTlm& host = bench.core(0);
        ASSERT_TRUE(guest.enter(vmid, 0, bench.entry(), bench.first_view(0)).ok());
        stored(guest, 0x3000, pattern(64, 1));
        host.synchronize();
        const sc_core::sc_time before = sc_core::sc_time_stamp();
        ASSERT_TRUE(host.ept_st(InstructionSet::ept_address(vmid, 3), 0).ok());
        host.synchronize();
        EXPECT_GT(sc_core::sc_time_stamp() - before, sc_core::sc_time(10, sc_core::SC_NS));
        Bytes read(64);
        const MemoryAnswer answer = guest.load(0x3000, read.data(), read.size());
        EXPECT_EQ(answer, rules.ownership ? MemoryAnswer::violated : MemoryAnswer::not_mapped);
        EXPECT_EQ(bench.mmu(1).fault(), rules.ownership ? TranslationFault::lost : TranslationFault::not_mapped);
    });
}

/// The hypervisor starts an operation by the registers of the H-SVM controller; gives its status.
std::uint64_t commanded(CoreTlm& core, HsvmOperation operation, Vmid vmid, unsigned other_core) {
    using hsvm_registers::Register;
    const auto write = [&](Register name, std::uint64_t value) {
        std::uint8_t bytes[8];
        store_le64(bytes, value);
        EXPECT_EQ(core.command(tlm::TLM_WRITE_COMMAND, hsvm_registers::entry(name).address, bytes, sizeof bytes), tlm::TLM_OK_RESPONSE);
    };
    write(Register::vmid, vmid);
    write(Register::vcpu, 0);
    write(Register::core, other_core);
    write(Register::operation, static_cast<std::uint64_t>(operation));
    std::uint8_t status[8];
    EXPECT_EQ(core.command(tlm::TLM_READ_COMMAND, hsvm_registers::entry(Register::status).address, status, sizeof status), tlm::TLM_OK_RESPONSE);
    return load_le64(status);
}

TEST(HsvmCore, AHypervisorElsewhereDoesNotSwitchARunningVcpu) {
    CoreBench bench(Configuration::hsvm);
    simulate([&] {
        bench.boot();
        const Vmid vmid = bench.start_vm(1, first_frame);
        CoreTlm& host = bench.core(0);
        CoreTlm& core = bench.core(1);
        ASSERT_TRUE(core.enter(vmid, 0, 0, {}).ok());
        core.state().registers[Register::rbx] = 0x1234;
        EXPECT_EQ(commanded(host, HsvmOperation::context_save, vmid, 1), static_cast<std::uint64_t>(HsvmStatus::core_busy)) << "it would save registers of the past";
        EXPECT_EQ(commanded(host, HsvmOperation::context_restore, vmid, 1), static_cast<std::uint64_t>(HsvmStatus::vcpu_running));
        EXPECT_EQ(commanded(host, HsvmOperation::context_save, vmid + 1, 1), static_cast<std::uint64_t>(HsvmStatus::unknown_vm));
        EXPECT_EQ(commanded(host, HsvmOperation::context_save, vmid, 0), static_cast<std::uint64_t>(HsvmStatus::not_on_core));
        EXPECT_EQ(bench.hsvm->controller().running(1), vmid);
        ASSERT_TRUE(core.exit(exit_of(ExitReason::hlt)).ok());
        EXPECT_EQ(commanded(host, HsvmOperation::context_restore, vmid, 1), 0u) << "the core is the host's";
        EXPECT_EQ(core.enter(vmid, 0, 0, {}).instruction.status, InstructionStatus::refused_by_hsvm);
        EXPECT_EQ(commanded(host, HsvmOperation::context_save, vmid, 1), 0u);
        ASSERT_TRUE(core.enter(vmid, 0, 0, {}).ok());
        EXPECT_EQ(core.state().registers[Register::rbx], 0x1234u) << "no software came between";
    });
}

/// What a VM's shim does beside contexts: the disk over the exchange window.
struct ShimIo {
    static constexpr GpaRange window{40 * page_bytes, 2 * page_bytes};
    static constexpr ShimMemory place{CoreBench::addr_shim, CoreBench::vcpus, CoreBench::sectors};

    ShimIo(CoreBench& bench, Vmid vmid)
        : bounce({CoreBench::vm_pages * page_bytes, place.range(), window}, bench.unit.runner().memory(vmid), bench.unit.runner().raw(vmid)),
          disk(place.disk(), derive_disk_key(CoreBench::owners_key(1), CoreBench::fleet()), bench.unit.runner().memory(vmid), bounce, bench.lpids) {}

    BounceBuffer bounce;
    SealedDisk disk;
};

/// The hypervisor's part of the disk: sectors as they come over the window.
using DiskImage = std::map<std::uint64_t, Bytes>;

/// The ports of the guest's disk: a write to `command` transfers the sector in RAX, out of or into the page at GPA buffer.
constexpr std::uint16_t write_port = 0x170, read_port = 0x171;
constexpr Address buffer = 5 * page_bytes;
constexpr std::uint64_t window_frame = 200;

/// The guest asks for a transfer: an OUT instruction. Gives what the shim says of it. `hypervisor` works between exit and entry.
IoStatus transfer(CoreTlm& core, ShimIo& io, std::uint16_t port, std::uint64_t sector, const std::function<void(const HypervisorView&)>& hypervisor) {
    core.state().registers[Register::rax] = sector;
    const Vmid vmid = core.state().vmid;
    ExitEvent event = exit_of(ExitReason::io_out);
    event.access = AccessType::write;
    event.size = 4;
    event.port = port;
    IoStatus status = IoStatus::ok;
    const VcpuRunner::Exit exit = core.exit(event, [&](ProcessorCore& shim) {
        if (port == write_port) status = io.disk.write_sector(shim.registers[Register::rax], buffer, 0);
    });
    EXPECT_TRUE(exit.ok());
    hypervisor(exit.view);
    const VcpuRunner::Entry entry = core.enter(vmid, 0, CoreBench::addr_shim, exit.view, [&](ProcessorCore&) {
        if (port == read_port) status = io.disk.read_sector(sector, buffer, 0);
    });
    EXPECT_TRUE(entry.ok());
    return status;
}

/// A benign hypervisor's device: moves a sector between window and image.
std::function<void(const HypervisorView&)> device(CoreTlm& host, DiskImage& image) {
    return [&](const HypervisorView& view) {
        const std::uint64_t sector = view.context[Register::rax];
        Bytes& bytes = image[sector];
        bytes.resize(page_bytes);
        if (view[EventField::port] == write_port)
            EXPECT_EQ(host.load(window_frame * page_bytes, bytes.data(), bytes.size()), MemoryAnswer::ok);
        else
            EXPECT_EQ(host.store(window_frame * page_bytes, bytes.data(), bytes.size()), MemoryAnswer::ok);
    };
}

class CoreDemonstration : public Core {};
INSTANTIATE_TEST_SUITE_P(All, CoreDemonstration, ::testing::Values(Configuration::hypercoffer, Configuration::combined),
                         [](const auto& configuration) { return std::string(rules_of(configuration.param).name); });

/// Page contents that the hypervisor keeps where H-SVM gives them out.
using Images = std::map<Gpn, Bytes>;

void take_pages(CoreBench& bench, Vmid vmid, Images& images) {
    for (Gpn gpn = 0; bench.hsvm && gpn < 16; ++gpn)
        EXPECT_EQ(bench.hsvm->controller().swap_out(HsvmCaller::host, vmid, gpn, images[gpn]), HsvmStatus::ok);
}

/// In the frames where they were, and with H-SVM from their images.
void bring_pages(CoreBench& bench, Vmid vmid, const Images& images) {
    for (Gpn gpn = 0; gpn < 16; ++gpn) {
        if (bench.hsvm)
            EXPECT_EQ(bench.hsvm->controller().swap_in(HsvmCaller::host, vmid, gpn, first_frame + gpn, images.at(gpn)), HsvmStatus::ok);
        else
            EXPECT_TRUE(bench.map(vmid, gpn, first_frame + gpn));
    }
}

/// The exchange window's pages; with H-SVM the guest has to share them.
void open_window(CoreBench& bench, Vmid vmid) {
    for (Gpn page = 0; page < 2; ++page) {
        ASSERT_TRUE(bench.map(vmid, 40 + page, window_frame + page));
        EXPECT_TRUE(!bench.hsvm || bench.hsvm->controller().share(HsvmCaller::guest, vmid, 40 + page, host_vmid, true) == HsvmStatus::ok);
    }
}

TEST_P(CoreDemonstration, AVmFromSealedVectorToSealedVector) {
    CoreBench bench(GetParam());
    simulate([&] {
        bench.boot();
        CoreTlm& host = bench.core(0);
        CoreTlm& core = bench.core(1);
        const Vmid vmid = bench.start_vm(1, first_frame);
        open_window(bench, vmid);
        auto io = std::make_unique<ShimIo>(bench, vmid);
        DiskImage image;

        // First run: the shim makes its disk, the guest writes two sectors and asks for the time.
        IoStatus made = IoStatus::not_open;
        ASSERT_TRUE(core.enter(vmid, 0, CoreBench::addr_shim, bench.first_view(0), [&](ProcessorCore&) { made = io->disk.create(); }).ok());
        ASSERT_EQ(made, IoStatus::ok);
        const Bytes first = pattern(page_bytes, 1), second = pattern(page_bytes, 2);
        stored(core, buffer, first);
        EXPECT_EQ(transfer(core, *io, write_port, 0, device(host, image)), IoStatus::ok);
        stored(core, buffer, second);
        EXPECT_EQ(transfer(core, *io, write_port, 3, device(host, image)), IoStatus::ok);
        EXPECT_NE(image[0], first) << "the image is sealed";
        HypervisorView view = core.exit(exit_of(ExitReason::rdtsc)).view;
        view.context[Register::rax] = 1'000;
        ASSERT_TRUE(core.enter(vmid, 0, CoreBench::addr_shim, view).ok());
        core.state().registers[Register::r15] = 0x600d;
        view = core.exit(exit_of(ExitReason::hlt)).view;

        Images images;
        take_pages(bench, vmid, images);
        ASSERT_TRUE(host.vm_snapshot(vmid, CoreBench::snapshot_at).ok());
        io.reset();
        ASSERT_TRUE(host.vm_uninstall(vmid).ok());
        EXPECT_EQ(host.enter(vmid, 0, CoreBench::addr_shim, view).instruction.status, InstructionStatus::unknown_vm);

        // Second run, from the snapshot; the boot image is of the past.
        Vmid again = 0;
        EXPECT_EQ(host.vm_install(CoreBench::vm_key_at, CoreBench::vm_vector_at, again).status, InstructionStatus::refused_by_log);
        ASSERT_TRUE(host.vm_install(CoreBench::vm_key_at, CoreBench::snapshot_at, again).ok());
        bring_pages(bench, again, images);
        open_window(bench, again);
        io = std::make_unique<ShimIo>(bench, again);
        ASSERT_TRUE(core.enter(again, 0, CoreBench::addr_shim, view).ok());
        EXPECT_EQ(core.state().registers[Register::r15], 0x600du);
        EXPECT_EQ(loaded(core, buffer, page_bytes), second) << "memory is what it was";
        EXPECT_EQ(transfer(core, *io, read_port, 0, device(host, image)), IoStatus::ok);
        EXPECT_EQ(loaded(core, buffer, page_bytes), first) << "the disk is what it was";
        image[3] = image[0];
        EXPECT_EQ(transfer(core, *io, read_port, 3, device(host, image)), IoStatus::not_authentic) << "another sector";
        EXPECT_EQ(loaded(core, buffer, page_bytes), first) << "the buffer stays";
        view = core.exit(exit_of(ExitReason::rdtsc)).view;
        view.context[Register::rax] = 999;
        EXPECT_EQ(core.enter(again, 0, CoreBench::addr_shim, view).shim, ShimStatus::refused_value) << "time goes on over the snapshot";
        EXPECT_EQ(bench.protection.violations.count(), 0u);
    });
}

TEST_P(CoreDemonstration, NothingOfAVmIsLeftUnderItsVmid) {
    CoreBench bench(GetParam());
    simulate([&] {
        bench.boot();
        CoreTlm& host = bench.core(0);
        CoreTlm& core = bench.core(1);
        const Vmid vmid = bench.start_vm(1, first_frame);
        ASSERT_TRUE(core.enter(vmid, 0, CoreBench::addr_shim, bench.first_view(0)).ok());
        const Bytes secret = pattern(64, 0x40);
        stored(core, 0x3000, secret);
        ASSERT_TRUE(core.exit(exit_of(ExitReason::hlt)).ok());
        ASSERT_TRUE(host.vm_uninstall(vmid).ok());
        EXPECT_TRUE(!bench.ept || bench.ept->tables().free_frames() == CoreBench::ept_frames);
        const Vmid next = bench.start_vm(2, 300);
        ASSERT_EQ(next, vmid) << "the same VMID";
        ASSERT_TRUE(core.enter(next, 0, CoreBench::addr_shim, bench.first_view(0)).ok());
        EXPECT_EQ(loaded(core, 0x3000, 64), Bytes(64)) << "its own frame, and empty";
        EXPECT_EQ(core.state().registers[Register::rip], 0x1000u);
        Bytes read(64);
        EXPECT_EQ(core.load(20 * page_bytes, read.data(), read.size()), MemoryAnswer::not_mapped);
        EXPECT_EQ(bench.protection.violations.count(), 0u);
    });
}

}  // namespace
}  // namespace coffer::test
