#include "platform/configuration.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "aise/chip_number.h"
#include "common/errors.h"
#include "memory/set_associative_cache.h"
#include "platform/input_files.h"
#include "platform/schema.h"
#include "vm_table/vm_table.h"

namespace coffer {

namespace {

constexpr std::uint64_t KiB = std::uint64_t{1} << 10;
constexpr std::uint64_t GiB = std::uint64_t{1} << 30;
constexpr std::uint64_t TiB = std::uint64_t{1} << 40;
constexpr std::uint64_t any_integer = ~std::uint64_t{0};
constexpr std::uint64_t most_frames = std::uint64_t{1} << 40;
constexpr const char* name_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

const std::vector<std::pair<std::string_view, MacAlgorithm>> data_macs{
    {"gcm", MacAlgorithm::gcm}, {"cmac", MacAlgorithm::cmac}, {"hmac-sha1", MacAlgorithm::hmac_sha1}, {"hmac-sha256", MacAlgorithm::hmac_sha256}};
const std::vector<std::pair<std::string_view, MacAlgorithm>> node_macs(data_macs.begin() + 1, data_macs.end());
const std::vector<std::pair<std::string_view, unsigned>> tag_sizes{{"4", 4}, {"8", 8}, {"16", 16}, {"32", 32}};

const std::vector<std::pair<std::string_view, Image>> images{{"random", Image::random}, {"empty", Image::empty}};

const std::vector<Field<Configuration>>& platform_fields() {
    using F = FieldsOf<Configuration>;
    using C = Configuration;
    static const std::vector<Field<C>> fields{
        F::choice("configuration", [](auto& c) -> auto& { return c.protection; },
                  std::vector<std::pair<std::string_view, Protection>>{{"none", Protection::none}, {"hypercoffer", Protection::hypercoffer}}, "",
                  "What protects memory: nothing, or AISE encryption, tags and per-VM trees."),
        F::integer("seed", [](auto& c) -> auto& { return c.seed; }, 0, any_integer, "", "Draws everything random: places of frames, and the keys that are not given."),
        F::number("quantum_ns", [](auto& c) -> auto& { return c.quantum_ns; }, 1, 1e9, "ns", "How far a processor may run ahead of the others."),
        F::number("clock_mhz", [](auto& c) -> auto& { return c.clock_mhz; }, 1, 1e6, "MHz", "Clock of processors, caches and protection engine: the cycle of all latencies in cycles."),
        F::number("cycles_per_instruction", [](auto& c) -> auto& { return c.cycles_per_instruction; }, 0, 1000, "cycles",
                  "Time of one instruction beside its memory accesses."),
        F::choice("on_violation", [](auto& c) -> auto& { return c.on_violation; },
                  std::vector<std::pair<std::string_view, OnViolation>>{{"freeze", OnViolation::freeze}, {"report", OnViolation::report}}, "",
                  "Whether an integrity violation stops its VM, or is reported only."),
        F::choice("verification", [](auto& c) -> auto& { return c.verification; },
                  std::vector<std::pair<std::string_view, Verification>>{{"precise", Verification::precise}, {"lazy", Verification::lazy}}, "",
                  "Whether a read waits for the check of its data tag, or the check follows it."),
        F::choice("protection.integrity", [](auto& c) -> auto& { return c.scheme.integrity; },
                  std::vector<std::pair<std::string_view, Integrity>>{{"none", Integrity::none}, {"mac", Integrity::mac}, {"bmt", Integrity::bmt}}, "",
                  "Encryption alone, with data tags, or with data tags and the tree. Anything but bmt is for studies."),
        F::choice("protection.data_mac", [](auto& c) -> auto& { return c.scheme.data_mac; }, data_macs, "", "The MAC of data tags."),
        F::choice("protection.node_mac", [](auto& c) -> auto& { return c.scheme.node_mac; }, node_macs, "", "The MAC of tree nodes and leaves."),
        F::choice("protection.tag_bytes", [](auto& c) -> auto& { return c.scheme.tag_bytes; }, tag_sizes, "bytes",
                  "Size of data tags, at most what data_mac gives (32 with hmac-sha256 only). 4 and 8 are for studies and need on_violation: freeze."),
        F::choice("protection.node_tag_bytes", [](auto& c) -> auto& { return c.scheme.node_tag_bytes; }, tag_sizes, "bytes",
                  "Size of tags in the tree, whose arity is 64 / node_tag_bytes; at most what node_mac gives."),
        F::size("memory.data_bytes", [](auto& c) -> auto& { return c.memory.data_bytes; }, 4 * KiB, 2048 * TiB, page_bytes, "Size of the data frames."),
        F::size("memory.chip_bytes", [](auto& c) -> auto& { return c.memory.chip_bytes; }, 4 * KiB, TiB, page_bytes, "Size of the chip's own region, which holds the VM-Table."),
        F::number("memory.latency_ns", [](auto& c) -> auto& { return c.memory.latency_ns; }, 0, 1e6, "ns", "From a request to its first byte."),
        F::number("memory.bandwidth_gb_per_s", [](auto& c) -> auto& { return c.memory.bandwidth_gb_per_s; }, 0, 1e6, "10^9 bytes/s", "Of the memory bus; 0 for no limit."),
        F::size("llc.bytes", [](auto& c) -> auto& { return c.llc.bytes; }, 64, GiB, line_bytes, "Size of the last-level cache, a multiple of 64 * ways."),
        F::integer("llc.ways", [](auto& c) -> auto& { return c.llc.ways; }, 1, 64, "", "Associativity of the last-level cache."),
        F::integer("llc.latency_cycles", [](auto& c) -> auto& { return c.llc.latency_cycles; }, 0, 1'000'000, "cycles", "Time of a look-up in the last-level cache."),
        F::size("metadata_cache.bytes", [](auto& c) -> auto& { return c.metadata_cache.bytes; }, 64, GiB, line_bytes,
                "Size of the cache of counter blocks and tree nodes, a multiple of 64 * ways."),
        F::integer("metadata_cache.ways", [](auto& c) -> auto& { return c.metadata_cache.ways; }, 2, 64, "", "Associativity of the metadata cache."),
        F::integer("metadata_cache.chip_ways", [](auto& c) -> auto& { return c.metadata_chip_ways; }, 1, 63, "",
                   "Ways of every set that serve the chip's own domain alone; fewer than ways."),
        F::integer("metadata_cache.latency_cycles", [](auto& c) -> auto& { return c.metadata_cache.latency_cycles; }, 0, 1'000'000, "cycles", "Time of a look-up in the metadata cache."),
        F::integer("pad_generator.latency_cycles", [](auto& c) -> auto& { return c.pad_latency_cycles; }, 0, 1'000'000, "cycles", "From an IV to the pads of its line."),
        F::integer("pad_generator.interval_cycles", [](auto& c) -> auto& { return c.pad_interval_cycles; }, 0, 1'000'000, "cycles", "Between the pads of two lines."),
        F::integer("mac.latency_cycles", [](auto& c) -> auto& { return c.mac_latency_cycles; }, 0, 1'000'000, "cycles", "Time to compute one tag, of a line or of a node."),
        F::integer("vm_table.slots", [](auto& c) -> auto& { return c.vm_table_slots; }, 2, 4096, "", "On-chip register sets of the VM-Table; one is the chip's own."),
        F::integer("chip.number", [](auto& c) -> auto& { return c.chip_number; }, 1, 65535, "", "Number of the chip, unique in its fleet."),
        secret(F::bytes("chip.secret", [](auto& c) -> auto& { return c.chip_secret; }, 16, "The chip's secret, which the key of its own region comes from; drawn from the seed if left out.")),
        F::bytes("chip.fleet_id", [](auto& c) -> auto& { return c.fleet_id; }, 8, "The fleet that the chip belongs to, in the order written."),
        F::text("host.trace", [](auto& c) -> auto& { return c.host.trace; }, "", "a trace", "Trace of the host's own accesses, which are never protected; none if left out."),
        F::integer("host.pages", [](auto& c) -> auto& { return c.host.pages; }, 0, most_frames, "pages", "Size of the host's memory; 0: as many pages as the trace touches."),
        F::integer("host.max_accesses", [](auto& c) -> auto& { return c.host.max_accesses; }, 0, any_integer, "accesses", "Where the host's trace is cut; 0: not at all."),
        F::choice("host.image", [](auto& c) -> auto& { return c.host.image; }, images, "", "What the host's memory holds at the start, as for VMs."),
        F::integer("host.first_frame", [](auto& c) -> auto& { return c.host.first_frame; }, 0, most_frames, "", "First of consecutive frames; scattered by the seed if left out."),
    };
    return fields;
}

const std::vector<Field<TenantConfiguration>>& vm_fields() {
    using F = FieldsOf<TenantConfiguration>;
    static const std::vector<Field<TenantConfiguration>> fields{
        required(F::text("name", [](auto& v) -> auto& { return v.name; }, name_characters, "letters, digits, '_', '-' and '.'", "What the VM is called; each name once.")),
        required(F::text("trace", [](auto& v) -> auto& { return v.trace; }, "", "a trace", "The trace that the VM runs.")),
        F::integer("pages", [](auto& v) -> auto& { return v.pages; }, 0, most_frames, "pages", "Size of the VM's memory; 0: as many pages as the trace touches."),
        F::integer("max_accesses", [](auto& v) -> auto& { return v.max_accesses; }, 0, any_integer, "accesses", "Where the trace is cut; 0: not at all."),
        F::choice("image", [](auto& v) -> auto& { return v.image; }, images, "",
                  "What memory holds at the start: random bytes in every line, or nothing, and reads of lines never written are then without memory access."),
        F::integer("first_frame", [](auto& v) -> auto& { return v.first_frame; }, 0, most_frames, "", "First of consecutive frames; scattered by the seed if left out."),
        secret(F::bytes("key", [](auto& v) -> auto& { return v.key; }, 16, "K_vm, the VM's key; drawn from the seed if left out.")),
    };
    return fields;
}

const std::vector<Field<TamperConfiguration>>& tamper_fields() {
    using F = FieldsOf<TamperConfiguration>;
    static const std::vector<Field<TamperConfiguration>> fields{
        required(F::choice("op", [](auto& t) -> auto& { return t.kind; },
                           std::vector<std::pair<std::string_view, TamperKind>>{{"flip", TamperKind::flip}, {"splice", TamperKind::splice}, {"replay", TamperKind::replay}}, "",
                           "Flip one bit, exchange the same part of two lines, or put old bytes back.")),
        required(F::integer("after", [](auto& t) -> auto& { return t.after; }, 0, any_integer, "accesses", "Accesses on the memory bus before the action.")),
        F::integer("record_after", [](auto& t) -> auto& { return t.record_after; }, 0, any_integer, "accesses",
                   "Replay: accesses on the memory bus before the bytes that are put back; fewer than `after`."),
        F::choice("part", [](auto& t) -> auto& { return t.part; },
                  std::vector<std::pair<std::string_view, TamperPart>>{
                      {"data", TamperPart::data}, {"tag", TamperPart::tag}, {"counter", TamperPart::counter}, {"node", TamperPart::node}, {"all", TamperPart::all}},
                  "", "The line's ciphertext, its tag, its page's counter block, a tree node above that, or all of them with every node up to the top."),
        required(F::text("vm", [](auto& t) -> auto& { return t.place.vm; }, name_characters, "the name of a VM", "Whose line.")),
        F::integer("gpn", [](auto& t) -> auto& { return t.place.gpn; }, 0, most_frames, "", "The line's guest page."),
        F::integer("line", [](auto& t) -> auto& { return t.place.line; }, 0, 63, "", "The line in its page."),
        F::integer("level", [](auto& t) -> auto& { return t.level; }, 1, 64, "", "Part node: the node's level."),
        F::integer("bit", [](auto& t) -> auto& { return t.bit; }, 0, 511, "", "Flip: which bit of the part."),
        F::text("with.vm", [](auto& t) -> auto& { return t.with.vm; }, name_characters, "the name of a VM", "Splice: whose line is the other one."),
        F::integer("with.gpn", [](auto& t) -> auto& { return t.with.gpn; }, 0, most_frames, "", "Splice: the other line's guest page."),
        F::integer("with.line", [](auto& t) -> auto& { return t.with.line; }, 0, 63, "", "Splice: the other line in its page."),
    };
    return fields;
}

const KnownKeys& known_keys() {
    static const KnownKeys known = [] {
        std::vector<std::string> patterns;
        for (const auto& field : platform_fields()) patterns.push_back(field.path);
        for (const auto& field : vm_fields()) patterns.push_back("vms[]." + field.path);
        for (const auto& field : tamper_fields()) patterns.push_back("tamper[]." + field.path);
        return KnownKeys(std::move(patterns));
    }();
    return known;
}

template <class Record>
void read_record(const KeyedInput& input, const std::string& prefix, const std::vector<Field<Record>>& fields, Record& record) {
    for (const Field<Record>& field : fields) {
        const auto found = input.values().find(prefix + field.path);
        if (found == input.values().end()) {
            if (field.required) throw InputError(input.where(prefix + field.path), "the key is missing", field.accepted);
            continue;
        }
        const KeyedValue& value = found->second;
        if (value.quoted && !field.may_be_quoted()) throw InputError(value.where, fmt::format("text in quotes, not a value of type {}", field.type), field.accepted);
        field.set(record, value.where, value.text);
    }
}

/// Runs a check that names a key of this module only, and names the key's place instead.
template <class Check>
void check_at(const Configuration& c, const std::vector<std::pair<std::string_view, std::string_view>>& keys, Check&& check) {
    try {
        check();
    } catch (const InputError& error) {
        const std::string_view text = error.what();
        for (const auto& [named, key] : keys)
            if (text.substr(0, named.size()) == named && text.substr(named.size(), 2) == ": ") throw InputError(c.where(key), text.substr(named.size() + 2));
        throw;
    }
}

void check_caches(const Configuration& c) {
    (void)CacheGeometry::of_size(c.where("llc.bytes"), c.llc.bytes, c.llc.ways);
    (void)CacheGeometry::of_size(c.where("metadata_cache.bytes"), c.metadata_cache.bytes, c.metadata_cache.ways);
    if (c.metadata_chip_ways >= c.metadata_cache.ways)
        throw InputError(c.where("metadata_cache.chip_ways"), fmt::format("{} of {} ways leave none to guests", c.metadata_chip_ways, c.metadata_cache.ways),
                         fmt::format("1 to {}", c.metadata_cache.ways - 1));
}

void check_vms(const Configuration& c) {
    if (c.vms.empty() && c.host.trace.empty()) throw InputError(c.where("vms"), "nothing runs on this platform", "at least one VM, or host.trace");
    const std::uint64_t table_bytes = (first_guest_vmid + c.vms.size()) * VmTable::entry_bytes;
    if (c.scheme.encrypt && table_bytes > c.memory.chip_bytes)
        throw InputError(c.where("memory.chip_bytes"), fmt::format("the entries of {} VMs need {} bytes", c.vms.size(), table_bytes), fmt::format("at least {}", align_up(table_bytes, page_bytes)));
    if (first_guest_vmid + c.vms.size() > 65536) throw InputError(c.where("vms"), fmt::format("{} VMs", c.vms.size()), "at most 65534");
    std::set<std::string> names;
    for (std::size_t i = 0; i != c.vms.size(); ++i) {
        if (c.vms[i].name == "host" || !names.insert(c.vms[i].name).second)
            throw InputError(c.where(fmt::format("vms[{}].name", i)), fmt::format("the name {} is taken", c.vms[i].name), "each name once, and not host");
    }
}

void check_tamper_place(const Configuration& c, const std::string& key, const TamperPlace& place) {
    const auto vm = std::find_if(c.vms.begin(), c.vms.end(), [&](const TenantConfiguration& tenant) { return tenant.name == place.vm; });
    if (vm == c.vms.end()) {
        std::vector<std::string> names;
        for (const TenantConfiguration& tenant : c.vms) names.push_back(tenant.name);
        throw InputError(c.where(key + "vm"), fmt::format("no VM {}", in_quotes(place.vm)), fmt::format("{}", fmt::join(names, ", ")));
    }
    if (vm->pages != 0 && place.gpn >= vm->pages)
        throw InputError(c.where(key + "gpn"), fmt::format("{} has no page {}", place.vm, place.gpn), fmt::format("0 to {}", vm->pages - 1));
}

void check_tamper_part(const Configuration& c, const std::string& key, const TamperConfiguration& action) {
    const unsigned bits = 8 * (action.part == TamperPart::tag ? c.scheme.tag_bytes : static_cast<unsigned>(line_bytes));
    if (action.kind == TamperKind::flip && action.part == TamperPart::all) throw InputError(c.where(key + "part"), "a flip is of one part", "data, tag, counter, node");
    if (action.kind == TamperKind::flip && action.bit >= bits)
        throw InputError(c.where(key + "bit"), fmt::format("a tag of {} bytes has no bit {}", c.scheme.tag_bytes, action.bit), fmt::format("0 to {}", bits - 1));
    if (action.kind == TamperKind::replay && action.record_after >= action.after)
        throw InputError(c.where(key + "record_after"), fmt::format("{} is no earlier than after: {}", action.record_after, action.after), "fewer accesses than after");
}

void check_tamper(const Configuration& c) {
    const auto same = [](const TamperPlace& a, const TamperPlace& b) { return a.vm == b.vm && a.gpn == b.gpn && a.line == b.line; };
    for (std::size_t i = 0; i != c.tamper.size(); ++i) {
        const TamperConfiguration& action = c.tamper[i];
        const std::string key = fmt::format("tamper[{}].", i);
        check_tamper_place(c, key, action.place);
        if (action.kind == TamperKind::splice) {
            check_tamper_place(c, key + "with.", action.with);
            if (same(action.place, action.with)) throw InputError(c.where(key + "with"), "a line spliced with itself is no change", "another line");
        } else if (!action.with.vm.empty()) {
            throw InputError(c.where(key + "with"), "only a splice has another line", "op: splice");
        }
        check_tamper_part(c, key, action);
    }
}

void find_traces(Configuration& c, const std::filesystem::path& folder) {
    if (!c.host.trace.empty()) c.host.trace_file = find_trace(c.where("host.trace"), c.host.trace, folder);
    for (std::size_t i = 0; i != c.vms.size(); ++i) c.vms[i].trace_file = find_trace(c.where(fmt::format("vms[{}].trace", i)), c.vms[i].trace, folder);
}

template <class Record>
void append_values(std::vector<std::pair<std::string, std::string>>& values, const std::string& prefix, const std::vector<Field<Record>>& fields, const Record& record) {
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
    return text + "\n";
}

}  // namespace

Configuration parse_configuration(std::string_view yaml, std::string_view file, const std::filesystem::path& folder, const std::vector<std::string>& overrides) {
    Configuration c;
    KeyedInput& input = c.input.emplace(yaml, file, known_keys());
    for (const std::string& assignment : overrides) input.override_with(assignment, known_keys());
    read_record(input, "", platform_fields(), c);
    c.host.name = "host";
    c.vms.resize(input.size_of("vms"));
    for (std::size_t i = 0; i != c.vms.size(); ++i) read_record(input, fmt::format("vms[{}].", i), vm_fields(), c.vms[i]);
    c.tamper.resize(input.size_of("tamper"));
    for (std::size_t i = 0; i != c.tamper.size(); ++i) read_record(input, fmt::format("tamper[{}].", i), tamper_fields(), c.tamper[i]);

    c.scheme.encrypt = c.protection != Protection::none;
    check_at(c, {{"tag_bytes", "protection.tag_bytes"}, {"node_tag_bytes", "protection.node_tag_bytes"}, {"on_violation", "on_violation"}},
             [&] { c.scheme.check(c.on_violation); });
    check_caches(c);
    check_vms(c);
    check_tamper(c);
    find_traces(c, folder);
    return c;
}

Configuration load_configuration(const std::string& preset_or_file, const std::vector<std::string>& overrides) {
    const std::filesystem::path file = find_configuration(preset_or_file);
    return parse_configuration(read_configuration_file(file), file.string(), file.parent_path(), overrides);
}

std::vector<std::string> warnings_of(const Configuration& c) {
    std::vector<std::string> warnings;
    const auto warn = [&](std::string_view key, unsigned bytes) {
        if (bytes < 16) warnings.push_back(fmt::format("{}: tags of {} bytes can be guessed; they are for storage and performance studies", c.where(key), bytes));
    };
    if (!c.scheme.encrypt) return warnings;
    if (c.scheme.integrity != Integrity::none) warn("protection.tag_bytes", c.scheme.tag_bytes);
    if (c.scheme.integrity == Integrity::bmt) warn("protection.node_tag_bytes", c.scheme.node_tag_bytes);
    return warnings;
}

std::vector<std::pair<std::string, std::string>> effective_values(const Configuration& c) {
    std::vector<std::pair<std::string, std::string>> values;
    append_values(values, "", platform_fields(), c);
    for (std::size_t i = 0; i != c.vms.size(); ++i) append_values(values, fmt::format("vms[{}].", i), vm_fields(), c.vms[i]);
    for (std::size_t i = 0; i != c.tamper.size(); ++i) append_values(values, fmt::format("tamper[{}].", i), tamper_fields(), c.tamper[i]);
    return values;
}

namespace {

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

std::string effective_yaml(const Configuration& c) {
    YAML::Node root(YAML::NodeType::Map);
    for (const auto& [key, text] : effective_values(c)) put(root, key, text);
    YAML::Emitter emitter;
    emitter << root;
    return std::string(emitter.c_str()) + "\n";
}

std::string configuration_markdown() {
    return "# Configuration\n\n"
           "A platform is described by one YAML file, or by the name of a preset. `coffer run FILE --set key=value` changes single keys, with the same checks;\n"
           "`vms[0].trace` is a key of the first VM, and an element one past the last of a list is added. `coffer config FILE` prints every key as a run would use it.\n\n"
           "Unknown keys, wrong types, values out of range and parts that do not fit together stop the program before the simulation, with one line that names\n"
           "file, line, column and key, and what is accepted.\n\n"
           "- An integer is decimal, or hexadecimal with 0x.\n"
           "- A size is an integer alone, in bytes, or with B, KiB, MiB, GiB, TiB or PiB.\n"
           "- A number is decimal, as 12, 0.5 or 1e-3.\n"
           "- A trace is a path, from the folder of the YAML file if it is relative, or the name of a trace that comes with Coffer (in `share/coffer/traces`\n"
           "  of an installation, `vectors/traces` of the source tree), with its extension or without. Presets lie in `share/coffer/presets` and `models/platform/presets`.\n\n"
           "This page is printed by `coffer config --markdown`.\n\n"
           "## Platform\n\n" +
           markdown_table(platform_fields()) + "## VMs\n\n`vms` is a list with one map for each VM.\n\n" + markdown_table(vm_fields()) +
           "## Tampering\n\n`tamper` is a list of what an adversary does on the memory bus, in this order where `after` is the same. When the traces have ended, a sweep reads\n"
           "every line of every VM.\n\n" +
           markdown_table(tamper_fields());
}

}  // namespace coffer
