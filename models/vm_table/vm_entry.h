#pragma once

#include <cstdint>

#include "bmt/node_mac.h"
#include "common/units.h"
#include "crypto/keys.h"

namespace coffer {

/// A domain: one entry of the VM-Table.
struct VmEntry {
    Vmid vmid = 0;
    crypto::Key128 k_vm;
    NodeTag root{};
    std::uint64_t pages = 0;    ///< fixed at install
    Address tree_base = 0;      ///< Addr_tree, a multiple of 4096
    Address addr_shim = 0;      ///< GPA of the VM-Shim
    Lpid lpid_floor = 0;        ///< the GPC at install
};

/// The keys that a domain's memory is protected with, derived from its K_vm (or, for VMID 1, K_mem).
struct DomainKeys {
    crypto::Key128 k_data;
    crypto::Key128 k_mac;
    crypto::Key128 k_node;
};

}  // namespace coffer
