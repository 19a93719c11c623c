#include "attack/attack_matrix.h"

#include <algorithm>
#include <array>
#include <functional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "attack/expected_outcomes.h"

namespace coffer {

namespace {

using nlohmann::ordered_json;

/// A column of a table: a configuration with one integrity.
struct Column {
    ProtectionConfiguration configuration;
    Integrity integrity;
    std::string title;
};

bool is_expected(const AttackReport& report) { return report.result == expected_outcome(report.what); }

std::string_view name_of(ProtectionConfiguration configuration) { return rules_of(configuration).name; }

const AttackReport* find(const std::vector<AttackReport>& reports, const Attack& attack, const Column& column) {
    const auto found = std::find_if(reports.begin(), reports.end(), [&](const AttackReport& report) {
        return report.what.attack == &attack && report.what.configuration == column.configuration && report.what.integrity == column.integrity;
    });
    return found == reports.end() ? nullptr : &*found;
}

std::string cell(const AttackReport* report) {
    if (report == nullptr) return "";
    return std::string(to_string(report->result.outcome)) + (is_expected(*report) ? "" : " !");
}

/// "worked 3 of 8", over what could be tried.
std::string tally(const std::vector<AttackReport>& reports, const Column& column, const std::function<bool(const Attack&)>& counts) {
    std::size_t tried = 0;
    std::size_t successes = 0;
    for (const AttackReport& report : reports) {
        if (report.what.configuration != column.configuration || report.what.integrity != column.integrity) continue;
        if (!counts(*report.what.attack) || report.result.outcome == AttackOutcome::not_applicable) continue;
        ++tried;
        successes += worked(report.result.outcome);
    }
    return fmt::format("{} of {}", successes, tried);
}

bool any_attack(const Attack&) { return true; }
bool on_the_bus(const Attack& attack) { return attack.attacker == Attacker::bus; }
bool by_others(const Attack& attack) { return !on_the_bus(attack); }

std::string table(const std::vector<AttackReport>& reports, const std::vector<const Attack*>& attacks, const std::vector<Column>& columns) {
    std::string text = fmt::format("{:<26}{:<12}", "attack", "by");
    for (const Column& column : columns) text += fmt::format("{:<18}", column.title);
    const auto end_line = [&text] {
        text.erase(text.find_last_not_of(' ') + 1);
        text += '\n';
    };
    end_line();
    for (const Attack* const attack : attacks) {
        text += fmt::format("{:<26}{:<12}", attack->name, to_string(attack->attacker));
        for (const Column& column : columns) text += fmt::format("{:<18}", cell(find(reports, *attack, column)));
        end_line();
    }
    text += fmt::format("{:<38}", "worked");
    for (const Column& column : columns) {
        const auto counts = [&attacks](const Attack& attack) { return std::find(attacks.begin(), attacks.end(), &attack) != attacks.end(); };
        text += fmt::format("{:<18}", tally(reports, column, counts));
    }
    end_line();
    return text;
}

std::vector<const Attack*> attacks_of(const std::vector<AttackReport>& reports, const std::function<bool(const Attack&)>& wanted) {
    std::vector<const Attack*> attacks;
    for (const AttackReport& report : reports)
        if (wanted(*report.what.attack) && std::find(attacks.begin(), attacks.end(), report.what.attack) == attacks.end())
            attacks.push_back(report.what.attack);
    return attacks;
}

bool has(const std::vector<AttackReport>& reports, ProtectionConfiguration configuration) {
    return std::any_of(reports.begin(), reports.end(), [&](const AttackReport& report) { return report.what.configuration == configuration; });
}

std::string main_table(const std::vector<AttackReport>& reports) {
    std::vector<Column> columns;
    for (const ConfigurationRules& rules : configuration_rules) {
        const auto configuration = static_cast<ProtectionConfiguration>(columns.size());
        columns.push_back({configuration, Integrity::bmt, std::string(rules.name)});
    }
    const auto absent = [&](const Column& column) { return !has(reports, column.configuration); };
    columns.erase(std::remove_if(columns.begin(), columns.end(), absent), columns.end());
    return table(reports, attacks_of(reports, any_attack), columns);
}

std::string integrity_table(const std::vector<AttackReport>& reports) {
    std::vector<Column> columns;
    for (const ProtectionConfiguration configuration : {ProtectionConfiguration::hypercoffer, ProtectionConfiguration::combined})
        for (const Integrity integrity : {Integrity::none, Integrity::mac, Integrity::bmt})
            if (has(reports, configuration))
                columns.push_back({configuration, integrity, fmt::format("{} {}", name_of(configuration), to_string(integrity))});
    const std::vector<const Attack*> attacks = attacks_of(reports, on_the_bus);
    if (columns.empty() || attacks.empty()) return "";
    return "\nintegrity of memory: none, mac (tags), bmt (tags and tree)\n" + table(reports, attacks, columns);
}

/// A row of the comparison in N. D. Sowmiya and S. Shanthi, Middle-East Journal of Scientific Research 24 (S1), 2016, Table 1.
struct Published {
    std::string_view system;
    std::string_view transparent;
    std::string_view tcb;
    std::string_view physical;
    std::string_view functions;
    int configuration;  // of this platform; -1: none
};
constexpr std::array<Published, 5> published{{
    {"HyperWall", "no", "CPU + Mem + IOMMU", "no", "part", -1},
    {"H-SVM", "no", "CPU + Mem + IOMMU", "no", "full", static_cast<int>(ProtectionConfiguration::hsvm)},
    {"CloudVisor", "yes", "all HW + CloudVisor", "no", "full", -1},
    {"HyperCoffer", "yes", "CPU + VM-Shim", "yes", "full", static_cast<int>(ProtectionConfiguration::hypercoffer)},
    {"both, as proposed", "", "", "", "", static_cast<int>(ProtectionConfiguration::combined)},
}};

std::string comparison(const std::vector<AttackReport>& reports) {
    for (std::size_t i = 0; i != configuration_rules.size(); ++i)
        if (!has(reports, static_cast<ProtectionConfiguration>(i))) return "";
    std::string text = "\nTable 1 of Sowmiya and Shanthi (2016)                                               what worked here\n";
    text += fmt::format("{:<19}{:<13}{:<21}{:<17}{:<17}{:<13}{}\n", "system", "transparent", "TCB", "physical attack", "cloud function", "on the bus",
                        "others");
    for (const Published& row : published) {
        const Column column{static_cast<ProtectionConfiguration>(row.configuration), Integrity::bmt, ""};
        const bool here = row.configuration >= 0;
        text += fmt::format("{:<19}{:<13}{:<21}{:<17}{:<17}{:<13}{}\n", row.system, row.transparent, row.tcb, row.physical, row.functions,
                            here ? tally(reports, column, on_the_bus) : "no model", here ? tally(reports, column, by_others) : "no model");
    }
    return text;
}

std::string surprises(const std::vector<AttackReport>& reports) {
    std::string text;
    for (const AttackReport& report : reports) {
        if (is_expected(report)) continue;
        const AttackResult expected = expected_outcome(report.what);
        text += fmt::format("! {} in {} with integrity {}: {} ({}), where the threat model says {} ({})\n", report.what.attack->name,
                            name_of(report.what.configuration), to_string(report.what.integrity), to_string(report.result.outcome), report.result.by,
                            to_string(expected.outcome), expected.by);
    }
    return text.empty() ? "\nevery outcome is as docs/threat_model.md says\n" : '\n' + text;
}

}  // namespace

bool as_expected(const std::vector<AttackReport>& reports) { return std::all_of(reports.begin(), reports.end(), is_expected); }

std::string attack_matrix_text(const std::vector<AttackReport>& reports) {
    return main_table(reports) + integrity_table(reports) + comparison(reports) + surprises(reports);
}

std::string attack_matrix_json(const std::vector<AttackReport>& reports) {
    ordered_json attacks = ordered_json::array();
    for (const AttackReport& report : reports)
        attacks.push_back({{"attack", report.what.attack->name},
                           {"by", to_string(report.what.attack->attacker)},
                           {"description", report.what.attack->description},
                           {"configuration", name_of(report.what.configuration)},
                           {"integrity", to_string(report.what.integrity)},
                           {"outcome", to_string(report.result.outcome)},
                           {"evidence", report.result.by},
                           {"time", {{"value", report.time / sc_core::sc_time(1, sc_core::SC_NS)}, {"unit", "ns"}}},
                           {"as_expected", is_expected(report)}});
    return ordered_json{{"attacks", attacks}, {"as_expected", as_expected(reports)}}.dump(2) + '\n';
}

}  // namespace coffer
