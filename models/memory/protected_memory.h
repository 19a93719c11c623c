#pragma once

#include <cstdint>
#include <memory>

#include "aise/lpid_source.h"
#include "aise/pad_generator.h"
#include "bmt/hash_tree.h"
#include "common/byte_store.h"
#include "common/scheme.h"
#include "common/violation_log.h"
#include "crypto/kdf.h"
#include "memory/address_map.h"
#include "memory/metadata_cache.h"
#include "memory/protection_engine.h"
#include "memory/tree_allocator.h"
#include "vm_table/vm_install.h"
#include "vm_table/vm_table.h"

namespace coffer {

/// The chip: what its owner fixes before the first VM.
struct ChipParameters {
    ChipNumber number{1};
    crypto::Key128 secret;  ///< K_mem is derived from it
    crypto::KdfContext fleet_id{};
};

struct ProtectedMemoryParameters {
    Scheme scheme;
    Address data_bytes = Address{1} << 30;
    Address chip_bytes = Address{1} << 20;
    CacheGeometry metadata_cache = CacheGeometry::of_size("metadata_cache.bytes", 32 * 1024, 16);
    unsigned metadata_chip_ways = 2;
    unsigned vm_table_slots = 16;
    ChipParameters chip;
    OnViolation on_violation = OnViolation::freeze;
};

/// The entry of the chip's own domain for a boot whose first LPID is `gpc`, with room for its tree.
VmEntry chip_entry(const ProtectedMemoryParameters& parameters, Lpid gpc, TreeAllocator& trees);
/// The entry of a guest that is installed while the GPC is `gpc`, with room for its tree unless it brings one. Throws InputError for its pages, and
/// where the room of the tree that it brings is not free: Addr_tree is a hint from whoever brings the VM.
VmEntry guest_entry(const VmInstall& vm, const Scheme& scheme, Lpid gpc, TreeAllocator& trees);
/// Frees the room of the tree of a domain that leaves. That of an entry that failed its check (null) is not known, and stays taken.
void release_tree(const VmEntry* entry, const Scheme& scheme, TreeAllocator& trees);
/// Installs a guest in `table` (a VmTable or VmTableTlm) with guest_entry; where the table refuses it, the room of its tree is free again.
template <class Table>
void install_guest(Table& table, const VmInstall& vm, const Scheme& scheme, Lpid gpc, TreeAllocator& trees) {
    const VmEntry entry = guest_entry(vm, scheme, gpc, trees);
    try {
        table.install(entry);
    } catch (...) {
        release_tree(&entry, scheme, trees);
        throw;
    }
}

/// Protected memory without SystemC and without time: all parts of the memory protection subsystem over any byte store.
/// Addresses are of lines, multiples of 64; `gpa` is the guest's, `hpa` the machine's. VMID 0 is plain. A VMID that is not installed,
/// or an address that memory does not cover, throws std::invalid_argument. A VM that was stopped gets Check::frozen with its VMID; one whose
/// VM-Table entry failed its check, with VMID 1.
class ProtectedMemory : private KeyPort, private ChipMemory {
public:
    /// Throws InputError for parameters that do not fit together. `memory` and `lpids` outlive the object; what `memory` holds of an
    /// earlier boot stays, but for the chip region, which starts empty.
    ProtectedMemory(const ProtectedMemoryParameters& parameters, ByteStore& memory, LpidSource& lpids);

    /// Adds a domain; its floor is the GPC now. Without a tree of its own it gets room for one. Throws InputError.
    void install(const VmInstall& vm);
    /// Writes back and forgets everything of the domain, and frees the room of its tree.
    void uninstall(Vmid vmid);
    /// Settles the domain's metadata, so that memory and root agree; gives the root.
    /// That of a VM that was stopped, perhaps by this, vouches for nothing.
    NodeTag flush(Vmid vmid);

    /// 64 bytes of plaintext; zeros after a violation, and of a line never written.
    MaybeViolation read_line(Vmid vmid, Address gpa, Address hpa, std::uint8_t* data);
    MaybeViolation write_line(Vmid vmid, Address gpa, Address hpa, const std::uint8_t* data);

    /// 64 bytes decrypted without any check (raw_ld with enc_on). Only a stopped VM gets nothing.
    MaybeViolation decrypt_line(Vmid vmid, Address gpa, Address hpa, std::uint8_t* data);

    /// Moves a page to another frame: ciphertext, tags and counter block travel byte for byte. `gpa` and frames are multiples of 4096.
    /// A page that is not populated has nothing to move.
    MaybeViolation move_page(Vmid vmid, Address gpa, Address old_frame, Address new_frame);
    /// Clears a page: a fresh LPID, and every line reads as zeros. Plain pages are overwritten with zeros.
    MaybeViolation shred_page(Vmid vmid, Address gpa, Address frame);
    /// Empties the page's leaf: its guest released it, and it reads as zeros. Plain pages are overwritten with zeros.
    MaybeViolation release_page(Vmid vmid, Address gpa, Address frame);
    /// Marks the page's leaf lost: it was taken without release. Only with integrity bmt.
    MaybeViolation lose_page(Vmid vmid, Address gpa, Address frame);
    /// What the tree says of a page that no frame has. Only with integrity bmt.
    MaybeViolation leaf_state(Vmid vmid, Address gpa, LeafState& state);
    /// Writes the page's counter block back and its tag up the tree, and forgets the block: the frame's bytes may leave. Also of a VM that was
    /// stopped, whose blocks would else go back to a frame that is another VM's by then.
    void settle_page(Vmid vmid, Address gpa, Address frame);
    /// Whether the page in `frame` is what the tree vouches for: counter block and all written lines. Raises nothing and changes nothing.
    bool verify_page(Vmid vmid, Address gpa, Address frame);

    const AddressMap& map() const { return map_; }
    const Scheme& scheme() const { return scheme_; }
    const VmTable& vm_table() const { return vm_table_; }
    /// The domain's entry, brought into registers. Throws std::runtime_error where it failed its check, as flush does.
    const VmEntry& entry(Vmid vmid);
    ViolationLog& violations() { return violations_; }
    const ProtectionEngine::Statistics& engine_statistics() const { return engine_.statistics(); }
    const HashTree::Statistics& tree_statistics() const { return tree_.statistics(); }
    const MetadataCache::Statistics& cache_statistics() const { return cache_.statistics(); }
    /// First byte above all metadata.
    Address end_of_metadata() const { return trees_.end(); }

private:
    void install_keys(Slot slot, const VmEntry& entry, const DomainKeys& keys) override;
    void revoke_keys(Slot slot) override;
    bool read_chip(Address offset, std::uint8_t* data, std::size_t size) override;
    bool write_chip(Address offset, const std::uint8_t* data, std::size_t size) override;

    void empty_chip_pages();
    bool plain(Vmid vmid) const { return vmid == host_vmid || !scheme_.encrypt; }
    void check_installed(Vmid vmid) const;
    void check_covered(Address hpa) const;
    MaybeViolation clear_plain(Address frame);
    MaybeViolation locate(Vmid vmid, Address gpa, Address hpa, PageRef& page);

    const Scheme scheme_;
    const AddressMap map_;
    ByteStore& memory_;
    LpidSource& lpids_;
    ViolationLog violations_;
    TreeAllocator trees_;
    VmTable vm_table_;
    MetadataCache cache_;
    HashTree tree_;
    PadGenerator pads_;
    ProtectionEngine engine_;
};

}  // namespace coffer
