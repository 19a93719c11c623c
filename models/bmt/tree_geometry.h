#pragma once

#include <cstdint>
#include <vector>

#include "common/units.h"

namespace coffer {

/// Shape of one domain's tree over its pages in GPN order. Level 0 are the counter blocks; nodes start at level 1.
class TreeGeometry {
public:
    /// Guest physical addresses have 52 bits, as in the x86-64 page table layout.
    static constexpr std::uint64_t max_pages = std::uint64_t{1} << 40;

    /// `node_tag_bytes` gives the arity 64 / node_tag_bytes. Throws InputError for a tag size other than 4, 8, 16, 32, or a number of pages
    /// other than 1 to max_pages.
    TreeGeometry(std::uint64_t pages, unsigned node_tag_bytes);

    std::uint64_t pages() const { return pages_; }
    unsigned arity() const { return arity_; }
    unsigned node_tag_bytes() const { return static_cast<unsigned>(line_bytes) / arity_; }
    /// Levels of nodes; the top level has one node. At least 1.
    unsigned levels() const { return static_cast<unsigned>(first_.size()); }
    std::uint64_t nodes_at(unsigned level) const { return nodes_[level - 1]; }
    std::uint64_t nodes() const { return first_.back() + 1; }
    /// Bytes of all nodes.
    std::uint64_t bytes() const { return nodes() * line_bytes; }
    /// Offset of a node from the tree base: level 1 first, each level contiguous.
    Address offset_of(unsigned level, std::uint64_t index) const { return (first_[level - 1] + index) * line_bytes; }

private:
    std::uint64_t pages_;
    unsigned arity_;
    std::vector<std::uint64_t> nodes_;  // nodes of each level, level 1 first
    std::vector<std::uint64_t> first_;  // nodes before each level
};

}  // namespace coffer
