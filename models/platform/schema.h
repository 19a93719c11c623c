#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/bytes.h"
#include "common/errors.h"
#include "platform/quantities.h"

namespace coffer {

/// What documentation and messages say about one key.
struct FieldInfo {
    std::string path;      ///< within its record, as `memory.latency_ns`
    std::string type;      ///< integer, size, number, choice, text or hexadecimal
    std::string accepted;  ///< range or choices
    std::string unit;      ///< empty where there is none
    std::string description;
    bool required = false;
    bool secret = false;  ///< never printed

    /// Text and hexadecimal digits may be in quotes, the other types may not.
    bool may_be_quoted() const { return type == "text" || type == "hexadecimal"; }
};

/// One key of a record: what it is called, what it accepts, and where its value lives.
template <class Record>
struct Field : FieldInfo {
    /// Reads a value. Throws InputError, naming `where`, for one that is not accepted.
    std::function<void(Record&, std::string_view where, std::string_view text)> set;
    /// The value as text that `set` accepts; empty where there is none.
    std::function<std::string(const Record&)> get;
};

/// Makes the fields of one record. `at` finds a field's value in a record: [](auto& r) -> auto& { return r.member; }.
template <class Record>
struct FieldsOf {
    template <class At>
    static Field<Record> integer(std::string path, At at, std::uint64_t least, std::uint64_t most, std::string unit, std::string description) {
        Field<Record> field = named(std::move(path), "integer", fmt::format("{} to {}", least, most), std::move(unit), std::move(description));
        const std::string accepted = field.accepted;
        field.set = [=](Record& record, std::string_view where, std::string_view text) {
            const auto value = read_integer(text);
            if (!value) throw InputError(where, fmt::format("{} is no whole number", in_quotes(text)), accepted);
            if (*value < least || *value > most) throw InputError(where, fmt::format("{} is out of range", *value), accepted);
            using Value = std::remove_reference_t<decltype(at(record))>;
            at(record) = static_cast<plain_t<Value>>(*value);
        };
        field.get = [=](const Record& record) { return print_integer(at(record)); };
        return field;
    }

    template <class At>
    static Field<Record> size(std::string path, At at, std::uint64_t least, std::uint64_t most, std::uint64_t multiple, std::string description) {
        std::string accepted = fmt::format("{} to {}", format_size(least), format_size(most));
        if (multiple != 1) accepted += fmt::format(", a multiple of {}", multiple);
        Field<Record> field = named(std::move(path), "size", accepted, "bytes", std::move(description));
        field.set = [=](Record& record, std::string_view where, std::string_view text) {
            const auto value = read_size(text);
            if (!value) throw InputError(where, fmt::format("{} is no size", in_quotes(text)), accepted);
            if (*value < least || *value > most || *value % multiple != 0)
                throw InputError(where, fmt::format("{} is out of range", in_quotes(text)), accepted);
            at(record) = *value;
        };
        field.get = [=](const Record& record) { return format_size(at(record)); };
        return field;
    }

    template <class At>
    static Field<Record> number(std::string path, At at, double least, double most, std::string unit, std::string description) {
        Field<Record> field = named(std::move(path), "number", fmt::format("{:g} to {:g}", least, most), std::move(unit), std::move(description));
        const std::string accepted = field.accepted;
        field.set = [=](Record& record, std::string_view where, std::string_view text) {
            const auto value = read_real(text);
            if (!value) throw InputError(where, fmt::format("{} is no number", in_quotes(text)), accepted);
            if (*value < least || *value > most) throw InputError(where, fmt::format("{} is out of range", in_quotes(text)), accepted);
            at(record) = *value;
        };
        field.get = [=](const Record& record) { return fmt::format("{}", at(record)); };
        return field;
    }

    template <class At, class Value>
    static Field<Record> choice(std::string path, At at, std::vector<std::pair<std::string_view, Value>> choices, std::string unit,
                                std::string description) {
        std::string accepted;
        for (const auto& [name, value] : choices) accepted += fmt::format("{}{}", accepted.empty() ? "" : ", ", name);
        Field<Record> field = named(std::move(path), "choice", accepted, std::move(unit), std::move(description));
        field.set = [=](Record& record, std::string_view where, std::string_view text) {
            for (const auto& [name, value] : choices) {
                if (name != text) continue;
                at(record) = value;
                return;
            }
            throw InputError(where, fmt::format("{} is no choice", in_quotes(text)), accepted);
        };
        field.get = [=](const Record& record) {
            for (const auto& [name, value] : choices)
                if (at(record) == value) return std::string(name);
            return std::string();
        };
        return field;
    }

    /// `characters`: those accepted, or all but control characters where it is empty.
    template <class At>
    static Field<Record> text(std::string path, At at, std::string characters, std::string accepted, std::string description) {
        constexpr std::size_t most = 1024;
        Field<Record> field = named(std::move(path), "text", std::move(accepted), "", std::move(description));
        const std::string accepted_text = field.accepted;
        field.set = [=](Record& record, std::string_view where, std::string_view text) {
            const auto wrong = [&](char c) {
                return characters.empty() ? static_cast<unsigned char>(c) < ' ' || c == '\x7f' : characters.find(c) == std::string::npos;
            };
            bool good = !text.empty() && text.size() <= most;
            for (char c : text) good = good && !wrong(c);
            if (!good) throw InputError(where, fmt::format("{} is not accepted", in_quotes(text)), accepted_text);
            at(record) = text;
        };
        field.get = [=](const Record& record) { return at(record); };
        return field;
    }

    /// A fixed number of bytes, in order. The member is a std::optional of a container with data() and size().
    template <class At>
    static Field<Record> bytes(std::string path, At at, std::size_t count, std::string description) {
        Field<Record> field = named(std::move(path), "hexadecimal", fmt::format("{} hexadecimal digits", 2 * count), "", std::move(description));
        const std::string accepted = field.accepted;
        field.set = [=](Record& record, std::string_view where, std::string_view text) {
            // What was given may be a secret: the message does not repeat it.
            Bytes value;
            try {
                value = from_hex(text, where);
            } catch (const InputError&) {
                value.clear();
            }
            if (value.size() != count)
                throw InputError(where, fmt::format("{} characters are not the digits of {} bytes", text.size(), count), accepted);
            auto& member = at(record).emplace();
            std::copy(value.begin(), value.end(), member.data());
        };
        field.get = [=](const Record& record) {
            const auto& member = at(record);
            return member ? to_hex({member->data(), count}) : std::string();
        };
        return field;
    }

private:
    template <class Value>
    struct plain {
        using type = Value;
    };
    template <class Value>
    struct plain<std::optional<Value>> {
        using type = Value;
    };
    template <class Value>
    using plain_t = typename plain<Value>::type;

    template <class Value>
    static std::string print_integer(const Value& value) {
        return fmt::format("{}", value);
    }
    template <class Value>
    static std::string print_integer(const std::optional<Value>& value) {
        return value ? fmt::format("{}", *value) : std::string();
    }

    static Field<Record> named(std::string path, std::string type, std::string accepted, std::string unit, std::string description) {
        Field<Record> field;
        field.path = std::move(path);
        field.type = std::move(type);
        field.accepted = std::move(accepted);
        field.unit = std::move(unit);
        field.description = std::move(description);
        return field;
    }
};

/// The field with `required` set.
template <class Record>
Field<Record> required(Field<Record> field) {
    field.required = true;
    return field;
}

/// The field with `secret` set.
template <class Record>
Field<Record> secret(Field<Record> field) {
    field.secret = true;
    return field;
}

}  // namespace coffer
