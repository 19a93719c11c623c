#include "platform/configuration.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "aise/chip_number.h"
#include "common/errors.h"
#include "hsvm/chip_region.h"
#include "hsvm/nested_page_table.h"
#include "hsvm/ownership_entry.h"
#include "hsvm/vm_records.h"
#include "memory/set_associative_cache.h"
#include "platform/configuration_keys.h"
#include "platform/input_files.h"
#include "vm_table/vm_table.h"

namespace coffer {

namespace {

template <class Record>
void read_record(const KeyedInput& input, const std::string& prefix, const std::vector<Field<Record>>& fields, Record& record) {
    for (const Field<Record>& field : fields) {
        const auto found = input.values().find(prefix + field.path);
        if (found == input.values().end()) {
            if (field.required) throw InputError(input.where(prefix + field.path), "the key is missing", field.accepted);
            continue;
        }
        const KeyedValue& value = found->second;
        if (value.quoted && !field.may_be_quoted())
            throw InputError(value.where, fmt::format("text in quotes, not a value of type {}", field.type), field.accepted);
        field.set(record, value.where, value.text);
    }
}

/// Runs a check of another module, whose messages begin with one of the names, and puts the place of the key in the name's stead.
template <class Check>
void check_at(const Configuration& c, const std::vector<std::pair<std::string_view, std::string_view>>& keys, Check&& check) {
    try {
        check();
    } catch (const InputError& error) {
        const std::string_view text = error.what();
        for (const auto& [named, key] : keys)
            if (text.substr(0, named.size()) == named && text.substr(named.size(), 2) == ": ")
                throw InputError(c.where(key), text.substr(named.size() + 2));
        throw;
    }
}

void check_caches(const Configuration& c) {
    (void)CacheGeometry::of_size(c.where("llc.bytes"), c.llc.bytes, c.llc.ways);
    (void)CacheGeometry::of_size(c.where("metadata_cache.bytes"), c.metadata_cache.bytes, c.metadata_cache.ways);
    if (c.metadata_chip_ways >= c.metadata_cache.ways)
        throw InputError(c.where("metadata_cache.chip_ways"),
                         fmt::format("{} of {} ways leave none to guests", c.metadata_chip_ways, c.metadata_cache.ways),
                         fmt::format("1 to {}", c.metadata_cache.ways - 1));
}

void check_hardware(const Configuration& c) {
    if (c.ghash_implementation == Implementation::rtl && c.scheme.data_mac != MacAlgorithm::gcm)
        throw InputError(c.where("ghash.implementation"), "data tags of another MAC have no RTL", "tlm, or protection.data_mac: gcm");
}

/// A chip region that has room for H-SVM's tables whatever frames the VMs have.
std::uint64_t hsvm_chip_bytes(const Configuration& c) {
    const std::uint64_t frames = c.memory.data_bytes / page_bytes;
    const std::uint64_t tables = divide_up(frames, large_pages) + divide_up(frames, large_pages * large_pages);
    // Each VM's own tables may hold few entries, at every level; then there are its contexts.
    const std::uint64_t vms = c.input->size_of("vms") * (NestedPageTable::levels + 2);
    const std::uint64_t fixed = align_up(c.hsvm_vmids * VmTable::entry_bytes, page_bytes) +
                                align_up(c.hsvm_vmids * VmRecord::stored_bytes, page_bytes) +
                                align_up(frames * OwnershipEntry::stored_bytes, page_bytes);
    return align_up(fixed + (tables + vms + 16) * page_bytes, std::uint64_t{64} << 10);
}

void check_hsvm(const Configuration& c) {
    const char* const keys[] = {"hsvm.vmids", "memory.chip_bytes", "tlb.entries", "tlb.ways"};
    check_at(c, {{keys[0], keys[0]}, {keys[1], keys[1]}, {keys[2], keys[2]}, {keys[3], keys[3]}}, [&] {
        (void)ChipRegionLayout(AddressMap(c.memory.data_bytes, c.memory.chip_bytes, c.scheme.tag_bytes), c.hsvm_vmids);
        (void)Tlb(c.tlb);
    });
    if (first_guest_vmid + c.vms.size() > c.hsvm_vmids)
        throw InputError(c.where("hsvm.vmids"), fmt::format("{} VMs do not fit below VMID {}", c.vms.size(), c.hsvm_vmids),
                         fmt::format("{} or more", first_guest_vmid + c.vms.size()));
}

void check_vms(const Configuration& c) {
    if (c.vms.empty() && c.host.trace.empty()) throw InputError(c.where("vms"), "nothing runs on this platform", "at least one VM, or host.trace");
    const std::uint64_t table_bytes = (first_guest_vmid + c.vms.size()) * VmTable::entry_bytes;
    if (c.scheme.encrypt && table_bytes > c.memory.chip_bytes)
        throw InputError(c.where("memory.chip_bytes"), fmt::format("the entries of {} VMs need {} bytes", c.vms.size(), table_bytes),
                         fmt::format("at least {}", align_up(table_bytes, page_bytes)));
    if (first_guest_vmid + c.vms.size() > 65536) throw InputError(c.where("vms"), fmt::format("{} VMs", c.vms.size()), "at most 65534");
    std::set<std::string> names;
    for (std::size_t i = 0; i != c.vms.size(); ++i) {
        if (c.vms[i].name == "host" || !names.insert(c.vms[i].name).second)
            throw InputError(c.where(fmt::format("vms[{}].name", i)), fmt::format("the name {} is taken", c.vms[i].name),
                             "each name once, and not host");
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
    if (action.kind == TamperKind::flip && action.part == TamperPart::all)
        throw InputError(c.where(key + "part"), "a flip is of one part", "data, tag, counter, node");
    if (action.kind == TamperKind::flip && action.bit >= bits)
        throw InputError(c.where(key + "bit"), fmt::format("a tag of {} bytes has no bit {}", c.scheme.tag_bytes, action.bit),
                         fmt::format("0 to {}", bits - 1));
    if (action.kind == TamperKind::replay && action.record_after >= action.after)
        throw InputError(c.where(key + "record_after"), fmt::format("{} is no earlier than after: {}", action.record_after, action.after),
                         "fewer accesses than after");
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
    for (std::size_t i = 0; i != c.vms.size(); ++i)
        c.vms[i].trace_file = find_trace(c.where(fmt::format("vms[{}].trace", i)), c.vms[i].trace, folder);
}

}  // namespace

Configuration parse_configuration(std::string_view yaml, std::string_view file, const std::filesystem::path& folder,
                                  const std::vector<std::string>& overrides) {
    Configuration c;
    KeyedInput& input = c.input.emplace(yaml, file, known_keys());
    for (const std::string& assignment : overrides) input.override_with(assignment, known_keys());
    read_record(input, "", platform_fields(), c);
    c.host.name = "host";
    c.vms.resize(input.size_of("vms"));
    for (std::size_t i = 0; i != c.vms.size(); ++i) read_record(input, fmt::format("vms[{}].", i), vm_fields(), c.vms[i]);
    c.tamper.resize(input.size_of("tamper"));
    for (std::size_t i = 0; i != c.tamper.size(); ++i) read_record(input, fmt::format("tamper[{}].", i), tamper_fields(), c.tamper[i]);

    c.scheme.encrypt = c.rules().encrypt;
    if (c.rules().ownership && input.values().count("memory.chip_bytes") == 0) c.memory.chip_bytes = hsvm_chip_bytes(c);
    check_at(c, {{"tag_bytes", "protection.tag_bytes"}, {"node_tag_bytes", "protection.node_tag_bytes"}, {"on_violation", "on_violation"}},
             [&] { c.scheme.check(c.on_violation); });
    check_caches(c);
    check_hardware(c);
    check_vms(c);
    if (c.rules().ownership) check_hsvm(c);
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
        if (bytes < 16)
            warnings.push_back(fmt::format("{}: tags of {} bytes can be guessed; they are for storage and performance studies", c.where(key), bytes));
    };
    if (!c.scheme.encrypt) return warnings;
    if (c.scheme.integrity != Integrity::none) warn("protection.tag_bytes", c.scheme.tag_bytes);
    if (c.scheme.integrity == Integrity::bmt) warn("protection.node_tag_bytes", c.scheme.node_tag_bytes);
    return warnings;
}

}  // namespace coffer
