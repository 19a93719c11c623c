// What leaves a VM at an exit, and what comes back: every reason, every register, both directions, against a list that was written by hand.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "unit/shim_bench.h"
#include "vcpu/exit_policy.h"
#include "vcpu/vm_shim.h"

namespace coffer {
namespace {

constexpr unsigned of_access = 0;

struct ExpectedRow {
    ExitReason reason;
    bool behind;
    std::vector<unsigned> sizes;  // {0}: no access
    std::vector<EventField> event;
    std::map<Register, unsigned> shown;     // bits
    std::map<Register, unsigned> accepted;  // bits
    bool accepts_data = false;
};

const std::vector<ExpectedRow>& expected_rows() {
    using R = Register;
    using E = EventField;
    using X = ExitReason;
    static const std::vector<ExpectedRow> rows = {
        {X::cpuid, true, {0}, {}, {{R::rax, 32}, {R::rcx, 32}}, {{R::rax, 32}, {R::rbx, 32}, {R::rcx, 32}, {R::rdx, 32}}},
        {X::io_in, true, {1, 2, 4}, {E::port, E::size}, {}, {{R::rax, of_access}}},
        {X::io_out, true, {1, 2, 4}, {E::port, E::size}, {{R::rax, of_access}}, {}},
        {X::rdmsr, true, {0}, {}, {{R::rcx, 32}}, {{R::rax, 32}, {R::rdx, 32}}},
        {X::wrmsr, true, {0}, {}, {{R::rax, 32}, {R::rcx, 32}, {R::rdx, 32}}, {}},
        {X::hypercall, true, {0}, {}, {{R::rax, 64}, {R::rbx, 64}, {R::rcx, 64}, {R::rdx, 64}, {R::rsi, 64}}, {{R::rax, 64}}},
        {X::page_fault, false, {1, 2, 4, 8, 16, 32}, {E::gpa, E::access, E::size}, {}, {}},
        {X::mmio_read, true, {1, 2, 4, 8}, {E::gpa, E::access, E::size}, {}, {}, true},
        {X::mmio_write, true, {1, 2, 4, 8}, {E::gpa, E::access, E::size, E::data}, {}, {}},
        {X::rdtsc, true, {0}, {}, {}, {{R::rax, 32}, {R::rdx, 32}}},
        {X::hlt, true, {0}, {}, {}, {}},
        {X::pause, true, {0}, {}, {}, {}},
        {X::wbinvd, true, {0}, {}, {}, {}},
        {X::external_interrupt, false, {0}, {}, {}, {}},
        {X::nmi, false, {0}, {}, {}, {}},
        {X::timer, false, {0}, {}, {}, {}},
        {X::preemption, false, {0}, {}, {}, {}},
        {X::control_register, true, {0}, {E::register_id}, {}, {}},
        {X::debug_register, true, {0}, {E::register_id}, {}, {}},
    };
    return rows;
}

std::uint64_t low_bits(std::uint64_t value, unsigned bits) { return bits == 64 ? value : value % (std::uint64_t{1} << bits); }
unsigned width(unsigned bits, unsigned size) { return bits == of_access ? 8 * size : bits; }

HypervisorView expected_view(const ExpectedRow& row, const ExitEvent& event, const VcpuContext& context) {
    HypervisorView view;
    view.reason = row.reason;
    for (const auto& [reg, bits] : row.shown) view.context[reg] = low_bits(context[reg], width(bits, event.size));
    const std::uint64_t fields[] = {event.port, event.size, static_cast<std::uint64_t>(event.access), event.gpa, event.register_id,
                                    event.size == 0 ? 0 : low_bits(context.registers[event.operand], std::min(64u, 8u * event.size))};
    for (const EventField field : row.event) view[field] = fields[static_cast<std::size_t>(field)];
    return view;
}

std::uint64_t written(std::uint64_t old, std::uint64_t value, unsigned size) {
    if (size == 1) return (old & ~std::uint64_t{0xff}) | value;
    if (size == 2) return (old & ~std::uint64_t{0xffff}) | value;
    return value;
}

/// What the guest must find; nothing where the returned values must be refused.
std::optional<VcpuContext> expected_context(const ExpectedRow& row, const ExitEvent& event, const VcpuContext& saved,
                                            const HypervisorView& returned) {
    VcpuContext context = saved;
    for (const auto& [reg, bits] : row.accepted) {
        const std::uint64_t value = returned.context[reg];
        if (low_bits(value, width(bits, event.size)) != value) return std::nullopt;
        if (row.reason == ExitReason::hypercall && value > 0x7fff'ffff && value < std::uint64_t(-4095)) return std::nullopt;
        context[reg] = bits == of_access ? written(saved[reg], value, event.size) : value;
    }
    if (row.accepts_data) {
        const std::uint64_t value = returned[EventField::data];
        if (low_bits(value, 8u * event.size) != value) return std::nullopt;
        context.registers[event.operand] = written(saved.registers[event.operand], value, event.size);
    }
    if (row.reason == ExitReason::control_register || row.reason == ExitReason::debug_register) {
        const Register special = row.reason == ExitReason::control_register ? Register::cr3 : Register::dr3;
        if (event.access == AccessType::write) context[special] = saved.registers[event.operand];
        if (event.access == AccessType::read) context.registers[event.operand] = saved[special];
    }
    if (row.behind) context[Register::rip] += event.instruction_bytes;
    return context;
}

std::string where(const ExpectedRow& row, unsigned size) { return fmt::format("{} of {} bytes", find_exit(exit_table, row.reason)->name, size); }

/// One vCPU that has just left its guest.
class Stopped {
public:
    Stopped(const ExitPolicy& policy, const ExitEvent& event, const VcpuContext& context) : shim_(addr_shim, 1, memory_, policy) {
        store_context_page(memory_, context_page(addr_shim, 0), {}, {});
        shim_.enter(0, addr_shim, {});
        exit_ = shim_.exit(0, event, context);
    }
    const VmShim::Exit& exit() const { return exit_; }
    VmShim::Entry enter(const HypervisorView& returned) { return shim_.enter(0, addr_shim, returned); }

private:
    static constexpr Address addr_shim = 0x10000;
    PlainGuestMemory memory_;
    VmShim shim_;
    VmShim::Exit exit_;
};

/// Walks the exits of the reason (all where there is none): the first value that the hypervisor should not see, or should and does not.
std::string first_leak(const ExitPolicy& policy, std::optional<ExitReason> only = {}) {
    std::mt19937_64 random(1);
    for (const ExpectedRow& row : expected_rows()) {
        if (only && row.reason != *only) continue;
        for (const unsigned size : row.sizes) {
            const ExitEvent event = event_of(row.reason, size, random);
            const VcpuContext context = random_context(random);
            const VmShim::Exit exit = Stopped(policy, event, context).exit();
            if (exit.status != ShimStatus::ok) return fmt::format("{}: {}", where(row, size), to_string(exit.status));
            const HypervisorView expected = expected_view(row, event, context);
            for (std::size_t i = 0; i < register_count; ++i)
                if (exit.view.context.registers[i] != expected.context.registers[i])
                    return fmt::format("{}: {}", where(row, size), to_string(static_cast<Register>(i)));
            if (exit.view != expected) return fmt::format("{}: not a register", where(row, size));
        }
    }
    return {};
}

/// Gives one hostile set of values back, and compares what the guest finds.
std::string intrusion(const ExitPolicy& policy, const ExpectedRow& row, const ExitEvent& event, const VcpuContext& context,
                      const std::function<void(HypervisorView&)>& change) {
    Stopped stopped(policy, event, context);
    HypervisorView returned = stopped.exit().view;
    change(returned);
    const auto expected = expected_context(row, event, context, returned);
    const VmShim::Entry entry = stopped.enter(returned);
    if (!expected) return entry.status == ShimStatus::refused_value ? "" : fmt::format("a value out of range: {}", to_string(entry.status));
    if (entry.status != ShimStatus::ok) return fmt::format("a good value: {}", to_string(entry.status));
    for (std::size_t i = 0; i < register_count; ++i)
        if (entry.context.registers[i] != expected->registers[i]) return std::string(to_string(static_cast<Register>(i)));
    return entry.context == *expected ? "" : "extended state";
}

/// Walks the ways back: each register and each field in turn takes telling values. The first that the shim does not treat as it should.
std::string first_intrusion(const ExitPolicy& policy, std::optional<ExitReason> only = {}) {
    static constexpr std::uint64_t telling[] = {0, 0xff, 0x100, 0xffff, 0x1'0000, 0x7fff'ffff, 0x8000'0000, 0xffff'ffff, 0x1'0000'0000,
                                                0xffff'ffff'ffff'f000, 0xffff'ffff'ffff'f001, ~std::uint64_t{0}};
    std::mt19937_64 random(2);
    for (const ExpectedRow& row : expected_rows()) {
        if (only && row.reason != *only) continue;
        for (const unsigned size : row.sizes) {
            const ExitEvent event = event_of(row.reason, size, random);
            const VcpuContext context = random_context(random);
            // Values in range, so that what a single change does is not hidden by a refusal: a hypercall shows its number, which may be no result.
            const auto good = [&](HypervisorView& view) {
                if (row.reason == ExitReason::hypercall) view.context[Register::rax] = 0;
            };
            const auto tried = [&](const std::string& what, const std::function<void(HypervisorView&)>& change) {
                const std::string fault = intrusion(policy, row, event, context, [&](HypervisorView& view) { good(view), change(view); });
                return fault.empty() ? fault : fmt::format("{}, {} given back: {}", where(row, size), what, fault);
            };
            for (std::size_t i = 0; i < register_count; ++i)
                for (const std::uint64_t value : telling)
                    if (auto fault = tried(fmt::format("{:#x} in {}", value, to_string(static_cast<Register>(i))),
                                           [&](HypervisorView& view) { view.context.registers[i] = value; });
                        !fault.empty())
                        return fault;
            for (std::size_t i = 0; i < event_field_count; ++i)
                for (const std::uint64_t value : telling)
                    if (auto fault =
                            tried(fmt::format("{:#x} in {}", value, event_field_names[i]), [&](HypervisorView& view) { view.event[i] = value; });
                        !fault.empty())
                        return fault;
            if (auto fault = tried("extended state", [&](HypervisorView& view) { view.context.extended.fill(0xa5); }); !fault.empty()) return fault;
            if (auto fault = tried("another reason", [&](HypervisorView& view) { view.reason = ExitReason::cpuid; }); !fault.empty()) return fault;
        }
    }
    return {};
}

TEST(ShimExposure, EveryReasonIsInTheListWrittenByHand) {
    ASSERT_EQ(expected_rows().size(), exit_reason_count);
    for (const ExpectedRow& row : expected_rows()) EXPECT_NE(find_exit(exit_table, row.reason), nullptr);
    EXPECT_EQ(find_exit(exit_table, ExitReason{}), nullptr);
}

TEST(ShimExposure, TheHypervisorSeesWhatIsListedAndNothingElse) { EXPECT_EQ(first_leak(ExitPolicy()), ""); }

TEST(ShimExposure, TheGuestFindsWhatIsAcceptedAndNothingElse) { EXPECT_EQ(first_intrusion(ExitPolicy()), ""); }

RC_GTEST_PROP(ShimExposure, HostileReturnsNeverReachTheGuest, (std::uint64_t seed)) {
    std::mt19937_64 random(seed);
    const ExpectedRow& row = expected_rows()[random() % expected_rows().size()];
    const ExitEvent event = event_of(row.reason, row.sizes[random() % row.sizes.size()], random);
    const VcpuContext context = random_context(random);
    const std::string fault = intrusion(ExitPolicy(), row, event, context, [&](HypervisorView& view) {
        view.context = random_context(random);
        // Half of the time the values are short, so that both answers come.
        for (std::uint64_t& value : view.context.registers)
            if (random() % 2 == 0) value &= 0xff;
        for (std::uint64_t& value : view.event) value = random() % 2 == 0 ? random() : random() & 0xff;
        view.reason = static_cast<ExitReason>(random());
    });
    RC_ASSERT(fault == "");
}

ExitEntry& row_of(ExitTable& table, ExitReason reason) {
    return *std::find_if(table.begin(), table.end(), [reason](const ExitEntry& entry) { return entry.reason == reason; });
}

TEST(ShimExposurePlanted, OneRegisterTooManyShownIsFoundOut) {
    for (const ExpectedRow& row : expected_rows())
        for (std::size_t i = 0; i < register_count; ++i) {
            const auto reg = static_cast<Register>(i);
            if (row.shown.count(reg) != 0) continue;
            ExitTable table = exit_table;
            auto& shown = row_of(table, row.reason).shown;
            shown.items[shown.count++] = {reg, 64};
            EXPECT_NE(first_leak(ExitPolicy(table), row.reason), "") << where(row, 0) << " " << reg;
        }
}

TEST(ShimExposurePlanted, OneBitTooManyShownIsFoundOut) {
    unsigned planted = 0;
    ExitTable table = exit_table;
    for (ExitEntry& row : table)
        for (std::size_t i = 0; i < row.shown.count; ++i) {
            ShownRegister& shown = row.shown.items[i];
            if (shown.bits == 64) continue;
            const std::uint8_t before = std::exchange(shown.bits, 64);
            EXPECT_NE(first_leak(ExitPolicy(table), row.reason), "") << row.name << " " << shown.reg;
            shown.bits = before;
            ++planted;
        }
    EXPECT_EQ(planted, 7u);
}

TEST(ShimExposurePlanted, OneFieldTooManyOrTooFewShownIsFoundOut) {
    for (const ExpectedRow& row : expected_rows())
        for (std::size_t i = 0; i < event_field_count; ++i) {
            // Where the reason has no such field it is 0 anyhow, as the access of a load is.
            const auto field = static_cast<EventField>(i);
            if (row.reason == ExitReason::mmio_read && field == EventField::access) continue;
            const bool listed = std::count(row.event.begin(), row.event.end(), field) != 0;
            if (!listed && !(field == EventField::data && row.sizes != std::vector<unsigned>{0})) continue;
            ExitTable table = exit_table;
            row_of(table, row.reason).shown_event ^= static_cast<std::uint8_t>(1u << i);
            EXPECT_NE(first_leak(ExitPolicy(table), row.reason), "") << where(row, 0) << " " << event_field_names[i];
        }
}

TEST(ShimExposurePlanted, OneRegisterTooManyAcceptedIsFoundOut) {
    for (const ExpectedRow& row : expected_rows())
        for (const Register reg : {Register::rip, Register::rsp, Register::rflags, Register::cr4, Register::r15, Register::tsc_aux}) {
            ExitTable table = exit_table;
            auto& accepted = row_of(table, row.reason).accepted;
            // CPUID has no room for a fifth: there the new one takes a listed one's place.
            accepted.items[accepted.count == accepted.items.size() ? 3 : accepted.count++] = {false, reg, 64, {}};
            EXPECT_NE(first_intrusion(ExitPolicy(table), row.reason), "") << where(row, 0) << " " << reg;
        }
}

TEST(ShimExposurePlanted, AValueOutOfRangeAcceptedIsFoundOut) {
    unsigned planted = 0;
    ExitTable table = exit_table;
    for (ExitEntry& row : table)
        for (std::size_t i = 0; i < row.accepted.count; ++i) {
            AcceptedValue& accepted = row.accepted.items[i];
            const AcceptedValue before = accepted;
            accepted.ranges = {};
            accepted.bits = accepted.bits == 64 ? 64 : 33;
            EXPECT_NE(first_intrusion(ExitPolicy(table), row.reason), "") << row.name << " " << accepted.reg;
            accepted = before;
            for (std::size_t j = 0; j < accepted.ranges.count; ++j) {
                const ValueRange range = accepted.ranges.items[j];
                if (range.low > 0) accepted.ranges.items[j].low -= 1;
                if (range.low == 0) accepted.ranges.items[j].high += 1;
                EXPECT_NE(first_intrusion(ExitPolicy(table), row.reason), "") << row.name << " range " << j;
                accepted.ranges.items[j] = range;
            }
            ++planted;
        }
    EXPECT_EQ(planted, 11u);
}

/// Leaves the vector registers as the guest had them.
class ForgetsExtendedState final : public ExitPolicy {
public:
    HypervisorView show(const ExitEntry& entry, const ExitEvent& event, const VcpuContext& context) const override {
        HypervisorView view = ExitPolicy::show(entry, event, context);
        view.context.extended = context.extended;
        return view;
    }
};

/// Goes on where the hypervisor says.
class ObeysEntryPoint final : public ExitPolicy {
public:
    const AcceptedValue* accept(const ExitEntry& entry, const ExitEvent& event, const HypervisorView& returned, VcpuContext& context) const override {
        const AcceptedValue* refused = ExitPolicy::accept(entry, event, returned, context);
        context[Register::rip] = returned.context[Register::rip];
        return refused;
    }
};

/// Takes the values that came before the bad one.
class TakesBeforeItChecks final : public ExitPolicy {
public:
    const AcceptedValue* accept(const ExitEntry& entry, const ExitEvent& event, const HypervisorView& returned, VcpuContext& context) const override {
        ExitPolicy::accept(entry, event, returned, context);
        return nullptr;
    }
};

TEST(ShimExposurePlanted, FaultsOutsideTheTableAreFoundOut) {
    EXPECT_NE(first_leak(ForgetsExtendedState()), "");
    EXPECT_NE(first_intrusion(ObeysEntryPoint()), "");
    EXPECT_NE(first_intrusion(TakesBeforeItChecks()), "");
}

}  // namespace
}  // namespace coffer
