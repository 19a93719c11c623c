// A hostile hypervisor against the H-SVM controller: COFFER_HSVM_OPERATIONS sets how many operations, COFFER_SEED which.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "unit/hsvm_oracle.h"

namespace coffer {
namespace {

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
    const char* chosen = std::getenv(name);
    return chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : otherwise;
}

constexpr std::uint64_t between_sweeps = 1000;

/// What went wrong within some operations, or nothing.
std::optional<std::string> run(const HsvmMachineSettings& settings, std::uint64_t seed, std::uint64_t operations,
                               HsvmOracle::Counts* counts = nullptr) {
    HsvmOracle oracle(settings, seed);
    try {
        while (oracle.counts().steps < operations) {
            oracle.step();
            if (oracle.counts().steps % between_sweeps == 0) oracle.check_everything();
        }
        oracle.check_everything();
    } catch (const HsvmMismatch& mismatch) {
        return fmt::format("step {}: {}\n{}", oracle.counts().steps, mismatch.what(), oracle.history());
    }
    if (counts != nullptr) *counts = oracle.counts();
    return std::nullopt;
}

class HsvmModel : public testing::TestWithParam<bool> {
protected:
    HsvmMachineSettings settings() const {
        HsvmMachineSettings s;
        s.encrypt = GetParam();
        // A VM that touches a lost page would only be stopped: it goes on, so that more is tried.
        s.on_violation = OnViolation::report;
        return s;
    }
};
INSTANTIATE_TEST_SUITE_P(Hsvm, HsvmModel, testing::Values(false));
INSTANTIATE_TEST_SUITE_P(Combined, HsvmModel, testing::Values(true));

TEST_P(HsvmModel, AHostileHypervisorGetsNothing) {
    const std::uint64_t seed = setting("COFFER_SEED", 1), operations = setting("COFFER_HSVM_OPERATIONS", 100'000);
    HsvmOracle::Counts counts;
    const auto mismatch = run(settings(), seed, operations, &counts);
    ASSERT_FALSE(mismatch) << "COFFER_SEED=" << seed << ": " << *mismatch;
    std::string done;
    for (const auto& [operation, times] : counts.done) {
        done += fmt::format(" {} {}", to_string(operation), times);
        EXPECT_GT(times, operations / 2000) << to_string(operation);
    }
    fmt::print("seed {} (COFFER_SEED), {} operations (COFFER_HSVM_OPERATIONS), done:{}; {} refused, {} lines read, "
               "{} large mappings, {} borrowed, {} forged images, {} migrations, {} violations\n",
               seed, operations, done, counts.refused, counts.lines_read, counts.large, counts.borrowed, counts.forged_refused, counts.migrated,
               counts.violations);
    EXPECT_EQ(counts.done.size(), 17u) << "every operation";
    EXPECT_GT(counts.refused, operations / 10);
    EXPECT_GT(counts.large, operations / 10000);
    EXPECT_GT(counts.borrowed, operations / 5000);
    EXPECT_GT(counts.forged_refused, operations / 1000);
    EXPECT_GT(counts.violations, operations / 1000);
}

/// VMs that a check stops, while they run on cores and lend pages, and whose VMIDs come again.
TEST_P(HsvmModel, StoppedVmsGetAndLeaveNothing) {
    const std::uint64_t seed = setting("COFFER_SEED", 1), operations = setting("COFFER_HSVM_OPERATIONS", 100'000);
    HsvmMachineSettings freezing = settings();
    freezing.on_violation = OnViolation::freeze;
    HsvmOracle::Counts counts;
    const auto mismatch = run(freezing, seed, operations, &counts);
    ASSERT_FALSE(mismatch) << "COFFER_SEED=" << seed << ": " << *mismatch;
    fmt::print("seed {} (COFFER_SEED), {} operations (COFFER_HSVM_OPERATIONS), {} refused, {} VMs stopped, {} of their vCPUs on cores, "
               "{} VMs ended\n",
               seed, operations, counts.refused, counts.stopped, counts.taken_off, counts.vms_ended);
    EXPECT_EQ(counts.done.size(), 17u) << "every operation";
    EXPECT_GT(counts.stopped, operations / 1000);
    EXPECT_GT(counts.taken_off, operations / 5000);
    EXPECT_GE(counts.vms_ended, counts.stopped - 6);
}

TEST(HsvmModelWithoutTree, KnowsLostPagesAndRaisesNoFalseAlarm) {
    for (const Integrity integrity : {Integrity::mac, Integrity::none}) {
        HsvmMachineSettings settings;
        settings.integrity = integrity;
        settings.on_violation = OnViolation::report;
        const auto mismatch = run(settings, 2, 20'000);
        EXPECT_FALSE(mismatch) << to_string(integrity) << ": " << *mismatch;
    }
}

/// A fault and what it may lead to in each configuration; nothing where it is none there.
struct Planted {
    HsvmFault fault;
    std::vector<std::string> hsvm, combined;
    OnViolation on_violation = OnViolation::report;
};

TEST_P(HsvmModel, EveryPlantedFaultIsFound) {
    const Planted faults[] = {
        {HsvmFault::no_zeroing, {"shows plaintext of a VM"}, {"its VM wrote"}},
        {HsvmFault::leaf_unchanged, {}, {"-> page_swapped: should have been done"}},
        {HsvmFault::ownership_unseen, {"the ownership table has"}, {"the ownership table has"}},
        // The bit is in records of swapped pages, too.
        {HsvmFault::never_lost,
         {"the page table has 0x0, and should have 0x40", "an image is refused"},
         {"the page table has 0x0, and should have 0x40"}},
        {HsvmFault::stale_tlb, {"access 0", "its VM wrote", "cannot read its frame"}, {"access 0", "cannot read its frame"}},
        {HsvmFault::stale_cache, {"its VM wrote"}, {"access 2", "its VM wrote"}},
        {HsvmFault::swap_unchecked, {}, {"-> ok: should have been refused"}},
        {HsvmFault::unmeasured, {"a report says something else"}, {"a report says something else"}},
        {HsvmFault::tree_left_behind, {}, {"access 2", "-> violated: should have been done", "-> violated: should have been refused"}},
        {HsvmFault::stop_unseen, {"access 0"}, {"access 0"}, OnViolation::freeze},
        {HsvmFault::cores_kept, {"and should run 0"}, {"and should run 0"}, OnViolation::freeze},
    };
    for (const Planted& planted : faults) {
        const std::vector<std::string>& symptoms = GetParam() ? planted.combined : planted.hsvm;
        if (symptoms.empty()) continue;
        HsvmMachineSettings faulty = settings();
        faulty.fault = planted.fault;
        faulty.on_violation = planted.on_violation;
        const auto mismatch = run(faulty, 1, 20'000);
        ASSERT_TRUE(mismatch) << "fault " << static_cast<int>(planted.fault);
        const auto is_there = [&](const std::string& symptom) { return mismatch->find(symptom) != std::string::npos; };
        EXPECT_TRUE(std::any_of(symptoms.begin(), symptoms.end(), is_there)) << *mismatch;
    }
}

}  // namespace
}  // namespace coffer
