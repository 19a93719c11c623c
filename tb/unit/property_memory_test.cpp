// Whatever guests, hypervisor and operator do, in any order: memory holds what was written, nothing is called tampered that is not, and no IV
// is used twice under one key. RC_PARAMS="seed=... max_success=..." repeats or lengthens a run.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <random>

#include <fmt/format.h>

#include "unit/generators.h"

namespace coffer {
namespace {

void run_all(Machine& machine, const std::vector<Step>& steps) {
    for (const Step& step : steps) machine.run(step);
    machine.sweep();
    const Machine::Activity activity = machine.activity();
    if (machine.census().lines() != activity.encrypted_lines)
        throw Mismatch(fmt::format("the census saw {} of {} encrypted lines", machine.census().lines(), activity.encrypted_lines));
    RC_CLASSIFY(activity.boots > 1, "restarts");
    RC_CLASSIFY(activity.overflows > 0, "overflows");
    RC_CLASSIFY(activity.renewals > 0, "pages renewed after a restore");
    RC_CLASSIFY(activity.spills > 0, "entries spilled");
    RC_CLASSIFY(activity.dirty_evictions > 0, "metadata settled");
}

RC_GTEST_PROP(MemoryProperty, HoldsWhatWasWritten, ()) {
    Machine machine(*any_machine(any_scheme()));
    run_all(machine, *many(any_step(all_steps())));
}

// Few pages, many writes: minors at their end, pages of older installs, and both at once.
RC_GTEST_PROP(MemoryProperty, HoldsWhatWasWrittenOverOverflowsAndRenewals, ()) {
    using Kind = Step::Kind;
    MachineSettings settings = *any_machine(any_scheme());
    settings.memory.data_bytes = 8 * page_bytes;
    Machine machine(settings);
    run_all(machine, *many(any_step({{10, Kind::write},
                                     {10, Kind::hammer},
                                     {2, Kind::move},
                                     {1, Kind::shred},
                                     {1, Kind::release},
                                     {3, Kind::snapshot},
                                     {3, Kind::restore},
                                     {1, Kind::save_machine},
                                     {2, Kind::load_machine},
                                     {2, Kind::restart}})));
}

/// Memory that gives a wrong bit every now and then, also for the VM-Table's entries if `chip_too`.
void run_over_faulty_memory(const MachineSettings& settings, unsigned one_in, bool chip_too, const std::vector<Step>& steps) {
    Machine machine(settings);
    machine.tolerate_violations();
    const AddressMap map = machine.memory().map();
    const Address chip_tree = machine.memory().entry(chip_vmid).tree_base;
    const auto of_the_chip = [&](Address address) {
        return (address >= map.chip_base() && address < map.counter_base()) ||
               (address >= map.counter_of(map.chip_base()) && address < map.tag_base()) ||
               (address >= map.tag_of(map.chip_base()) && address < map.tree_base()) || (address >= chip_tree && address < chip_tree + page_bytes);
    };
    std::mt19937_64 random(one_in + steps.size());
    machine.bus.after_read = [&](Address address, std::uint8_t* data, std::size_t size) {
        if (random() % one_in == 0 && (chip_too || !of_the_chip(address))) data[random() % size] ^= static_cast<std::uint8_t>(1u << random() % 8);
    };
    for (const Step& step : steps) machine.run(step);
    machine.sweep();
    RC_CLASSIFY(machine.memory().violations().count() > 0, "violations");
    RC_CLASSIFY(machine.memory().violations().frozen(chip_vmid), "of the chip");
}

WeightedKinds faulty_steps() {
    WeightedKinds kinds = guest_steps();
    kinds.emplace_back(5, Step::Kind::reinstall);
    return kinds;
}

RC_GTEST_PROP(MemoryProperty, GivesRightDataOrAViolationWhateverMemoryGives, ()) {
    run_over_faulty_memory(*any_machine(any_tree_scheme()), *rc::gen::element(10u, 100u, 1000u), *rc::gen::arbitrary<bool>(),
                           *many(any_step(faulty_steps())));
}

// The checks see what they are there for

TEST(MemoryPropertyFault, WrongDataFromFaultyMemoryIsSeen) {
    const auto without_checks = rc::gen::map(any_scheme(), [](Scheme scheme) {
        scheme.integrity = Integrity::none;
        return scheme;
    });
    EXPECT_TRUE(finds_counterexample([=] { run_over_faulty_memory(*any_machine(without_checks), 100, false, *many(any_step(faulty_steps()))); }));
}

TEST(MemoryPropertyFault, AWriteThatMemoryLosesIsSeen) {
    EXPECT_TRUE(finds_counterexample([] {
        Machine machine(*any_machine(any_scheme()));
        const auto watch = machine.bus.before_write;
        int data_writes = 0;
        machine.bus.before_write = [&](Address address, const std::uint8_t* data, std::size_t size) {
            return watch(address, data, size) && !(address < machine.memory().map().chip_base() && ++data_writes == 9);
        };
        run_all(machine, *many(any_step(guest_steps())));
    }));
}

TEST(MemoryPropertyFault, AFalseAlarmIsSeen) {
    EXPECT_TRUE(finds_counterexample([] {
        Machine machine(*any_machine(any_scheme()));
        int reads = 0;
        machine.bus.after_read = [&](Address, std::uint8_t* data, std::size_t) {
            if (++reads == 20) data[0] ^= 1;
        };
        run_all(machine, *many(any_step(guest_steps())));
    }));
}

/// A chip whose global page counter does not survive a restart.
std::unique_ptr<LpidSource> forgetful_lpids(NonVolatile&) {
    struct Forgetful : LpidSource {
        MemoryNonVolatile nonvolatile{ChipNumber(1)};
        LpidAllocator lpids{nonvolatile};
        std::optional<Lpid> next() override { return lpids.next(); }
        Lpid peek() const override { return lpids.peek(); }
    };
    return std::make_unique<Forgetful>();
}

/// A chip that does not say how far its LPIDs have come, so that no page is ever below the floor.
std::unique_ptr<LpidSource> floorless_lpids(NonVolatile& nonvolatile) {
    struct Floorless : LpidSource {
        explicit Floorless(NonVolatile& storage) : lpids(storage) {}
        LpidAllocator lpids;
        std::optional<Lpid> next() override { return lpids.next(); }
        Lpid peek() const override { return ChipNumber(1).lpid(1); }
    };
    return std::make_unique<Floorless>(nonvolatile);
}

/// A chip that gives out every LPID twice.
std::unique_ptr<LpidSource> stuttering_lpids(NonVolatile& nonvolatile) {
    struct Stuttering : LpidSource {
        explicit Stuttering(NonVolatile& storage) : lpids(storage) {}
        LpidAllocator lpids;
        std::optional<Lpid> last;
        std::optional<Lpid> next() override {
            if (last) return std::exchange(last, std::nullopt);
            return last = lpids.next();
        }
        Lpid peek() const override { return lpids.peek(); }
    };
    return std::make_unique<Stuttering>(nonvolatile);
}

TEST(MemoryPropertyFault, ARepeatedIvIsSeen) {
    for (const auto& make_lpids : {forgetful_lpids, floorless_lpids, stuttering_lpids}) {
        EXPECT_TRUE(finds_counterexample([=] {
            Machine machine(*any_machine(any_scheme()), make_lpids);
            run_all(machine, *many(any_step(all_steps())));
        }));
    }
}

// The census itself: the same plaintext under two pads is no repetition, two plaintexts under one pad are.
TEST(MemoryPropertyFault, TheCensusKnowsPadsNotCiphertexts) {
    const auto encrypted = [](const Block64& pad, const Block64& clear) {
        Block64 out;
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = pad[i] ^ clear[i];
        return out;
    };
    const Block64 pad_a{0x11, 0x22}, pad_b{0x33}, clear_a{0x55}, clear_b{0x66};
    PadCensus census;
    census.written(0x40, encrypted(pad_a, clear_a).data());
    census.count([&](Address) { return clear_a; });
    census.written(0x40, encrypted(pad_b, clear_a).data());
    census.count([&](Address) { return clear_a; });
    EXPECT_EQ(census.lines(), 2u);
    census.written(0x80, encrypted(pad_a, clear_b).data());
    EXPECT_THROW(census.count([&](Address) { return clear_b; }), Mismatch);
}

}  // namespace
}  // namespace coffer
