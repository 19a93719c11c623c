#include "bmt/hash_tree.h"

#include <algorithm>
#include <array>

namespace coffer {

HashTree::Domain::Domain(const Scheme& scheme, const TreeDomain& tree_domain, const crypto::Key128& k_node)
    : info(tree_domain),
      geometry(tree_domain.pages, scheme.node_tag_bytes),
      mac(scheme.node_mac, scheme.node_tag_bytes, k_node) {}

HashTree::HashTree(const Scheme& scheme, const AddressMap& map, MetadataPort& cache, RootPort& roots, ViolationLog& violations)
    : scheme_(scheme),
      map_(map),
      cache_(cache),
      roots_(roots),
      violations_(violations),
      arity_(static_cast<unsigned>(line_bytes) / scheme.node_tag_bytes) {}

void HashTree::install(Slot slot, const TreeDomain& domain, const crypto::Key128& k_node) {
    if (slot >= domains_.size()) domains_.resize(slot + std::size_t{1});
    domains_[slot] = std::make_unique<Domain>(scheme_, domain, k_node);
}

void HashTree::revoke(Slot slot) {
    if (!installed(slot)) return;
    flush(slot);
    domains_[slot].reset();
}

void HashTree::flush(Slot slot) { cache_.evict_all(slot); }

void HashTree::evict(Slot slot, Gpn gpn, Address frame) { cache_.evict(map_.counter_of(frame), {slot, 0, gpn}); }

Address HashTree::node_address(const Domain& domain, unsigned level, std::uint64_t index) const {
    return domain.info.tree_base + domain.geometry.offset_of(level, index);
}

NodeTag HashTree::child_tag(const Block64& node, std::uint64_t child) const {
    NodeTag tag{};
    const std::size_t bytes = scheme_.node_tag_bytes;
    std::copy_n(node.begin() + static_cast<std::ptrdiff_t>(child % arity_ * bytes), bytes, tag.begin());
    return tag;
}

void HashTree::set_child_tag(Block64& node, std::uint64_t child, const NodeTag& tag) const {
    const std::size_t bytes = scheme_.node_tag_bytes;
    std::copy_n(tag.begin(), bytes, node.begin() + static_cast<std::ptrdiff_t>(child % arity_ * bytes));
}

Violation HashTree::raise(const Domain& domain, Check check, Address gpa, Address hpa, const BlockId& id) {
    return violations_.raise({check, domain.info.vmid, gpa, hpa, id.level, id.index});
}

/// The tag that a block must have, from its trusted parent or the root register.
MaybeViolation HashTree::expected_tag(Slot slot, unsigned level, std::uint64_t index, Address gpa, NodeTag& tag) {
    if (level == domains_[slot]->geometry.levels()) {
        tag = roots_.root(slot);
        return std::nullopt;
    }
    Node parent;
    if (auto violation = ensure_node(slot, level + 1, index / arity_, gpa, parent)) return violation;
    tag = child_tag(parent.block, index);
    return std::nullopt;
}

/// Brings a node into the cache, verified from the first cached ancestor (or the root) downwards.
MaybeViolation HashTree::ensure_node(Slot slot, unsigned level, std::uint64_t index, Address gpa, Node& node) {
    const Domain& domain = *domains_[slot];
    const BlockId id{slot, static_cast<std::uint8_t>(level), index};
    const Address address = node_address(domain, level, index);
    node.cached = cache_.look_up(address, id, node.block);
    if (node.cached) return std::nullopt;

    NodeTag expected;
    if (auto violation = expected_tag(slot, level, index, gpa, expected)) return violation;
    if (expected == empty_tag) {
        node.block.fill(0);
        return std::nullopt;
    }
    cache_.fetch(address, id, node.block);
    ++statistics_.verified_nodes;
    if (domain.mac.tag(id.level, index, node.block) != expected) return raise(domain, Check::tree_node, gpa, address, id);
    cache_.install(address, id, node.block, false);
    // The block that made room may have been a descendant of this node, and have settled into it.
    node.cached = cache_.look_up(address, id, node.block);
    return std::nullopt;
}

MaybeViolation HashTree::read(Slot slot, Gpn gpn, Address frame, CounterBlock& block) {
    const BlockId id{slot, 0, gpn};
    const Address address = map_.counter_of(frame);
    if (cache_.look_up(address, id, block.bytes())) return std::nullopt;

    const Domain& domain = *domains_[slot];
    const Address gpa = gpn * page_bytes;
    if (gpn >= domain.info.pages) return raise(domain, Check::out_of_range, gpa, frame, id);
    if (!has_tree()) {
        cache_.fetch(address, id, block.bytes());
        cache_.install(address, id, block.bytes(), false);
        return std::nullopt;
    }
    NodeTag expected;
    if (auto violation = expected_tag(slot, 0, gpn, gpa, expected)) return violation;
    if (expected == empty_tag) {
        block = CounterBlock();
        return std::nullopt;
    }
    if (expected == lost_tag) return raise(domain, Check::lost_page, gpa, frame, id);
    cache_.fetch(address, id, block.bytes());
    ++statistics_.verified_blocks;
    if (domain.mac.tag(0, gpn, block.bytes()) != expected) return raise(domain, Check::counter_block, gpa, address, id);
    cache_.install(address, id, block.bytes(), false);
    return std::nullopt;
}

MaybeViolation HashTree::write(Slot slot, Gpn gpn, Address frame, const CounterBlock& block) {
    const BlockId id{slot, 0, gpn};
    const Address address = map_.counter_of(frame);
    const Domain& domain = *domains_[slot];
    if (gpn >= domain.info.pages) return raise(domain, Check::out_of_range, gpn * page_bytes, frame, id);
    Block64 cached;
    if (cache_.look_up(address, id, cached))
        cache_.write(address, id, block.bytes());
    else
        cache_.install(address, id, block.bytes(), true);
    return std::nullopt;
}

/// Blocks between the one that leaves and its first cached ancestor are changed in memory, not cached: an eviction never needs another.
void HashTree::settle(Address address, const BlockId& id, const Block64& block) {
    ++statistics_.settled_blocks;
    // In any case: memory that still held the old block would match the old tag, and a lost update would pass in silence.
    cache_.write(address, id, block);
    if (!has_tree()) return;

    const Domain& domain = *domains_[id.slot];
    const unsigned top = domain.geometry.levels();
    Gpn first_page = id.index;
    for (unsigned level = 0; level < id.level; ++level) first_page *= arity_;
    const Address gpa = first_page * page_bytes;
    const auto ancestor_id = [&](unsigned level) {
        std::uint64_t index = id.index;
        for (unsigned l = id.level; l < level; ++l) index /= arity_;
        return BlockId{id.slot, static_cast<std::uint8_t>(level), index};
    };

    // With arity 2 a tree over 2^62 bytes of pages has 50 levels.
    std::array<Block64, 64> path;
    unsigned anchor = id.level + 1u;
    while (anchor <= top && !cache_.look_up(node_address(domain, anchor, ancestor_id(anchor).index), ancestor_id(anchor), path[anchor])) ++anchor;

    for (unsigned level = anchor; level-- > id.level + 1u;) {
        const BlockId node_id = ancestor_id(level);
        const Address node_at = node_address(domain, level, node_id.index);
        const NodeTag expected = level == top ? roots_.root(id.slot) : child_tag(path[level + 1], node_id.index);
        if (expected == empty_tag) {
            path[level].fill(0);
            continue;
        }
        cache_.fetch(node_at, node_id, path[level]);
        ++statistics_.verified_nodes;
        if (domain.mac.tag(node_id.level, node_id.index, path[level]) != expected) {
            // The block's tag has no place to go: the old one would vouch for an old block, or for an empty page.
            violations_.raise_and_stop({Check::tree_node, domain.info.vmid, gpa, node_at, node_id.level, node_id.index});
            return;
        }
    }

    NodeTag tag = domain.mac.tag(id.level, id.index, block);
    std::uint64_t child = id.index;
    for (unsigned level = id.level + 1u; level <= std::min(anchor, top); ++level) {
        const BlockId node_id = ancestor_id(level);
        set_child_tag(path[level], child, tag);
        cache_.write(node_address(domain, level, node_id.index), node_id, path[level]);
        if (level == anchor) return;
        tag = domain.mac.tag(node_id.level, node_id.index, path[level]);
        child = node_id.index;
    }
    roots_.set_root(id.slot, tag);
    ++statistics_.root_updates;
}

bool HashTree::peek_block(const Domain& domain, const BlockId& id, Address address, Block64& block) {
    if (cache_.peek(address, id, block) || !has_tree()) return true;
    NodeTag expected = empty_tag;
    if (id.level == domain.geometry.levels()) {
        expected = roots_.root(id.slot);
    } else {
        const BlockId parent_id{id.slot, static_cast<std::uint8_t>(id.level + 1), id.index / arity_};
        Block64 parent;
        if (!peek_block(domain, parent_id, node_address(domain, parent_id.level, parent_id.index), parent)) return false;
        expected = child_tag(parent, id.index);
    }
    if (expected == empty_tag) {
        block.fill(0);
        return true;
    }
    return domain.mac.tag(id.level, id.index, block) == expected;
}

bool HashTree::peek(Slot slot, Gpn gpn, Address frame, CounterBlock& block) {
    const Domain& domain = *domains_[slot];
    return gpn < domain.info.pages && peek_block(domain, {slot, 0, gpn}, map_.counter_of(frame), block.bytes());
}

MaybeViolation HashTree::set_leaf(Slot slot, Gpn gpn, Address frame, const NodeTag& leaf) {
    const Domain& domain = *domains_[slot];
    const Address gpa = gpn * page_bytes;
    if (gpn >= domain.info.pages) return raise(domain, Check::out_of_range, gpa, frame, {slot, 0, gpn});
    const std::uint64_t index = gpn / arity_;
    Node node;
    if (auto violation = ensure_node(slot, 1, index, gpa, node)) return violation;
    cache_.drop(map_.counter_of(frame), {slot, 0, gpn});
    set_child_tag(node.block, gpn, leaf);
    const BlockId id{slot, 1, index};
    const Address address = node_address(domain, 1, index);
    if (node.cached)
        cache_.write(address, id, node.block);
    else
        cache_.install(address, id, node.block, true);
    return std::nullopt;
}

MaybeViolation HashTree::leaf_state(Slot slot, Gpn gpn, LeafState& state) {
    const Domain& domain = *domains_[slot];
    const Address gpa = gpn * page_bytes;
    if (gpn >= domain.info.pages) return raise(domain, Check::out_of_range, gpa, 0, {slot, 0, gpn});
    NodeTag leaf;
    if (auto violation = expected_tag(slot, 0, gpn, gpa, leaf)) return violation;
    state = leaf == empty_tag ? LeafState::empty : leaf == lost_tag ? LeafState::lost : LeafState::populated;
    return std::nullopt;
}

MaybeViolation HashTree::release(Slot slot, Gpn gpn, Address frame) {
    if (has_tree()) return set_leaf(slot, gpn, frame, empty_tag);
    const MaybeViolation violation = write(slot, gpn, frame, CounterBlock());
    // The frame's next owner has a block of its own at this address.
    evict(slot, gpn, frame);
    return violation;
}

MaybeViolation HashTree::mark_lost(Slot slot, Gpn gpn, Address frame) { return set_leaf(slot, gpn, frame, lost_tag); }

}  // namespace coffer
