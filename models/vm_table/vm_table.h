#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "bmt/hash_tree.h"
#include "crypto/kdf.h"
#include "vm_table/vm_entry.h"

namespace coffer {

/// The users of a domain's keys: pad generator, tags, hash tree.
class KeyPort {
public:
    virtual ~KeyPort() = default;
    /// The entry becomes resident in `slot`.
    virtual void install_keys(Slot slot, const VmEntry& entry, const DomainKeys& keys) = 0;
    /// The slot changes hands: settle what is cached of it, then forget its keys.
    virtual void revoke_keys(Slot slot) = 0;
};

/// The memory of VMID 1, protected like any domain's.
class ChipMemory {
public:
    virtual ~ChipMemory() = default;
    /// `offset` in bytes from the start of the chip region, a multiple of 64; `size` too. False after a violation.
    virtual bool read_chip(Address offset, std::uint8_t* data, std::size_t size) = 0;
    virtual bool write_chip(Address offset, const std::uint8_t* data, std::size_t size) = 0;
};

/// The VM-Table: entries of all installed domains in VMID 1's memory, the ones in use in on-chip register sets. Slot 0 is the chip's own
/// domain, which is in registers only.
class VmTable : public RootPort {
public:
    /// Bytes of one entry in VMID 1's memory.
    static constexpr std::size_t entry_bytes = 128;

    struct Statistics {
        std::uint64_t loads = 0;   ///< entries read from VMID 1's memory
        std::uint64_t spills = 0;  ///< entries that made room for another
    };

    /// VMIDs below this, at most `vmids`, have room for their entries in a chip region of `chip_bytes`.
    static unsigned vmids_with_entry(Address chip_bytes, unsigned vmids) {
        return static_cast<unsigned>(std::min<Address>({chip_bytes / entry_bytes, vmids, max_vmids}));
    }

    /// `slots`: register sets, at least 2. `chip_bytes`: size of the chip region, which bounds the VMIDs. Throws InputError.
    VmTable(unsigned slots, Address chip_bytes, const crypto::KdfContext& fleet_id, ChipMemory& memory, KeyPort& keys);

    /// K_mem of this boot takes the place of K_vm for VMID 1.
    static crypto::Key128 derive_k_mem(const crypto::Key128& chip_secret, Lpid first_lpid);
    static DomainKeys derive_keys(const crypto::Key128& k_vm, const crypto::KdfContext& fleet_id);

    /// Registers of the chip's own domain, at reset.
    void install_chip(const VmEntry& entry);
    /// Adds a guest's entry. Throws InputError where the VMID is in use, reserved, or beyond the chip region.
    void install(const VmEntry& entry);
    /// Settles the domain's metadata and removes its entry.
    void uninstall(Vmid vmid);

    /// The slot that holds the domain's entry, loaded from VMID 1's memory where needed; nothing for an unknown VMID, or after a violation there.
    std::optional<Slot> select(Vmid vmid);
    /// The domain's slot, where it is resident.
    std::optional<Slot> resident(Vmid vmid) const;
    bool installed(Vmid vmid) const { return vmid < installed_.size() && installed_[vmid]; }

    unsigned slots() const { return static_cast<unsigned>(slots_.size()); }
    /// The entry in a slot; null where it is free.
    const VmEntry* entry(Slot slot) const { return slot < slots_.size() && slots_[slot] ? &*slots_[slot] : nullptr; }

    NodeTag root(Slot slot) override { return slots_[slot]->root; }
    void set_root(Slot slot, const NodeTag& root) override { slots_[slot]->root = root; }

    const Statistics& statistics() const { return statistics_; }

private:
    Slot make_room();
    void occupy(Slot slot, const VmEntry& entry);

    std::vector<std::optional<VmEntry>> slots_;
    std::vector<bool> installed_;      // by VMID
    std::vector<Slot> resident_slot_;  // by VMID; no_slot where not resident
    const Address chip_bytes_;
    const crypto::KdfContext fleet_id_;
    ChipMemory& memory_;
    KeyPort& keys_;
    Slot next_victim_ = chip_slot + 1;
    Statistics statistics_;

    static constexpr Slot no_slot = 0xffff;
};

}  // namespace coffer
