#pragma once

#include <cstdint>

#include "bmt/node_mac.h"
#include "common/units.h"
#include "crypto/keys.h"
#include "crypto/sha256.h"

namespace coffer {

/// What a VM is installed with.
struct VmInstall {
    Vmid vmid = first_guest_vmid;
    crypto::Key128 k_vm;
    std::uint64_t pages = 0;
    Address addr_shim = 0;
    std::uint64_t vcpus = 1;
    crypto::Digest measurement{};
    /// Tree of a snapshot that is already in memory: its base and root. Without it the VM starts with an empty tree.
    Address tree_base = 0;
    NodeTag root{};
};

}  // namespace coffer
