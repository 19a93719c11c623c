#include "platform/keyed_input.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "common/errors.h"
#include "platform/quantities.h"

namespace coffer {

bool KnownKeys::is_value(std::string_view pattern) const { return std::find(patterns_.begin(), patterns_.end(), pattern) != patterns_.end(); }

bool KnownKeys::has_prefix(std::string_view pattern, std::string_view more) const {
    const std::string prefix = std::string(pattern) + std::string(more);
    return std::any_of(patterns_.begin(), patterns_.end(), [&](const std::string& known) { return known.compare(0, prefix.size(), prefix) == 0; });
}

std::string KnownKeys::names_below(std::string_view pattern) const {
    const std::string prefix = pattern.empty() ? "" : std::string(pattern) + ".";
    std::vector<std::string> names;
    for (const std::string& known : patterns_) {
        if (known.compare(0, prefix.size(), prefix) != 0) continue;
        const std::string rest = known.substr(prefix.size());
        const std::string name = rest.substr(0, rest.find_first_of(".["));
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

/// Walks the YAML tree. Keys of the text are reported only where they are known, others quoted.
class KeyedInput::Reader {
public:
    Reader(KeyedInput& input, const KnownKeys& known) : input_(input), known_(known) {}

    void read_map(const YAML::Node& node, const std::string& key, const std::string& pattern) {
        if (!node.IsMap()) throw InputError(note(node, key), "this is no map", known_.names_below(pattern));
        for (const auto& pair : node) read_member(pair.first, pair.second, key, pattern);
    }

private:
    std::string place(const YAML::Node& node) const {
        const YAML::Mark mark = node.Mark();
        return mark.is_null() ? input_.file_ : fmt::format("{}:{}:{}", input_.file_, mark.line + 1, mark.column + 1);
    }

    /// Remembers the key's place, which is returned as messages show it.
    std::string note(const YAML::Node& node, const std::string& key) {
        const std::string where = key.empty() ? place(node) : fmt::format("{}: {}", place(node), key);
        input_.places_[key] = where;
        return where;
    }

    void read_member(const YAML::Node& name_node, const YAML::Node& node, const std::string& parent, const std::string& parent_pattern) {
        if (!name_node.IsScalar()) throw InputError(place(name_node), "this key is no plain text", known_.names_below(parent_pattern));
        const std::string name = name_node.Scalar();
        const std::string dot = parent.empty() ? "" : ".";
        const std::string key = parent + dot + name;
        const std::string pattern = parent_pattern + dot + name;
        if (name.find_first_of(".[") != std::string::npos || !(known_.is_value(pattern) || known_.is_map(pattern) || known_.is_list(pattern)))
            throw InputError(place(name_node), fmt::format("unknown key {}", in_quotes(key)), known_.names_below(parent_pattern));
        if (input_.places_.count(key) != 0)
            throw InputError(fmt::format("{}: {}", place(name_node), key), "the key is here a second time", "each key once");
        if (node.IsNull())
            throw InputError(fmt::format("{}: {}", place(name_node), key), "the key has no value",
                             known_.is_value(pattern) ? "one value" : "keys below it");
        if (known_.is_value(pattern)) {
            read_value(node, key);
        } else if (known_.is_list(pattern)) {
            read_list(node, key, pattern);
        } else {
            note(node, key);
            read_map(node, key, pattern);
        }
    }

    void read_list(const YAML::Node& node, const std::string& key, const std::string& pattern) {
        const std::string where = note(node, key);
        if (!node.IsSequence()) throw InputError(where, "this is no list", "a list of maps");
        std::size_t size = 0;
        for (const YAML::Node& element : node) {
            const std::string element_key = fmt::format("{}[{}]", key, size++);
            note(element, element_key);
            read_map(element, element_key, pattern + "[]");
        }
        input_.sizes_[key] = size;
    }

    void read_value(const YAML::Node& node, const std::string& key) {
        const std::string where = note(node, key);
        if (!node.IsScalar()) throw InputError(where, "this is no plain value", "one value");
        input_.values_[key] = {node.Scalar(), node.Tag() == "!", where};
    }

    KeyedInput& input_;
    const KnownKeys& known_;
};

namespace {

/// Reads documents without keeping them.
class DocumentSkipper : public YAML::EventHandler {
public:
    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
    void OnMapEnd() override {}
};

/// Whether there is more than one document. YAML::LoadAll would tell too, but never returns where a document begins with a comma.
bool has_second_document(const std::string& yaml) {
    std::istringstream stream(yaml);
    YAML::Parser parser(stream);
    DocumentSkipper skipper;
    return parser.HandleNextDocument(skipper) && parser.HandleNextDocument(skipper);
}

}  // namespace

KeyedInput::KeyedInput(std::string_view yaml, std::string_view file, const KnownKeys& known) : file_(file) {
    try {
        const std::string text(yaml);
        const YAML::Node document = YAML::Load(text);
        if (has_second_document(text)) throw InputError(file, "this is more than one YAML document", "one YAML map of keys");
        if (!document.IsNull()) Reader(*this, known).read_map(document, "", "");
    } catch (const YAML::Exception& error) {
        const std::string where = error.mark.is_null() ? file_ : fmt::format("{}:{}:{}", file_, error.mark.line + 1, error.mark.column + 1);
        throw InputError(where, fmt::format("this is no YAML: {}", error.msg), "one YAML map of keys");
    }
}

namespace {

/// The key with every [12] made [].
std::string pattern_of(std::string_view key) {
    std::string pattern;
    bool in_index = false;
    for (char c : key) {
        if (c == ']') in_index = false;
        if (!in_index) pattern += c;
        if (c == '[') in_index = true;
    }
    return pattern;
}

}  // namespace

void KeyedInput::override_with(std::string_view assignment, const KnownKeys& known) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string_view::npos) throw InputError("--set", fmt::format("{} has no '='", in_quotes(assignment)), "key=value");
    const std::string key(assignment.substr(0, equals));
    const std::string pattern = pattern_of(key);
    if (!known.is_value(pattern)) {
        const std::string parent = pattern.substr(0, std::min(pattern.rfind('.'), pattern.size()));
        const bool has_parent = parent != pattern && (known.is_map(parent) || known.is_value(parent));
        throw InputError("--set", fmt::format("unknown key {}", in_quotes(key)), known.names_below(has_parent ? parent : ""));
    }
    const std::string where = fmt::format("--set {}", key);
    const std::size_t bracket = key.find('[');
    if (bracket != std::string::npos) {
        const std::string list = key.substr(0, bracket);
        const auto index = read_integer(std::string_view(key).substr(bracket + 1, key.find(']') - bracket - 1));
        const std::size_t size = size_of(list);
        if (!index || *index > size) throw InputError(where, "no such element", fmt::format("{0}[0] to {0}[{1}]", list, size));
        if (*index == size) ++sizes_[list];
    }
    values_[key] = {std::string(assignment.substr(equals + 1)), false, where};
    places_[key] = where;
    if (const std::size_t dot = key.rfind('.'); dot != std::string::npos) places_.emplace(key.substr(0, dot), where);
}

std::size_t KeyedInput::size_of(const std::string& list) const {
    const auto found = sizes_.find(list);
    return found == sizes_.end() ? 0 : found->second;
}

std::string KeyedInput::where(std::string_view key) const {
    std::string around(key);
    while (true) {
        if (const auto found = places_.find(around); found != places_.end() && !around.empty())
            return around == key ? found->second : fmt::format("{}: {}", found->second.substr(0, found->second.rfind(": ")), key);
        const std::size_t end = around.find_last_of(".[");
        if (end == std::string::npos) return fmt::format("{}: {}", file_, key);
        around.resize(end);
    }
}

}  // namespace coffer
