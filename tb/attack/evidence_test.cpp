#include "attack/evidence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "attack/attack_campaign.h"

namespace coffer {
namespace {

constexpr Vmid victim = 2;

Bytes secret_bytes() {
    Bytes bytes(64);
    for (std::size_t i = 0; i != bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(31 * i + 7);
    return bytes;
}

Violation violation_of(Vmid vmid) {
    Violation violation;
    violation.check = Check::data_tag;
    violation.vmid = vmid;
    return violation;
}

AttackOutcome outcome(const Evidence& evidence, AttackAim aim, const std::vector<Violation>& raised = {}) {
    return evidence.judge(aim, victim, raised).outcome;
}

TEST(Evidence, SixteenBytesOfTheSecretAnywhereAreALeak) {
    for (const std::size_t piece : {0u, 16u, 32u, 48u})
        for (const std::size_t offset : {0u, 1u, 77u}) {
            Bytes bytes(200, 0xee);
            std::copy_n(secret_bytes().begin() + static_cast<std::ptrdiff_t>(piece), 16, bytes.begin() + static_cast<std::ptrdiff_t>(offset));
            Evidence evidence(secret_bytes());
            evidence.obtained(bytes);
            evidence.victim_loaded(secret_bytes(), secret_bytes());
            EXPECT_EQ(outcome(evidence, AttackAim::secret), AttackOutcome::leaked) << piece << ' ' << offset;
            bytes[offset + 15] ^= 1;
            Evidence almost(secret_bytes());
            almost.obtained(bytes);
            almost.victim_loaded(secret_bytes(), secret_bytes());
            EXPECT_EQ(outcome(almost, AttackAim::secret), AttackOutcome::prevented);
        }
}

TEST(Evidence, AnAcceptedForgeryIsCorruptionWhateverElseWasRefused) {
    Evidence evidence(secret_bytes());
    evidence.refused("bad_key");
    evidence.victim_loaded(secret_bytes(), secret_bytes());
    EXPECT_EQ(outcome(evidence, AttackAim::harm), AttackOutcome::prevented);
    evidence.accepted_forgery();
    EXPECT_EQ(outcome(evidence, AttackAim::harm), AttackOutcome::corrupted);
}

TEST(Evidence, OtherDataThanWrittenIsCorruptionHoweverLittle) {
    for (const std::size_t wrong : {0u, 63u}) {
        Bytes loaded = secret_bytes();
        loaded[wrong] ^= 0x80;
        Evidence evidence(secret_bytes());
        evidence.victim_loaded(loaded, secret_bytes());
        EXPECT_EQ(outcome(evidence, AttackAim::harm), AttackOutcome::corrupted);
        // Not even a violation makes wrong data good.
        EXPECT_EQ(outcome(evidence, AttackAim::harm, {violation_of(victim)}), AttackOutcome::corrupted);
    }
    Evidence shorter(secret_bytes());
    shorter.victim_loaded(Bytes(63), secret_bytes());
    EXPECT_EQ(outcome(shorter, AttackAim::harm), AttackOutcome::corrupted);
}

TEST(Evidence, OnlyAViolationThatNamesTheVictimIsDetection) {
    Evidence evidence(secret_bytes());
    evidence.victim_loaded(std::nullopt, secret_bytes());
    EXPECT_EQ(evidence.judge(AttackAim::harm, victim, {violation_of(3), violation_of(victim)}), (AttackResult{AttackOutcome::detected, "data tag"}));
    EXPECT_EQ(outcome(evidence, AttackAim::harm, {violation_of(3)}), AttackOutcome::prevented);
}

TEST(Evidence, TheFirstRefusalIsNamed) {
    Evidence evidence(secret_bytes());
    evidence.refused("frame_owned");
    evidence.refused("not_mapped");
    evidence.victim_loaded(secret_bytes(), secret_bytes());
    EXPECT_EQ(evidence.judge(AttackAim::secret, victim, {}), (AttackResult{AttackOutcome::prevented, "frame_owned"}));
}

TEST(Evidence, AnAttackThatShowsNothingIsNoAttack) {
    Evidence nothing(secret_bytes());
    EXPECT_THROW((void)nothing.judge(AttackAim::harm, victim, {violation_of(victim)}), std::logic_error) << "nobody looked at the victim's data";
    Evidence idle(secret_bytes());
    idle.victim_loaded(secret_bytes(), secret_bytes());
    EXPECT_THROW((void)idle.judge(AttackAim::secret, victim, {}), std::logic_error) << "the attacker did nothing";
    EXPECT_THROW(Evidence(Bytes(15)), std::logic_error);
}

TEST(Evidence, WithNothingToAttackThereIsAReason) {
    Evidence evidence(secret_bytes());
    evidence.not_applicable("there is no shim");
    EXPECT_EQ(evidence.judge(AttackAim::harm, victim, {}), (AttackResult{AttackOutcome::not_applicable, "there is no shim"}));
}

// Attacks that cheat.
void idle(AttackScene& scene) { scene.victim.look_at_everything(scene.evidence); }
void invent(AttackScene& scene) {
    scene.evidence.obtained(secret_bytes());
    scene.victim.look_at_everything(scene.evidence);
}
void run_away(AttackScene& scene) { scene.evidence.obtained(scene.bus.read(BusAdversary::data(0))); }
void tamper_with_nothing(AttackScene& scene) {
    const auto line = BusAdversary::data(0);
    scene.bus.overwrite(line, scene.bus.read(line));
    scene.victim.look_at_everything(scene.evidence);
}

AttackReport report_of(const Attack& attack) {
    AttackCampaign campaign("campaign", {{&attack, ProtectionConfiguration::none, Integrity::bmt}});
    return campaign.run().front();
}

TEST(CheatingAttack, ThatDoesNothingIsNoticed) {
    EXPECT_THROW((void)report_of({"idle", Attacker::bus, AttackAim::secret, "", idle}), std::logic_error);
}
TEST(CheatingAttack, ThatInventsTheSecretHasNotGotIt) {
    EXPECT_EQ(report_of({"invent", Attacker::bus, AttackAim::secret, "", invent}).result.outcome, AttackOutcome::prevented);
}
TEST(CheatingAttack, ThatDoesNotLookAtTheVictimIsNoticed) {
    EXPECT_THROW((void)report_of({"run_away", Attacker::bus, AttackAim::secret, "", run_away}), std::logic_error);
}
TEST(CheatingAttack, ThatChangesNothingIsNoticed) {
    EXPECT_THROW((void)report_of({"nothing", Attacker::bus, AttackAim::harm, "", tamper_with_nothing}), std::logic_error);
}

}  // namespace
}  // namespace coffer
