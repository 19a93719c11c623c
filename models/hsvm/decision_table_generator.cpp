// Build tool: reads decisions.yaml and writes the C++ tables that the controller is compiled with, and the documentation page.
// Exit code 2 and one line on standard error for a file that cannot be used; nothing is written then.

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/build_tool.h"
#include "common/errors.h"

namespace coffer {
namespace {

struct Named {
    std::string name;
    std::string meaning;
    unsigned code = 0;
};

struct Input {
    std::string name;
    std::string type;
    std::string meaning;
    std::vector<Named> values;
};

/// For each input, by its number, the values at which the row holds. An input without an entry may be anything.
using Conditions = std::map<std::size_t, std::set<std::size_t>>;

struct Row {
    Conditions when;
    std::size_t answer = 0;
};

struct Operation {
    Named named;
    std::vector<std::size_t> inputs;
    std::vector<Row> rows;
    std::vector<std::size_t> later;
    std::vector<std::size_t> answers;  // of every situation; the last input counts fastest
};

struct Table {
    std::string title;
    std::vector<Named> statuses;
    std::vector<Input> inputs;
    std::vector<Conditions> impossible;
    std::vector<Operation> operations;
};

constexpr unsigned most_codes = 256;
constexpr std::size_t most_situations = 1'000'000;

class Reader : private YamlReader {
public:
    explicit Reader(std::string path) : YamlReader(std::move(path)) {}

    Table read() {
        const YAML::Node top = load();
        check_keys(top, {"title", "statuses", "inputs", "impossible", "operations"});
        table_.title = text(top, "title");
        for (const YAML::Node& node : list(top, "statuses")) {
            check_keys(node, {"name", "code", "meaning"});
            table_.statuses.push_back(named(node, table_.statuses));
        }
        read_inputs(top);
        for (const YAML::Node& node : list(top, "impossible")) table_.impossible.push_back(conditions(node, nullptr));
        for (const YAML::Node& node : list(top, "operations")) table_.operations.push_back(operation(node));
        return table_;
    }

private:
    template <class Names>
    static std::size_t index_of(const Names& names, const std::string& name) {
        return static_cast<std::size_t>(std::find_if(names.begin(), names.end(), [&](const auto& n) { return n.name == name; }) - names.begin());
    }

    template <class Names>
    std::size_t known(const YAML::Node& node, const Names& names, std::string_view what) const {
        const std::string name = node.IsScalar() ? node.Scalar() : "";
        const std::size_t index = index_of(names, name);
        if (index == names.size()) {
            std::vector<std::string> accepted;
            for (const auto& n : names) accepted.push_back(n.name);
            fail(node, fmt::format("unknown {} '{}'", what, printable(name)), fmt::format("{}", fmt::join(accepted, ", ")));
        }
        return index;
    }

    template <class Others>
    Named named(const YAML::Node& node, const Others& others) const {
        Named result;
        result.name = identifier(node, "name");
        result.meaning = text(node, "meaning");
        const std::string code = text(node, "code");
        if (code.size() > 3 || !std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; }) || std::stoul(code) >= most_codes)
            fail(node["code"], "'code' is not a number", fmt::format("0 to {}", most_codes - 1));
        result.code = static_cast<unsigned>(std::stoul(code));
        for (const Named& other : others)
            if (other.name == result.name || other.code == result.code)
                fail(node, fmt::format("'{}' has the name or the code of '{}'", result.name, other.name));
        return result;
    }

    static bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

    /// A key that becomes a name in C++.
    std::string cpp_name(const YAML::Node& key) const {
        const std::string name = key.IsScalar() ? key.Scalar() : "";
        const auto is_part = [](char c) { return c == '_' || (is_alphanumeric(c) && (c < 'A' || c > 'Z')); };
        if (name.empty() || !std::all_of(name.begin(), name.end(), is_part) || name.front() < 'a')
            fail(key, fmt::format("'{}' is no name", printable(name)), "snake_case: a-z, 0-9 and _, a letter first");
        return name;
    }

    void read_inputs(const YAML::Node& top) {
        const YAML::Node inputs = top["inputs"];
        if (!inputs || !inputs.IsMap()) fail(top, "'inputs' is not a map");
        for (const auto& entry : inputs) {
            Input input;
            input.name = cpp_name(entry.first);
            check_keys(entry.second, {"type", "meaning", "values"});
            input.type = text(entry.second, "type");
            if (!std::all_of(input.type.begin(), input.type.end(), is_alphanumeric) || input.type.front() < 'A' || input.type.front() > 'Z')
                fail(entry.second["type"], fmt::format("'{}' is no type", printable(input.type)), "PascalCase");
            input.meaning = text(entry.second, "meaning");
            const YAML::Node values = entry.second["values"];
            if (!values || !values.IsMap() || values.size() == 0) fail(entry.second, "'values' is not a map with entries");
            for (const auto& value : values) {
                const std::string name = cpp_name(value.first);
                if (index_of(input.values, name) != input.values.size()) fail(value.first, fmt::format("value '{}' is there twice", name));
                input.values.push_back({name, text(values, name.c_str()), static_cast<unsigned>(input.values.size())});
            }
            for (const Input& other : table_.inputs)
                if (other.name == input.name || other.type == input.type)
                    fail(entry.first, fmt::format("input '{}' has the name or the type of '{}'", input.name, other.name));
            table_.inputs.push_back(input);
        }
    }

    /// `inputs`: those that may be named; all where null.
    Conditions conditions(const YAML::Node& node, const std::vector<std::size_t>* inputs) const {
        if (!node.IsMap()) fail(node, "not a map of inputs");
        Conditions result;
        for (const auto& entry : node) {
            const std::size_t input = known(entry.first, table_.inputs, "input");
            if (inputs != nullptr && std::find(inputs->begin(), inputs->end(), input) == inputs->end())
                fail(entry.first, fmt::format("'{}' is no input of this operation", table_.inputs[input].name));
            std::set<std::size_t>& values = result[input];
            if (entry.second.IsSequence())
                for (const YAML::Node& value : entry.second) values.insert(known(value, table_.inputs[input].values, "value"));
            else
                values.insert(known(entry.second, table_.inputs[input].values, "value"));
        }
        return result;
    }

    Operation operation(const YAML::Node& node) const {
        check_keys(node, {"name", "code", "meaning", "inputs", "rows", "later"});
        Operation result;
        std::vector<Named> others;
        for (const Operation& other : table_.operations) others.push_back(other.named);
        result.named = named(node, others);
        for (const YAML::Node& input : list(node, "inputs")) result.inputs.push_back(known(input, table_.inputs, "input"));
        for (const YAML::Node& status : list(node, "later")) result.later.push_back(known(status, table_.statuses, "status"));
        const YAML::Node rows = list(node, "rows");
        for (const YAML::Node& row : rows) {
            check_keys(row, {"when", "answer"});
            if (!row["when"] || !row["answer"]) fail(row, "a row needs 'when' and 'answer'");
            result.rows.push_back({conditions(row["when"], &result.inputs), known(row["answer"], table_.statuses, "status")});
        }
        answer_all(result, rows);
        return result;
    }

    static bool holds(const Conditions& conditions, const std::map<std::size_t, std::size_t>& situation) {
        return std::all_of(conditions.begin(), conditions.end(), [&](const auto& condition) {
            const auto value = situation.find(condition.first);
            return value != situation.end() && condition.second.count(value->second) != 0;
        });
    }

    void answer_all(Operation& operation, const YAML::Node& rows) const {
        std::size_t situations = 1;
        for (const std::size_t input : operation.inputs) {
            situations *= table_.inputs[input].values.size();
            if (situations > most_situations) fail(rows, "the operation has too many situations");
        }
        std::vector<std::size_t> answered(operation.rows.size());
        for (std::size_t number = 0; number < situations; ++number) {
            std::map<std::size_t, std::size_t> situation;
            std::size_t rest = number;
            for (auto input = operation.inputs.rbegin(); input != operation.inputs.rend(); ++input) {
                situation[*input] = rest % table_.inputs[*input].values.size();
                rest /= table_.inputs[*input].values.size();
            }
            const auto cannot_be = [&](const Conditions& conditions) { return holds(conditions, situation); };
            const bool possible = std::none_of(table_.impossible.begin(), table_.impossible.end(), cannot_be);
            const auto row = std::find_if(operation.rows.begin(), operation.rows.end(), [&](const Row& r) { return holds(r.when, situation); });
            if (row == operation.rows.end()) {
                std::vector<std::string> values;
                for (const std::size_t input : operation.inputs)
                    values.push_back(fmt::format("{} {}", table_.inputs[input].name, table_.inputs[input].values[situation[input]].name));
                fail(rows, fmt::format("operation '{}' has no answer for {}", operation.named.name, fmt::join(values, ", ")));
            }
            operation.answers.push_back(row->answer);
            answered[static_cast<std::size_t>(row - operation.rows.begin())] += possible;
        }
        for (std::size_t i = 0; i < answered.size(); ++i)
            if (answered[i] == 0)
                fail(rows[i], fmt::format("the row of operation '{}' answers no possible situation: rows before it do", operation.named.name));
    }

    Table table_;
};

std::string enumeration(const std::string& type, const std::string& meaning, const std::vector<Named>& values) {
    std::string out = fmt::format("/// {}.\nenum class {} : std::uint8_t {{\n", meaning, type);
    for (const Named& value : values) out += fmt::format("    {} = {},  ///< {}\n", value.name, value.code, value.meaning);
    out += fmt::format("}};\n\nconstexpr std::string_view to_string({} value) {{\n    switch (value) {{\n", type);
    for (const Named& value : values) out += fmt::format("        case {0}::{1}: return \"{1}\";\n", type, value.name);
    return out + "    }\n    return \"unknown\";\n}\n\n";
}

std::string header(const Table& table) {
    std::string out =
        "// Made from models/hsvm/decisions.yaml by decision_table_generator: edit that file.\n#pragma once\n\n"
        "#include <array>\n#include <cstddef>\n#include <cstdint>\n#include <string_view>\n\nnamespace coffer {\n\n";
    out += enumeration("HsvmStatus", "Answer of an operation", table.statuses);
    std::vector<Named> operations;
    for (const Operation& operation : table.operations) operations.push_back(operation.named);
    out += enumeration("HsvmOperation", "Operation of the H-SVM controller", operations);
    for (const Input& input : table.inputs) out += enumeration(input.type, input.meaning, input.values);

    out += "/// What a decision depends on; each operation looks at some of it.\nstruct HsvmSituation {\n";
    for (const Input& input : table.inputs) out += fmt::format("    {0} {1} = {0}::{2};\n", input.type, input.name, input.values.front().name);
    out += "};\n\nnamespace hsvm_answers {\n\n";
    for (const Operation& operation : table.operations) {
        out += fmt::format("inline constexpr std::array<std::uint8_t, {}> {}{{", operation.answers.size(), operation.named.name);
        for (std::size_t i = 0; i < operation.answers.size(); ++i)
            out += fmt::format("{}{}", i % 32 == 0 ? "\n    " : "", fmt::format("{}, ", table.statuses[operation.answers[i]].code));
        out += "};\n";
    }
    out += "\n}  // namespace hsvm_answers\n\n/// The one answer to an operation in a situation.\n"
           "constexpr HsvmStatus decide(HsvmOperation operation, const HsvmSituation& situation) {\n    switch (operation) {\n";
    for (const Operation& operation : table.operations) {
        std::string index = "0";
        for (const std::size_t input : operation.inputs) {
            const std::string value = fmt::format("static_cast<std::size_t>(situation.{})", table.inputs[input].name);
            index = index == "0" ? value : fmt::format("({}) * {} + {}", index, table.inputs[input].values.size(), value);
        }
        out += fmt::format("        case HsvmOperation::{0}:\n            return static_cast<HsvmStatus>(hsvm_answers::{0}[{1}]);\n",
                           operation.named.name, index);
    }
    return out + "    }\n    return HsvmStatus::bad_argument;\n}\n\n}  // namespace coffer\n";
}

std::string condition_text(const Table& table, std::size_t input, const std::set<std::size_t>& values) {
    std::vector<std::string> names;
    for (const std::size_t value : values) names.push_back(table.inputs[input].values[value].name);
    return fmt::format("{}", fmt::join(names, ", "));
}

std::string page(const Table& table) {
    std::string out = fmt::format("# {}\n\nMade from `models/hsvm/decisions.yaml`: edit that file. ", table.title);
    out += "The controller is compiled with the same table, and a test puts it into every situation that is possible. Rows are tried from the top: "
           "the first that holds is the answer. An empty cell may be anything.\n\n## Answers\n\n| code | answer | meaning |\n|---|---|---|\n";
    for (const Named& status : table.statuses) out += fmt::format("| {} | `{}` | {} |\n", status.code, status.name, status.meaning);
    out += "\n## What a decision depends on\n";
    for (const Input& input : table.inputs) {
        out += fmt::format("\n**{}**: {}.\n\n| value | meaning |\n|---|---|\n", input.name, input.meaning);
        for (const Named& value : input.values) out += fmt::format("| {} | {} |\n", value.name, value.meaning);
    }
    out += "\nThese situations cannot be:\n\n";
    for (const Conditions& conditions : table.impossible) {
        std::vector<std::string> parts;
        for (const auto& [input, values] : conditions)
            parts.push_back(fmt::format("{} is {}", table.inputs[input].name, condition_text(table, input, values)));
        out += fmt::format("- {}\n", fmt::join(parts, "; "));
    }
    for (const Operation& operation : table.operations) {
        out += fmt::format("\n## {}\n\nCode {}: {}.\n\n|", operation.named.name, operation.named.code, operation.named.meaning);
        for (const std::size_t input : operation.inputs) out += fmt::format(" {} |", table.inputs[input].name);
        out += " answer |\n|";
        for (std::size_t i = 0; i <= operation.inputs.size(); ++i) out += "---|";
        for (const Row& row : operation.rows) {
            out += "\n|";
            for (const std::size_t input : operation.inputs) {
                const auto condition = row.when.find(input);
                out += condition == row.when.end() ? " |" : fmt::format(" {} |", condition_text(table, input, condition->second));
            }
            out += fmt::format(" `{}` |", table.statuses[row.answer].name);
        }
        std::vector<std::string> later;
        for (const std::size_t status : operation.later) later.push_back(fmt::format("`{}`", table.statuses[status].name));
        out += fmt::format("\n\nAfter `ok` here it may still end with {}.\n", fmt::join(later, ", "));
    }
    return out;
}

void run(int argc, char** argv) {
    if (argc != 4) throw InputError("decision_table_generator", "needs three arguments", "DECISIONS.yaml HEADER PAGE");
    const Table table = Reader(argv[1]).read();
    write_generated(argv[2], header(table));
    write_generated(argv[3], page(table));
}

}  // namespace
}  // namespace coffer

int main(int argc, char** argv) {
    return coffer::run_build_tool([argc, argv] { coffer::run(argc, argv); });
}
