#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "aise/counter_block.h"
#include "bmt/leaf_state.h"
#include "bmt/metadata_port.h"
#include "bmt/node_mac.h"
#include "bmt/tree_geometry.h"
#include "common/scheme.h"
#include "common/violation_log.h"
#include "memory/address_map.h"

namespace coffer {

/// Where the protection engine gets verified counter blocks from.
class CounterPort {
public:
    virtual ~CounterPort() = default;
    /// The verified counter block of page `gpn`, which lies in `frame` (machine address). An empty leaf gives a block of zeros.
    virtual MaybeViolation read(Slot slot, Gpn gpn, Address frame, CounterBlock& block) = 0;
    /// Replaces the counter block; it must have been read, and so verified, before.
    virtual MaybeViolation write(Slot slot, Gpn gpn, Address frame, const CounterBlock& block) = 0;
    /// For debug accesses: as read, but without time, counting or any other effect; false where the block does not verify.
    virtual bool peek(Slot slot, Gpn gpn, Address frame, CounterBlock& block) = 0;
};

/// The root registers of the VM-Table.
class RootPort {
public:
    virtual ~RootPort() = default;
    virtual NodeTag root(Slot slot) = 0;
    virtual void set_root(Slot slot, const NodeTag& root) = 0;
};

/// One domain as the tree needs to know it.
struct TreeDomain {
    Vmid vmid = 0;
    std::uint64_t pages = 0;
    Address tree_base = 0;
};

/// The Bonsai Merkle Trees of all installed domains (Rogers et al., MICRO 2007, section 5), over a metadata cache of trusted blocks.
/// With integrity mac or none there are no nodes: counter blocks are cached, but not checked.
class HashTree : public CounterPort, public SettlePort {
public:
    struct Statistics {
        std::uint64_t verified_blocks = 0;  ///< counter blocks that were fetched and checked
        std::uint64_t verified_nodes = 0;
        std::uint64_t settled_blocks = 0;   ///< blocks that left the cache dirty
        std::uint64_t root_updates = 0;
    };

    HashTree(const Scheme& scheme, const AddressMap& map, MetadataPort& cache, RootPort& roots, ViolationLog& violations);

    void install(Slot slot, const TreeDomain& domain, const crypto::Key128& k_node);
    /// Settles what is cached of the slot and forgets its key.
    void revoke(Slot slot);
    bool installed(Slot slot) const { return slot < domains_.size() && domains_[slot] != nullptr; }

    MaybeViolation read(Slot slot, Gpn gpn, Address frame, CounterBlock& block) override;
    MaybeViolation write(Slot slot, Gpn gpn, Address frame, const CounterBlock& block) override;
    bool peek(Slot slot, Gpn gpn, Address frame, CounterBlock& block) override;
    void settle(Address address, const BlockId& id, const Block64& block) override;

    /// What the leaf says of a page whose counter block is not cached. Only with integrity bmt.
    MaybeViolation leaf_state(Slot slot, Gpn gpn, LeafState& state);
    /// Makes the leaf empty: the page was released by its guest.
    MaybeViolation release(Slot slot, Gpn gpn, Address frame);
    /// Marks the leaf lost: the page was taken without release. Only with integrity bmt.
    MaybeViolation mark_lost(Slot slot, Gpn gpn, Address frame);
    /// Settles and forgets the page's counter block, before its frame changes.
    void evict(Slot slot, Gpn gpn, Address frame);
    /// Settles all of the slot's blocks, so that memory and root agree.
    void flush(Slot slot);

    const Statistics& statistics() const { return statistics_; }

private:
    struct Domain {
        Domain(const Scheme& scheme, const TreeDomain& tree_domain, const crypto::Key128& k_node);
        TreeDomain info;
        TreeGeometry geometry;
        NodeMac mac;
    };
    struct Node {
        Block64 block{};
        bool cached = false;  ///< false: an empty node, which is not fetched
    };

    bool has_tree() const { return scheme_.integrity == Integrity::bmt; }
    Address node_address(const Domain& domain, unsigned level, std::uint64_t index) const;
    NodeTag child_tag(const Block64& node, std::uint64_t child) const;
    void set_child_tag(Block64& node, std::uint64_t child, const NodeTag& tag) const;

    MaybeViolation ensure_node(Slot slot, unsigned level, std::uint64_t index, Address gpa, Node& node);
    MaybeViolation expected_tag(Slot slot, unsigned level, std::uint64_t index, Address gpa, NodeTag& tag);
    bool peek_block(const Domain& domain, const BlockId& id, Address address, Block64& block);
    MaybeViolation set_leaf(Slot slot, Gpn gpn, Address frame, const NodeTag& leaf);
    Violation raise(const Domain& domain, Check check, Address gpa, Address hpa, const BlockId& id);

    const Scheme scheme_;
    const AddressMap map_;
    MetadataPort& cache_;
    RootPort& roots_;
    ViolationLog& violations_;
    const unsigned arity_;
    std::vector<std::unique_ptr<Domain>> domains_;  // by slot
    Statistics statistics_;
};

}  // namespace coffer
