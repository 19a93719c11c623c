#include "hsvm/hsvm_commands.h"

#include <gtest/gtest.h>

#include "tlm/commanded_hsvm.h"
#include "tlm/simulate.h"

namespace coffer::test {
namespace {

using HsvmRegister = hsvm_registers::Register;

std::uint64_t code_of(CommandStatus status) { return static_cast<std::uint64_t>(status); }
std::uint64_t code_of(HsvmStatus status) { return static_cast<std::uint64_t>(status); }
Address address_of(HsvmRegister name) { return hsvm_registers::entry(name).address; }

/// A bench with two VMs, 2 and 3, of which 2 has its page 3 in frame 7.
struct Commands {
    explicit Commands(const HsvmMachineSettings& settings = {}) : bench(settings), hsvm(bench), shim(settings.encrypt ? 0x8000 : 0) {}
    void start() {
        bench.boot();
        for (const Vmid expected : {Vmid{2}, Vmid{3}}) {
            Vmid made = 0;
            EXPECT_EQ(hsvm.create(HsvmCaller::host, {1024, 2, shim}, made), HsvmStatus::ok);
            EXPECT_EQ(made, expected);
        }
        EXPECT_EQ(hsvm.page_map(HsvmCaller::host, 2, 3, 7), HsvmStatus::ok);
    }
    HsvmBench bench;
    CommandedHsvm hsvm;
    const Address shim;
};

TEST(HsvmCommands, RegistersStartAsDocumented) {
    Commands commands;
    simulate([&] {
        commands.bench.boot();
        commands.hsvm.become(HsvmCaller::guest, 5);
        EXPECT_EQ(commands.hsvm.get(HsvmRegister::status), code_of(CommandStatus::none_yet));
        EXPECT_EQ(commands.hsvm.get(HsvmRegister::completed), 0u);
        EXPECT_EQ(commands.hsvm.get(HsvmRegister::version), 1u);
        EXPECT_EQ(commands.hsvm.get(HsvmRegister::vmid), 0u);
    });
}

TEST(HsvmCommands, WithoutBootNothingIsAnswered) {
    Commands commands;
    simulate([&] {
        std::uint64_t value = 0;
        EXPECT_EQ(commands.bench.commander.read64(address_of(HsvmRegister::status), value), tlm::TLM_GENERIC_ERROR_RESPONSE);
        Bytes answer(walk::answer_bytes);
        EXPECT_EQ(commands.bench.walker.read(0, answer), tlm::TLM_GENERIC_ERROR_RESPONSE);
    });
}

TEST(HsvmCommands, ArgumentsAreTheCallersOwn) {
    Commands commands;
    simulate([&] {
        commands.start();
        // The host writes arguments; a guest that starts an operation uses its own, which are all zero.
        commands.hsvm.set(HsvmCaller::host, 2, {{HsvmRegister::gpn, 3}, {HsvmRegister::frame, 9}});
        EXPECT_EQ(commands.hsvm.start(HsvmCaller::guest, 2, HsvmOperation::release), HsvmStatus::page_empty);
        EXPECT_EQ(commands.hsvm.get(HsvmRegister::gpn), 0u);
        // Nor does what it did change what the host sees.
        commands.hsvm.become(HsvmCaller::host, 0);
        EXPECT_EQ(commands.hsvm.get(HsvmRegister::gpn), 3u);
        EXPECT_EQ(commands.hsvm.get(HsvmRegister::status), code_of(HsvmStatus::ok));
        // Mode and VMID both tell callers apart.
        commands.hsvm.set(HsvmCaller::guest, 2, {{HsvmRegister::gpn, 11}});
        const std::pair<HsvmCaller, Vmid> others[] = {{HsvmCaller::shim, 2}, {HsvmCaller::guest, 3}, {HsvmCaller::device, 0}};
        for (const auto& [caller, vmid] : others) {
            commands.hsvm.become(caller, vmid);
            EXPECT_EQ(commands.hsvm.get(HsvmRegister::gpn), 0u);
        }
    });
}

TEST(HsvmCommands, AGuestSpeaksForItselfAlone) {
    Commands commands;
    simulate([&] {
        commands.start();
        commands.hsvm.become(HsvmCaller::guest, 3);
        commands.hsvm.put(HsvmRegister::vmid, 2);
        commands.hsvm.put(HsvmRegister::gpn, 3);
        EXPECT_EQ(commands.hsvm.start(HsvmCaller::guest, 3, HsvmOperation::release), HsvmStatus::page_empty) << "page 3 of VMID 2 is not its own";
        EXPECT_EQ(commands.hsvm.release(HsvmCaller::guest, 2, 3), HsvmStatus::ok);
    });
}

TEST(HsvmCommands, NumbersThatDoNotFitNameNothing) {
    Commands commands;
    simulate([&] {
        commands.start();
        commands.hsvm.set(HsvmCaller::host, 0, {{HsvmRegister::vmid, 0x10002}, {HsvmRegister::gpn, 4}, {HsvmRegister::frame, 9}});
        EXPECT_EQ(commands.hsvm.start(HsvmCaller::host, 0, HsvmOperation::page_map), HsvmStatus::unknown_vm) << "0x10002 is not VMID 2";
        commands.hsvm.set(HsvmCaller::host, 2, {{HsvmRegister::core, std::uint64_t{1} << 32}, {HsvmRegister::vcpu, 0}});
        EXPECT_EQ(commands.hsvm.start(HsvmCaller::host, 2, HsvmOperation::context_restore), HsvmStatus::no_core);
        commands.hsvm.set(HsvmCaller::host, 2, {{HsvmRegister::core, 0}, {HsvmRegister::vcpu, std::uint64_t{1} << 32}});
        EXPECT_EQ(commands.hsvm.start(HsvmCaller::host, 2, HsvmOperation::context_restore), HsvmStatus::no_vcpu);
        commands.hsvm.set(HsvmCaller::guest, 2, {{HsvmRegister::gpn, 3}, {HsvmRegister::sharer, 0x10003}});
        EXPECT_EQ(commands.hsvm.start(HsvmCaller::guest, 2, HsvmOperation::share), HsvmStatus::bad_sharer);
    });
}

TEST(HsvmCommands, UnknownOperationsAreRefusedAndCounted) {
    Commands commands;
    simulate([&] {
        commands.start();
        commands.hsvm.become(HsvmCaller::guest, 2);
        for (const std::uint64_t code : {std::uint64_t{0}, std::uint64_t{99}, std::uint64_t{0x103}, ~std::uint64_t{0}}) {
            commands.hsvm.put(HsvmRegister::operation, code);
            EXPECT_EQ(commands.hsvm.get(HsvmRegister::status), code_of(CommandStatus::unknown_operation)) << code;
        }
        EXPECT_EQ(commands.hsvm.get(HsvmRegister::completed), 4u);
    });
}

class HsvmSwap : public testing::TestWithParam<bool> {
protected:
    HsvmMachineSettings settings() const {
        HsvmMachineSettings s;
        s.encrypt = GetParam();
        return s;
    }
};
INSTANTIATE_TEST_SUITE_P(Encrypted, HsvmSwap, testing::Bool());

TEST_P(HsvmSwap, BuffersMustBeTheHostsAndLargeEnough) {
    Commands commands(settings());
    simulate([&] {
        commands.start();
        const Block64 secret{0x5e};
        EXPECT_EQ(commands.bench.guest_write(2, 3 * page_bytes, secret), HsvmBench::Access::done);
        const std::uint64_t bytes = commands.bench.controller().swap_image_bytes();
        const auto try_buffer = [&](std::uint64_t address, std::uint64_t length) {
            commands.hsvm.set(HsvmCaller::host, 2,
                              {{HsvmRegister::gpn, 3}, {HsvmRegister::buffer_address, address}, {HsvmRegister::buffer_length, length}});
            commands.hsvm.start(HsvmCaller::host, 2, HsvmOperation::swap_out);
            return commands.hsvm.get(HsvmRegister::status);
        };
        const std::uint64_t bad = code_of(HsvmStatus::bad_buffer);
        EXPECT_EQ(try_buffer(7 * page_bytes, bytes), bad) << "the guest's own frame";
        EXPECT_EQ(try_buffer(6 * page_bytes + 1, bytes), bad) << "ends in the guest's frame";
        EXPECT_EQ(try_buffer(commands.bench.protection.map().chip_base(), bytes), bad);
        EXPECT_EQ(try_buffer(commands.bench.protection.map().chip_base() - 64, bytes), bad);
        EXPECT_EQ(try_buffer(~std::uint64_t{0}, bytes), bad) << "wraps";
        EXPECT_EQ(try_buffer(100 * page_bytes, bytes - 1), bad) << "too small";
        Block64 data{};
        EXPECT_EQ(commands.bench.guest_read(2, 3 * page_bytes, data), HsvmBench::Access::done) << "nothing was done";
        EXPECT_EQ(data, secret);
        EXPECT_EQ(commands.hsvm.get(HsvmRegister::result_length), 0u);
        EXPECT_EQ(try_buffer(100 * page_bytes + 40, bytes), code_of(HsvmStatus::ok));
        EXPECT_EQ(commands.hsvm.get(HsvmRegister::result_length), bytes);

        const auto bring_back = [&](std::uint64_t address, std::uint64_t length) {
            commands.hsvm.set(HsvmCaller::host, 2,
                              {{HsvmRegister::gpn, 3},
                               {HsvmRegister::frame, 20},
                               {HsvmRegister::buffer_address, address},
                               {HsvmRegister::buffer_length, length}});
            commands.hsvm.start(HsvmCaller::host, 2, HsvmOperation::swap_in);
            return commands.hsvm.get(HsvmRegister::status);
        };
        EXPECT_EQ(bring_back(commands.bench.protection.map().chip_base(), bytes), bad);
        EXPECT_EQ(bring_back(100 * page_bytes + 40, bytes - 1), code_of(HsvmStatus::not_authentic));
        EXPECT_EQ(bring_back(100 * page_bytes + 40, ~std::uint64_t{0}), code_of(HsvmStatus::not_authentic)) << "no more is read than an image has";
        EXPECT_EQ(bring_back(100 * page_bytes + 40, bytes), code_of(HsvmStatus::ok));
        EXPECT_EQ(commands.bench.guest_read(2, 3 * page_bytes, data), HsvmBench::Access::done);
        EXPECT_EQ(data, secret);
    });
}

TEST(HsvmCommands, WhoHasNoRightIsToldSoWhateverTheBuffer) {
    Commands commands;
    simulate([&] {
        commands.start();
        for (const HsvmCaller caller : {HsvmCaller::guest, HsvmCaller::shim, HsvmCaller::device})
            for (const HsvmOperation operation : {HsvmOperation::swap_out, HsvmOperation::swap_in}) {
                commands.hsvm.set(caller, 2,
                                  {{HsvmRegister::gpn, 3}, {HsvmRegister::buffer_address, ~std::uint64_t{0}}, {HsvmRegister::buffer_length, 1 << 20}});
                EXPECT_EQ(commands.hsvm.start(caller, 2, operation), HsvmStatus::wrong_mode);
            }
    });
}

TEST(HsvmCommands, AVmidsNextVmFindsNoArguments) {
    Commands commands;
    simulate([&] {
        commands.start();
        commands.hsvm.set(HsvmCaller::guest, 2, {{HsvmRegister::gpn, 3}});
        EXPECT_EQ(commands.hsvm.delete_vm(HsvmCaller::host, 2), HsvmStatus::ok);
        commands.hsvm.become(HsvmCaller::guest, 2);
        EXPECT_EQ(commands.hsvm.get(HsvmRegister::gpn), 0u);
        EXPECT_EQ(commands.hsvm.get(HsvmRegister::status), code_of(CommandStatus::none_yet));
    });
}

TEST(HsvmCommands, RegistersRefuseWhatTheyAreNotFor) {
    Commands commands;
    simulate([&] {
        commands.start();
        InitiatorTester& commander = commands.bench.commander;
        commander.set_context(nullptr);
        std::uint64_t value = 0;
        EXPECT_EQ(commander.read64(address_of(HsvmRegister::operation), value), tlm::TLM_COMMAND_ERROR_RESPONSE);
        EXPECT_EQ(commander.write64(address_of(HsvmRegister::status), 1), tlm::TLM_COMMAND_ERROR_RESPONSE);
        EXPECT_EQ(commander.write64(0x38, 1), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(commander.write(address_of(HsvmRegister::gpn), Bytes(4)), tlm::TLM_BURST_ERROR_RESPONSE);
        Bytes half(4);
        EXPECT_OK(commander.read(address_of(HsvmRegister::gpn) + 4, half));
        SecurityContext chip;
        chip.mode = Mode::chip;
        commander.set_context(&chip);
        EXPECT_EQ(commander.write64(address_of(HsvmRegister::gpn), 1), tlm::TLM_COMMAND_ERROR_RESPONSE);
        EXPECT_EQ(commander.read64(address_of(HsvmRegister::status), value), tlm::TLM_COMMAND_ERROR_RESPONSE);
    });
}

TEST(HsvmCommands, DebugShowsTheCallersRegisters) {
    Commands commands;
    simulate([&] {
        commands.start();
        Bytes value(8);
        commands.hsvm.set(HsvmCaller::guest, 2, {{HsvmRegister::gpn, 0x77}});
        EXPECT_EQ(commands.bench.commander.debug_read(address_of(HsvmRegister::gpn), value.data(), 8), 8u);
        EXPECT_EQ(load_le64(value.data()), 0x77u);
        EXPECT_EQ(commands.bench.commander.debug_write(address_of(HsvmRegister::gpn), value.data(), 8), 0u);
        commands.hsvm.become(HsvmCaller::guest, 3);
        EXPECT_EQ(commands.bench.commander.debug_read(address_of(HsvmRegister::gpn), value.data(), 8), 8u);
        EXPECT_EQ(load_le64(value.data()), 0u);
        EXPECT_EQ(commands.bench.commander.debug_read(address_of(HsvmRegister::operation), value.data(), 8), 0u);
    });
}

/// Registers of cores that a test can set.
struct Cores : CoreRegisters {
    VcpuContext& context(unsigned core) override { return contexts.at(core); }
    std::array<VcpuContext, 4> contexts;
};

TEST_P(HsvmSwap, ContextsTravelBetweenCores) {
    Cores cores;
    HsvmBench bench(settings(), "bench", &cores);
    CommandedHsvm hsvm(bench);
    simulate([&] {
        bench.boot();
        Vmid vmid = 0;
        EXPECT_EQ(hsvm.create(HsvmCaller::host, {1024, 2, GetParam() ? Address{0x8000} : 0}, vmid), HsvmStatus::ok);
        for (Gpn gpn = 0; gpn < 12; ++gpn) EXPECT_EQ(hsvm.page_map(HsvmCaller::host, vmid, gpn, 10 + gpn), HsvmStatus::ok);
        const VcpuContext unused;
        cores.contexts[1][coffer::Register::rip] = 0x1111;
        EXPECT_EQ(hsvm.context_restore(HsvmCaller::host, vmid, 1, 1, unused), HsvmStatus::ok);
        EXPECT_EQ(cores.contexts[1][coffer::Register::rip], 0u) << "the vCPU has not run";
        cores.contexts[1][coffer::Register::rip] = 0x2222;
        EXPECT_EQ(hsvm.context_save(HsvmCaller::host, vmid, 1, 1, unused), HsvmStatus::ok);
        cores.contexts[1][coffer::Register::rip] = 0x3333;
        EXPECT_EQ(hsvm.context_restore(HsvmCaller::host, vmid, 1, 3, unused), HsvmStatus::ok);
        EXPECT_EQ(cores.contexts[3][coffer::Register::rip], 0x2222u);
        EXPECT_EQ(bench.controller().running(3), vmid);
    });
}

TEST_P(HsvmSwap, AVmMovesBetweenChips) {
    HsvmMachineSettings there = settings();
    there.chip = 2;
    HsvmBench source(settings(), "source"), target(there, "target");
    CommandedHsvm here(source), away(target);
    simulate([&] {
        source.boot();
        target.boot();
        Vmid vmid = 0;
        EXPECT_EQ(here.create(HsvmCaller::host, {100, 1, GetParam() ? Address{0x8000} : 0}, vmid), HsvmStatus::ok);
        EXPECT_EQ(here.page_map(HsvmCaller::host, vmid, 3, 7), HsvmStatus::ok);
        const Block64 secret{0x5e};
        EXPECT_EQ(source.guest_write(vmid, 3 * page_bytes, secret), HsvmBench::Access::done);
        Bytes page;
        EXPECT_EQ(here.swap_out(HsvmCaller::host, vmid, 3, page), HsvmStatus::ok);

        EXPECT_EQ(away.start(HsvmCaller::guest, 2, HsvmOperation::challenge), HsvmStatus::wrong_mode);
        EXPECT_EQ(away.start(HsvmCaller::host, 0, HsvmOperation::challenge), HsvmStatus::ok);
        Bytes nonce(32);
        EXPECT_OK(target.commander.read(address_of(HsvmRegister::result_nonce), nonce));
        EXPECT_NE(nonce, Bytes(32));

        const SignedCertificate& certificate = test_chip(2).certificate(KeyUsage::unwrap);
        constexpr Address certificate_at = 100 * page_bytes, blob_at = 200 * page_bytes;
        EXPECT_OK(source.initiator.write(certificate_at, Bytes(certificate.begin(), certificate.end())));
        const auto send = [&](std::uint64_t code, Address at, std::uint64_t room) {
            here.set(HsvmCaller::host, vmid,
                     {{HsvmRegister::buffer_address, at},
                      {HsvmRegister::buffer_length, room},
                      {HsvmRegister::second_address, certificate_at},
                      {HsvmRegister::second_length, certificate.size()}});
            EXPECT_OK(source.commander.write(address_of(HsvmRegister::nonce), nonce));
            here.put(HsvmRegister::operation, code);
            return here.get(HsvmRegister::status);
        };
        const auto export_code = static_cast<std::uint64_t>(HsvmOperation::export_vm);
        const std::uint64_t bad = code_of(HsvmStatus::bad_buffer);
        EXPECT_EQ(send(export_code, source.protection.map().chip_base(), page_bytes), bad);
        // No room: the VM is gone, and its blob is there to be read.
        EXPECT_EQ(send(export_code, blob_at, 64), code_of(HsvmStatus::ok));
        Bytes blob(here.get(HsvmRegister::result_length));
        EXPECT_GT(blob.size(), 64u);
        EXPECT_FALSE(source.controller().exists(vmid));
        const auto read_code = static_cast<std::uint64_t>(HsvmOperation::read_export);
        EXPECT_EQ(send(read_code, blob_at, blob.size() - 1), bad);
        EXPECT_EQ(here.get(HsvmRegister::result_length), blob.size());
        here.set(HsvmCaller::guest, 3, {{HsvmRegister::buffer_length, blob.size()}});
        here.put(HsvmRegister::operation, read_code);
        EXPECT_EQ(here.get(HsvmRegister::status), code_of(HsvmStatus::wrong_mode));
        EXPECT_EQ(send(read_code, blob_at, blob.size()), code_of(HsvmStatus::ok));
        source.initiator.set_context(nullptr);
        EXPECT_OK(source.initiator.read(blob_at, blob));

        target.initiator.set_context(nullptr);
        EXPECT_OK(target.initiator.write(blob_at, blob));
        const auto receive = [&](std::uint64_t length) {
            return away.carry_out(HsvmCaller::host, 0, HsvmOperation::import_vm,
                                  {{HsvmRegister::buffer_address, blob_at}, {HsvmRegister::buffer_length, length}});
        };
        EXPECT_EQ(receive(blob.size() - 1), HsvmStatus::not_authentic);
        EXPECT_EQ(receive(blob.size()), HsvmStatus::ok);
        const auto arrived = static_cast<Vmid>(away.get(HsvmRegister::result_vmid));
        EXPECT_EQ(receive(blob.size()), HsvmStatus::refused) << "once";
        EXPECT_EQ(away.swap_in(HsvmCaller::host, arrived, 3, 9, page), HsvmStatus::ok);
        Block64 data{};
        EXPECT_EQ(target.guest_read(arrived, 3 * page_bytes, data), HsvmBench::Access::done);
        EXPECT_EQ(data, secret);
    });
}

TEST_P(HsvmSwap, LaunchAndAttestTakeTheirBuffersFromMemory) {
    HsvmBench bench(settings());
    CommandedHsvm hsvm(bench);
    simulate([&] {
        bench.boot();
        Vmid vmid = 0;
        EXPECT_EQ(hsvm.create(HsvmCaller::host, {1024, 2, GetParam() ? Address{0x8000} : 0}, vmid), HsvmStatus::ok);
        for (Gpn gpn = 0; gpn < 12; ++gpn) EXPECT_EQ(hsvm.page_map(HsvmCaller::host, vmid, gpn, 10 + gpn), HsvmStatus::ok);
        VcpuContext registers;
        registers[coffer::Register::rip] = 0x3040;
        const ContextBytes context = encode_context(registers);
        const Bytes image(page_bytes + 100, 0x1a);
        constexpr Address image_at = 100 * page_bytes + 24, context_at = 200 * page_bytes + 8;
        EXPECT_OK(bench.initiator.write(image_at, image));
        EXPECT_OK(bench.initiator.write(context_at, context.data(), static_cast<unsigned>(context.size())));
        const auto launch = [&](Address image_address, Address context_address, std::uint64_t context_length) {
            hsvm.set(HsvmCaller::host, vmid,
                     {{HsvmRegister::gpn, 3},
                      {HsvmRegister::buffer_address, image_address},
                      {HsvmRegister::buffer_length, image.size()},
                      {HsvmRegister::second_address, context_address},
                      {HsvmRegister::second_length, context_length}});
            hsvm.start(HsvmCaller::host, vmid, HsvmOperation::launch);
            return hsvm.get(HsvmRegister::status);
        };
        const std::uint64_t bad = code_of(HsvmStatus::bad_buffer);
        EXPECT_EQ(launch(image_at, context_at, context.size() - 1), bad);
        EXPECT_EQ(launch(image_at, 10 * page_bytes, context.size()), bad) << "the guest's frame";
        EXPECT_EQ(launch(9 * page_bytes, context_at, context.size()), bad) << "ends in the guest's frame";
        EXPECT_EQ(launch(image_at, context_at, context.size()), code_of(HsvmStatus::ok));
        Block64 line{};
        EXPECT_EQ(bench.guest_read(vmid, 3 * page_bytes, line), HsvmBench::Access::done);
        EXPECT_EQ(line[0], 0x1a);
        EXPECT_EQ(launch(image_at, context_at, context.size()), code_of(HsvmStatus::not_fresh));

        // The guest asks for a report about itself, into memory of its own.
        const Bytes nonce(32, 0x77), data(64, 0x88);
        const auto attest = [&](HsvmCaller caller, Address gpa, std::uint64_t length) {
            hsvm.set(caller, vmid, {{HsvmRegister::buffer_address, gpa}, {HsvmRegister::buffer_length, length}});
            EXPECT_OK(bench.commander.write(address_of(HsvmRegister::nonce), nonce));
            EXPECT_OK(bench.commander.write(address_of(HsvmRegister::user_data), data));
            hsvm.start(caller, vmid, HsvmOperation::attest);
            return hsvm.get(HsvmRegister::status);
        };
        constexpr Address report_at = 5 * page_bytes + 64;
        EXPECT_EQ(attest(HsvmCaller::host, report_at, page_bytes), code_of(HsvmStatus::wrong_mode));
        EXPECT_EQ(attest(HsvmCaller::guest, 40 * page_bytes, page_bytes), bad) << "not mapped";
        EXPECT_EQ(attest(HsvmCaller::guest, report_at, attestation_report_bytes - 1), bad) << "too small";
        EXPECT_EQ(attest(HsvmCaller::guest, report_at, attestation_report_bytes), code_of(HsvmStatus::ok));
        Bytes report(hsvm.get(HsvmRegister::result_length));
        for (std::size_t i = 0; i < report.size(); ++i) {
            if (i % line_bytes == 0) {
                EXPECT_EQ(bench.guest_read(vmid, report_at + i, line), HsvmBench::Access::done);
            }
            report[i] = line[i % line_bytes];
        }
        AttestationReport opened;
        ASSERT_EQ(open_report(report, crypto::VerifyKey::from_der(test_chip(1).attest_key().public_der()), opened), ReportStatus::ok);
        EXPECT_EQ(opened.measurement, bench.controller().measurement(vmid));
        EXPECT_TRUE(std::equal(nonce.begin(), nonce.end(), opened.nonce.begin()));
        EXPECT_TRUE(std::equal(data.begin(), data.end(), opened.data.begin()));
    });
}

}  // namespace
}  // namespace coffer::test
