#include "attack/expected_outcomes.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

#include "common/errors.h"
#include "platform/quantities.h"

namespace coffer {

namespace {

struct Cell {
    AttackOutcome outcome;
    std::string_view by;
};

struct Row {
    std::string_view attack;
    Integrity integrity;
    std::array<Cell, 4> cells;  ///< none, hsvm, hypercoffer, combined
};

constexpr Cell leaked{AttackOutcome::leaked, "plaintext"};
constexpr Cell corrupted{AttackOutcome::corrupted, "other data"};
constexpr Cell prevented(std::string_view by) { return {AttackOutcome::prevented, by}; }
constexpr Cell detected(std::string_view by) { return {AttackOutcome::detected, by}; }

constexpr Cell ciphertext = prevented("no plaintext");

// In the configurations that do not encrypt, integrity makes no difference.
constexpr Row rows[] = {
    // attack                  integrity        none       hsvm       hypercoffer                combined
    {"bus_snoop", Integrity::none, {leaked, leaked, ciphertext, ciphertext}},
    {"bus_snoop", Integrity::mac, {leaked, leaked, ciphertext, ciphertext}},
    {"bus_snoop", Integrity::bmt, {leaked, leaked, ciphertext, ciphertext}},
    {"bus_spoof", Integrity::none, {corrupted, corrupted, corrupted, corrupted}},
    {"bus_spoof", Integrity::mac, {corrupted, corrupted, detected("data tag"), detected("data tag")}},
    {"bus_spoof", Integrity::bmt, {corrupted, corrupted, detected("data tag"), detected("data tag")}},
    {"bus_splice", Integrity::none, {corrupted, corrupted, corrupted, corrupted}},
    {"bus_splice", Integrity::mac, {corrupted, corrupted, detected("data tag"), detected("data tag")}},
    {"bus_splice", Integrity::bmt, {corrupted, corrupted, detected("data tag"), detected("data tag")}},
    {"bus_splice_pages", Integrity::none, {corrupted, corrupted, corrupted, corrupted}},
    {"bus_splice_pages", Integrity::mac, {corrupted, corrupted, detected("data tag"), detected("data tag")}},
    {"bus_splice_pages", Integrity::bmt, {corrupted, corrupted, detected("counter block"), detected("counter block")}},
    {"bus_replay", Integrity::none, {corrupted, corrupted, corrupted, corrupted}},
    {"bus_replay", Integrity::mac, {corrupted, corrupted, detected("data tag"), detected("data tag")}},
    {"bus_replay", Integrity::bmt, {corrupted, corrupted, detected("data tag"), detected("data tag")}},
    {"bus_replay_counters", Integrity::none, {corrupted, corrupted, corrupted, corrupted}},
    {"bus_replay_counters", Integrity::mac, {corrupted, corrupted, corrupted, corrupted}},
    {"bus_replay_counters", Integrity::bmt, {corrupted, corrupted, detected("counter block"), detected("counter block")}},
    {"bus_replay_everything", Integrity::none, {corrupted, corrupted, corrupted, corrupted}},
    {"bus_replay_everything", Integrity::mac, {corrupted, corrupted, corrupted, corrupted}},
    {"bus_replay_everything", Integrity::bmt, {corrupted, corrupted, detected("tree node"), detected("tree node")}},
    {"cold_boot", Integrity::none, {leaked, leaked, ciphertext, ciphertext}},
    {"cold_boot", Integrity::mac, {leaked, leaked, ciphertext, ciphertext}},
    {"cold_boot", Integrity::bmt, {leaked, leaked, ciphertext, ciphertext}},
};

constexpr ProtectionConfiguration configurations[] = {ProtectionConfiguration::none, ProtectionConfiguration::hsvm,
                                                      ProtectionConfiguration::hypercoffer, ProtectionConfiguration::combined};

}  // namespace

std::vector<AttackCase> all_attack_cases() {
    std::vector<AttackCase> cases;
    for (const Attack& attack : all_attacks())
        for (const Integrity integrity : {Integrity::none, Integrity::mac, Integrity::bmt})
            for (const ProtectionConfiguration configuration : configurations) {
                const bool varies = attack.attacker == Attacker::bus && rules_of(configuration).encrypt;
                if (varies || integrity == Integrity::bmt) cases.push_back({&attack, configuration, integrity});
            }
    return cases;
}

std::vector<AttackCase> attack_cases(const std::optional<std::string>& configuration, const std::vector<std::string>& attacks) {
    const auto is_wanted = [&configuration](const ConfigurationRules& rules) { return !configuration || rules.name == *configuration; };
    if (std::none_of(configuration_rules.begin(), configuration_rules.end(), is_wanted))
        throw InputError("--configuration", fmt::format("there is no configuration {}", in_quotes(*configuration)), "none, hsvm, hypercoffer, combined");
    for (const std::string& name : attacks)
        if (std::none_of(all_attacks().begin(), all_attacks().end(), [&name](const Attack& attack) { return attack.name == name; }))
            throw InputError("attack", fmt::format("there is no attack {}", in_quotes(name)), "those that coffer attack prints");
    std::vector<AttackCase> cases;
    for (const AttackCase& one : all_attack_cases()) {
        if (!is_wanted(rules_of(one.configuration))) continue;
        if (attacks.empty() || std::find(attacks.begin(), attacks.end(), one.attack->name) != attacks.end()) cases.push_back(one);
    }
    return cases;
}

AttackResult expected_outcome(const AttackCase& what) {
    const auto row = std::find_if(std::begin(rows), std::end(rows), [&what](const Row& candidate) {
        return candidate.attack == what.attack->name && candidate.integrity == what.integrity;
    });
    if (row == std::end(rows)) throw std::logic_error(fmt::format("nothing is expected of the attack {}", what.attack->name));
    const Cell& cell = row->cells[static_cast<std::size_t>(what.configuration)];
    return {cell.outcome, std::string(cell.by)};
}

}  // namespace coffer
