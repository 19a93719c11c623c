// The parts of the memory protection subsystem, each with payloads of any kind at each of its target sockets: every one is answered, and the protocol
// monitor of the initiator sees that no attribute changes, no data is written by a write and no time runs backwards.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "aise/lpid_allocator.h"
#include "aise/pad_generator_tlm.h"
#include "bmt/hash_tree_tlm.h"
#include "devices/disk_tlm.h"
#include "devices/dma_engine_tlm.h"
#include "hsvm/hsvm_transport_tlm.h"
#include "memory/dram_tlm.h"
#include "memory/memory_protection_tlm.h"
#include "memory/metadata_cache_tlm.h"
#include "tlm/hsvm_bench.h"
#include "tlm/initiator_tester.h"
#include "tlm/simulate.h"
#include "tlm/uncached_order.h"
#include "unit/any_operation.h"
#include "unit/decision_file.h"
#include "vcpu/ept_tlm.h"
#include "vm_table/nonvolatile.h"
#include "vm_table/register_table.h"

namespace coffer::test {
namespace {

constexpr Address memory_end = Address{1} << 40;

DramTlm any_memory(const char* name, Address end = memory_end) {
    return DramTlm(name, {end, sc_core::sc_time(10, sc_core::SC_NS), 0}, DramTraffic(AddressMap(64 * page_bytes, page_bytes, 16), end));
}

struct Attempt {
    tlm::tlm_command command;
    Address address;
    unsigned length;
    unsigned width;
    Bytes enables;  // empty: no byte enables
    bool data;      // false: null
    bool debug;
};

void showValue(const Attempt& a, std::ostream& out) {
    out << "command " << a.command << " address " << a.address << " length " << a.length << " width " << a.width << " enables " << to_hex(a.enables) << " data " << a.data
        << " debug " << a.debug;
}

rc::Gen<Attempt> attempts(Address end) {
    const auto near = [](Address first) { return rc::gen::map(rc::gen::inRange<Address>(0, 40), [first](Address a) { return first + 16 * a; }); };
    const auto address = rc::gen::weightedOneOf<Address>({{6, near(0)}, {2, near(end - 320)}, {1, rc::gen::inRange<Address>(0, end)}, {1, rc::gen::arbitrary<Address>()}});
    const auto length = rc::gen::weightedOneOf<unsigned>(
        {{6, rc::gen::element<unsigned>(8, 16, 64, 80, 160, 5120)}, {2, rc::gen::inRange<unsigned>(0, 200)}, {1, rc::gen::element<unsigned>(5200, 8192, 1u << 31, ~0u)}});
    const auto width = rc::gen::weightedOneOf<unsigned>({{4, rc::gen::just(~0u)}, {1, rc::gen::inRange<unsigned>(0, 200)}});
    const auto enables = rc::gen::weightedOneOf<Bytes>({{6, rc::gen::just(Bytes{})}, {1, rc::gen::container<Bytes>(rc::gen::element<std::uint8_t>(0xff, 0))}, {1, rc::gen::arbitrary<Bytes>()}});
    const auto often = rc::gen::weightedElement<bool>({{9, true}, {1, false}});
    const auto command = rc::gen::weightedElement<tlm::tlm_command>({{5, tlm::TLM_READ_COMMAND}, {5, tlm::TLM_WRITE_COMMAND}, {1, tlm::TLM_IGNORE_COMMAND}});
    // What some target accepts, of right size at a right place, so that attempts reach more than the first check.
    const auto proper = rc::gen::construct<Attempt>(command, rc::gen::map(rc::gen::inRange<Address>(0, 40), [](Address a) { return a * 64; }),
                                                    rc::gen::element<unsigned>(8, 16, 64, 80), rc::gen::just(~0u), rc::gen::just(Bytes{}), rc::gen::just(true),
                                                    rc::gen::weightedElement<bool>({{1, true}, {4, false}}));
    const auto any = rc::gen::construct<Attempt>(command, address, length, width, enables, often, rc::gen::weightedElement<bool>({{1, true}, {4, false}}));
    return rc::gen::weightedOneOf<Attempt>({{1, proper}, {1, any}});
}

const std::array<crypto::Iv, lines_per_page>& some_ivs() {
    static const std::array<crypto::Iv, lines_per_page> ivs{};
    return ivs;
}

/// What an initiator may say about itself, or nothing.
std::unique_ptr<SecurityContext> any_context() {
    if (*rc::gen::weightedElement<bool>({{1, true}, {6, false}})) return nullptr;
    auto context = std::make_unique<SecurityContext>();
    context->vmid = *rc::gen::weightedOneOf<Vmid>({{6, rc::gen::inRange<Vmid>(0, 4)}, {1, rc::gen::arbitrary<Vmid>()}});
    context->mode = *rc::gen::element(Mode::host, Mode::shim, Mode::guest, Mode::device, Mode::chip);
    context->gpa = *rc::gen::weightedOneOf<Address>({{4, rc::gen::map(rc::gen::inRange<Address>(0, 64), [](Address a) { return a * 1024; })}, {1, rc::gen::arbitrary<Address>()}});
    context->raw = *rc::gen::weightedElement<bool>({{1, true}, {4, false}});
    context->decrypt = *rc::gen::arbitrary<bool>();
    context->key_slot = *rc::gen::weightedOneOf<Slot>({{6, rc::gen::inRange<Slot>(0, 3)}, {1, rc::gen::arbitrary<Slot>()}});
    if (*rc::gen::weightedElement<bool>({{5, true}, {1, false}})) context->ivs = some_ivs().data();
    context->frame = *rc::gen::inRange<Address>(0, 70) * page_bytes;
    context->level = *rc::gen::weightedOneOf<std::uint8_t>({{4, rc::gen::inRange<std::uint8_t>(0, 3)}, {1, rc::gen::arbitrary<std::uint8_t>()}});
    context->index = *rc::gen::weightedOneOf<std::uint64_t>({{4, rc::gen::inRange<std::uint64_t>(0, 20)}, {1, rc::gen::arbitrary<std::uint64_t>()}});
    context->metadata = *rc::gen::element(MetadataCommand::none, MetadataCommand::look_up, MetadataCommand::install, MetadataCommand::drop, MetadataCommand::evict,
                                          MetadataCommand::evict_all, MetadataCommand::release, MetadataCommand::lose, MetadataCommand::leaf);
    context->page = static_cast<PageCommand>(*rc::gen::weightedOneOf<int>({{1, rc::gen::just(0)}, {1, rc::gen::inRange(0, 1 + static_cast<int>(PageCommand::leaf))}}));
    context->dirty = *rc::gen::arbitrary<bool>();
    context->trusted = *rc::gen::arbitrary<bool>();
    return context;
}

struct Count {
    int attempts = 0;
    int accepted = 0;
};

/// Makes one attempt; what lies behind the data array stays as it is.
void make(InitiatorTester& initiator, Attempt attempt, Count& count) {
    constexpr unsigned guard = 64;
    constexpr std::uint8_t pattern = 0xc3;
    // There is no array of 2 GiB to send: such lengths are refused unread.
    const unsigned size = attempt.length <= 8192 ? attempt.length : 0;
    Bytes array(size + guard, pattern);
    const auto context = any_context();
    initiator.set_context(context.get());
    std::uint8_t* const data = attempt.data ? array.data() : nullptr;
    ++count.attempts;
    if (attempt.debug) {
        if (size == attempt.length) initiator.debug(attempt.command, attempt.address, data, attempt.length);
    } else {
        tlm::tlm_generic_payload payload;
        InitiatorTester::fill(payload, attempt.command, attempt.address, data, attempt.length);
        payload.set_streaming_width(attempt.width);
        if (!attempt.enables.empty()) payload.set_byte_enable_ptr(attempt.enables.data());
        payload.set_byte_enable_length(static_cast<unsigned>(attempt.enables.size()));
        const bool streams = size != attempt.length && attempt.width < attempt.length;
        if (!streams) {
            const tlm::tlm_response_status status = initiator.transport(payload);
            RC_ASSERT(status != tlm::TLM_INCOMPLETE_RESPONSE);
            count.accepted += status == tlm::TLM_OK_RESPONSE && attempt.command != tlm::TLM_IGNORE_COMMAND;
            if (status != tlm::TLM_OK_RESPONSE && size == attempt.length) RC_ASSERT(!payload.is_dmi_allowed());
        }
    }
    initiator.set_context(nullptr);
    RC_ASSERT(std::all_of(array.end() - guard, array.end(), [](std::uint8_t byte) { return byte == pattern; }));
}

/// `accepted`: how many of the attempts at the least must be carried out, or the attempts show nothing. `pause`: what happens between attempts.
void survives(InitiatorTester& initiator, Address end, int accepted, const std::function<void()>& pause = [] {}) {
    Count count;
    const bool good = rc::check(initiator.name(), [&] {
        for (const Attempt& attempt : *rc::gen::container<std::vector<Attempt>>(60, attempts(end))) {
            make(initiator, attempt, count);
            pause();
        }
    });
    EXPECT_TRUE(good);
    EXPECT_GE(count.attempts, 6000);
    EXPECT_GE(count.accepted, accepted);
}

crypto::Key128 some_key() { return crypto::Key128({1, 2, 3}); }

void give(InitiatorTester& initiator, Slot slot, KeyPart part) {
    EXPECT_OK(initiator.write(KeyAddress{slot, part}.address(), some_key().data(), KeyAddress::part_bytes));
}

TEST(AnyPayload, PadGenerator) {
    PadGeneratorTlm pads("pads", {});
    InitiatorTester initiator("pad_initiator");
    InitiatorTester keys("key_initiator");
    initiator.initiator_socket.bind(pads.target_socket);
    keys.initiator_socket.bind(pads.key_socket);
    simulate([&] {
        give(keys, 0, KeyPart::k_data);
        survives(initiator, page_bytes, 100);
        survives(keys, 64 * page_bytes, 100);
        give(keys, 0, KeyPart::k_data);
        Bytes pad(pad_bytes);
        SecurityContext context;
        context.ivs = some_ivs().data();
        initiator.set_context(&context);
        EXPECT_OK(initiator.read(0, pad)) << "still serves";
    });
}

TEST(AnyPayload, MetadataCache) {
    MetadataCacheTlm::Parameters parameters;
    parameters.geometry = CacheGeometry::of_size("metadata_cache.bytes", 512, 4);
    parameters.chip_ways = 1;
    MetadataCacheTlm cache("cache", parameters);
    DramTlm settled = any_memory("settled");
    DramTlm bus = any_memory("bus");
    InitiatorTester initiator("initiator");
    initiator.initiator_socket.bind(cache.target_socket);
    cache.settle_socket.bind(settled.target_socket);
    cache.initiator_socket.bind(bus.target_socket);
    simulate([&] { survives(initiator, 64 * page_bytes, 100); });
}

TEST(AnyPayload, HashTree) {
    const AddressMap map(64 * page_bytes, page_bytes, 16);
    ViolationLog violations(OnViolation::report);
    HashTreeTlm tree("tree", {}, map, violations);
    DramTlm metadata = any_memory("metadata");
    DramTlm registers = any_memory("registers");
    InitiatorTester initiator("counter_initiator");
    InitiatorTester settling("settle_initiator");
    InitiatorTester keys("key_initiator");
    initiator.initiator_socket.bind(tree.target_socket);
    settling.initiator_socket.bind(tree.settle_socket);
    keys.initiator_socket.bind(tree.key_socket);
    tree.metadata_socket.bind(metadata.target_socket);
    tree.vm_table_socket.bind(registers.target_socket);
    // Plain memory stands for the registers: a domain of 20 pages for every slot of use here.
    using vm_table_registers::Register;
    for (Slot slot = 0; slot < 3; ++slot) {
        const auto set = [&](Register name, std::uint64_t value) {
            std::uint8_t bytes[8];
            store_le64(bytes, value);
            registers.memory().write(vm_table_registers::entry(name).address_of(slot), bytes, sizeof bytes);
        };
        set(Register::vmid, slot + 2u);
        set(Register::pages, 20);
        set(Register::addr_tree, map.tree_base());
    }
    simulate([&] {
        for (Slot slot = 0; slot < 3; ++slot) give(keys, slot, KeyPart::k_node);
        survives(initiator, 40 * line_bytes, 100);
        survives(settling, map.tree_base() + page_bytes, 20);
        survives(keys, 64 * page_bytes, 10);
    });
}

/// The whole subsystem: the chip's side of the MPE, and the registers of its VM-Table.
TEST(AnyPayload, MpeAndVmTable) {
    MemoryNonVolatile nonvolatile{ChipNumber(1)};
    LpidAllocator lpids(nonvolatile);
    MemoryProtectionParameters parameters;
    parameters.memory.data_bytes = 64 * page_bytes;
    parameters.memory.chip_bytes = page_bytes;
    parameters.memory.metadata_cache = CacheGeometry::of_size("metadata_cache.bytes", 1024, 4);
    parameters.memory.metadata_chip_ways = 1;
    MemoryProtectionTlm protection("protection", parameters, lpids);
    // The control socket reaches all of memory: none of the lengths for which there is no array may fit there.
    DramTlm dram = any_memory("dram", Address{1} << 30);
    InitiatorTester initiator("initiator");
    InitiatorTester software("software");
    InitiatorTester chip("chip_initiator");
    InitiatorTester control("control_initiator");
    initiator.initiator_socket.bind(protection.mpe.target_socket);
    chip.initiator_socket.bind(protection.mpe.chip_socket);
    control.initiator_socket.bind(protection.mpe.control_socket);
    software.initiator_socket.bind(protection.vm_table.target_socket);
    protection.mpe.initiator_socket.bind(dram.target_socket);
    simulate([&] {
        protection.boot();
        VmInstall vm;
        vm.vmid = 2;
        vm.k_vm = some_key();
        vm.pages = 40;
        protection.install(vm);
        survives(initiator, parameters.memory.data_bytes, 200);
        survives(software, 0x4000, 20);
        survives(control, 64 * page_bytes, 100);
        survives(chip, 64 * page_bytes, 0);
    });
}

/// A way to the H-SVM controller, for which plain memory stands.
struct AnyTransport {
    static constexpr Address small = 64 * page_bytes;

    AnyTransport(const std::string& name, const HsvmTransportParameters& parameters)
        : transport((name + "_transport").c_str(), parameters), controller(any_memory((name + "_controller").c_str(), small)), processor((name + "_processor").c_str()) {
        processor.initiator_socket.bind(transport.target_socket);
        transport.initiator_socket.bind(controller.target_socket);
    }

    HsvmTransportTlm transport;
    DramTlm controller;
    InitiatorTester processor;
};

TEST(AnyPayload, HsvmTransports) {
    HsvmTransportParameters parameters;
    AnyTransport microcode("microcode", parameters);
    parameters.kind = HsvmTransport::smm;
    AnyTransport smm("smm", parameters);
    parameters.kind = HsvmTransport::usart;
    parameters.noise.loss = 0.1;
    AnyTransport usart("usart", parameters);
    simulate([&] {
        for (AnyTransport* const way : {&microcode, &smm, &usart}) survives(way->processor, AnyTransport::small, 500);
    });
}

TEST(AnyPayload, EptWalks) {
    const AddressMap map(64 * page_bytes, page_bytes, 16);
    UncachedOrder order;
    EptTlm ept("ept", {{ProtectionConfiguration::hypercoffer, 40, 16}, sc_core::SC_ZERO_TIME}, map, order, nullptr);
    DramTlm dram = any_memory("dram");
    InitiatorTester initiator("initiator");
    initiator.initiator_socket.bind(ept.walk_socket);
    ept.memory_socket.bind(dram.target_socket);
    simulate([&] {
        sc_core::sc_time delay;
        for (Vmid vmid = 1; vmid < 4; ++vmid) ASSERT_TRUE(ept.add(vmid, 64));
        EXPECT_EQ(ept.store(2, 0, NptEntry::mapped(3), delay), EptStatus::ok);
        survives(initiator, 64 * page_bytes, 20);
        EXPECT_EQ(ept.tables().translate(2, 0, false).hpa, 3 * page_bytes) << "still there";
    });
}

/// A device with plain memory, software that sends it any payload, and a driver that gives it commands meanwhile.
template <class Device>
struct AnyDevice {
    template <class... Arguments>
    AnyDevice(const std::string& name, Arguments&&... arguments)
        : device((name + "_device").c_str(), std::forward<Arguments>(arguments)...),
          memory(any_memory((name + "_memory").c_str())),
          software((name + "_software").c_str()),
          driver((name + "_driver").c_str()) {
        software.initiator_socket.bind(device.target_socket);
        driver.initiator_socket.bind(device.target_socket);
        device.initiator_socket.bind(memory.target_socket);
    }

    /// Values of three registers from 0 on, of which the last is the command. Some commands are still carried out when the next payload comes.
    void run(int accepted, const std::array<Address, 3>& registers) {
        const auto command = [&] {
            if (device.state() != DeviceState::busy) {
                for (const Address address : registers) EXPECT_OK(driver.write64(address, *rc::gen::inRange<std::uint64_t>(0, 64) | 1));
            }
            sc_core::wait(static_cast<double>(*rc::gen::inRange(0, 300)), sc_core::SC_NS);
        };
        survives(software, 0x40, accepted, command);
        EXPECT_GT(device.statistics().commands, 1000u);
        if (device.state() == DeviceState::busy) sc_core::wait(device.completed());
        for (const Address address : registers) EXPECT_OK(driver.write64(address, 1)) << "still serves";
        sc_core::wait(device.completed());
    }

    Device device;
    DramTlm memory;
    InitiatorTester software;
    InitiatorTester driver;
};

TEST(AnyPayload, Devices) {
    using devices_registers::Register;
    const auto offset = [](Register name, Address base) { return devices_registers::entry(name).address - base; };
    SparseMemory medium;
    AnyDevice<DmaEngineTlm> dma("dma");
    AnyDevice<DiskTlm> disk("disk", DiskParameters{16, sc_core::sc_time(10, sc_core::SC_NS), sc_core::sc_time(50, sc_core::SC_NS)}, medium);
    simulate([&] {
        dma.run(20, {offset(Register::dma_destination, devices_registers::dma_base), offset(Register::dma_length, devices_registers::dma_base),
                     offset(Register::dma_control, devices_registers::dma_base)});
        disk.run(20, {offset(Register::disk_sector, devices_registers::disk_base), offset(Register::disk_buffer, devices_registers::disk_base),
                      offset(Register::disk_control, devices_registers::disk_base)});
    });
}

TEST(AnyPayload, HsvmController) {
    HsvmMachineSettings settings;
    settings.on_violation = OnViolation::report;
    HsvmBench bench(settings);
    simulate([&] {
        bench.boot();
        Vmid vmid = 0;
        EXPECT_EQ(bench.controller().create(HsvmCaller::host, {64, 1, 0x8000}, vmid), HsvmStatus::ok);
        for (Gpn gpn = 0; gpn < 20; ++gpn) EXPECT_EQ(bench.controller().page_map(HsvmCaller::host, vmid, gpn, 30 + gpn), HsvmStatus::ok);
        survives(bench.commander, 0x240, 200);
        survives(bench.walker, 0x240, 20);
        EXPECT_EQ(bench.walk(Mode::guest, vmid, 0, false).fault, TranslationFault::none) << "still serves";
    });
}

/// Software of all modes that asks the H-SVM controller for anything.
class AnyRequests {
public:
    explicit AnyRequests(bool encrypt) : bench_(settings(encrypt), encrypt ? "combined" : "hsvm"), shim_(encrypt ? 40 * page_bytes : 0) {}

    /// Every answer is one that the decision table has for the operation.
    void run() {
        bench_.boot();
        const auto all = DecisionFile().answers();
        const auto next = [this] { return static_cast<std::uint8_t>(generator_()); };
        std::uint64_t done = 0;
        std::set<std::uint64_t> seen;
        for (std::uint64_t i = 0; i < operations; ++i) {
            if (i % 50 == 0) refill();
            const AnyOperation operation = any_operation(next, bench_.protection.map());
            const std::uint64_t status = carry_out(operation);
            const auto answers = all.find(operation.code);
            const bool listed = answers != all.end() ? answers->second.count(status) != 0
                                                     : status == static_cast<std::uint64_t>(CommandStatus::unknown_operation);
            ASSERT_TRUE(listed) << "operation " << operation.code << ", the " << i << "th, status " << status;
            done += status == 0;
            seen.insert(status);
        }
        EXPECT_GT(done, operations / 50) << "refusals alone show little";
        EXPECT_GT(seen.size(), 25u) << "kinds of answers";
        refill();
        Block64 line{};
        EXPECT_EQ(bench_.guest_read(vmid_, 2 * page_bytes, line), HsvmBench::Access::done) << "still serves";
    }

private:
    static HsvmMachineSettings settings(bool encrypt) {
        HsvmMachineSettings s;
        s.encrypt = encrypt;
        return s;
    }

    static void must(HsvmStatus status) {
        if (status != HsvmStatus::ok) throw std::logic_error("the bench could not be set: " + std::string(to_string(status)));
    }

    void end_all_vms() {
        HsvmController& hsvm = bench_.controller();
        VcpuContext registers;
        for (unsigned core = 0; core < 4; ++core)
            for (std::uint32_t vcpu = 0; hsvm.running(core) && vcpu < hsvm.record(*hsvm.running(core))->vcpus; ++vcpu)
                hsvm.context_save(HsvmCaller::host, *hsvm.running(core), vcpu, core, registers);
        // Who lends pages goes after those who have them, and two VMs may do both.
        for (Vmid vmid = first_guest_vmid; vmid < HsvmMachine::vmids; ++vmid) {
            std::vector<Gpn> shared;
            hsvm.visit_pages(vmid, [&](Gpn gpn, NptEntry entry, std::uint64_t) {
                if (entry.shared()) shared.push_back(gpn);
            });
            for (const Gpn gpn : shared) hsvm.page_unmap(HsvmCaller::host, vmid, gpn);
        }
        for (unsigned round = 0; round < 2; ++round)
            for (Vmid vmid = first_guest_vmid; vmid < HsvmMachine::vmids; ++vmid) hsvm.delete_vm(HsvmCaller::host, vmid);
    }

    /// Two VMs with pages of all kinds, and good arguments, whatever was done before.
    void refill() {
        end_all_vms();
        HsvmController& hsvm = bench_.controller();
        for (const Vmid expected : {Vmid{2}, Vmid{3}}) {
            must(hsvm.create(HsvmCaller::host, {64, 2, shim_}, vmid_));
            if (vmid_ != expected) throw std::logic_error("a VM is still there");
            for (Gpn gpn = 0; gpn < 12; ++gpn) must(hsvm.page_map(HsvmCaller::host, vmid_, gpn, 16 * vmid_ + gpn));
            must(hsvm.page_map(HsvmCaller::host, vmid_, 41, 16 * vmid_ + 12));
        }
        for (const Gpn gpn : {6, 7}) must(hsvm.share(HsvmCaller::guest, 2, gpn, 3, true));
        for (const Gpn gpn : {20, 21}) must(hsvm.share(HsvmCaller::guest, 3, gpn, 2, true));
        must(hsvm.page_map(HsvmCaller::host, 3, 20, 16 * 2 + 6));
        must(hsvm.page_unmap(HsvmCaller::host, 3, 9));
        using R = CommandedMachine::Register;
        write({}, {{R::pages, 64}, {R::vcpus, 2}, {R::addr_shim, shim_}, {R::gpn, 1}, {R::frame, 100}, {R::core, 0}, {R::vcpu, 0}});
        write({}, {{R::buffer_address, 200 * page_bytes}, {R::buffer_length, 2 * page_bytes}});
        write({}, {{R::second_address, 210 * page_bytes}, {R::second_length, context_bytes}});
    }

    void write(const HsvmRequester& requester, const CommandedMachine::Arguments& arguments) {
        constexpr Mode modes[] = {Mode::host, Mode::shim, Mode::guest, Mode::device};
        context_.mode = modes[static_cast<std::size_t>(requester.mode)];
        context_.vmid = requester.vmid;
        bench_.commander.set_context(&context_);
        for (const auto& [name, value] : arguments) {
            Bytes bytes(hsvm_registers::entry(name).bytes);
            store_le64(bytes.data(), value);
            EXPECT_OK(bench_.commander.write(hsvm_registers::entry(name).address, bytes));
        }
    }
    std::uint64_t carry_out(const AnyOperation& operation) {
        write(operation.requester, operation.arguments);
        write(operation.requester, {{CommandedMachine::Register::operation, operation.code}});
        std::uint64_t status = 0;
        EXPECT_OK(bench_.commander.read64(hsvm_registers::entry(CommandedMachine::Register::status).address, status));
        return status;
    }

    static constexpr std::uint64_t operations = 200'000;

    HsvmBench bench_;
    const Address shim_;
    Vmid vmid_ = 0;
    SecurityContext context_;
    std::mt19937_64 generator_{1};
};

TEST(AnyPayload, HsvmOperations) {
    AnyRequests hsvm(false), combined(true);
    simulate([&] {
        hsvm.run();
        combined.run();
    });
}

}  // namespace
}  // namespace coffer::test
