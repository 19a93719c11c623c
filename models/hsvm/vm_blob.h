#pragma once

#include <array>
#include <optional>
#include <vector>

#include "bmt/tree_geometry.h"
#include "common/bytes.h"
#include "crypto/keys.h"
#include "crypto/sha256.h"
#include "hsvm/swap_directory.h"
#include "vcpu/vcpu_context.h"
#include "vm_table/vm_vector.h"

namespace coffer {

/// A VM on its way to another chip (docs/formats.md): K_vm under the target's key, the sealed vector, and behind them the nodes of its tree, or,
/// where memory is plain, its sealed state.
struct VmBlob {
    static constexpr std::size_t key_bytes = 384;
    static constexpr std::size_t fixed_bytes = 8 + key_bytes + vm_vector_bytes;

    std::array<std::uint8_t, key_bytes> vm_key{};
    SealedVector vector{};
    Bytes body;

    Bytes encode() const;
    /// Opens any bytes; nothing for what is no blob.
    static std::optional<VmBlob> decode(ByteView bytes);
};

/// One node of a tree that leaves memory; its number counts from the tree base.
struct TreeNode {
    std::uint64_t number = 0;
    Block64 block{};
};

Bytes encode_nodes(const std::vector<TreeNode>& nodes);
/// Bytes of all nodes of a tree: no blob and no snapshot of its VM has more.
std::uint64_t most_node_bytes(const TreeGeometry& geometry);
/// Opens any bytes; nothing for what are no nodes of such a tree, in ascending order. Whether they are those of the VM its root knows.
std::optional<std::vector<TreeNode>> decode_nodes(ByteView bytes, const TreeGeometry& geometry);

/// What a VM has where memory is plain, beside the images of its pages.
struct PlainVmState {
    struct Page {
        Gpn gpn = 0;
        bool lost = false;
        SwapDirectory::Record record;  ///< of a page that is swapped out
    };

    std::vector<ContextBytes> contexts;  ///< one for each vCPU
    std::vector<Page> pages;             ///< ascending; those not listed are empty

    /// The caller wipes what comes out.
    Bytes encode() const;
    /// Opens any bytes as the state of a VM with so many vCPUs and pages.
    static std::optional<PlainVmState> decode(ByteView bytes, std::uint64_t vcpus, std::uint64_t pages);
};

/// Contexts are secrets of the VM.
void wipe_contexts(PlainVmState& state);

/// The state under the VM's `coffer seal` key, bound to the vector that travels with it.
Bytes seal_state(const PlainVmState& state, const crypto::Key256& seal_key, const crypto::Digest& vector_hash, Lpid fresh_lpid);
/// Bytes of the sealed state of a VM all of whose pages are swapped out or lost: no blob of it has more.
std::uint64_t most_state_bytes(std::uint64_t vcpus, std::uint64_t pages);
/// Opens any bytes.
std::optional<PlainVmState> open_state(ByteView bytes, const crypto::Key256& seal_key, const crypto::Digest& vector_hash, const VmVector& vector);

}  // namespace coffer
