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

constexpr Cell not_applicable(std::string_view by) { return {AttackOutcome::not_applicable, by}; }

constexpr Cell no_plaintext = prevented("no plaintext");
constexpr Cell no_effect = prevented("no effect");
constexpr Cell no_registers = not_applicable("the hypervisor has the registers");

// In the configurations that do not encrypt, integrity makes no difference.
constexpr Row rows[] = {
    // attack                  integrity        none       hsvm       hypercoffer                combined
    {"bus_snoop", Integrity::none, {leaked, leaked, no_plaintext, no_plaintext}},
    {"bus_snoop", Integrity::mac, {leaked, leaked, no_plaintext, no_plaintext}},
    {"bus_snoop", Integrity::bmt, {leaked, leaked, no_plaintext, no_plaintext}},
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
    {"bus_context", Integrity::none, {no_registers, corrupted, corrupted, corrupted}},
    {"bus_context", Integrity::mac, {no_registers, corrupted, detected("data tag"), detected("data tag")}},
    {"bus_context", Integrity::bmt, {no_registers, corrupted, detected("data tag"), detected("data tag")}},
    {"cold_boot", Integrity::none, {leaked, leaked, no_plaintext, no_plaintext}},
    {"cold_boot", Integrity::mac, {leaked, leaked, no_plaintext, no_plaintext}},
    {"cold_boot", Integrity::bmt, {leaked, leaked, no_plaintext, no_plaintext}},
    {"frame_read", Integrity::bmt, {leaked, prevented("address error"), no_plaintext, prevented("address error")}},
    {"frame_write", Integrity::bmt, {corrupted, prevented("address error"), detected("data tag"), prevented("address error")}},
    {"remap", Integrity::bmt, {corrupted, prevented("page_mapped"), detected("counter block"), prevented("page_mapped")}},
    {"alias", Integrity::bmt, {corrupted, prevented("frame_owned"), detected("counter block"), prevented("frame_owned")}},
    {"double_map", Integrity::bmt, {leaked, prevented("frame_owned"), detected("counter block"), prevented("frame_owned")}},
    {"wrong_vm_cache_hit", Integrity::bmt, {leaked, prevented("frame_owned"), prevented("load refused"), prevented("frame_owned")}},
    {"unmap_read", Integrity::bmt, {leaked, detected("lost page"), no_plaintext, detected("lost page")}},
    {"silent_zeroing", Integrity::bmt, {corrupted, detected("lost page"), detected("counter block"), detected("lost page")}},
    {"late_write_back", Integrity::bmt, {corrupted, prevented("frame_owned"), detected("data tag"), prevented("frame_owned")}},
    {"stale_counters", Integrity::bmt, {corrupted, no_effect, detected("counter block"), no_effect}},
    {"swap_read", Integrity::bmt, {leaked, no_plaintext, no_plaintext, no_plaintext}},
    {"swap_forge", Integrity::bmt, {corrupted, prevented("not_authentic"), detected("data tag"), prevented("not_authentic")}},
    {"swap_replay", Integrity::bmt, {corrupted, prevented("not_authentic"), detected("data tag"), prevented("not_authentic")}},
    {"vmid_reuse", Integrity::bmt, {leaked, no_plaintext, no_plaintext, no_plaintext}},
    {"stopped_core", Integrity::bmt, {not_applicable("no check stops a VM"), prevented("load refused"), prevented("load refused"),
     prevented("load refused")}},
    {"forged_request", Integrity::bmt, {not_applicable("there is nobody to ask"), prevented("wrong_mode"),
     not_applicable("there is nobody to ask"), prevented("wrong_mode")}},
    {"context_read", Integrity::bmt, {leaked, prevented("address error"), no_plaintext, prevented("address error")}},
    {"context_tamper", Integrity::bmt, {corrupted, prevented("address error"), detected("data tag"), prevented("address error")}},
    {"context_replay", Integrity::bmt, {corrupted, prevented("address error"), detected("data tag"), prevented("address error")}},
    {"wrong_entry", Integrity::bmt, {corrupted, no_effect, prevented("wrong_entry"), prevented("wrong_entry")}},
    {"hostile_values", Integrity::bmt, {corrupted, no_effect, prevented("refused value"), prevented("refused value")}},
    {"dma_read", Integrity::bmt, {leaked, prevented("refused by the IOMMU"), no_plaintext, prevented("refused by the IOMMU")}},
    {"dma_write", Integrity::bmt, {corrupted, prevented("refused by the IOMMU"), detected("data tag"), prevented("refused by the IOMMU")}},
    {"disk_read", Integrity::bmt, {leaked, leaked, no_plaintext, no_plaintext}},
    {"disk_tamper", Integrity::bmt, {corrupted, corrupted, prevented("not authentic"), prevented("not authentic")}},
    {"disk_replay", Integrity::bmt, {corrupted, corrupted, prevented("not authentic"), prevented("not authentic")}},
    {"forged_key", Integrity::bmt, {not_applicable("there are no keys"), not_applicable("the chip draws the keys of VMs"), prevented("bad_key"),
     prevented("bad_key")}},
    {"forged_vector", Integrity::bmt, {not_applicable("VMs are not started from vectors"), not_applicable("VMs are not started from vectors"),
     prevented("bad_vector"), prevented("bad_vector")}},
    {"rollback", Integrity::bmt, {corrupted, not_applicable("a whole VM leaves for another chip only"), prevented("refused_by_log"),
     prevented("refused_by_log")}},
    {"iv_reuse", Integrity::bmt, {leaked, no_plaintext, no_plaintext, no_plaintext}},
    {"migration_replay", Integrity::bmt, {corrupted, prevented("stale"), prevented("bad_vector"), prevented("stale")}},
    {"migration_clone", Integrity::bmt, {corrupted, prevented("unknown_vm"), prevented("unknown_vm"), prevented("unknown_vm")}},
    {"migration_wrong_chip", Integrity::bmt, {leaked, prevented("bad_target"), prevented("not the certificate of another chip's unwrap key"),
     prevented("bad_target")}},
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
        throw InputError("--configuration", fmt::format("there is no configuration {}", in_quotes(*configuration)),
                         "none, hsvm, hypercoffer, combined");
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
