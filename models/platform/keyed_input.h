#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace coffer {

/// The keys that an input may have, written as `memory.latency_ns`, and as `vms[].name` for a key of every element of a list.
class KnownKeys {
public:
    explicit KnownKeys(std::vector<std::string> patterns) : patterns_(std::move(patterns)) {}

    bool is_value(std::string_view pattern) const;
    /// Whether there are keys below `pattern`, which is a map then.
    bool is_map(std::string_view pattern) const { return has_prefix(pattern, "."); }
    bool is_list(std::string_view pattern) const { return has_prefix(pattern, "[]"); }
    /// The names that may follow `pattern` (empty for the top), separated by commas.
    std::string names_below(std::string_view pattern) const;

private:
    bool has_prefix(std::string_view pattern, std::string_view more) const;

    std::vector<std::string> patterns_;
};

/// One value from a YAML text or an override, not yet read.
struct KeyedValue {
    std::string text;
    bool quoted = false;
    std::string where;  ///< for messages: `file:line:column: key`, or `--set key`
};

/// The values of a YAML text by key (`vms[0].name`), each with its place.
class KeyedInput {
public:
    /// Throws InputError unless the text is one YAML document, a map of known keys with each key once. `file` is its name in messages.
    KeyedInput(std::string_view yaml, std::string_view file, const KnownKeys& known);

    /// Puts `key=value` in the place of what the text says. An element of a list that is one past the last is added. Throws InputError.
    void override_with(std::string_view assignment, const KnownKeys& known);

    const std::map<std::string, KeyedValue>& values() const { return values_; }
    /// Elements of a list of the top map.
    std::size_t size_of(const std::string& list) const;
    /// For messages: the place of a key, else of the nearest key around it.
    std::string where(std::string_view key) const;

private:
    class Reader;

    std::string file_;
    std::map<std::string, KeyedValue> values_;
    std::map<std::string, std::string> places_;  // of maps, lists and values
    std::map<std::string, std::size_t> sizes_;
};

}  // namespace coffer
