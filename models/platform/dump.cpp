#include "platform/dump.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace coffer {

namespace {

using Json = nlohmann::ordered_json;

std::string hex64(std::uint64_t value) { return fmt::format("{:#018x}", value); }

Json domain_json(const VmEntry& entry, const std::vector<GuestMemoryMap::Range>& ranges, unsigned root_bytes) {
    Json json{{"vmid", entry.vmid},
              {"key", to_hex(entry.k_vm.view())},
              {"pages", entry.pages},
              {"tree_base", entry.tree_base},
              {"root", to_hex({entry.root.data(), root_bytes})},
              {"lpid_floor", hex64(entry.lpid_floor)},
              {"map", Json::array()},
              {"shared", Json::array()},
              {"swapped", Json::array()}};
    for (const GuestMemoryMap::Range& range : ranges) json["map"].push_back({range.gpn, range.hpa, range.count});
    return json;
}

}  // namespace

std::vector<FrameRun> frames_to_dump(SparseMemory& memory) {
    std::vector<FrameRun> runs;
    for (std::uint64_t number : memory.frame_numbers()) {
        if (all_zero({memory.frame(number), page_bytes})) continue;
        if (!runs.empty() && runs.back().first + runs.back().count == number) {
            ++runs.back().count;
        } else {
            runs.push_back({number, 1});
        }
    }
    return runs;
}

std::string dump_layout(const DumpState& state, const std::vector<FrameRun>& frames) {
    const Configuration& c = state.configuration;
    Json json{{"format", "coffer-dump-1"},
              {"configuration", c.protection == Protection::none ? "none" : "hypercoffer"},
              {"integrity", to_string(c.scheme.integrity)},
              {"data_mac", to_string(c.scheme.data_mac)},
              {"node_mac", to_string(c.scheme.node_mac)},
              {"tag_bytes", c.scheme.tag_bytes},
              {"node_tag_bytes", c.scheme.node_tag_bytes},
              {"fleet_id", to_hex(*c.fleet_id)},
              {"gpc", hex64(state.gpc)},
              {"memory_bytes", state.memory_bytes},
              {"data_bytes", state.map.data_bytes()},
              {"chip_base", state.map.chip_base()},
              {"chip_bytes", state.map.chip_bytes()},
              {"counter_base", state.map.counter_base()},
              {"tag_base", state.map.tag_base()},
              {"frames", Json::array()},
              {"vms", Json::array()}};
    for (const FrameRun& run : frames) json["frames"].push_back({run.first, run.count});

    // A root has 16 bytes, and 32 where node tags do.
    const unsigned root_bytes = std::max(16u, c.scheme.node_tag_bytes);
    const auto entry_of = [&](Vmid vmid) {
        return std::find_if(state.entries.begin(), state.entries.end(), [&](const VmEntry& entry) { return entry.vmid == vmid; });
    };
    if (const auto chip = entry_of(chip_vmid); chip != state.entries.end())
        json["vms"].push_back(domain_json(*chip, {{0, state.map.chip_base(), chip->pages}}, root_bytes));
    for (const Guest& guest : state.guests) {
        if (guest.vmid == host_vmid) continue;
        VmEntry plain;
        plain.vmid = guest.vmid;
        plain.pages = guest.pages;
        const auto entry = entry_of(guest.vmid);
        json["vms"].push_back(domain_json(entry == state.entries.end() ? plain : *entry, guest.map.ranges(), root_bytes));
    }
    // One line a key: maps and frames are too long to have a line for each number.
    std::vector<std::string> lines;
    for (const auto& [key, value] : json.items()) lines.push_back(fmt::format(" \"{}\": {}", key, value.dump()));
    return fmt::format("{{\n{}\n}}\n", fmt::join(lines, ",\n"));
}

void dump_frames(SparseMemory& memory, const std::vector<FrameRun>& frames, const std::function<void(ByteView)>& write) {
    for (const FrameRun& run : frames)
        for (std::uint64_t i = 0; i != run.count; ++i) write({memory.frame(run.first + i), page_bytes});
}

}  // namespace coffer
