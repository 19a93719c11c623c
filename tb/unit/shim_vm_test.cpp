// VmShim: the life of contexts in protected memory, and every way in which an exit or an entry can fail.

#include "vcpu/vm_shim.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "unit/fixtures.h"
#include "unit/shim_bench.h"
#include "vcpu/protected_guest_memory.h"

namespace coffer {
namespace {

constexpr Address addr_shim = 0x4000;

TEST(ShimContext, RegistersHaveTheirPlacesAndNames) {
    for (std::size_t i = 0; i < register_count; ++i) {
        const auto reg = static_cast<Register>(i);
        EXPECT_EQ(register_of(to_string(reg)), reg);
        VcpuContext context;
        context[reg] = 0x0807'0605'0403'0201;
        ContextBytes expected{};
        for (std::size_t j = 0; j < 8; ++j) expected[8 * i + j] = static_cast<std::uint8_t>(1 + j);
        EXPECT_EQ(encode_context(context), expected) << reg;
        EXPECT_EQ(decode_context(expected), context) << reg;
    }
    EXPECT_EQ(register_of("eax"), std::nullopt);
    EXPECT_EQ(static_cast<unsigned>(Register::rsp), 4u);
    EXPECT_EQ(static_cast<unsigned>(Register::rip), 16u);
    EXPECT_EQ(static_cast<unsigned>(Register::cr3), 40u);
}

TEST(ShimContext, TheExampleOfTheFormatsPage) {
    ExitEvent event;
    event.reason = ExitReason::mmio_write;
    event.instruction_bytes = 3;
    event.access = AccessType::write;
    event.size = 4;
    event.operand = 7;
    event.gpa = 0xfee0'0030;
    EXPECT_EQ(to_hex(encode_header({ContextState::stopped, event, 5})),
              "435643310109030104000700000000003000e0fe0000000005000000000000000000000000000000000000000000000000000000000000000000000000000000");
}

TEST(ShimContext, AnyOtherByteOfTheFirstLineMakesItNoHeaderOrAnother) {
    std::mt19937_64 random(3);
    const ContextHeader header{ContextState::stopped, event_of(ExitReason::mmio_read, 4, random), 77};
    const Block64 line = encode_header(header);
    const auto decoded = decode_header(line);
    ASSERT_TRUE(decoded && decoded->event);
    EXPECT_TRUE(*decoded->event == *header.event && decoded->exits == 77 && decoded->state == ContextState::stopped);
    for (std::size_t at = 0; at < line.size(); ++at)
        for (unsigned bit = 0; bit < 8; ++bit) {
            Block64 changed = line;
            changed[at] = static_cast<std::uint8_t>(changed[at] ^ 1u << bit);
            const auto other = decode_header(changed);
            if (other) {
                EXPECT_EQ(encode_header(*other), changed);
            }
            const bool may_be_one = at > 4 && at < 40 && at != 11 && at != 14 && at != 15;
            EXPECT_TRUE(may_be_one || !other) << at;
        }
    EXPECT_FALSE(decode_header({}));
}

class ShimVm : public ::testing::Test {
protected:
    static constexpr unsigned vcpus = 3;

    ShimVm() {
        for (unsigned vcpu = 0; vcpu < vcpus; ++vcpu) store_context_page(memory, context_page(addr_shim, vcpu), {}, boot(vcpu));
    }
    static VcpuContext boot(unsigned vcpu) {
        VcpuContext context;
        context[Register::rip] = 0xfff0 + vcpu;
        return context;
    }

    PlainGuestMemory memory;
    ExitPolicy policy;
    VmShim shim{addr_shim, vcpus, memory, policy};
    std::mt19937_64 random{4};
};

TEST_F(ShimVm, StartsFromTheContextThatTheOwnerPrepared) {
    HypervisorView anything;
    anything.context = random_context(random);
    const VmShim::Entry entry = shim.enter(1, addr_shim, anything);
    EXPECT_EQ(entry.status, ShimStatus::ok);
    EXPECT_EQ(entry.context, boot(1));
    EXPECT_EQ(shim.mode(1), VcpuMode::guest);
    EXPECT_EQ(shim.mode(0), VcpuMode::host);
}

TEST_F(ShimVm, EveryWayToFailHasItsStatus) {
    EXPECT_EQ(shim.enter(vcpus, addr_shim, {}).status, ShimStatus::unknown_vcpu);
    EXPECT_EQ(shim.exit(vcpus, simple_exit(ExitReason::hlt), {}).status, ShimStatus::unknown_vcpu);
    EXPECT_THROW(shim.mode(vcpus), std::out_of_range);
    EXPECT_EQ(shim.exit(0, simple_exit(ExitReason::hlt), {}).status, ShimStatus::not_in_guest);
    for (const Address wrong : {Address{0}, addr_shim + 1, addr_shim + page_bytes, Address{0xfff0}})
        EXPECT_EQ(shim.enter(0, wrong, {}).status, ShimStatus::wrong_entry);
    EXPECT_EQ(shim.mode(0), VcpuMode::host);
    EXPECT_EQ(shim.enter(0, addr_shim, {}).status, ShimStatus::ok);
    EXPECT_EQ(shim.enter(0, addr_shim, {}).status, ShimStatus::not_stopped);
    EXPECT_EQ(shim.mode(0), VcpuMode::guest);
    EXPECT_EQ(shim.statistics().entries, 1u);
    EXPECT_EQ(shim.statistics().refused_entries, 6u);
}

TEST_F(ShimVm, AFailedExitShowsNothingButItsReason) {
    shim.enter(0, addr_shim, {});
    ExitEvent impossible = simple_exit(ExitReason::hlt);
    impossible.instruction_bytes = 0;
    const VmShim::Exit exit = shim.exit(0, impossible, random_context(random));
    EXPECT_EQ(exit.status, ShimStatus::impossible_exit);
    HypervisorView nothing;
    nothing.reason = ExitReason::hlt;
    EXPECT_EQ(exit.view, nothing);
    EXPECT_EQ(shim.mode(0), VcpuMode::guest);
}

TEST_F(ShimVm, EventsThatNoProcessorReportsAreRefused) {
    for (const ExitEntry& row : exit_table)
        for (unsigned size = 0; size < 256; ++size) {
            const bool possible = row.sizes == 0 ? size == 0 : size != 0 && (size & (size - 1)) == 0 && (row.sizes & size) != 0;
            EXPECT_EQ(is_possible(row, event_of(row.reason, size, random)), possible) << row.name << " of " << size << " bytes";
        }
    const auto refused = [&](ExitReason reason, unsigned size, auto change) {
        ExitEvent event = event_of(reason, size, random);
        const ExitEntry& row = *find_exit(exit_table, reason);
        EXPECT_TRUE(is_possible(row, event)) << row.name;
        change(event);
        EXPECT_FALSE(is_possible(row, event)) << row.name;
    };
    refused(ExitReason::cpuid, 0, [](ExitEvent& e) { e.instruction_bytes = 16; });
    refused(ExitReason::cpuid, 0, [](ExitEvent& e) { e.instruction_bytes = 0; });
    refused(ExitReason::timer, 0, [](ExitEvent& e) { e.instruction_bytes = 1; });
    refused(ExitReason::mmio_read, 4, [](ExitEvent& e) { e.operand = 16; });
    refused(ExitReason::mmio_read, 4, [](ExitEvent& e) { e.access = AccessType::write; });
    refused(ExitReason::mmio_write, 4, [](ExitEvent& e) { e.access = AccessType::read; });
    refused(ExitReason::page_fault, 4, [](ExitEvent& e) { e.access = static_cast<AccessType>(3); });
    refused(ExitReason::page_fault, 4, [](ExitEvent& e) { e.operand = 1; });
    refused(ExitReason::hlt, 0, [](ExitEvent& e) { e.port = 1; });
    refused(ExitReason::hlt, 0, [](ExitEvent& e) { e.gpa = 1; });
    refused(ExitReason::hlt, 0, [](ExitEvent& e) { e.register_id = 1; });
    for (const unsigned id : {1u, 5u, 6u, 7u, 9u, 255u})
        refused(ExitReason::control_register, 0, [id](ExitEvent& e) { e.register_id = static_cast<std::uint8_t>(id); });
    for (const unsigned id : {4u, 5u, 8u, 255u})
        refused(ExitReason::debug_register, 0, [id](ExitEvent& e) { e.register_id = static_cast<std::uint8_t>(id); });
}

TEST_F(ShimVm, MovesToAndFromSpecialRegistersAreMadeByTheShim) {
    using Numbered = std::vector<std::pair<unsigned, Register>>;
    const Numbered controls = {{0, Register::cr0}, {2, Register::cr2}, {3, Register::cr3}, {4, Register::cr4}, {8, Register::cr8}};
    const Numbered debugs = {{0, Register::dr0}, {1, Register::dr1}, {2, Register::dr2}, {3, Register::dr3}, {6, Register::dr6}, {7, Register::dr7}};
    const auto check = [&](ExitReason reason, unsigned id, Register special, AccessType access) {
        ExitEvent event = simple_exit(reason);
        event.register_id = static_cast<std::uint8_t>(id);
        event.operand = 9;
        event.access = access;
        const VcpuContext before = random_context(random);
        VcpuContext after = before;
        complete_instruction(*find_exit(exit_table, reason), event, after);
        VcpuContext expected = before;
        if (access == AccessType::write) expected[special] = before[Register::r9];
        if (access == AccessType::read) expected[Register::r9] = before[special];
        expected[Register::rip] += 2;
        EXPECT_EQ(after, expected) << special;
    };
    for (const AccessType access : {AccessType::read, AccessType::write}) {
        for (const auto& [id, reg] : controls) check(ExitReason::control_register, id, reg, access);
        for (const auto& [id, reg] : debugs) check(ExitReason::debug_register, id, reg, access);
    }
}

TEST_F(ShimVm, ARefusedValueLeavesTheVcpuStoppedForABetterOne) {
    shim.enter(0, addr_shim, {});
    VcpuContext context = random_context(random);
    const VmShim::Exit exit = shim.exit(0, simple_exit(ExitReason::rdmsr), context);
    HypervisorView returned = exit.view;
    returned.context[Register::rax] = 5;
    returned.context[Register::rdx] = 0x1'0000'0000;
    const VmShim::Entry refused = shim.enter(0, addr_shim, returned);
    EXPECT_EQ(refused.status, ShimStatus::refused_value);
    ASSERT_NE(refused.refused, nullptr);
    EXPECT_EQ(refused.refused->reg, Register::rdx);
    EXPECT_EQ(refused.context, VcpuContext{});
    EXPECT_EQ(shim.mode(0), VcpuMode::host);

    returned.context[Register::rdx] = 6;
    const VmShim::Entry entry = shim.enter(0, addr_shim, returned);
    context[Register::rax] = 5;
    context[Register::rdx] = 6;
    context[Register::rip] += 2;
    EXPECT_EQ(entry.status, ShimStatus::ok);
    EXPECT_EQ(entry.context, context);
}

/// Leaves for RDTSC, and comes back with a count; gives the status of the entry.
ShimStatus read_time(VmShim& shim, std::uint64_t vcpu, std::uint64_t count, VcpuContext& context) {
    HypervisorView view = shim.exit(vcpu, simple_exit(ExitReason::rdtsc), context).view;
    view.context[Register::rax] = count & 0xffffffff;
    view.context[Register::rdx] = count >> 32;
    const VmShim::Entry entry = shim.enter(vcpu, addr_shim, view);
    if (entry.status == ShimStatus::ok) context = entry.context;
    return entry.status;
}

TEST_F(ShimVm, TimeDoesNotRunBackwards) {
    VcpuContext first = shim.enter(0, addr_shim, {}).context;
    VcpuContext second = shim.enter(1, addr_shim, {}).context;
    EXPECT_EQ(read_time(shim, 0, 0x5'0000'0007, first), ShimStatus::ok);
    EXPECT_EQ(first[Register::rdx], 5u);
    EXPECT_EQ(first[Register::rax], 7u);
    EXPECT_EQ(read_time(shim, 0, 0x5'0000'0007, first), ShimStatus::ok) << "the same moment";
    EXPECT_EQ(read_time(shim, 1, 3, second), ShimStatus::ok) << "each vCPU has its own";
    HypervisorView view = shim.exit(0, simple_exit(ExitReason::rdtsc), first).view;
    for (const std::uint64_t less : {std::uint64_t{0x5'0000'0006}, std::uint64_t{0x4'ffff'ffff}, std::uint64_t{0}}) {
        view.context[Register::rax] = less & 0xffffffff;
        view.context[Register::rdx] = less >> 32;
        const VmShim::Entry refused = shim.enter(0, addr_shim, view);
        EXPECT_EQ(refused.status, ShimStatus::refused_value) << less;
        EXPECT_NE(refused.refused, nullptr);
        EXPECT_EQ(shim.mode(0), VcpuMode::host);
    }
    view.context[Register::rdx] = 6;
    EXPECT_EQ(shim.enter(0, addr_shim, view).status, ShimStatus::ok) << "a better one";
}

TEST_F(ShimVm, AnotherShimKnowsTheTimeFromTheSameMemory) {
    VcpuContext context = shim.enter(0, addr_shim, {}).context;
    EXPECT_EQ(read_time(shim, 0, 1000, context), ShimStatus::ok);
    shim.exit(0, simple_exit(ExitReason::hlt), context);
    VmShim other(addr_shim, vcpus, memory, policy);
    context = other.enter(0, addr_shim, {}).context;
    EXPECT_EQ(read_time(other, 0, 999, context), ShimStatus::refused_value);
}

TEST(ShimVmPlanted, AShimThatForgetsTheTimeIsSeen) {
    ExitTable table = exit_table;
    for (ExitEntry& row : table) row.monotonic = false;
    const ExitPolicy policy(table);
    PlainGuestMemory memory;
    store_context_page(memory, context_page(addr_shim, 0), {}, {});
    VmShim shim(addr_shim, 1, memory, policy);
    VcpuContext context = shim.enter(0, addr_shim, {}).context;
    EXPECT_EQ(read_time(shim, 0, 1000, context), ShimStatus::ok);
    EXPECT_EQ(read_time(shim, 0, 999, context), ShimStatus::ok) << "the check above would fail";
}

TEST_F(ShimVm, ValuesThatMayNotChangeAreCountedAndHaveNoEffect) {
    shim.enter(0, addr_shim, {});
    const VcpuContext context = random_context(random);
    HypervisorView returned = shim.exit(0, simple_exit(ExitReason::timer), context).view;
    returned.context[Register::rip] = 0xbad;
    returned.context[Register::cr3] = 0xbad;
    const VmShim::Entry entry = shim.enter(0, addr_shim, returned);
    EXPECT_EQ(entry.status, ShimStatus::ok);
    EXPECT_EQ(entry.context, context);
    EXPECT_EQ(shim.statistics().ignored_values, 2u);

    returned = shim.exit(0, simple_exit(ExitReason::cpuid), context).view;
    returned.context[Register::rbx] = 0xa11;
    EXPECT_EQ(shim.enter(0, addr_shim, returned).status, ShimStatus::ok);
    EXPECT_EQ(shim.statistics().ignored_values, 2u) << "a value that may change";
}

TEST_F(ShimVm, ThePageCountsTheExitsOfItsVcpu) {
    Block64 line;
    for (std::uint64_t exits = 1; exits <= 3; ++exits) {
        shim.enter(0, addr_shim, {});
        shim.exit(0, simple_exit(ExitReason::hlt), {});
        memory.read_line(context_page(addr_shim, 0), line.data());
        const auto header = decode_header(line);
        ASSERT_TRUE(header);
        EXPECT_EQ(header->exits, exits);
        EXPECT_EQ(header->state, ContextState::stopped);
    }
    shim.enter(0, addr_shim, {});
    memory.read_line(context_page(addr_shim, 0), line.data());
    const auto header = decode_header(line);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->exits, 3u);
    EXPECT_EQ(header->state, ContextState::running);
}

TEST_F(ShimVm, MemoryIsUsedInShimModeOnly) {
    std::set<VcpuMode> modes;
    memory.before = [&](Address gpa, bool) {
        const std::uint64_t vcpu = (gpa - addr_shim) / page_bytes - 1;
        modes.insert(shim.mode(vcpu));
        return MemoryAnswer::ok;
    };
    shim.enter(2, addr_shim, {});
    shim.exit(2, simple_exit(ExitReason::pause), {});
    EXPECT_EQ(modes, std::set<VcpuMode>{VcpuMode::shim});
}

TEST_F(ShimVm, APageThatIsGoneOrDamagedAtAnyAccessStopsTheVcpu) {
    for (const MemoryAnswer answer : {MemoryAnswer::not_mapped, MemoryAnswer::violated}) {
        const ShimStatus expected = answer == MemoryAnswer::violated ? ShimStatus::violated : ShimStatus::not_mapped;
        const auto fail_at = [&](unsigned& countdown) {
            return [&countdown, answer](Address, bool) { return countdown-- == 0 ? answer : MemoryAnswer::ok; };
        };
        unsigned entries = 0;
        for (bool done = false; !done; ++entries) {
            PlainGuestMemory fragile;
            VmShim one(addr_shim, 1, fragile, policy);
            store_context_page(fragile, context_page(addr_shim, 0), {}, boot(0));
            unsigned countdown = entries;
            fragile.before = fail_at(countdown);
            const VmShim::Entry entry = one.enter(0, addr_shim, {});
            done = entry.status == ShimStatus::ok;
            if (done) break;
            EXPECT_EQ(entry.status, expected);
            EXPECT_EQ(entry.context, VcpuContext{});
            EXPECT_EQ(one.mode(0), VcpuMode::host);
        }
        EXPECT_EQ(entries, 2 + context_bytes / line_bytes);
        unsigned exits = 0;
        for (bool done = false; !done; ++exits) {
            PlainGuestMemory fragile;
            VmShim one(addr_shim, 1, fragile, policy);
            store_context_page(fragile, context_page(addr_shim, 0), {}, boot(0));
            one.enter(0, addr_shim, {});
            unsigned countdown = exits;
            fragile.before = fail_at(countdown);
            const VmShim::Exit exit = one.exit(0, simple_exit(ExitReason::wrmsr), random_context(random));
            done = exit.status == ShimStatus::ok;
            if (done) break;
            EXPECT_EQ(exit.status, expected);
            EXPECT_EQ(exit.view.context, VcpuContext{});
            fragile.before = [](Address, bool) { return MemoryAnswer::ok; };
            EXPECT_EQ(one.enter(0, addr_shim, exit.view).status, ShimStatus::not_stopped);
        }
        EXPECT_EQ(exits, 2 + context_bytes / line_bytes);
    }
}

TEST_F(ShimVm, APageThatHoldsSomethingElseIsNoContext) {
    const ExitEvent good = event_of(ExitReason::io_in, 4, random);
    ExitEvent bad = good;
    bad.size = 3;
    ExitEvent unknown = good;
    unknown.reason = static_cast<ExitReason>(200);
    for (const ExitEvent& event : {bad, unknown}) {
        store_context_page(memory, context_page(addr_shim, 0), {ContextState::stopped, event, 1}, {});
        EXPECT_EQ(shim.enter(0, addr_shim, {}).status, ShimStatus::no_context);
    }
    const Block64 zeros{};
    memory.write_line(context_page(addr_shim, 0), zeros.data());
    EXPECT_EQ(shim.enter(0, addr_shim, {}).status, ShimStatus::no_context);
}

TEST_F(ShimVm, StatisticsCountEachReason) {
    shim.enter(0, addr_shim, {});
    for (int i = 0; i < 3; ++i) {
        const VmShim::Exit exit = shim.exit(0, simple_exit(ExitReason::hlt), {});
        shim.enter(0, addr_shim, exit.view);
    }
    StatisticsGroup group("shim");
    shim.collect(group);
    std::uint64_t sum = 0;
    for (const Statistic& value : group.groups().front().values()) {
        EXPECT_EQ(std::get<std::uint64_t>(value.value), value.name == "hlt" ? 3u : 0u);
        sum += std::get<std::uint64_t>(value.value);
    }
    EXPECT_EQ(sum, 3u);
    EXPECT_EQ(group.values().size(), 3u);
    EXPECT_EQ(std::get<std::uint64_t>(group.values().front().value), 4u);
}

RC_GTEST_PROP(ShimVmProperty, ManyVcpusNeverMixTheirContexts, (const std::vector<std::pair<std::uint8_t, std::uint64_t>>& steps)) {
    constexpr unsigned vcpus = 4;
    PlainGuestMemory memory;
    const ExitPolicy policy;
    VmShim shim(addr_shim, vcpus, memory, policy);
    std::vector<VcpuContext> model(vcpus);
    std::vector<bool> running(vcpus, false);
    for (unsigned vcpu = 0; vcpu < vcpus; ++vcpu) store_context_page(memory, context_page(addr_shim, vcpu), {}, model[vcpu]);
    for (const auto& [choice, seed] : steps) {
        const unsigned vcpu = choice % vcpus;
        std::mt19937_64 random(seed);
        if (running[vcpu]) {
            model[vcpu] = random_context(random);
            RC_ASSERT(shim.exit(vcpu, simple_exit(ExitReason::preemption), model[vcpu]).status == ShimStatus::ok);
        } else {
            HypervisorView hostile;
            hostile.context = random_context(random);
            const VmShim::Entry entry = shim.enter(vcpu, addr_shim, hostile);
            RC_ASSERT(entry.status == ShimStatus::ok);
            RC_ASSERT(entry.context == model[vcpu]);
        }
        running[vcpu] = !running[vcpu];
    }
}

/// A VM whose shim keeps its contexts in protected memory, and someone at the bus.
class ShimInProtectedMemory : public ::testing::Test {
protected:
    static constexpr Vmid vmid = 2;
    static constexpr Address frames = 0x8000;

    ShimInProtectedMemory() {
        fixture.memory.install(vm_of(vmid, 16));
        map.add({0, frames, 16});
        EXPECT_EQ(store_context_page(guest, page, {}, {}), MemoryAnswer::ok);
        EXPECT_EQ(shim.enter(0, addr_shim, {}).status, ShimStatus::ok);
    }
    HypervisorView stop(const VcpuContext& context) {
        const VmShim::Exit exit = shim.exit(0, simple_exit(ExitReason::hlt), context);
        EXPECT_EQ(exit.status, ShimStatus::ok);
        fixture.memory.flush(vmid);
        return exit.view;
    }
    Address hpa(std::size_t line) const { return frames + page + line * line_bytes; }

    static constexpr Address page = context_page(addr_shim, 0);
    Fixture fixture;
    GuestMemoryMap map;
    ProtectedGuestMemory guest{fixture.memory, vmid, map};
    ExitPolicy policy;
    VmShim shim{addr_shim, 1, guest, policy};
    std::mt19937_64 random{5};
};

TEST_F(ShimInProtectedMemory, NoRegisterIsInMemoryInClear) {
    const VcpuContext context = random_context(random);
    stop(context);
    const Bytes dram = fixture.store.bytes(hpa(0), page_bytes);
    for (std::size_t i = 0; i < register_count; ++i) {
        std::array<std::uint8_t, 8> value;
        store_le64(value.data(), context.registers[i]);
        EXPECT_EQ(std::search(dram.begin(), dram.end(), value.begin(), value.end()), dram.end()) << static_cast<Register>(i);
    }
}

TEST_F(ShimInProtectedMemory, ATamperedContextIsNeverEntered) {
    for (std::size_t line = 0; line <= context_bytes / line_bytes; ++line) {
        const HypervisorView view = stop(random_context(random));
        fixture.store.flip(hpa(line) + random() % line_bytes, 0x10);
        EXPECT_EQ(shim.enter(0, addr_shim, view).status, ShimStatus::violated) << line;
        EXPECT_EQ(fixture.memory.violations().last().check, Check::data_tag);
        EXPECT_EQ(shim.enter(0, addr_shim, view).status, ShimStatus::violated) << "the VM is stopped";
        // A new machine for the next line.
        fixture.memory.uninstall(vmid);
        fixture.memory.install(vm_of(vmid, 16));
        ASSERT_EQ(store_context_page(guest, page, {}, {}), MemoryAnswer::ok);
        ASSERT_EQ(shim.enter(0, addr_shim, {}).status, ShimStatus::ok);
    }
}

TEST_F(ShimInProtectedMemory, AReplayedContextIsNeverEntered) {
    HypervisorView view = stop(random_context(random));
    const TestStore old = fixture.store;
    ASSERT_EQ(shim.enter(0, addr_shim, view).status, ShimStatus::ok);
    view = stop(random_context(random));
    fixture.store = old;  // ciphertext, tags, counters and tree, all of that earlier moment
    EXPECT_EQ(shim.enter(0, addr_shim, view).status, ShimStatus::violated);
}

TEST_F(ShimInProtectedMemory, AContextThatIsNotReplayedGoesOnAfterTheSameSteps) {
    const VcpuContext context = random_context(random);
    HypervisorView view = stop(random_context(random));
    ASSERT_EQ(shim.enter(0, addr_shim, view).status, ShimStatus::ok);
    view = stop(context);
    const VmShim::Entry entry = shim.enter(0, addr_shim, view);
    VcpuContext expected = context;
    expected[Register::rip] += 2;
    EXPECT_EQ(entry.status, ShimStatus::ok);
    EXPECT_EQ(entry.context, expected);
}

TEST_F(ShimInProtectedMemory, AnotherShimGoesOnFromTheSameMemory) {
    const VcpuContext context = random_context(random);
    const HypervisorView view = stop(context);
    VmShim other(addr_shim, 1, guest, policy);
    const VmShim::Entry entry = other.enter(0, addr_shim, view);
    EXPECT_EQ(entry.status, ShimStatus::ok);
    EXPECT_EQ(entry.context[Register::cr3], context[Register::cr3]);
    VmShim third(addr_shim, 1, guest, policy);
    EXPECT_EQ(third.enter(0, addr_shim, view).status, ShimStatus::not_stopped);
}

TEST_F(ShimInProtectedMemory, AnUnmappedPageHasItsStatus) {
    const GuestMemoryMap nothing;
    ProtectedGuestMemory gone(fixture.memory, vmid, nothing);
    VmShim other(addr_shim, 1, gone, policy);
    EXPECT_EQ(other.enter(0, addr_shim, {}).status, ShimStatus::not_mapped);
}

}  // namespace
}  // namespace coffer
