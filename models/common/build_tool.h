#pragma once

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <initializer_list>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "common/errors.h"

namespace coffer {

/// What the build tools that read a block's data files share: every fault is an InputError at file, line and column. For build tools only, the one
/// place outside the platform that needs yaml-cpp.
class YamlReader {
protected:
    explicit YamlReader(std::string path) : path_(std::move(path)) {}

    [[noreturn]] void fail(const YAML::Mark& mark, std::string_view what, std::string_view accepted = {}) const {
        throw InputError(mark.is_null() ? path_ : fmt::format("{}:{}:{}", path_, mark.line + 1, mark.column + 1), what, accepted);
    }
    [[noreturn]] void fail(const YAML::Node& node, std::string_view what, std::string_view accepted = {}) const { fail(node.Mark(), what, accepted); }

    YAML::Node load() const {
        std::ifstream file(path_, std::ios::binary);
        if (!file) throw InputError(path_, "cannot be read");
        try {
            return YAML::Load(file);
        } catch (const YAML::Exception& error) {
            fail(error.mark, error.msg);
        }
    }

    void check_keys(const YAML::Node& node, std::initializer_list<std::string_view> accepted) const {
        if (!node.IsMap()) fail(node, "not a map", fmt::format("keys {}", fmt::join(accepted, ", ")));
        std::set<std::string> seen;
        for (const auto& entry : node) {
            const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
            if (std::find(accepted.begin(), accepted.end(), key) == accepted.end())
                fail(entry.first, fmt::format("unknown key '{}'", printable(key)), fmt::format("{}", fmt::join(accepted, ", ")));
            if (!seen.insert(key).second) fail(entry.first, fmt::format("key '{}' is there twice", key));
        }
    }

    static std::string printable(std::string text) {
        std::replace_if(text.begin(), text.end(), [](unsigned char c) { return std::iscntrl(c) != 0; }, '?');
        return text;
    }

    std::string text(const YAML::Node& node, const char* key) const {
        const YAML::Node value = node[key];
        if (!value) fail(node, fmt::format("key '{}' is missing", key));
        if (!value.IsScalar() || value.Scalar().empty()) fail(value, fmt::format("'{}' is not a text", key));
        const std::string& scalar = value.Scalar();
        // A line end or a bar would break the tables of the page, a comment's end the C header.
        if (scalar.find_first_of("|\r\n") != std::string::npos || scalar.find("*/") != std::string::npos)
            fail(value, fmt::format("'{}' does not fit a table cell or a C comment", key), "one line without '|' and '*/'");
        return scalar;
    }

    std::string identifier(const YAML::Node& node, const char* key) const {
        std::string name = text(node, key);
        const auto is_part = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
        if (!std::all_of(name.begin(), name.end(), is_part) || name.front() < 'a' || name.back() == '_')
            fail(node[key], fmt::format("'{}' is no {}", printable(name), key), "snake_case: a-z, 0-9 and _, a letter first");
        return name;
    }

    std::uint64_t number(const YAML::Node& value, std::string_view key) const {
        const std::string scalar = value.IsScalar() ? value.Scalar() : "";
        const bool hexadecimal = scalar.rfind("0x", 0) == 0;
        const std::string digits = hexadecimal ? scalar.substr(2) : scalar;
        const auto is_digit = [hexadecimal](unsigned char c) { return (hexadecimal ? std::isxdigit(c) : std::isdigit(c)) != 0; };
        // 16 hexadecimal and 19 decimal digits always fit 64 bits.
        if (digits.empty() || digits.size() > (hexadecimal ? 16 : 19) || !std::all_of(digits.begin(), digits.end(), is_digit))
            fail(value, fmt::format("'{}' is not a number", key), "64 bits, decimal or hexadecimal after 0x");
        return std::stoull(digits, nullptr, hexadecimal ? 16 : 10);
    }

    YAML::Node list(const YAML::Node& node, const char* key) const {
        const YAML::Node value = node[key];
        if (!value) fail(node, fmt::format("key '{}' is missing", key));
        if (!value.IsSequence() || value.size() == 0) fail(value, fmt::format("'{}' is not a list with entries", key));
        return value;
    }

private:
    std::string path_;
};

inline void write_generated(const std::string& path, const std::string& content) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << content;
    file.close();
    if (!file) throw std::runtime_error(fmt::format("{}: cannot be written", path));
}

/// The exit code of a build tool whose work is `run`; what it throws becomes one line on standard error.
template <typename Run>
int run_build_tool(Run run) {
    try {
        run();
        return static_cast<int>(ExitCode::ok);
    } catch (const InputError& error) {
        fmt::print(stderr, "{}\n", error.what());
        return static_cast<int>(ExitCode::bad_input);
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return static_cast<int>(ExitCode::internal);
    }
}

}  // namespace coffer
