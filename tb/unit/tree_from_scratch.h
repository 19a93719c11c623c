#pragma once

#include <map>
#include <utility>
#include <vector>

#include "bmt/node_mac.h"
#include "common/scheme.h"
#include "crypto/mac.h"

namespace coffer {

/// The tree of docs/formats.md, section 4, once more:
/// built from all leaves at once, without caches, and sharing nothing with the models but the MAC itself.
class TreeFromScratch {
public:
    TreeFromScratch(const Scheme& scheme, const crypto::Key128& k_node, std::uint64_t pages)
        : mac_(scheme.node_mac, k_node), tag_bytes_(scheme.node_tag_bytes), arity_(64 / tag_bytes_) {
        std::uint64_t nodes = pages, before = 0;
        do {
            nodes = (nodes + arity_ - 1) / arity_;
            first_of_level_.push_back(before);
            before += nodes;
        } while (nodes > 1);
    }

    std::uint64_t arity() const { return arity_; }
    unsigned levels() const { return static_cast<unsigned>(first_of_level_.size()); }
    std::uint64_t offset_of(unsigned level, std::uint64_t index) const { return 64 * (first_of_level_[level - 1] + index); }

    /// Tag of a counter block (level 0) or node.
    NodeTag tag(unsigned level, std::uint64_t index, const Block64& block) const {
        NodeTag tag{};
        if (level > 0 && block == Block64{}) return tag;
        Bytes message(16);
        store_le64(message.data(), level);
        store_le64(message.data() + 8, index);
        message.insert(message.end(), block.begin(), block.end());
        const crypto::MacValue value = mac_.compute({message});
        for (unsigned i = 0; i < tag_bytes_; ++i) tag[i] = value[i];
        bool small = tag[0] < 2;
        for (unsigned i = 1; i < tag_bytes_; ++i) small = small && tag[i] == 0;
        if (small) tag[0] += 2;
        return tag;
    }

    static NodeTag child(const Block64& node, std::uint64_t index, unsigned tag_bytes) {
        NodeTag tag{};
        for (unsigned i = 0; i < tag_bytes; ++i) tag[i] = node[index % (64 / tag_bytes) * tag_bytes + i];
        return tag;
    }
    NodeTag child(const Block64& node, std::uint64_t index) const { return child(node, index, tag_bytes_); }

    struct Built {
        std::map<std::pair<unsigned, std::uint64_t>, Block64> nodes;  ///< by level and index; those not named are zero
        NodeTag root{};
    };
    /// From the leaf tags that are not 0.
    Built build(std::map<std::uint64_t, NodeTag> tags) const {
        Built built;
        for (unsigned level = 1; level <= levels(); ++level) {
            std::map<std::uint64_t, Block64> nodes;
            for (const auto& [index, tag] : tags)
                for (unsigned i = 0; i < tag_bytes_; ++i) nodes[index / arity_][index % arity_ * tag_bytes_ + i] = tag[i];
            tags.clear();
            for (const auto& [index, node] : nodes) {
                built.nodes[{level, index}] = node;
                tags[index] = tag(level, index, node);
            }
        }
        if (!tags.empty()) built.root = tags.at(0);
        return built;
    }

private:
    crypto::Mac mac_;
    unsigned tag_bytes_;
    std::uint64_t arity_;
    std::vector<std::uint64_t> first_of_level_;
};

}  // namespace coffer
