#include <gtest/gtest.h>

#include <set>

#include "attack/attack_campaign.h"
#include "attack/expected_outcomes.h"

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
    EXPECT_EQ(surprises(campaign.run()).count("bus_spoof in hypercoffer with integrity bmt"), 1u);
}

TEST(WeakenedMachine, WithoutEncryptionIsFoundOut) {
    AttackCampaign campaign("campaign", cases_of(ProtectionConfiguration::hypercoffer), 1,
                            [](MachineParameters& parameters) { parameters.configuration = ProtectionConfiguration::none; });
    EXPECT_EQ(surprises(campaign.run()).size(), all_attacks().size());
}

TEST(WeakenedMachine, AProtectedOneWhereNoneIsExpectedIsFoundOut) {
    AttackCampaign campaign("campaign", cases_of(ProtectionConfiguration::none), 1,
                            [](MachineParameters& parameters) { parameters.configuration = ProtectionConfiguration::hypercoffer; });
    EXPECT_EQ(surprises(campaign.run()).size(), all_attacks().size());
}

}  // namespace
}  // namespace coffer
