#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "platform/configuration.h"
#include "platform/configuration_keys.h"

namespace coffer {

namespace {

template <class Record>
void append_values(std::vector<std::pair<std::string, std::string>>& values, const std::string& prefix, const std::vector<Field<Record>>& fields,
                   const Record& record) {
    for (const Field<Record>& field : fields) {
        const std::string text = field.secret ? "" : field.get(record);
        if (!text.empty()) values.emplace_back(prefix + field.path, text);
    }
}

template <class Record>
std::string markdown_table(const std::vector<Field<Record>>& fields) {
    std::string text = "| key | type | default | accepted | unit | |\n|---|---|---|---|---|---|\n";
    const Record defaults{};
    for (const Field<Record>& field : fields) {
        const std::string value = field.get(defaults);
        const std::string shown = field.required ? "required" : value.empty() ? "none" : "`" + value + "`";
        text += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", field.path, field.type, shown, field.accepted, field.unit, field.description);
    }
    return text;
}

/// Puts a value at a key like `vms[0].name` below `node`.
void put(YAML::Node node, std::string_view key, const std::string& text) {
    const std::size_t end = key.find_first_of(".[");
    if (end == std::string_view::npos) {
        node[std::string(key)] = text;
        return;
    }
    YAML::Node child = node[std::string(key.substr(0, end))];
    if (key[end] == '.') return put(child, key.substr(end + 1), text);
    const std::size_t closing = key.find(']');
    put(child[*read_integer(key.substr(end + 1, closing - end - 1))], key.substr(closing + 2), text);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> effective_values(const Configuration& c) {
    std::vector<std::pair<std::string, std::string>> values;
    append_values(values, "", platform_fields(), c);
    for (std::size_t i = 0; i != c.vms.size(); ++i) append_values(values, fmt::format("vms[{}].", i), vm_fields(), c.vms[i]);
    for (std::size_t i = 0; i != c.tamper.size(); ++i) append_values(values, fmt::format("tamper[{}].", i), tamper_fields(), c.tamper[i]);
    return values;
}

std::string effective_yaml(const Configuration& c) {
    YAML::Node root(YAML::NodeType::Map);
    for (const auto& [key, text] : effective_values(c)) put(root, key, text);
    YAML::Emitter emitter;
    emitter << root;
    return std::string(emitter.c_str()) + "\n";
}

std::string configuration_markdown() {
    static constexpr std::string_view beginning = R"(# Configuration

A platform is described by one YAML file, or by the name of a preset. `coffer run FILE --set key=value` changes single keys, with the
same checks; `vms[0].trace` is a key of the first VM, and an element one past the last of a list is added. `coffer config FILE` prints every
key as a run would use it.

Unknown keys, wrong types, values out of range and parts that do not fit together stop the program before the simulation, with one line
that names file, line, column and key, and what is accepted.

- An integer is decimal, or hexadecimal with 0x.
- A size is an integer alone, in bytes, or with B, KiB, MiB, GiB, TiB or PiB.
- A number is decimal, as 12, 0.5 or 1e-3.
- A trace is a path, from the folder of the YAML file if it is relative, or the name of a trace that comes with Coffer (in
  `share/coffer/traces` of an installation, `vectors/traces` of the source tree), with its extension or without.
- Presets lie in `share/coffer/presets` and `models/platform/presets`.

This page is printed by `coffer config --markdown`.

## Platform

)";
    static constexpr std::string_view vms = R"(## VMs

`vms` is a list with one map for each VM.

)";
    static constexpr std::string_view tampering = R"(## Tampering

`tamper` is a list of what an adversary does on the memory bus, in this order where `after` is the same. When the traces have ended, a sweep
reads every line of every VM.

)";
    return fmt::format("{}{}\n{}{}\n{}{}", beginning, markdown_table(platform_fields()), vms, markdown_table(vm_fields()), tampering,
                       markdown_table(tamper_fields()));
}

}  // namespace coffer
