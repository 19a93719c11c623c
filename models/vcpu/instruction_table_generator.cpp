// Build tool: reads models/vcpu/instructions.yaml and writes the instruction table in C++ and its documentation page.
// Exit code 2 and one line on standard error for a file that cannot be used; nothing is written then.

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/build_tool.h"
#include "common/errors.h"
#include "vcpu/instruction_entry.h"

namespace coffer {
namespace {

/// A fault or a status.
struct Answer {
    std::string name;
    std::uint64_t code = 0;
    std::string meaning;
};

struct Operand {
    std::string name;
    std::string meaning;
};

struct Row {
    std::string name;
    std::uint64_t code = 0;
    std::string mnemonic;
    std::vector<Operand> operands;
    std::string answer;
    std::vector<std::string> modes;
    std::vector<std::string> configurations;
    bool memory = false;
    std::vector<std::string> effects;   // in the order of configurations
    std::vector<std::string> statuses;  // `ok` first
};

struct InstructionSet {
    std::vector<Answer> faults;
    std::vector<Answer> statuses;
    std::vector<Row> rows;
};

/// Statuses are bits of 32.
constexpr std::uint64_t last_status = 31;

std::vector<std::string> configuration_names() {
    std::vector<std::string> names;
    for (const ConfigurationRules& rules : configuration_rules) names.emplace_back(rules.name);
    return names;
}

std::vector<std::string> names_of(const std::vector<Answer>& answers) {
    std::vector<std::string> names;
    for (const Answer& answer : answers) names.push_back(answer.name);
    return names;
}

std::uint64_t index_of(const std::vector<std::string>& names, const std::string& name) {
    return static_cast<std::uint64_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

class Reader : private YamlReader {
public:
    explicit Reader(std::string path) : YamlReader(std::move(path)) {}

    InstructionSet read() const {
        const YAML::Node top = load();
        check_keys(top, {"faults", "statuses", "instructions"});
        InstructionSet set;
        set.faults = read_answers(top, "faults", "none");
        set.statuses = read_answers(top, "statuses", "ok");
        Unique unique;
        for (const YAML::Node& node : list(top, "instructions")) {
            set.rows.push_back(read_row(node, names_of(set.statuses)));
            check_unique(node, set.rows.back().name, set.rows.back().code, unique);
        }
        return set;
    }

private:
    struct Unique {
        std::set<std::string> names;
        std::set<std::uint64_t> codes;
    };

    void check_unique(const YAML::Node& node, const std::string& name, std::uint64_t code, Unique& unique) const {
        if (!unique.names.insert(name).second) fail(node["name"], fmt::format("'{}' is there twice", name));
        if (!unique.codes.insert(code).second) fail(node["code"], fmt::format("code {} is there twice", code));
    }

    std::uint64_t code_of(const YAML::Node& node, std::uint64_t last) const {
        if (!node["code"]) fail(node, "key 'code' is missing");
        const std::uint64_t code = number(node["code"], "code");
        if (code > last) fail(node["code"], fmt::format("'code' is {}", code), fmt::format("0 to {}", last));
        return code;
    }

    /// The first one means that nothing is wrong, and its code is 0.
    std::vector<Answer> read_answers(const YAML::Node& top, const char* key, const std::string& first) const {
        std::vector<Answer> answers;
        Unique unique;
        for (const YAML::Node& node : list(top, key)) {
            check_keys(node, {"name", "code", "meaning"});
            answers.push_back({identifier(node, "name"), code_of(node, last_status), text(node, "meaning")});
            check_unique(node, answers.back().name, answers.back().code, unique);
        }
        if (answers.front().name != first || answers.front().code != 0)
            fail(top[key][0], fmt::format("the first of '{}' is another", key), fmt::format("{} with code 0", first));
        return answers;
    }

    std::vector<std::string> choices(const YAML::Node& node, const char* key, const std::vector<std::string>& known) const {
        std::vector<std::string> chosen;
        for (const YAML::Node& entry : node[key]) {
            const std::string name = entry.IsScalar() ? entry.Scalar() : "";
            if (std::count(known.begin(), known.end(), name) == 0)
                fail(entry, fmt::format("unknown '{}' in '{}'", printable(name), key), fmt::format("{}", fmt::join(known, ", ")));
            if (std::count(chosen.begin(), chosen.end(), name) != 0) fail(entry, fmt::format("'{}' is there twice", name));
            chosen.push_back(name);
        }
        return chosen;
    }

    YAML::Node sequence(const YAML::Node& node, const char* key) const {
        if (!node[key]) fail(node, fmt::format("key '{}' is missing", key));
        if (!node[key].IsSequence()) fail(node[key], fmt::format("'{}' is not a list", key));
        return node[key];
    }

    Row read_row(const YAML::Node& node, const std::vector<std::string>& statuses) const {
        check_keys(node, {"name", "code", "mnemonic", "operands", "answer", "modes", "configurations", "memory", "effects", "statuses"});
        Row row;
        row.name = identifier(node, "name");
        row.code = code_of(node, 255);
        row.mnemonic = text(node, "mnemonic");
        for (const YAML::Node& operand : sequence(node, "operands")) {
            check_keys(operand, {"name", "meaning"});
            row.operands.push_back({text(operand, "name"), text(operand, "meaning")});
        }
        row.answer = text(node, "answer");
        list(node, "modes");
        row.modes = choices(node, "modes", {core_mode_names.begin(), core_mode_names.end()});
        list(node, "configurations");
        row.configurations = choices(node, "configurations", configuration_names());
        const std::string memory = text(node, "memory");
        if (memory != "true" && memory != "false") fail(node["memory"], "'memory' is neither", "true, false");
        row.memory = memory == "true";
        read_effects(node, row);
        sequence(node, "statuses");
        row.statuses = choices(node, "statuses", statuses);
        if (!row.statuses.empty() && row.statuses.front() == statuses.front())
            fail(node["statuses"], "every instruction may answer the first status", "the others");
        row.statuses.insert(row.statuses.begin(), statuses.front());
        return row;
    }

    void read_effects(const YAML::Node& node, Row& row) const {
        const YAML::Node effects = node["effects"];
        if (!effects || !effects.IsMap()) fail(effects ? effects : node, "'effects' is not a map of configurations");
        for (const auto& entry : effects) {
            const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "";
            if (std::count(row.configurations.begin(), row.configurations.end(), name) == 0)
                fail(entry.first, fmt::format("an effect in configuration '{}'", printable(name)),
                     fmt::format("{}", fmt::join(row.configurations, ", ")));
        }
        for (const std::string& configuration : row.configurations) row.effects.push_back(text(effects, configuration.c_str()));
    }
};

constexpr std::string_view notice = "Generated from models/vcpu/instructions.yaml: change that file, not this one.";

std::string enumerators(const std::vector<Answer>& answers) {
    std::string out;
    for (const Answer& answer : answers) out += fmt::format("    {} = {},  ///< {}\n", answer.name, answer.code, answer.meaning);
    return out;
}

std::string names_function(std::string_view type, const std::vector<Answer>& answers) {
    std::string out = fmt::format("constexpr std::string_view to_string({} value) {{\n    switch (value) {{\n", type);
    for (const Answer& answer : answers) out += fmt::format("        case {0}::{1}: return \"{1}\";\n", type, answer.name);
    return out + "    }\n    return \"unknown\";\n}\n";
}

std::uint64_t bits_of(const std::vector<std::string>& chosen, const std::vector<std::string>& known) {
    std::uint64_t bits = 0;
    for (const std::string& name : chosen) bits |= std::uint64_t{1} << index_of(known, name);
    return bits;
}

std::uint64_t status_bits(const Row& row, const std::vector<Answer>& statuses) {
    std::uint64_t bits = 0;
    for (const Answer& status : statuses)
        if (std::count(row.statuses.begin(), row.statuses.end(), status.name) != 0) bits |= std::uint64_t{1} << status.code;
    return bits;
}

std::string cpp_table(const InstructionSet& set) {
    const std::vector<std::string> modes(core_mode_names.begin(), core_mode_names.end());
    std::vector<Answer> instructions;
    std::string rows;
    for (const Row& row : set.rows) {
        instructions.push_back({row.name, row.code, row.mnemonic});
        rows += fmt::format("    {{Instruction::{0}, \"{0}\", {1:#x}, {2:#x}, {3}, {4:#x}}},\n", row.name, bits_of(row.modes, modes),
                            bits_of(row.configurations, configuration_names()), row.memory, status_bits(row, set.statuses));
    }
    return fmt::format(
        "// {0}\n"
        "#pragma once\n\n"
        "#include <array>\n#include <cstddef>\n#include <cstdint>\n#include <string_view>\n\n"
        "#include \"vcpu/instruction_entry.h\"\n\n"
        "namespace coffer {{\n\n"
        "enum class Instruction : std::uint8_t {{\n{1}}};\n\n"
        "enum class InstructionFault : std::uint8_t {{\n{2}}};\n\n"
        "enum class InstructionStatus : std::uint8_t {{\n{3}}};\n\n"
        "{4}\n{5}\n{6}\n"
        "inline constexpr std::size_t instruction_count = {7};\n"
        "using InstructionTable = std::array<InstructionEntry, instruction_count>;\n\n"
        "inline constexpr InstructionTable instruction_table{{{{\n{8}}}}};\n\n"
        "}}  // namespace coffer\n",
        notice, enumerators(instructions), enumerators(set.faults), enumerators(set.statuses), names_function("Instruction", instructions),
        names_function("InstructionFault", set.faults), names_function("InstructionStatus", set.statuses), set.rows.size(), rows);
}

std::string quoted_list(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) out += (out.empty() ? "`" : ", `") + name + "`";
    return out;
}

std::string answers_table(std::string_view title, const std::vector<Answer>& answers) {
    std::string out = fmt::format("\n## {0}\n\n| code | name | meaning |\n|---|---|---|\n", title);
    for (const Answer& answer : answers) out += fmt::format("| {} | `{}` | {} |\n", answer.code, answer.name, answer.meaning);
    return out;
}

std::string instruction_section(const Row& row) {
    std::string out = fmt::format("\n## `{}`\n\n", row.mnemonic);
    if (!row.operands.empty()) {
        out += "| operand | what |\n|---|---|\n";
        for (const Operand& operand : row.operands) out += fmt::format("| {} | {} |\n", operand.name, operand.meaning);
        out += "\n";
    }
    out += "| configuration | effect |\n|---|---|\n";
    for (std::size_t i = 0; i < row.configurations.size(); ++i) out += fmt::format("| `{}` | {} |\n", row.configurations[i], row.effects[i]);
    out += fmt::format("\nGives: {}. Faults: `undefined_instruction`, `wrong_mode`{}. Statuses: {}.\n", row.answer,
                       row.memory ? ", `memory_fault`" : "", quoted_list(row.statuses));
    return out;
}

std::string page(const InstructionSet& set) {
    std::string out = fmt::format(
        "<!-- {} -->\n# Instructions\n\n"
        "The instructions of HyperCoffer, and VMEnter and VMExit as each configuration has them. "
        "An instruction that the configuration does not have is\n"
        "undefined, whoever issues it; one that the core's mode may not issue is refused. Neither has any effect. "
        "Blocks and ports: [core.md](core.md).\n\n"
        "| code | instruction | issued in | exists in |\n|---|---|---|---|\n",
        notice);
    for (const Row& row : set.rows)
        out += fmt::format("| {} | `{}` | {} | {} |\n", row.code, row.mnemonic, fmt::join(row.modes, ", "), quoted_list(row.configurations));
    out += answers_table("Faults", set.faults) + answers_table("Statuses", set.statuses);
    for (const Row& row : set.rows) out += instruction_section(row);
    return out;
}

void run(int argc, char** argv) {
    if (argc != 4) throw InputError("instruction_table_generator", "needs three arguments", "INSTRUCTIONS.yaml TABLE PAGE");
    const InstructionSet set = Reader(argv[1]).read();
    write_generated(argv[2], cpp_table(set));
    write_generated(argv[3], page(set));
}

}  // namespace
}  // namespace coffer

int main(int argc, char** argv) {
    return coffer::run_build_tool([argc, argv] { coffer::run(argc, argv); });
}
