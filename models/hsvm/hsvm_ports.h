#pragma once

#include <cstdint>
#include <optional>

#include "bmt/leaf_state.h"
#include "common/scheme.h"
#include "common/violation.h"
#include "crypto/kdf.h"
#include "crypto/keys.h"
#include "hsvm/chip_region.h"
#include "memory/address_map.h"
#include "memory/last_level_cache.h"
#include "vm_table/vm_entry.h"
#include "vm_table/vm_install.h"

namespace coffer {

/// Protected memory as the H-SVM controller uses it. Addresses of pages are multiples of 4096.
class HsvmMemory : public ChipPort {
public:
    virtual const AddressMap& map() const = 0;
    virtual const Scheme& scheme() const = 0;
    virtual const crypto::KdfContext& fleet_id() const = 0;

    /// Adds a domain to the VM-Table. False where there is no room for its entry or its tree.
    virtual bool install(const VmInstall& vm) = 0;
    /// Settles all of the domain's metadata; nothing for a VM that was stopped, perhaps by this: no root vouches for its memory.
    virtual std::optional<NodeTag> flush(Vmid vmid) = 0;
    /// Settles and forgets everything of the domain.
    virtual void uninstall(Vmid vmid) = 0;
    /// The domain's entry. Throws ChipRegionFailure, as swap_key does.
    virtual VmEntry entry(Vmid vmid) = 0;
    /// The key that pages of the domain are sealed with where memory itself is plain.
    virtual crypto::Key128 swap_key(Vmid vmid) = 0;
    virtual bool frozen(Vmid vmid) = 0;
    /// Records a failed check of the controller's own, and stops its VM where the policy says so.
    virtual void raise(const Violation& violation) = 0;
    /// A fresh LPID; false at the end of the range.
    virtual bool fresh_lpid(Lpid& lpid) = 0;
    /// LPIDs that the chip still has.
    virtual std::uint64_t lpids_left() const = 0;

    /// Gives the page a counter block with a fresh LPID: it reads as zeros.
    virtual MaybeViolation shred_page(Vmid vmid, Address gpa, Address frame) = 0;
    /// Empties the page's leaf.
    virtual MaybeViolation release_page(Vmid vmid, Address gpa, Address frame) = 0;
    /// Marks the page's leaf lost.
    virtual MaybeViolation lose_page(Vmid vmid, Address gpa, Address frame) = 0;
    /// Moves ciphertext, tags and counter block to another frame.
    virtual MaybeViolation move_page(Vmid vmid, Address gpa, Address old_frame, Address new_frame) = 0;
    /// What the tree says of a page that no frame has. Only where memory is encrypted under a tree.
    virtual MaybeViolation leaf_state(Vmid vmid, Address gpa, LeafState& state) = 0;
    /// Writes the page's counter block back and its tag up the tree, and forgets the block; of a VM that was stopped, too.
    virtual void settle_page(Vmid vmid, Address gpa, Address frame) = 0;
    /// Whether counter block and all lines of a page in memory are what the tree vouches for. Changes nothing and raises nothing.
    virtual bool verify_page(Vmid vmid, Address gpa, Address frame) = 0;
    /// Lines of a VM's own memory; false after a violation.
    virtual bool read_line(Vmid vmid, Address gpa, Address hpa, std::uint8_t* data) = 0;
    virtual bool write_line(Vmid vmid, Address gpa, Address hpa, const std::uint8_t* data) = 0;

    /// Machine memory as it is.
    virtual void read_raw(Address address, std::uint8_t* data, std::size_t size) = 0;
    virtual void write_raw(Address address, const std::uint8_t* data, std::size_t size) = 0;
};

/// Guest pages whose mapping, owner or state is about to change.
struct GuestPages {
    Vmid vmid = 0;
    Gpn first = 0;
    std::uint64_t count = 0;  ///< of a VM that ends: all of its pages
};

/// Everything on the chip that keeps copies of memory or of translations. The controller tells it of every change, in the order of the functions
/// here.
class OrderingPort {
public:
    virtual ~OrderingPort() = default;
    /// From here to complete() nobody fetches lines of the pages.
    virtual void block_fills(const GuestPages& pages) = 0;
    /// The pages' lines leave the last-level cache.
    virtual void evict_lines(const GuestPages& pages, LastLevelCache::Leaving leaving) = 0;
    /// So do all lines of machine pages, whoever has them.
    virtual void evict_frames(std::uint64_t first_frame, std::uint64_t count, LastLevelCache::Leaving leaving) = 0;
    /// The TLBs of all vCPUs forget the pages.
    virtual void invalidate_pages(const GuestPages& pages) = 0;
    /// Host TLBs, the IOTLB and DMI forget the machine pages.
    virtual void invalidate_frames(std::uint64_t first_frame, std::uint64_t count) = 0;
    /// The change is made.
    virtual void complete(const GuestPages& pages) = 0;
};

/// Keys of new VMs: the chip's random number generator.
class KeySource {
public:
    virtual ~KeySource() = default;
    virtual crypto::Key128 next() = 0;
};

}  // namespace coffer
