#include "hsvm/hsvm_controller_tlm.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "memory/bus_probe_tlm.h"
#include "tlm/commanded_hsvm.h"
#include "tlm/hsvm_bench.h"
#include "tlm/simulate.h"
#include "unit/violation_fields.h"

namespace coffer::test {
namespace {

using sc_core::SC_NS;
using sc_core::SC_ZERO_TIME;

/// What a session said, in order; the first difference between two is where they part.
using Transcript = std::vector<std::string>;

SparseMemory& memory_of(HsvmBench& bench) { return bench.dram.memory(); }
TestStore& memory_of(HsvmMachine& machine) { return machine.store; }
const AddressMap& map_of(HsvmBench& bench) { return bench.protection.map(); }
const AddressMap& map_of(HsvmMachine& machine) { return machine.memory.map(); }

/// A bit of a line, of its tag or of its page's counter block.
template <class Machine>
void flip(Machine& machine, Address hpa, std::uint64_t part) {
    const AddressMap& map = map_of(machine);
    const Address address = part == 0 ? hpa : part == 1 ? map.tag_of(hpa) : map.counter_of(hpa);
    std::uint8_t byte = 0;
    memory_of(machine).read(address, &byte, 1);
    byte ^= 4;
    memory_of(machine).write(address, &byte, 1);
}

/// Random operations and accesses, the same for the same seed, on anything with the functions of HsvmMachine.
template <class Machine, class Operations>
Transcript play(Machine& machine, Operations& hsvm, bool encrypt, std::uint64_t seed, unsigned steps) {
    std::mt19937_64 generator(seed);
    const auto random = [&](std::uint64_t below) { return generator() % below; };
    Transcript transcript;
    const auto say = [&](const char* what, auto answer) { transcript.push_back(fmt::format("{}: {}", what, answer)); };
    struct Image {
        Vmid vmid;
        Gpn gpn;
        Bytes bytes;
    };
    std::vector<Image> images;
    VcpuContext context;
    context[Register::rip] = seed;
    for (unsigned step = 0; step < steps; ++step) {
        say("next LPID", machine.lpids.peek());
        const auto vmid = static_cast<Vmid>(2 + random(3));
        const Gpn gpn = random(12);
        const std::uint64_t frame = random(24);
        const Address line = random(lines_per_page) * line_bytes;
        Block64 data{};
        switch (random(16)) {
            case 0: {
                Vmid made = 0;
                say("create", to_string(hsvm.create(HsvmCaller::host, {1024, 2, encrypt ? Address{0x8000} : 0}, made)));
                break;
            }
            case 1:
                if (random(10) == 0) say("delete", to_string(hsvm.delete_vm(HsvmCaller::host, vmid)));
                break;
            case 2:
            case 3:
            case 4: say("map", to_string(hsvm.page_map(HsvmCaller::host, vmid, gpn, frame))); break;
            case 5: say("unmap", to_string(hsvm.page_unmap(HsvmCaller::host, vmid, gpn))); break;
            case 6: say("move", to_string(hsvm.page_move(HsvmCaller::host, vmid, gpn, frame))); break;
            case 7: {
                Bytes image;
                say("swap out", to_string(hsvm.swap_out(HsvmCaller::host, vmid, gpn, image)));
                say("image", to_hex(image));
                if (!image.empty()) images.push_back({vmid, gpn, image});
                break;
            }
            case 8:
                if (!images.empty()) {
                    // The page's own latest image, mostly.
                    const Image& image = random(4) == 0 ? images[random(images.size())] : images.back();
                    const bool mine = random(4) != 0;
                    say("swap in", to_string(hsvm.swap_in(HsvmCaller::host, mine ? image.vmid : vmid, mine ? image.gpn : gpn, frame, image.bytes)));
                }
                break;
            case 9: say("release", to_string(hsvm.release(HsvmCaller::guest, vmid, gpn))); break;
            case 10: say("share", to_string(hsvm.share(HsvmCaller::guest, vmid, gpn, static_cast<Vmid>(random(4)), random(2) == 0))); break;
            case 11: say("unshare", to_string(hsvm.unshare(HsvmCaller::guest, vmid, gpn))); break;
            case 12:
                say("restore", to_string(hsvm.context_restore(HsvmCaller::host, vmid, 0, vmid % 4u, context)));
                say("save", to_string(hsvm.context_save(HsvmCaller::host, vmid, 0, vmid % 4u, context)));
                break;
            case 13: {
                const bool large = hsvm.page_map(HsvmCaller::host, vmid, 512, 512 * (1 + random(2)), true) == HsvmStatus::ok;
                say("map 2 MiB", large);
                break;
            }
            case 14:
                say("host read", static_cast<int>(machine.host_read(frame * page_bytes + line, data)));
                say("data", to_hex(data));
                data.fill(static_cast<std::uint8_t>(step));
                say("host write", static_cast<int>(machine.host_write(frame * page_bytes + line, data)));
                break;
            default: {
                const std::uint64_t part = random(3);
                if (encrypt && random(6) == 0) flip(machine, frame * page_bytes + line, part);
                break;
            }
        }
        for (int i = 0; i < 3; ++i) {
            const Address gpa = (random(8) == 0 ? 512 + random(512) : random(12)) * page_bytes + random(lines_per_page) * line_bytes;
            data.fill(static_cast<std::uint8_t>(random(256)));
            if (random(2) == 0) {
                say("write", static_cast<int>(machine.guest_write(vmid, gpa, data)));
            } else {
                data.fill(0);
                const auto access = machine.guest_read(vmid, gpa, data);
                say("read", static_cast<int>(access));
                if (access == HsvmMachine::Access::done) say("data", to_hex(data));
            }
        }
    }
    return transcript;
}

void flush(HsvmMachine& machine) {
    machine.cache.evict_all(LastLevelCache::Leaving::write_back);
    for (Vmid vmid = first_guest_vmid; vmid < HsvmMachine::vmids; ++vmid)
        if (machine.memory.vm_table().installed(vmid)) machine.memory.flush(vmid);
    if (machine.memory.vm_table().installed(chip_vmid)) machine.memory.flush(chip_vmid);
}

/// Frames that differ, metadata and trees included.
std::vector<std::uint64_t> differences(HsvmMachine& machine, HsvmBench& bench) {
    std::vector<std::uint64_t> frames;
    EXPECT_EQ(machine.memory.end_of_metadata(), bench.protection.end_of_metadata());
    for (std::uint64_t frame = 0; frame < page_of(machine.memory.end_of_metadata() + page_bytes - 1); ++frame) {
        if (frame >= CommandedHsvm::buffer_frame && frame < CommandedHsvm::buffer_frame + 2) continue;
        Bytes expected = machine.store.bytes(frame * page_bytes, page_bytes), found(page_bytes);
        bench.dram.memory().read(frame * page_bytes, found.data(), found.size());
        if (expected != found) frames.push_back(frame);
    }
    return frames;
}

struct Outcome {
    Transcript expected, found;
    std::vector<std::uint64_t> differences;
    std::uint64_t violations = 0;
};

/// `commanded`: operations go through the registers.
Outcome compare(HsvmMachineSettings settings, std::uint64_t seed, unsigned steps, bool commanded = false) {
    settings.on_violation = OnViolation::report;
    HsvmMachineSettings good = settings;
    good.fault = HsvmFault::none;
    HsvmBench bench(good);
    HsvmMachine machine(settings);
    Outcome outcome;
    simulate([&] {
        bench.boot();
        // The first look at a chip page makes it, with an LPID: at the buffers' as well.
        EXPECT_TRUE(machine.hsvm.host_may_access(CommandedHsvm::buffer_frame, true));
        EXPECT_TRUE(bench.controller().host_may_access(CommandedHsvm::buffer_frame, true));
        outcome.expected = play(machine, machine.hsvm, settings.encrypt, seed, steps);
        CommandedHsvm commands(bench);
        outcome.found = commanded ? play(bench, commands, settings.encrypt, seed, steps)
                                  : play(bench, bench.controller(), settings.encrypt, seed, steps);
        flush(machine);
        bench.flush();
        outcome.differences = differences(machine, bench);
        outcome.violations = bench.protection.violations.count();
        for (const Violation& violation : machine.memory.violations().violations()) outcome.expected.push_back(fields_of(violation));
        for (const Violation& violation : bench.protection.violations.violations()) outcome.found.push_back(fields_of(violation));
    });
    return outcome;
}

struct Kind {
    const char* name;
    bool encrypt;
    Integrity integrity;
};

class HsvmLevels : public testing::TestWithParam<Kind> {
protected:
    HsvmMachineSettings settings() const {
        HsvmMachineSettings s;
        s.encrypt = GetParam().encrypt;
        s.integrity = GetParam().integrity;
        return s;
    }
};
INSTANTIATE_TEST_SUITE_P(Kinds, HsvmLevels,
                         testing::Values(Kind{"hsvm", false, Integrity::bmt}, Kind{"combined", true, Integrity::bmt},
                                         Kind{"mac", true, Integrity::mac}),
                         [](const auto& kind) { return kind.param.name; });

void expect_same(const Outcome& outcome) {
    const std::size_t lines = std::min(outcome.expected.size(), outcome.found.size());
    for (std::size_t i = 0; i < lines; ++i) ASSERT_EQ(outcome.expected[i], outcome.found[i]) << "line " << i;
    ASSERT_EQ(outcome.expected.size(), outcome.found.size());
    EXPECT_TRUE(outcome.differences.empty()) << outcome.differences.size() << " frames differ, the first is " << outcome.differences.front();
    EXPECT_GT(outcome.violations, 0u) << "lost pages were touched";
    for (const char* done : {"map: ok", "unmap: ok", "move: ok", "swap out: ok", "swap in: ok", "release: ok", "share: ok", "unshare: ok", "save: ok",
                             "delete: ok", "map 2 MiB: true", "read: 0", "write: 0"})
        EXPECT_GT(std::count(outcome.found.begin(), outcome.found.end(), done), 2) << done;
}

TEST_P(HsvmLevels, SameOperationsSameAnswersSameMemory) { expect_same(compare(settings(), 5, 4000)); }

TEST_P(HsvmLevels, RegistersCarryOperationsUnchanged) { expect_same(compare(settings(), 6, 4000, true)); }

TEST_P(HsvmLevels, AFaultOfOneLevelIsFound) {
    HsvmMachineSettings faulty = settings();
    faulty.fault = faulty.encrypt ? HsvmFault::leaf_unchanged : HsvmFault::no_zeroing;
    const Outcome outcome = compare(faulty, 5, 2000);
    EXPECT_TRUE(outcome.expected != outcome.found || !outcome.differences.empty());
}

/// A bench with a VM of 1024 pages whose page 3 is frame 7.
struct Booted {
    explicit Booted(const HsvmMachineSettings& settings = {}) : bench(settings), encrypt(settings.encrypt) {}
    void start() {
        bench.boot();
        EXPECT_EQ(bench.controller().create(HsvmCaller::host, {1024, 2, encrypt ? Address{0x8000} : 0}, vmid), HsvmStatus::ok);
        EXPECT_EQ(bench.controller().page_map(HsvmCaller::host, vmid, 3, 7), HsvmStatus::ok);
    }
    HsvmBench bench;
    const bool encrypt;
    Vmid vmid = 0;
};

TEST(HsvmControllerTlm, WalksAnswerWithFrameOrFault) {
    Booted booted;
    simulate([&] {
        booted.start();
        HsvmBench& bench = booted.bench;
        const Translation found = bench.walk(Mode::guest, booted.vmid, 3 * page_bytes, true);
        EXPECT_EQ(found.fault, TranslationFault::none);
        EXPECT_EQ(found.hpa, 7 * page_bytes);
        EXPECT_TRUE(found.writable);
        EXPECT_FALSE(found.raw);
        EXPECT_GT(bench.walker.last_delay(), sc_core::sc_time(200, SC_NS)) << "tables lie in memory";
        EXPECT_EQ(bench.walk(Mode::shim, booted.vmid, 3 * page_bytes, true).hpa, 7 * page_bytes);
        EXPECT_EQ(bench.walk(Mode::guest, booted.vmid, 4 * page_bytes, false).fault, TranslationFault::not_mapped);
        EXPECT_EQ(bench.walk(Mode::guest, booted.vmid, 1024 * page_bytes, false).fault, TranslationFault::page_beyond);
        EXPECT_EQ(bench.walk(Mode::guest, 9, 0, false).fault, TranslationFault::unknown_vm);
        for (const Mode mode : {Mode::host, Mode::device}) {
            EXPECT_EQ(bench.walk(mode, host_vmid, 7 * page_bytes, false).fault, TranslationFault::refused);
            const Translation mine = bench.walk(mode, host_vmid, 8 * page_bytes, true);
            EXPECT_EQ(mine.fault, TranslationFault::none);
            EXPECT_EQ(mine.hpa, 8 * page_bytes);
            EXPECT_EQ(bench.walk(mode, host_vmid, bench.protection.map().chip_base(), false).fault, TranslationFault::refused);
            EXPECT_EQ(bench.walk(mode, host_vmid, bench.protection.map().counter_base(), false).fault, TranslationFault::refused);
        }
    });
}

TEST(HsvmControllerTlm, SharedPagesAreRawAndLimitTheHost) {
    Booted booted;
    simulate([&] {
        booted.start();
        HsvmBench& bench = booted.bench;
        EXPECT_EQ(bench.controller().share(HsvmCaller::guest, booted.vmid, 3, host_vmid, false), HsvmStatus::ok);
        EXPECT_TRUE(bench.walk(Mode::guest, booted.vmid, 3 * page_bytes, true).raw);
        EXPECT_EQ(bench.walk(Mode::host, host_vmid, 7 * page_bytes, true).fault, TranslationFault::read_only);
        const Translation readable = bench.walk(Mode::host, host_vmid, 7 * page_bytes, false);
        EXPECT_EQ(readable.fault, TranslationFault::none);
        EXPECT_FALSE(readable.writable);
    });
}

class HsvmDebug : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Encrypted, HsvmDebug, testing::Bool());

TEST_P(HsvmDebug, WalksHaveNoEffect) {
    HsvmMachineSettings settings;
    settings.encrypt = GetParam();
    Booted booted(settings);
    simulate([&] {
        booted.start();
        HsvmBench& bench = booted.bench;
        SecurityContext context;
        context.mode = Mode::guest;
        context.vmid = booted.vmid;
        bench.walker.set_context(&context);
        const std::uint64_t reads = bench.protection.mpe.statistics().lines_read;
        const auto answer = [&](Address request) {
            Bytes bytes(walk::answer_bytes);
            EXPECT_EQ(bench.walker.debug_read(request, bytes.data(), walk::answer_bytes), walk::answer_bytes);
            return walk::decode(bytes.data());
        };
        EXPECT_EQ(answer(walk::request(3 * page_bytes, false)).hpa, 7 * page_bytes);
        EXPECT_EQ(answer(walk::request(4 * page_bytes, false)).fault, TranslationFault::not_mapped);
        Bytes bytes(walk::answer_bytes);
        EXPECT_EQ(bench.walker.debug_read(3 * page_bytes + 8, bytes.data(), walk::answer_bytes), 0u);
        context.mode = Mode::host;
        EXPECT_EQ(answer(walk::request(7 * page_bytes, false)).fault, TranslationFault::refused);
        EXPECT_EQ(answer(walk::request(8 * page_bytes, false)).fault, TranslationFault::none);
        EXPECT_EQ(bench.protection.mpe.statistics().lines_read, reads);
        EXPECT_EQ(bench.protection.violations.count(), 0u);
    });
}

TEST(HsvmControllerTlm, WalkRequestsOfBadFormAreRefused) {
    Booted booted;
    simulate([&] {
        booted.start();
        InitiatorTester& walker = booted.bench.walker;
        Bytes answer(walk::answer_bytes), word(8);
        EXPECT_EQ(walker.read(2, answer), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(walker.read(0, word), tlm::TLM_BURST_ERROR_RESPONSE);
        EXPECT_EQ(walker.write(0, answer), tlm::TLM_COMMAND_ERROR_RESPONSE);
        SecurityContext context;
        context.mode = Mode::chip;
        walker.set_context(&context);
        EXPECT_EQ(walker.read(0, answer), tlm::TLM_GENERIC_ERROR_RESPONSE);
        tlm::tlm_generic_payload payload;
        InitiatorTester::fill(payload, tlm::TLM_IGNORE_COMMAND, 0, nullptr, 0);
        EXPECT_OK(walker.transport(payload));
    });
}

TEST(HsvmControllerTlm, OperationsTakeTheTimeOfTheirAccesses) {
    Booted booted;
    simulate([&] {
        booted.start();
        sc_core::sc_time map_time, second, zeroed;
        HsvmControllerTlm& hsvm = booted.bench.hsvm;
        const auto map = [&](Gpn gpn, std::uint64_t frame) {
            return [&booted, gpn, frame](HsvmController& controller) { return controller.page_map(HsvmCaller::host, booted.vmid, gpn, frame); };
        };
        EXPECT_EQ(hsvm.perform(map_time, map(4, 8)), HsvmStatus::ok);
        EXPECT_GT(map_time, sc_core::sc_time(1000, SC_NS));
        EXPECT_EQ(hsvm.perform(second, map(4, 8)), HsvmStatus::page_mapped);
        EXPECT_LT(second, map_time) << "a refusal changes nothing";
        EXPECT_GT(second, SC_ZERO_TIME);
    });
}

/// What operations that hash or use keys take, with everything else the same.
struct CryptographyTimes {
    sc_core::sc_time launch, attest, export_vm, import_vm;
};

/// Chips between which a VM moves.
struct TwoChips {
    TwoChips(const HsvmMachineSettings& settings, const std::string& name, const std::function<void(HsvmControllerTlm::Parameters&)>& change)
        : shim(settings.encrypt ? 0x8000 : 0), source(settings, name + "_source", nullptr, change), target(second(settings), name + "_target", nullptr, change) {}

    /// One VM from launch to import. Attest goes over registers, the others over perform().
    CryptographyTimes live() {
        source.boot();
        target.boot();
        Vmid vmid = 0;
        EXPECT_EQ(source.controller().create(HsvmCaller::host, {16, 1, shim}, vmid), HsvmStatus::ok);
        for (Gpn gpn = 0; gpn < 16; ++gpn) EXPECT_EQ(source.controller().page_map(HsvmCaller::host, vmid, gpn, 100 + gpn), HsvmStatus::ok);
        CryptographyTimes times;
        EXPECT_EQ(source.hsvm.perform(times.launch, [&](HsvmController& hsvm) { return hsvm.launch(HsvmCaller::host, vmid, 3, Bytes(5000, 1), {}); }),
                  HsvmStatus::ok);
        CommandedHsvm guest(source);
        guest.set(HsvmCaller::guest, vmid, {{hsvm_registers::Register::buffer_address, page_bytes}, {hsvm_registers::Register::buffer_length, page_bytes}});
        guest.put(hsvm_registers::Register::operation, static_cast<std::uint64_t>(HsvmOperation::attest));
        times.attest = source.commander.last_delay();
        EXPECT_EQ(guest.get(hsvm_registers::Register::status), 0u);
        for (Gpn gpn = 0; gpn < 16; ++gpn) {
            Bytes image;
            EXPECT_EQ(source.controller().swap_out(HsvmCaller::host, vmid, gpn, image), HsvmStatus::ok);
        }
        Nonce nonce{};
        EXPECT_EQ(target.controller().challenge(HsvmCaller::host, nonce), HsvmStatus::ok);
        Bytes blob;
        const SignedCertificate& certificate = test_chip(2).certificate(KeyUsage::unwrap);
        EXPECT_EQ(source.hsvm.perform(times.export_vm, [&](HsvmController& hsvm) { return hsvm.export_vm(HsvmCaller::host, vmid, certificate, nonce, blob); }),
                  HsvmStatus::ok);
        EXPECT_EQ(target.hsvm.perform(times.import_vm, [&](HsvmController& hsvm) { return hsvm.import_vm(HsvmCaller::host, blob, vmid); }), HsvmStatus::ok);
        return times;
    }

    static HsvmMachineSettings second(HsvmMachineSettings settings) {
        settings.chip = 2;
        return settings;
    }
    const Address shim;
    HsvmBench source;
    HsvmBench target;
};

class HsvmCryptography : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Encrypted, HsvmCryptography, testing::Bool());

TEST_P(HsvmCryptography, HashesAndKeysTakeTheTimeThatTheyAreGiven) {
    HsvmMachineSettings settings;
    settings.encrypt = GetParam();
    TwoChips usual(settings, "usual", {});
    TwoChips free(settings, "free", [](HsvmControllerTlm::Parameters& parameters) { parameters.hash_block_latency = SC_ZERO_TIME; });
    TwoChips slow(settings, "slow", [](HsvmControllerTlm::Parameters& parameters) {
        parameters.hash_block_latency = sc_core::sc_time(7, SC_NS);
        parameters.private_key_latency = sc_core::sc_time(5, sc_core::SC_MS);
        parameters.public_key_latency = sc_core::sc_time(200, sc_core::SC_US);
    });
    simulate([&] {
        const CryptographyTimes unpaid = free.live(), plain = usual.live(), paid = slow.live();
        // 44 bytes before the image, 5000 of it, 1344 of registers, and the padding: 100 blocks.
        constexpr int blocks = 100;
        EXPECT_EQ(plain.launch - unpaid.launch, sc_core::sc_time(blocks * 65 / 2.0, SC_NS)) << "65 cycles at 2 GHz";
        EXPECT_EQ(paid.launch - unpaid.launch, sc_core::sc_time(blocks * 7, SC_NS));
        EXPECT_EQ(plain.attest, unpaid.attest) << "nobody has said what a signature takes";
        EXPECT_EQ(paid.attest - unpaid.attest, sc_core::sc_time(5, sc_core::SC_MS));
        EXPECT_EQ(paid.export_vm - unpaid.export_vm, sc_core::sc_time(400, sc_core::SC_US)) << "the certificate, and K_vm for it";
        EXPECT_EQ(paid.import_vm - unpaid.import_vm, sc_core::sc_time(5, sc_core::SC_MS));
        const HsvmController::Statistics& here = slow.source.controller().statistics();
        const HsvmController::Statistics& there = slow.target.controller().statistics();
        EXPECT_EQ(here.hash_blocks, 100u);
        EXPECT_EQ(here.private_key_uses, 1u);
        EXPECT_EQ(here.public_key_uses, 2u);
        EXPECT_EQ(there.hash_blocks, 0u);
        EXPECT_EQ(there.private_key_uses, 1u);
        // Who is refused before, or has no blob, makes nobody use a key.
        sc_core::sc_time refused;
        Vmid vmid = 0;
        EXPECT_EQ(slow.target.hsvm.perform(refused, [&](HsvmController& hsvm) { return hsvm.import_vm(HsvmCaller::guest, Bytes(2000), vmid); }), HsvmStatus::wrong_mode);
        EXPECT_EQ(slow.target.hsvm.perform(refused, [&](HsvmController& hsvm) { return hsvm.import_vm(HsvmCaller::host, Bytes(20), vmid); }),
                  HsvmStatus::not_authentic);
        EXPECT_LT(refused, sc_core::sc_time(1, sc_core::SC_MS));
    });
}

TEST(HsvmControllerTlm, WriteBacksOfLeavingLinesAreWaitedFor) {
    Booted booted;
    simulate([&] {
        booted.start();
        sc_core::sc_time clean, dirty;
        const auto move = [&](std::uint64_t frame) {
            return [&booted, frame](HsvmController& controller) { return controller.page_move(HsvmCaller::host, booted.vmid, 3, frame); };
        };
        EXPECT_EQ(booted.bench.hsvm.perform(clean, move(8)), HsvmStatus::ok);
        for (unsigned line = 0; line < lines_per_page; ++line)
            EXPECT_EQ(booted.bench.guest_write(booted.vmid, 3 * page_bytes + line * line_bytes, Block64{1}), HsvmBench::Access::done);
        EXPECT_EQ(booted.bench.hsvm.perform(dirty, move(9)), HsvmStatus::ok);
        EXPECT_GT(dirty, clean + sc_core::sc_time(64 * 100, SC_NS)) << "64 lines went to memory";
        Block64 data{};
        EXPECT_EQ(booted.bench.guest_read(booted.vmid, 3 * page_bytes, data), HsvmBench::Access::done);
        EXPECT_EQ(data[0], 1);
    });
}

}  // namespace
}  // namespace coffer::test
