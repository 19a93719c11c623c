// Build tool: reads models/vcpu/exits.yaml and writes the exit table in C++ and its documentation page.
// Exit code 2 and one line on standard error for a file that cannot be used; nothing is written then.

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/build_tool.h"
#include "common/errors.h"
#include "vcpu/exit_entry.h"
#include "vcpu/vcpu_context.h"

namespace coffer {
namespace {

struct Exit {
    std::string name;
    std::uint64_t code = 0;
    bool instruction = false;
    std::string description;
    std::vector<std::uint64_t> sizes;
    std::vector<EventField> event;
    std::vector<ShownRegister> shown;
    std::vector<AcceptedValue> accepted;
    bool monotonic = false;
};

class Reader : private YamlReader {
public:
    explicit Reader(std::string path) : YamlReader(std::move(path)) {}

    std::vector<Exit> read() const {
        const YAML::Node top = load();
        check_keys(top, {"exits"});
        std::vector<Exit> exits;
        std::set<std::string> names;
        std::set<std::uint64_t> codes;
        for (const YAML::Node& node : list(top, "exits")) {
            exits.push_back(read_exit(node));
            if (!names.insert(exits.back().name).second) fail(node["name"], fmt::format("exit '{}' is there twice", exits.back().name));
            if (!codes.insert(exits.back().code).second) fail(node["code"], fmt::format("code {} is there twice", exits.back().code));
        }
        return exits;
    }

private:
    Exit read_exit(const YAML::Node& node) const {
        check_keys(node, {"name", "code", "instruction", "description", "sizes", "shown_event", "shown_registers", "accepted", "monotonic"});
        Exit exit;
        exit.name = identifier(node, "name");
        if (!node["code"]) fail(node, "key 'code' is missing");
        exit.code = number(node["code"], "code");
        if (exit.code == 0 || exit.code > 255) fail(node["code"], fmt::format("'code' is {}", exit.code), "1 to 255");
        exit.instruction = read_choice(node, "instruction");
        exit.description = text(node, "description");
        if (node["sizes"]) read_sizes(node, exit);
        if (node["shown_event"]) read_event(node, exit);
        if (node["shown_registers"]) read_shown(node, exit);
        if (node["accepted"]) read_accepted(node, exit);
        if (node["monotonic"]) read_monotonic(node, exit);
        return exit;
    }

    bool read_choice(const YAML::Node& node, const char* key) const {
        const std::string choice = text(node, key);
        if (choice != "true" && choice != "false") fail(node[key], fmt::format("'{}' is neither", key), "true, false");
        return choice == "true";
    }

    void read_monotonic(const YAML::Node& node, Exit& exit) const {
        exit.monotonic = read_choice(node, "monotonic");
        const auto is_half = [&](std::size_t i, Register reg) {
            return !exit.accepted[i].data && exit.accepted[i].reg == reg && exit.accepted[i].bits == 32;
        };
        if (exit.monotonic && !(exit.accepted.size() == 2 && is_half(0, Register::rax) && is_half(1, Register::rdx)))
            fail(node["monotonic"], "a count needs its halves in 'accepted'", "rax and rdx of 32 bits");
    }

    void read_sizes(const YAML::Node& node, Exit& exit) const {
        for (const YAML::Node& entry : list(node, "sizes")) {
            const std::uint64_t size = number(entry, "sizes");
            const bool ascends = exit.sizes.empty() || exit.sizes.back() < size;
            if (size == 0 || size > 128 || (size & (size - 1)) != 0 || !ascends)
                fail(entry, fmt::format("{} in 'sizes'", size), "ascending powers of 2 up to 128");
            exit.sizes.push_back(size);
        }
    }

    void read_event(const YAML::Node& node, Exit& exit) const {
        for (const YAML::Node& entry : list(node, "shown_event")) {
            const std::string name = entry.IsScalar() ? entry.Scalar() : "";
            const auto found = std::find(event_field_names.begin(), event_field_names.end(), name);
            if (found == event_field_names.end())
                fail(entry, fmt::format("unknown field '{}'", printable(name)), fmt::format("{}", fmt::join(event_field_names, ", ")));
            const auto field = static_cast<EventField>(found - event_field_names.begin());
            if (std::count(exit.event.begin(), exit.event.end(), field) != 0) fail(entry, fmt::format("field '{}' is there twice", name));
            if (field == EventField::data) check_data(entry, exit);
            exit.event.push_back(field);
        }
    }

    void read_shown(const YAML::Node& node, Exit& exit) const {
        for (const YAML::Node& entry : list(node, "shown_registers")) {
            check_keys(entry, {"register", "bits"});
            ShownRegister shown;
            shown.reg = read_register(entry);
            shown.bits = read_bits(entry, exit);
            const auto same = [&](const ShownRegister& other) { return other.reg == shown.reg; };
            if (std::any_of(exit.shown.begin(), exit.shown.end(), same))
                fail(entry, fmt::format("register '{}' is there twice", to_string(shown.reg)));
            exit.shown.push_back(shown);
            if (exit.shown.size() > ExitEntry{}.shown.items.size()) fail(entry, "too many registers", "8 at most");
        }
    }

    void read_accepted(const YAML::Node& node, Exit& exit) const {
        for (const YAML::Node& entry : list(node, "accepted")) {
            check_keys(entry, {"register", "bits", "ranges"});
            AcceptedValue accepted;
            accepted.data = text(entry, "register") == "data";
            if (accepted.data) check_data(entry, exit);
            if (!accepted.data) accepted.reg = read_register(entry);
            accepted.bits = read_bits(entry, exit);
            if (accepted.data && accepted.bits != access_width) fail(entry["bits"], "'data' has another width than its access", "access");
            if (entry["ranges"]) read_ranges(entry, accepted);
            const auto same = [&](const AcceptedValue& other) { return other.data == accepted.data && other.reg == accepted.reg; };
            if (std::any_of(exit.accepted.begin(), exit.accepted.end(), same)) fail(entry, "the same register is there twice");
            exit.accepted.push_back(accepted);
            if (exit.accepted.size() > ExitEntry{}.accepted.items.size()) fail(entry, "too many registers", "4 at most");
        }
    }

    // An operand of more than 8 bytes fits no general register.
    void check_data(const YAML::Node& node, const Exit& exit) const {
        if (exit.sizes.empty() || exit.sizes.back() > 8) fail(node, "'data' without an access of a register's size", "sizes of 1 to 8");
    }

    Register read_register(const YAML::Node& node) const {
        const std::string name = text(node, "register");
        const std::optional<Register> reg = register_of(name);
        if (!reg) fail(node["register"], fmt::format("unknown register '{}'", printable(name)), "rax, rcx and so on, in lower case");
        return *reg;
    }

    std::uint8_t read_bits(const YAML::Node& node, const Exit& exit) const {
        if (text(node, "bits") == "access") {
            check_data(node["bits"], exit);
            return access_width;
        }
        const std::uint64_t bits = number(node["bits"], "bits");
        if (bits == 0 || bits > 64) fail(node["bits"], fmt::format("'bits' is {}", bits), "1 to 64, access");
        return static_cast<std::uint8_t>(bits);
    }

    void read_ranges(const YAML::Node& node, AcceptedValue& accepted) const {
        for (const YAML::Node& entry : list(node, "ranges")) {
            if (!entry.IsSequence() || entry.size() != 2) fail(entry, "not a range", "[low, high]");
            const ValueRange range{number(entry[0], "low"), number(entry[1], "high")};
            if (range.low > range.high) fail(entry, "a range whose low end is above its high end");
            if (accepted.ranges.count == accepted.ranges.items.size()) fail(entry, "too many ranges", "2 at most");
            accepted.ranges.items[accepted.ranges.count++] = range;
        }
    }
};

constexpr std::string_view notice = "Generated from models/vcpu/exits.yaml: change that file, not this one.";

template <class Items, class Format>
std::string joined(const Items& items, std::string_view separator, Format format) {
    std::string out;
    for (const auto& item : items) out += (out.empty() ? "" : std::string(separator)) + format(item);
    return out;
}

/// The initializer of an ExitItems.
template <class Items, class Format>
std::string initializer(const Items& items, std::size_t count, Format format) {
    return count == 0 ? "{}" : fmt::format("{{{{{{{}}}}}, {}}}", joined(items, ", ", format), count);
}

std::string row(const Exit& exit) {
    unsigned sizes = 0;
    for (const std::uint64_t size : exit.sizes)
        for (unsigned bit = 0; bit < 8; ++bit) sizes |= size == std::uint64_t{1} << bit ? 1u << bit : 0u;
    unsigned event = 0;
    for (const EventField field : exit.event) event |= 1u << static_cast<unsigned>(field);
    const auto shown = [](const ShownRegister& item) { return fmt::format("{{Register::{}, {}}}", to_string(item.reg), item.bits); };
    const auto range = [](const ValueRange& item) { return fmt::format("{{{:#x}, {:#x}}}", item.low, item.high); };
    const auto accepted = [&](const AcceptedValue& item) {
        return fmt::format("{{{}, Register::{}, {}, {}}}", item.data, to_string(item.reg), item.bits,
                           initializer(item.ranges, item.ranges.count, range));
    };
    return fmt::format("    {{ExitReason::{0}, \"{0}\", {1}, {2:#x}, {3:#x},\n     {4},\n     {5}, {6}}},\n", exit.name, exit.instruction, sizes,
                       event, initializer(exit.shown, exit.shown.size(), shown), initializer(exit.accepted, exit.accepted.size(), accepted),
                       exit.monotonic);
}

std::string cpp_table(const std::vector<Exit>& exits) {
    std::string reasons;
    std::string rows;
    for (const Exit& exit : exits) {
        reasons += fmt::format("    {} = {},  ///< {}\n", exit.name, exit.code, exit.description);
        rows += row(exit);
    }
    return fmt::format(
        "// {0}\n"
        "#pragma once\n\n"
        "#include <array>\n#include <cstddef>\n#include <cstdint>\n\n"
        "#include \"vcpu/exit_entry.h\"\n\n"
        "namespace coffer {{\n\n"
        "enum class ExitReason : std::uint8_t {{\n{1}}};\n\n"
        "inline constexpr std::size_t exit_reason_count = {2};\n"
        "using ExitTable = std::array<ExitEntry, exit_reason_count>;\n\n"
        "inline constexpr ExitTable exit_table{{{{\n{3}}}}};\n\n"
        "}}  // namespace coffer\n",
        notice, reasons, exits.size(), rows);
}

std::string width(std::uint8_t bits) {
    return bits == access_width ? " (size of the access)" : bits == 64 ? "" : fmt::format(" ({} bits)", bits);
}

std::string upper(std::string_view name) {
    std::string text(name);
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

std::string shown_cell(const Exit& exit) {
    const auto name = [](EventField field) { return std::string(event_field_names[static_cast<std::size_t>(field)]); };
    const std::string event = joined(exit.event, ", ", name);
    const std::string registers = joined(exit.shown, ", ", [](const ShownRegister& item) { return upper(to_string(item.reg)) + width(item.bits); });
    return event + (event.empty() || registers.empty() ? "" : ", ") + registers;
}

std::string accepted_cell(const Exit& exit) {
    if (exit.monotonic) return "RDX:RAX (32 bits each, not less than the last)";
    const auto range = [](const ValueRange& item) { return fmt::format("{:#x} to {:#x}", item.low, item.high); };
    return joined(exit.accepted, ", ", [&range](const AcceptedValue& item) {
        const std::string ranges = joined(item.ranges, " or ", range);
        const std::string name = item.data ? "data" : upper(to_string(item.reg));
        return ranges.empty() ? name + width(item.bits) : fmt::format("{} ({})", name, ranges);
    });
}

std::string page(const std::vector<Exit>& exits) {
    std::string out = fmt::format(
        "<!-- {} -->\n# Exits: what the hypervisor sees and may give back\n\n"
        "One row for each reason for which a vCPU leaves its guest. The hypervisor always learns the reason. All else that the row does not list is\n"
        "shown as 0, and is not taken back; a value that is listed but does not fit its width or range is refused. *Goes on*: where the guest does,\n"
        "`behind` or `at` the instruction that was interrupted. Fields in lower case belong to the exit; `data` is what the access carries, to or\n"
        "from its operand register.\n\n"
        "| code | exit | what | goes on | sizes (bytes) | shown | accepted back |\n|---|---|---|---|---|---|---|\n",
        notice);
    const auto cell = [](const std::string& text) { return text.empty() ? "-" : text; };
    for (const Exit& exit : exits)
        out += fmt::format("| {} | `{}` | {} | {} | {} | {} | {} |\n", exit.code, exit.name, exit.description, exit.instruction ? "behind" : "at",
                           cell(fmt::format("{}", fmt::join(exit.sizes, ", "))), cell(shown_cell(exit)), cell(accepted_cell(exit)));
    return out;
}

void run(int argc, char** argv) {
    if (argc != 4) throw InputError("exit_table_generator", "needs three arguments", "EXITS.yaml TABLE PAGE");
    const std::vector<Exit> exits = Reader(argv[1]).read();
    write_generated(argv[2], cpp_table(exits));
    write_generated(argv[3], page(exits));
}

}  // namespace
}  // namespace coffer

int main(int argc, char** argv) {
    return coffer::run_build_tool([argc, argv] { coffer::run(argc, argv); });
}
