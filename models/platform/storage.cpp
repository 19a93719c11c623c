#include "platform/storage.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bmt/tree_geometry.h"
#include "common/errors.h"
#include "memory/address_map.h"
#include "platform/quantities.h"

namespace coffer {

namespace {

constexpr std::uint64_t largest_memory = std::uint64_t{1} << 62;

/// What makes the schemes different.
struct SchemeShape {
    StorageScheme scheme;
    std::string_view name;
    unsigned counter_bytes;        // counters of one page
    bool tag_array;                // tags per line lie in an array of their own, not in the tree
    bool page_roots;               // a directory of page roots, one tag per page
    bool tree_covers_data;         // else the tree is over the counters alone
    unsigned levels_in_memory;     // 0: all, and one root on the chip
    unsigned root_bytes_per_node;  // on-chip bytes for each node of the top level in memory; 0: one tag
    unsigned data_quarters;        // the share of memory that data gets; 0: as much as fits
    std::string_view tag_sizes;
};

constexpr unsigned counter64_bytes_per_page = 8 * lines_per_page;
constexpr std::array<SchemeShape, 3> shapes{{
    {StorageScheme::aise_bmt, "aise-bmt", line_bytes, true, true, false, 0, 0, 0, "4, 8, 16, 32"},
    {StorageScheme::global64_mt, "global64-mt", counter64_bytes_per_page, false, true, true, 0, 0, 0, "4, 8, 16, 32"},
    // Counters and tags of 56 bits take 8 bytes in memory and 7 on the chip.
    {StorageScheme::sgx_mee, "sgx-mee", counter64_bytes_per_page, true, false, false, 3, 7, 3, "8"},
}};

const SchemeShape& shape_of(StorageScheme scheme) { return shapes[static_cast<std::size_t>(scheme)]; }

void check_tag_size(const SchemeShape& shape, unsigned tag_bytes) {
    const bool known =
        shape.scheme == StorageScheme::sgx_mee ? tag_bytes == 8 : tag_bytes == 4 || tag_bytes == 8 || tag_bytes == 16 || tag_bytes == 32;
    if (!known) throw InputError("tag size", fmt::format("{} has no tags of {} bytes", shape.name, tag_bytes), shape.tag_sizes);
}

/// The split of whatever memory `data_bytes` need, as the platform's own address map and tree lay it out.
StorageSplit lay_out(const SchemeShape& shape, std::uint64_t data_bytes, unsigned tag_bytes) {
    const AddressMap map(data_bytes, 0, MetadataSizes{shape.counter_bytes, shape.tag_array ? tag_bytes : 0, shape.page_roots ? tag_bytes : 0});
    StorageSplit split;
    split.scheme = shape.scheme;
    split.tag_bytes = tag_bytes;
    split.data_bytes = map.data_bytes();
    split.counter_bytes = map.tag_base() - map.counter_base();
    split.tag_array_bytes = map.page_root_base() - map.tag_base();
    split.page_root_bytes = map.tree_base() - map.page_root_base();

    const TreeGeometry tree((split.counter_bytes + (shape.tree_covers_data ? data_bytes : 0)) / line_bytes, tag_bytes);
    const unsigned levels = shape.levels_in_memory == 0 ? tree.levels() : std::min(shape.levels_in_memory, tree.levels());
    for (unsigned level = 1; level <= levels; ++level) split.tree_levels.push_back(tree.nodes_at(level) * line_bytes);
    split.on_chip_root_bytes = shape.root_bytes_per_node == 0 ? std::max(tag_bytes, 16u) : shape.root_bytes_per_node * tree.nodes_at(levels);
    split.memory_bytes = data_bytes + split.metadata_bytes();
    return split;
}

std::uint64_t most_data_pages(const SchemeShape& shape, std::uint64_t memory_bytes, unsigned tag_bytes) {
    if (shape.data_quarters != 0) return memory_bytes / 4 * shape.data_quarters / page_bytes;
    std::uint64_t fits = 0;
    std::uint64_t too_many = memory_bytes / page_bytes + 1;
    while (too_many - fits > 1) {
        const std::uint64_t pages = fits + (too_many - fits) / 2;
        (lay_out(shape, pages * page_bytes, tag_bytes).memory_bytes <= memory_bytes ? fits : too_many) = pages;
    }
    return fits;
}

struct Part {
    std::string_view name;
    std::uint64_t bytes;
};

std::vector<Part> parts_of(const StorageSplit& split) {
    return {{"data", split.data_bytes},   {"counters", split.counter_bytes},     {"tags", split.tag_array_bytes},
            {"tree", split.tree_bytes()}, {"page_roots", split.page_root_bytes}, {"unused", split.unused_bytes()}};
}

}  // namespace

std::uint64_t StorageSplit::tree_bytes() const { return std::accumulate(tree_levels.begin(), tree_levels.end(), std::uint64_t{0}); }

std::string_view to_string(StorageScheme scheme) { return shape_of(scheme).name; }

StorageScheme parse_storage_scheme(std::string_view where, std::string_view name) {
    std::vector<std::string_view> names;
    for (const SchemeShape& shape : shapes) {
        if (shape.name == name) return shape.scheme;
        names.push_back(shape.name);
    }
    throw InputError(where, fmt::format("{} is no scheme", in_quotes(name)), fmt::format("{}", fmt::join(names, ", ")));
}

StorageSplit split_memory(StorageScheme scheme, std::uint64_t memory_bytes, unsigned tag_bytes) {
    const SchemeShape& shape = shape_of(scheme);
    check_tag_size(shape, tag_bytes);
    if (memory_bytes > largest_memory) throw InputError("memory", fmt::format("{} bytes are too many", memory_bytes), "at most 2^62");
    const std::uint64_t pages = most_data_pages(shape, memory_bytes, tag_bytes);
    StorageSplit split;
    if (pages != 0) split = lay_out(shape, pages * page_bytes, tag_bytes);
    if (pages == 0 || split.memory_bytes > memory_bytes)
        throw InputError("memory", fmt::format("{} bytes hold no page and what protects it", memory_bytes), "1 MiB and more");
    split.memory_bytes = memory_bytes;
    return split;
}

StorageSplit split_for_data(StorageScheme scheme, std::uint64_t data_bytes, unsigned tag_bytes) {
    const SchemeShape& shape = shape_of(scheme);
    check_tag_size(shape, tag_bytes);
    if (data_bytes == 0 || data_bytes % page_bytes != 0 || data_bytes > largest_memory)
        throw InputError("data", fmt::format("{} bytes are no number of pages", data_bytes), "a multiple of 4096, at most 2^62");
    return lay_out(shape, data_bytes, tag_bytes);
}

std::string storage_text(const StorageSplit& split) {
    std::string text = fmt::format("{}, tags of {} bytes, memory of {}\n\n{:<18}{:>20}{:>10}\n", to_string(split.scheme), split.tag_bytes,
                                   format_size(split.memory_bytes), "part", "bytes", "percent");
    const auto line = [&](std::string_view name, std::uint64_t bytes) {
        text += fmt::format("{:<18}{:>20}{:>10.2f}\n", name, bytes, split.percent_of_memory(bytes));
    };
    for (const Part& part : parts_of(split)) {
        line(part.name, part.bytes);
        if (part.name != "tree") continue;
        for (std::size_t i = 0; i != split.tree_levels.size(); ++i) line(fmt::format("  level {}", i + 1), split.tree_levels[i]);
    }
    line("all metadata", split.metadata_bytes());
    return text + fmt::format("{:<18}{:>20}\n", "roots on the chip", split.on_chip_root_bytes);
}

std::string storage_json(const StorageSplit& split) {
    nlohmann::ordered_json json{{"scheme", to_string(split.scheme)}, {"tag_bytes", split.tag_bytes}, {"memory_bytes", split.memory_bytes}};
    for (const Part& part : parts_of(split))
        json["parts"][std::string(part.name)] = {{"bytes", part.bytes}, {"percent", split.percent_of_memory(part.bytes)}};
    json["metadata"] = {{"bytes", split.metadata_bytes()}, {"percent", split.percent_of_memory(split.metadata_bytes())}};
    json["tree_levels_bytes"] = split.tree_levels;
    json["on_chip_root_bytes"] = split.on_chip_root_bytes;
    return json.dump(2) + "\n";
}

std::string storage_table(std::uint64_t memory_bytes) {
    std::string text = fmt::format("percent of a memory of {}\n\n{:>9}  {:<12}{:>15}{:>12}{:>10}{:>8}\n", format_size(memory_bytes), "tag bits",
                                   "scheme", "tree and tags", "page roots", "counters", "total");
    for (unsigned tag_bytes : {32u, 16u, 8u, 4u}) {
        for (StorageScheme scheme : {StorageScheme::global64_mt, StorageScheme::aise_bmt}) {
            const StorageSplit split = split_memory(scheme, memory_bytes, tag_bytes);
            text += fmt::format("{:>9}  {:<12}{:>15.2f}{:>12.2f}{:>10.2f}{:>8.2f}\n", 8 * tag_bytes, to_string(scheme),
                                split.percent_of_memory(split.tree_bytes() + split.tag_array_bytes), split.percent_of_memory(split.page_root_bytes),
                                split.percent_of_memory(split.counter_bytes), split.percent_of_memory(split.metadata_bytes()));
        }
    }
    return text;
}

}  // namespace coffer
