#include "vm_table/vm_table.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "common/errors.h"

namespace coffer {

namespace {

using EntryBytes = std::array<std::uint8_t, VmTable::entry_bytes>;

// Layout of an entry in VMID 1's memory; bytes not named are zero.
constexpr std::size_t vmid_at = 0, valid_at = 2, pages_at = 8, tree_at = 16, shim_at = 24, floor_at = 32, key_at = 40, root_at = 64;

EntryBytes encode(const VmEntry& entry) {
    EntryBytes bytes{};
    store_le16(bytes.data() + vmid_at, entry.vmid);
    bytes[valid_at] = 1;
    store_le64(bytes.data() + pages_at, entry.pages);
    store_le64(bytes.data() + tree_at, entry.tree_base);
    store_le64(bytes.data() + shim_at, entry.addr_shim);
    store_le64(bytes.data() + floor_at, entry.lpid_floor);
    std::copy_n(entry.k_vm.data(), entry.k_vm.size(), bytes.data() + key_at);
    std::copy(entry.root.begin(), entry.root.end(), bytes.data() + root_at);
    return bytes;
}

VmEntry decode(const EntryBytes& bytes) {
    VmEntry entry;
    entry.vmid = load_le16(bytes.data() + vmid_at);
    entry.pages = load_le64(bytes.data() + pages_at);
    entry.tree_base = load_le64(bytes.data() + tree_at);
    entry.addr_shim = load_le64(bytes.data() + shim_at);
    entry.lpid_floor = load_le64(bytes.data() + floor_at);
    std::copy_n(bytes.data() + key_at, entry.k_vm.size(), entry.k_vm.data());
    std::copy_n(bytes.data() + root_at, entry.root.size(), entry.root.begin());
    return entry;
}

/// With integrity none an entry may hold anything.
bool plausible(const EntryBytes& bytes, Vmid vmid) {
    const std::uint64_t pages = load_le64(bytes.data() + pages_at);
    return load_le16(bytes.data() + vmid_at) == vmid && bytes[valid_at] == 1 && pages >= 1 && pages <= TreeGeometry::max_pages;
}

Address entry_offset(Vmid vmid) { return Address{vmid} * VmTable::entry_bytes; }

}  // namespace

VmTable::VmTable(unsigned slots, Address chip_bytes, const crypto::KdfContext& fleet_id, ChipMemory& memory, KeyPort& keys)
    : slots_(slots), chip_bytes_(chip_bytes), fleet_id_(fleet_id), memory_(memory), keys_(keys) {
    if (slots < 2 || slots >= no_slot) throw InputError("vm_table.entries", fmt::format("{} register sets", slots), "2 to 65534");
}

crypto::Key128 VmTable::derive_k_mem(const crypto::Key128& chip_secret, Lpid first_lpid) {
    crypto::KdfContext context;
    store_le64(context.data(), first_lpid);
    return crypto::derive_128(chip_secret, "coffer mem", context);
}

DomainKeys VmTable::derive_keys(const crypto::Key128& k_vm, const crypto::KdfContext& fleet_id) {
    return {crypto::derive_128(k_vm, "coffer data", fleet_id), crypto::derive_128(k_vm, "coffer mac", fleet_id),
            crypto::derive_128(k_vm, "coffer node", fleet_id)};
}

void VmTable::occupy(Slot slot, const VmEntry& entry) {
    slots_[slot] = entry;
    if (entry.vmid >= resident_slot_.size()) {
        resident_slot_.resize(entry.vmid + std::size_t{1}, no_slot);
        installed_.resize(resident_slot_.size());
    }
    resident_slot_[entry.vmid] = slot;
    installed_[entry.vmid] = true;
    keys_.install_keys(slot, entry, derive_keys(entry.k_vm, fleet_id_));
}

void VmTable::install_chip(const VmEntry& entry) { occupy(chip_slot, entry); }

void VmTable::install(const VmEntry& entry) {
    if (entry.vmid < first_guest_vmid) throw InputError("vmid", fmt::format("VMID {} is reserved", entry.vmid), "2 to 65535");
    if (installed(entry.vmid)) throw InputError("vmid", fmt::format("VMID {} is in use", entry.vmid));
    if (entry_offset(entry.vmid) + entry_bytes > chip_bytes_)
        throw InputError("memory.chip_bytes", fmt::format("no room for the VM-Table entry of VMID {} in {} bytes", entry.vmid, chip_bytes_),
                         fmt::format("at least {}", align_up(entry_offset(entry.vmid) + entry_bytes, page_bytes)));
    occupy(make_room(), entry);
}

void VmTable::uninstall(Vmid vmid) {
    if (!installed(vmid)) return;
    if (const std::optional<Slot> slot = select(vmid)) {
        keys_.revoke_keys(*slot);
        slots_[*slot].reset();
    }
    resident_slot_[vmid] = no_slot;
    installed_[vmid] = false;
    EntryBytes none{};
    memory_.write_chip(entry_offset(vmid), none.data(), none.size());
}

std::optional<Slot> VmTable::resident(Vmid vmid) const {
    if (vmid >= resident_slot_.size() || resident_slot_[vmid] == no_slot) return std::nullopt;
    return resident_slot_[vmid];
}

std::optional<Slot> VmTable::select(Vmid vmid) {
    if (const auto slot = resident(vmid)) return slot;
    if (!installed(vmid)) return std::nullopt;
    const Slot slot = make_room();
    EntryBytes bytes;
    if (!memory_.read_chip(entry_offset(vmid), bytes.data(), bytes.size()) || !plausible(bytes, vmid)) return std::nullopt;
    ++statistics_.loads;
    occupy(slot, decode(bytes));
    crypto::wipe(bytes.data(), bytes.size());
    return slot;
}

/// A free slot; entries make room in turn. What is cached of the one that goes is settled first, since its root register goes with it.
Slot VmTable::make_room() {
    for (Slot slot = chip_slot + 1; slot < slots_.size(); ++slot)
        if (!slots_[slot]) return slot;
    const Slot slot = next_victim_;
    next_victim_ = static_cast<Slot>(slot + 1u < slots_.size() ? slot + 1 : chip_slot + 1);
    keys_.revoke_keys(slot);
    const VmEntry entry = *slots_[slot];
    EntryBytes bytes = encode(entry);
    memory_.write_chip(entry_offset(entry.vmid), bytes.data(), bytes.size());
    crypto::wipe(bytes.data(), bytes.size());
    ++statistics_.spills;
    slots_[slot].reset();
    resident_slot_[entry.vmid] = no_slot;
    return slot;
}

}  // namespace coffer
