#include "hsvm/tree_collector.h"

#include <algorithm>

namespace coffer {

namespace {

class TreeCollector {
public:
    TreeCollector(HsvmMemory& memory, const VmEntry& domain, const crypto::Key128& k_node)
        : memory_(memory),
          domain_(domain),
          geometry_(domain.pages, memory.scheme().node_tag_bytes),
          mac_(memory.scheme().node_mac, memory.scheme().node_tag_bytes, k_node) {}

    bool visit(unsigned level, std::uint64_t index, const NodeTag& tag) {
        if (tag == empty_tag) return true;
        const Address offset = geometry_.offset_of(level, index);
        TreeNode node{offset / line_bytes, {}};
        memory_.read_raw(domain_.tree_base + offset, node.block.data(), node.block.size());
        if (mac_.tag(static_cast<std::uint8_t>(level), index, node.block) != tag) {
            memory_.raise({Check::tree_node, domain_.vmid, 0, domain_.tree_base + offset, static_cast<std::uint8_t>(level), index});
            return false;
        }
        nodes.push_back(node);
        if (level == 1) return true;
        const std::uint64_t first = index * geometry_.arity();
        for (std::uint64_t child = first; child < std::min(first + geometry_.arity(), geometry_.nodes_at(level - 1)); ++child)
            if (!visit(level - 1, child, child_tag(node.block, child - first))) return false;
        return true;
    }
    bool visit_all(const NodeTag& root) { return visit(geometry_.levels(), 0, root); }

    std::vector<TreeNode> nodes;

private:
    NodeTag child_tag(const Block64& node, std::uint64_t slot) const {
        NodeTag tag{};
        std::copy_n(node.begin() + static_cast<std::ptrdiff_t>(slot * geometry_.node_tag_bytes()), geometry_.node_tag_bytes(), tag.begin());
        return tag;
    }

    HsvmMemory& memory_;
    const VmEntry domain_;
    const TreeGeometry geometry_;
    const NodeMac mac_;
};

}  // namespace

std::optional<std::vector<TreeNode>> collect_tree(HsvmMemory& memory, const VmEntry& domain, const NodeTag& root, const crypto::Key128& k_node) {
    TreeCollector collector(memory, domain, k_node);
    if (!collector.visit_all(root)) return std::nullopt;
    std::sort(collector.nodes.begin(), collector.nodes.end(), [](const TreeNode& a, const TreeNode& b) { return a.number < b.number; });
    return std::move(collector.nodes);
}

}  // namespace coffer
