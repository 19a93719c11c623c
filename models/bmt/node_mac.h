#pragma once

#include <array>
#include <cstdint>

#include "common/bytes.h"
#include "common/units.h"
#include "crypto/mac.h"

namespace coffer {

/// A leaf or node tag, or a root: node_tag_bytes count, the rest is zero.
using NodeTag = std::array<std::uint8_t, 32>;

inline constexpr NodeTag empty_tag{};
/// Leaf of a page that was taken from its guest without release: the number 1, little-endian.
inline constexpr NodeTag lost_tag{1};

/// The tag in place of a computed one: 2 is added to the numbers 0 and 1, which are reserved for empty and lost.
NodeTag avoid_reserved(NodeTag computed);

/// Tags of one domain's counter blocks and tree nodes, under its K_node.
class NodeMac {
public:
    NodeMac(MacAlgorithm algorithm, unsigned node_tag_bytes, const crypto::Key128& k_node);

    /// Tag of the counter block of `index` = GPN (level 0) or of a node, never one of the reserved values; but the tag of a node
    /// whose bytes are all zero is the empty tag.
    NodeTag tag(std::uint8_t level, std::uint64_t index, const Block64& block) const;

private:
    crypto::Mac mac_;
    unsigned node_tag_bytes_;
};

}  // namespace coffer
