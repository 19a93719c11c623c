#pragma once

#include "common/bytes.h"
#include "crypto/keys.h"
#include "vm_table/vm_vector.h"

namespace coffer {

/// Whoever owns a VM and prepares it, far away from the machines that it runs on.
class VmOwner {
public:
    static constexpr std::uint64_t pages = 32;
    static constexpr Address addr_shim = 16 * page_bytes;
    static constexpr std::uint64_t sectors = 4;  ///< of its disk

    explicit VmOwner(const crypto::Key128& k_vm) : k_vm_(k_vm) {}

    const crypto::Key128& k_vm() const { return k_vm_; }
    /// The key, for chip 1 alone.
    Bytes vm_key() const;
    /// The VM as it starts, with empty memory.
    SealedVector boot_vector() const;

private:
    crypto::Key128 k_vm_;
};

}  // namespace coffer
