#include "platform/dump.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace coffer {

namespace {

using Json = nlohmann::ordered_json;

std::string hex64(std::uint64_t value) { return fmt::format("{:#018x}", value); }

Json domain_json(const DumpDomain& domain, unsigned root_bytes) {
    const VmEntry& entry = domain.entry;
    Json json{{"vmid", entry.vmid},
              {"key", to_hex(entry.k_vm.view())},
              {"pages", entry.pages},
              {"tree_base", entry.tree_base},
              {"root", to_hex({entry.root.data(), root_bytes})},
              {"lpid_floor", hex64(entry.lpid_floor)},
              {"map", Json::array()},
              {"shared", Json::array()},
              {"swapped", Json::array()}};
    for (const GuestMemoryMap::Range& range : domain.map) json["map"].push_back({range.gpn, range.hpa, range.count});
    for (const GuestMemoryMap::Range& range : domain.shared) json["shared"].push_back({range.gpn, range.hpa, range.count});
    for (const auto& [gpn, count] : domain.swapped) json["swapped"].push_back({gpn, count});
    return json;
}

/// Adds pages to ranges, joining what follows on in both guest and machine.
void append(std::vector<GuestMemoryMap::Range>& ranges, const GuestMemoryMap::Range& next) {
    const bool joins = !ranges.empty() && ranges.back().gpn + ranges.back().count == next.gpn &&
                       ranges.back().hpa + ranges.back().count * page_bytes == next.hpa;
    if (joins)
        ranges.back().count += next.count;
    else
        ranges.push_back(next);
}

}  // namespace

void DumpDomain::add(Gpn gpn, NptEntry place, std::uint64_t pages) {
    if (place.present())
        append(place.shared() ? shared : map, {gpn, place.frame() * page_bytes, pages});
    else if (place.swapped() && !swapped.empty() && swapped.back().first + swapped.back().second == gpn)
        swapped.back().second += pages;
    else if (place.swapped())
        swapped.emplace_back(gpn, pages);
}

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
              {"configuration", c.rules().name},
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
    for (const DumpDomain& domain : state.domains) json["vms"].push_back(domain_json(domain, root_bytes));
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
