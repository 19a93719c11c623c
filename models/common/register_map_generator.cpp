// Build tool: reads a block's registers.yaml and writes its C header, its C++ decode table and its documentation page.
// Exit code 2 and one line on standard error for a file that cannot be used; nothing is written then.

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/build_tool.h"
#include "common/errors.h"

namespace coffer {
namespace {

struct Field {
    std::string name;
    unsigned high = 0;
    unsigned low = 0;
    std::string description;

    std::uint64_t mask() const { return (~std::uint64_t{0} >> (63 - (high - low))) << low; }
};

struct Register {
    std::string name;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 8;
    std::string software;
    std::string hardware;
    std::uint64_t reset = 0;
    bool reset_is_parameter = false;
    std::string description;
    std::vector<Field> fields;
};

struct Group {
    std::string name;
    std::uint64_t base = 0;
    std::uint64_t stride = 0;  // 0: not an array
    std::string description;
    std::vector<Register> registers;
};

struct RegisterMap {
    std::string block;
    std::string title;
    std::string description;
    std::vector<Group> groups;
};

// Far above any register file, far below where sums of offsets would wrap.
constexpr std::uint64_t offset_limit = 0x1000'0000;

class Reader : private YamlReader {
public:
    explicit Reader(std::string path) : YamlReader(std::move(path)) {}

    RegisterMap read() const {
        const YAML::Node top = load();
        check_keys(top, {"block", "title", "description", "groups"});
        RegisterMap map;
        map.block = identifier(top, "block");
        map.title = text(top, "title");
        map.description = text(top, "description");
        std::set<std::string> groups;
        std::set<std::string> registers;
        std::uint64_t end = 0;
        for (const YAML::Node& node : list(top, "groups")) {
            if (!map.groups.empty() && map.groups.back().stride != 0)
                fail(node, "an array of register sets has no end, so it must be the last group");
            map.groups.push_back(group(node, groups, registers));
            if (map.groups.back().base < end) fail(node["base"], fmt::format("group '{}' overlaps the group before it", map.groups.back().name));
            end = end_of(map.groups.back());
        }
        return map;
    }

private:
    std::uint64_t offset(const YAML::Node& node, const char* key) const {
        if (!node[key]) fail(node, fmt::format("key '{}' is missing", key));
        const std::uint64_t value = number(node[key], key);
        if (value % 8 != 0 || value >= offset_limit)
            fail(node[key], fmt::format("'{}' is {:#x}", key, value), fmt::format("multiples of 8 below {:#x}", offset_limit));
        return value;
    }

    static std::uint64_t end_of(const Group& group) {
        const Register& last = group.registers.back();
        return group.base + last.offset + last.bytes;
    }

    Group group(const YAML::Node& node, std::set<std::string>& names, std::set<std::string>& register_names) const {
        check_keys(node, {"name", "base", "stride", "description", "registers"});
        Group group;
        group.name = identifier(node, "name");
        if (!names.insert(group.name).second) fail(node["name"], fmt::format("group '{}' is there twice", group.name));
        group.base = offset(node, "base");
        if (node["stride"]) {
            group.stride = offset(node, "stride");
            if (group.stride == 0) fail(node["stride"], "'stride' is 0", "multiples of 8");
        }
        group.description = text(node, "description");
        std::uint64_t end = 0;
        for (const YAML::Node& entry : list(node, "registers")) {
            group.registers.push_back(read_register(entry, register_names));
            const Register& reg = group.registers.back();
            if (reg.offset < end)
                fail(entry["offset"],
                     fmt::format("register '{}' at {:#x} overlaps the register before it, which ends at {:#x}", reg.name, reg.offset, end),
                     "registers in the order of their offsets");
            end = reg.offset + reg.bytes;
            if (group.stride != 0 && end > group.stride)
                fail(entry["offset"], fmt::format("register '{}' ends at {:#x}, behind the stride {:#x} of its group", reg.name, end, group.stride));
        }
        return group;
    }

    Register read_register(const YAML::Node& node, std::set<std::string>& names) const {
        check_keys(node, {"name", "offset", "bytes", "software", "hardware", "reset", "description", "fields"});
        Register reg;
        reg.name = identifier(node, "name");
        // Names are unique in the whole block: they become constants of one C header.
        if (!names.insert(reg.name).second) fail(node["name"], fmt::format("register '{}' is there twice", reg.name));
        reg.offset = offset(node, "offset");
        if (node["bytes"]) reg.bytes = offset(node, "bytes");
        if (reg.bytes == 0) fail(node["bytes"], "'bytes' is 0", "multiples of 8");
        reg.software = access(node, "software");
        reg.hardware = access(node, "hardware");
        reg.reset_is_parameter = node["reset"] && node["reset"].IsScalar() && node["reset"].Scalar() == "parameter";
        if (node["reset"] && !reg.reset_is_parameter) reg.reset = number(node["reset"], "reset");
        if (reg.bytes > 8 && reg.reset != 0) fail(node["reset"], fmt::format("register '{}' is wider than 8 bytes", reg.name), "reset 0");
        reg.description = text(node, "description");
        if (node["fields"]) read_fields(node, reg);
        return reg;
    }

    std::string access(const YAML::Node& node, const char* key) const {
        std::string value = text(node, key);
        if (value != "none" && value != "ro" && value != "wo" && value != "rw")
            fail(node[key], fmt::format("'{}' is '{}'", key, printable(value)), "none, ro, wo, rw");
        return value;
    }

    void read_fields(const YAML::Node& node, Register& reg) const {
        if (reg.bytes > 8) fail(node["fields"], fmt::format("register '{}' is wider than 8 bytes", reg.name), "fields in registers of 8 bytes");
        std::set<std::string> names;
        std::uint64_t taken = 0;
        for (const YAML::Node& entry : list(node, "fields")) {
            check_keys(entry, {"name", "bits", "description"});
            Field field;
            field.name = identifier(entry, "name");
            if (!names.insert(field.name).second) fail(entry["name"], fmt::format("field '{}' is there twice", field.name));
            read_bits(entry, field);
            if ((taken & field.mask()) != 0) fail(entry["bits"], fmt::format("field '{}' overlaps another field of '{}'", field.name, reg.name));
            taken |= field.mask();
            field.description = text(entry, "description");
            reg.fields.push_back(field);
        }
        if ((reg.reset & ~taken) != 0) fail(node["reset"], fmt::format("'reset' of '{}' sets bits that are in no field", reg.name));
    }

    void read_bits(const YAML::Node& node, Field& field) const {
        const std::string bits = text(node, "bits");
        const std::size_t colon = bits.find(':');
        const auto bit = [&](const std::string& digits) {
            if (digits.empty() || digits.size() > 2 || digits.find_first_not_of("0123456789") != std::string::npos || std::stoul(digits) > 63)
                fail(node["bits"], fmt::format("'bits' is '{}'", printable(bits)), "one bit, or \"high:low\", 0 to 63");
            return static_cast<unsigned>(std::stoul(digits));
        };
        field.high = bit(bits.substr(0, colon));
        field.low = colon == std::string::npos ? field.high : bit(bits.substr(colon + 1));
        if (field.high < field.low) fail(node["bits"], fmt::format("'bits' is '{}'", bits), "the high bit first");
    }
};

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

std::string notice(const RegisterMap& map) {
    return fmt::format("Generated from models/{}/registers.yaml: change that file, not this one.", map.block);
}

// C has no other 64-bit constants that an initializer, a case label and an assembler accept: this header alone uses macros.
std::string c_header(const RegisterMap& map) {
    const std::string prefix = "COFFER_" + upper(map.block);
    std::string out = fmt::format("/* {} */\n#ifndef {}_REGISTERS_H\n#define {}_REGISTERS_H\n\n#include <stdint.h>\n", notice(map), prefix, prefix);
    const auto define = [&](const std::string& name, std::uint64_t value) {
        out += fmt::format("#define {}_{} UINT64_C({:#x})\n", prefix, upper(name), value);
    };
    for (const Group& group : map.groups) {
        out += fmt::format("\n/* {} */\n", group.description);
        define(group.name + "_base", group.base);
        if (group.stride != 0) define(group.name + "_stride", group.stride);
        for (const Register& reg : group.registers) {
            out += fmt::format("\n/* {}\n * Software {}, hardware {}; offset from {}_{}_BASE. */\n", reg.description, reg.software, reg.hardware,
                               prefix, upper(group.name));
            define(reg.name + "_offset", reg.offset);
            define(reg.name + "_bytes", reg.bytes);
            if (!reg.reset_is_parameter) define(reg.name + "_reset", reg.reset);
            for (const Field& field : reg.fields) {
                out += fmt::format("/* {} */\n", field.description);
                define(reg.name + "_" + field.name + "_mask", field.mask());
                define(reg.name + "_" + field.name + "_shift", field.low);
            }
        }
    }
    return out + fmt::format("\n#endif /* {}_REGISTERS_H */\n", prefix);
}

std::string decode_table(const RegisterMap& map) {
    std::string names;
    std::string entries;
    std::string constants;
    std::size_t count = 0;
    for (const Group& group : map.groups) {
        constants += fmt::format("inline constexpr Address {}_base = {:#x};\n", group.name, group.base);
        if (group.stride != 0) constants += fmt::format("inline constexpr Address {}_stride = {:#x};\n", group.name, group.stride);
        for (const Register& reg : group.registers) {
            names += fmt::format("    {},\n", reg.name);
            entries += fmt::format("    {{\"{}\", {:#x}, {:#x}, {}, RegisterAccess::{}, RegisterAccess::{}, {:#x}}},\n", reg.name,
                                   group.base + reg.offset, group.stride, reg.bytes, reg.software, reg.hardware, reg.reset);
            for (const Field& field : reg.fields) {
                constants += fmt::format("inline constexpr std::uint64_t {}_{}_mask = {:#x};\n", reg.name, field.name, field.mask());
                constants += fmt::format("inline constexpr unsigned {}_{}_shift = {};\n", reg.name, field.name, field.low);
            }
            ++count;
        }
    }
    return fmt::format(
        "// {0}\n"
        "#pragma once\n\n"
        "#include <array>\n#include <cstddef>\n#include <cstdint>\n\n"
        "#include \"common/register_map.h\"\n\n"
        "namespace coffer::{1}_registers {{\n\n"
        "/// The registers in the order of `table`.\n"
        "enum class Register : std::size_t {{\n{2}}};\n\n"
        "inline constexpr std::array<RegisterEntry, {3}> table{{{{\n{4}}}}};\n\n"
        "constexpr const RegisterEntry& entry(Register name) {{ return table[static_cast<std::size_t>(name)]; }}\n\n"
        "{5}\n"
        "}}  // namespace coffer::{1}_registers\n",
        notice(map), map.block, names, count, entries, constants);
}

std::string page(const RegisterMap& map) {
    std::string out = fmt::format("<!-- {} -->\n# {}: registers\n\n{}\n\n", notice(map), map.title, map.description);
    out += "Registers are little-endian. *Software* is everything that runs on a processor, and devices; *hardware* is the chip itself "
           "(mode `chip` in the\n"
           "`SecurityContext`). `none`: neither may read or write it there; `ro`, `wo`, `rw`: read only, write only, both.\n";
    for (const Group& group : map.groups) {
        out += fmt::format("\n## {}\n\n{} ", upper(group.name), group.description);
        out += group.stride == 0 ? fmt::format("Base {:#x}.\n", group.base)
                                 : fmt::format("Number i is at {:#x} + i * {:#x}.\n", group.base, group.stride);
        out += "\n| offset | bytes | name | software | hardware | reset | meaning |\n|---|---|---|---|---|---|---|\n";
        for (const Register& reg : group.registers)
            out += fmt::format("| {:#04x} | {} | {} | {} | {} | {} | {} |\n", reg.offset, reg.bytes, upper(reg.name), reg.software, reg.hardware,
                               reg.reset_is_parameter ? "parameter" : fmt::format("{:#x}", reg.reset), reg.description);
        for (const Register& reg : group.registers) {
            if (reg.fields.empty()) continue;
            out += fmt::format("\nFields of {}; other bits are 0:\n\n| bits | name | meaning |\n|---|---|---|\n", upper(reg.name));
            for (const Field& field : reg.fields) {
                const std::string bits = field.high == field.low ? fmt::format("{}", field.low) : fmt::format("{}:{}", field.high, field.low);
                out += fmt::format("| {} | {} | {} |\n", bits, field.name, field.description);
            }
        }
    }
    return out;
}

void run(int argc, char** argv) {
    if (argc != 5) throw InputError("register_map_generator", "needs four arguments", "REGISTERS.yaml C_HEADER DECODE_TABLE PAGE");
    const RegisterMap map = Reader(argv[1]).read();
    write_generated(argv[2], c_header(map));
    write_generated(argv[3], decode_table(map));
    write_generated(argv[4], page(map));
}

}  // namespace
}  // namespace coffer

int main(int argc, char** argv) {
    return coffer::run_build_tool([argc, argv] { coffer::run(argc, argv); });
}
