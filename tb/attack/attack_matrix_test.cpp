#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "attack/attack_campaign.h"
#include "attack/attack_matrix.h"
#include "attack/attackers_chip.h"
#include "attack/expected_outcomes.h"
#include "platform/machine_chips.h"
#include "tlm/simulate.h"

namespace coffer {

void PrintTo(const AttackResult& result, std::ostream* out) { *out << to_string(result.outcome) << " (" << result.by << ')'; }

namespace {

std::string name_of(const AttackCase& what) {
    return std::string(what.attack->name) + " in " + std::string(rules_of(what.configuration).name) + " with integrity " +
           std::string(to_string(what.integrity));
}

/// The cases whose outcome is another than the threat model says.
std::set<std::string> surprises(const std::vector<AttackReport>& reports) {
    std::set<std::string> names;
    for (const AttackReport& report : reports)
        if (!(report.result == expected_outcome(report.what))) names.insert(name_of(report.what));
    return names;
}

std::vector<AttackCase> cases_of(ProtectionConfiguration configuration, Integrity integrity = Integrity::bmt) {
    std::vector<AttackCase> cases;
    for (const Attack& attack : all_attacks())
        if (integrity == Integrity::bmt || attack.attacker == Attacker::bus) cases.push_back({&attack, configuration, integrity});
    return cases;
}

TEST(AttackMatrix, EveryAttackEndsAsTheThreatModelSays) {
    AttackCampaign campaign("campaign", all_attack_cases());
    for (const AttackReport& report : campaign.run()) EXPECT_EQ(report.result, expected_outcome(report.what)) << name_of(report.what);
}

TEST(AttackMatrix, IsTheOneOnThePageOfTheThreatModel) {
    AttackCampaign campaign("campaign", all_attack_cases());
    std::ifstream file(COFFER_SOURCE_DIR "/docs/threat_model.md");
    const std::string page((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    EXPECT_NE(page.find("```\n" + attack_matrix_text(campaign.run()) + "```"), std::string::npos) << "put there what coffer attack prints";
}

class AttackMatrixOver : public testing::TestWithParam<HsvmTransport> {};

TEST_P(AttackMatrixOver, IsTheSame) {
    AttackCampaign campaign("campaign", cases_of(ProtectionConfiguration::hsvm), 1,
                            [](MachineParameters& parameters) { parameters.transport = GetParam(); });
    EXPECT_EQ(surprises(campaign.run()), std::set<std::string>());
}

INSTANTIATE_TEST_SUITE_P(Transports, AttackMatrixOver, testing::Values(HsvmTransport::smm, HsvmTransport::usart),
                         [](const auto& instance) { return instance.param == HsvmTransport::smm ? std::string("smm") : std::string("usart"); });

TEST(AttackMatrix, EveryAttackOnDataWorksWhereNothingProtects) {
    for (const AttackCase& what : cases_of(ProtectionConfiguration::none)) {
        const AttackOutcome outcome = expected_outcome(what).outcome;
        EXPECT_TRUE(worked(outcome) || outcome == AttackOutcome::not_applicable) << name_of(what);
    }
}

// What the matrix is for. These tests read the expectations, which the one above holds against the machine.
TEST(AttackMatrix, NothingWorksAgainstTheWholeOfIt) {
    for (const AttackCase& what : cases_of(ProtectionConfiguration::combined)) EXPECT_FALSE(worked(expected_outcome(what).outcome)) << name_of(what);
}

TEST(AttackMatrix, HsvmAloneLosesToEveryAttackOnTheBus) {
    for (const AttackCase& what : cases_of(ProtectionConfiguration::hsvm)) {
        if (what.attack->attacker != Attacker::bus) continue;
        EXPECT_TRUE(worked(expected_outcome(what).outcome)) << name_of(what);
    }
}

TEST(AttackMatrix, EncryptionAloneMissesSpoofSpliceAndReplay) {
    for (const AttackCase& what : cases_of(ProtectionConfiguration::hypercoffer, Integrity::none))
        EXPECT_EQ(worked(expected_outcome(what).outcome), what.attack->aim == AttackAim::harm) << name_of(what);
}

TEST(AttackMatrix, TagsWithoutATreeMissReplay) {
    const std::set<std::string_view> missed{"bus_replay_counters", "bus_replay_everything"};
    for (const AttackCase& what : cases_of(ProtectionConfiguration::hypercoffer, Integrity::mac))
        EXPECT_EQ(worked(expected_outcome(what).outcome), missed.count(what.attack->name) == 1) << name_of(what);
}

// Machines that are weaker than they say: each has to turn the matrix red.
TEST(WeakenedMachine, WithoutATreeIsFoundOut) {
    AttackCampaign campaign("campaign", cases_of(ProtectionConfiguration::hypercoffer), 1,
                            [](MachineParameters& parameters) { parameters.integrity = Integrity::mac; });
    EXPECT_EQ(surprises(campaign.run()).count("bus_replay_everything in hypercoffer with integrity bmt"), 1u);
}

TEST(WeakenedMachine, WithoutTagsIsFoundOut) {
    AttackCampaign campaign("campaign", cases_of(ProtectionConfiguration::hypercoffer), 1,
                            [](MachineParameters& parameters) { parameters.integrity = Integrity::none; });
    const std::set<std::string> found = surprises(campaign.run());
    for (const char* attack : {"bus_spoof", "bus_splice", "bus_replay", "frame_write", "remap", "alias", "swap_forge", "dma_write"})
        EXPECT_EQ(found.count(std::string(attack) + " in hypercoffer with integrity bmt"), 1u) << attack;
}

/// Gives out one LPID, again and again.
class RepeatedLpid : public LpidSource {
public:
    std::optional<Lpid> next() override { return lpid_; }
    Lpid peek() const override { return lpid_; }

private:
    const Lpid lpid_ = ChipNumber(1).lpid(7);
};

class WeakenedMachineIn : public testing::TestWithParam<ProtectionConfiguration> {};

TEST_P(WeakenedMachineIn, WithoutFreshLpidsIsFoundOut) {
    RepeatedLpid lpid;
    AttackCampaign campaign("campaign", cases_of(GetParam()), 1, [&lpid](MachineParameters& parameters) { parameters.lpids = &lpid; });
    const std::string name = "iv_reuse in " + std::string(rules_of(GetParam()).name) + " with integrity bmt";
    EXPECT_EQ(surprises(campaign.run()).count(name), 1u);
}

INSTANTIATE_TEST_SUITE_P(Configurations, WeakenedMachineIn,
                         testing::Values(ProtectionConfiguration::hsvm, ProtectionConfiguration::hypercoffer, ProtectionConfiguration::combined),
                         [](const auto& instance) { return std::string(rules_of(instance.param).name); });

std::set<std::string> surprises_with(ProtectionConfiguration expected, ProtectionConfiguration built) {
    AttackCampaign campaign("campaign", cases_of(expected), 1, [built](MachineParameters& parameters) { parameters.configuration = built; });
    return surprises(campaign.run());
}

TEST(WeakenedMachine, WithoutAnythingIsFoundOutByEveryAttackThatWorksThere) {
    const std::set<std::string> found = surprises_with(ProtectionConfiguration::combined, ProtectionConfiguration::none);
    for (const AttackCase& what : cases_of(ProtectionConfiguration::combined)) EXPECT_EQ(found.count(name_of(what)), 1u) << name_of(what);
}

TEST(WeakenedMachine, WithoutEncryptionIsFoundOut) {
    const std::set<std::string> found = surprises_with(ProtectionConfiguration::combined, ProtectionConfiguration::hsvm);
    for (const char* attack : {"bus_snoop", "bus_spoof", "bus_splice", "bus_replay", "cold_boot", "disk_read", "disk_tamper", "disk_replay"})
        EXPECT_EQ(found.count(std::string(attack) + " in combined with integrity bmt"), 1u) << attack;
}

TEST(WeakenedMachine, WithoutPageOwnershipIsFoundOut) {
    const std::set<std::string> found = surprises_with(ProtectionConfiguration::combined, ProtectionConfiguration::hypercoffer);
    for (const char* attack : {"frame_read", "frame_write", "remap", "alias", "double_map", "unmap_read", "silent_zeroing", "late_write_back",
                               "swap_forge", "swap_replay", "dma_read", "dma_write"})
        EXPECT_EQ(found.count(std::string(attack) + " in combined with integrity bmt"), 1u) << attack;
}

/// A chip that takes the attacker's word for the fleet's: what it sends is for the attacker to read.
class WeakenedChip : public testing::TestWithParam<ProtectionConfiguration> {};

TEST_P(WeakenedChip, ThatTrustsAnybodyIsFoundOut) {
    const auto is_wanted = [](const Attack& one) { return one.name == "migration_wrong_chip"; };
    const Attack& attack = *std::find_if(all_attacks().begin(), all_attacks().end(), is_wanted);
    const ChipIdentity& honest = machine_chip(ChipNumber(1));
    const ChipIdentity trusting(honest.number(), AttackersChip().fleet(), crypto::UnwrapKey::from_der(honest.unwrap_key().der()),
                                crypto::SigningKey::from_der(honest.attest_key().der()));
    MachineParameters parameters;
    parameters.configuration = GetParam();
    MemoryNonVolatile other_nonvolatile(ChipNumber(2)), nonvolatile(ChipNumber(1));
    MachineTlm other("other", parameters, other_nonvolatile);
    parameters.chip = &trusting;
    MachineTlm machine("machine", parameters, nonvolatile);
    test::simulate([&] {
        AttackScene scene(machine, 1, &other);
        attack.carry_out(scene);
        EXPECT_EQ(scene.judge(attack.aim), (AttackResult{AttackOutcome::leaked, "plaintext"}));
    });
}

INSTANTIATE_TEST_SUITE_P(Configurations, WeakenedChip,
                         testing::Values(ProtectionConfiguration::hsvm, ProtectionConfiguration::hypercoffer, ProtectionConfiguration::combined),
                         [](const auto& instance) { return std::string(rules_of(instance.param).name); });

TEST(WeakenedMachine, AProtectedOneWhereNoneIsExpectedIsFoundOut) {
    const std::set<std::string> found = surprises_with(ProtectionConfiguration::none, ProtectionConfiguration::combined);
    for (const AttackCase& what : cases_of(ProtectionConfiguration::none)) EXPECT_EQ(found.count(name_of(what)), 1u) << name_of(what);
}

}  // namespace
}  // namespace coffer
