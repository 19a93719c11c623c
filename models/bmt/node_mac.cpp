#include "bmt/node_mac.h"

#include <algorithm>

namespace coffer {

NodeTag avoid_reserved(NodeTag computed) {
    if (computed == empty_tag || computed == lost_tag) computed[0] = static_cast<std::uint8_t>(computed[0] + 2);
    return computed;
}

NodeMac::NodeMac(MacAlgorithm algorithm, unsigned node_tag_bytes, const crypto::Key128& k_node)
    : mac_(algorithm, k_node), node_tag_bytes_(node_tag_bytes) {}

NodeTag NodeMac::tag(std::uint8_t level, std::uint64_t index, const Block64& block) const {
    if (level > 0 && all_zero(block)) return empty_tag;
    std::array<std::uint8_t, 16> position;
    store_le64(position.data(), level);
    store_le64(position.data() + 8, index);
    NodeTag tag = mac_.compute({position, block});
    std::fill(tag.begin() + node_tag_bytes_, tag.end(), std::uint8_t{0});
    return avoid_reserved(tag);
}

}  // namespace coffer
