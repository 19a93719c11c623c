#include "memory/protected_memory.h"

#include <array>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

namespace coffer {

namespace {

Scheme checked(const Scheme& scheme, OnViolation on_violation) {
    scheme.check(on_violation);
    return scheme;
}

}  // namespace

VmEntry chip_entry(const ProtectedMemoryParameters& parameters, Lpid gpc, TreeAllocator& trees) {
    VmEntry entry;
    entry.vmid = chip_vmid;
    entry.k_vm = VmTable::derive_k_mem(parameters.chip.secret, gpc);
    entry.pages = parameters.chip_bytes / page_bytes;
    entry.tree_base = trees.allocate(TreeGeometry(entry.pages, parameters.scheme.node_tag_bytes).bytes());
    entry.lpid_floor = gpc;
    return entry;
}

VmEntry guest_entry(const VmInstall& vm, const Scheme& scheme, Lpid gpc, TreeAllocator& trees) {
    VmEntry entry;
    entry.vmid = vm.vmid;
    entry.k_vm = vm.k_vm;
    entry.root = vm.root;
    entry.pages = vm.pages;
    entry.addr_shim = vm.addr_shim;
    entry.lpid_floor = gpc;
    const std::uint64_t tree_bytes = TreeGeometry(vm.pages, scheme.node_tag_bytes).bytes();
    if (vm.tree_base != 0) trees.reserve(vm.tree_base, tree_bytes);
    entry.tree_base = vm.tree_base != 0 ? vm.tree_base : trees.allocate(tree_bytes);
    return entry;
}

void release_tree(const VmEntry* entry, const Scheme& scheme, TreeAllocator& trees) {
    if (entry != nullptr) trees.release(entry->tree_base, TreeGeometry(entry->pages, scheme.node_tag_bytes).bytes());
}

ProtectedMemory::ProtectedMemory(const ProtectedMemoryParameters& parameters, ByteStore& memory, LpidSource& lpids)
    : scheme_(checked(parameters.scheme, parameters.on_violation)),
      map_(parameters.data_bytes, parameters.chip_bytes, scheme_.tag_bytes),
      memory_(memory),
      lpids_(lpids),
      violations_(parameters.on_violation),
      trees_(map_.tree_base()),
      vm_table_(parameters.vm_table_slots, parameters.chip_bytes, parameters.chip.fleet_id, *this, *this),
      cache_(parameters.metadata_cache, parameters.metadata_chip_ways, memory),
      tree_(scheme_, map_, cache_, vm_table_, violations_),
      engine_(scheme_, map_, parameters.chip.number, {tree_, pads_, lpids_, memory_, violations_}) {
    cache_.set_settle_port(tree_);
    if (!scheme_.encrypt || map_.chip_bytes() == 0) return;
    vm_table_.install_chip(chip_entry(parameters, lpids_.peek(), trees_));
    if (scheme_.integrity != Integrity::bmt) empty_chip_pages();
}

/// An empty tree makes every page of the chip region empty; where there is none, the counter blocks of an earlier boot must go.
void ProtectedMemory::empty_chip_pages() {
    const Block64 empty{};
    for (Address frame = map_.chip_base(); map_.covers(frame); frame += page_bytes) memory_.write(map_.counter_of(frame), empty.data(), empty.size());
}

void ProtectedMemory::install(const VmInstall& vm) { install_guest(vm_table_, vm, scheme_, lpids_.peek(), trees_); }

void ProtectedMemory::uninstall(Vmid vmid) {
    check_installed(vmid);
    const auto slot = vm_table_.select(vmid);
    release_tree(slot ? vm_table_.entry(*slot) : nullptr, scheme_, trees_);
    vm_table_.uninstall(vmid);
    violations_.forget(vmid);
}

NodeTag ProtectedMemory::flush(Vmid vmid) {
    (void)entry(vmid);
    tree_.flush(*vm_table_.resident(vmid));
    return entry(vmid).root;
}

const VmEntry& ProtectedMemory::entry(Vmid vmid) {
    check_installed(vmid);
    const auto slot = vm_table_.select(vmid);
    if (!slot) throw std::runtime_error(fmt::format("the VM-Table entry of VMID {} failed its check", vmid));
    return *vm_table_.entry(*slot);
}

void ProtectedMemory::check_installed(Vmid vmid) const {
    if (!vm_table_.installed(vmid)) throw std::invalid_argument(fmt::format("VMID {} is not installed", vmid));
}

void ProtectedMemory::check_covered(Address hpa) const {
    if (!map_.covers(hpa)) throw std::invalid_argument(fmt::format("no page at machine address {:#x}", hpa));
}

/// The page as the engine uses it, or why the domain cannot use it.
MaybeViolation ProtectedMemory::locate(Vmid vmid, Address gpa, Address hpa, PageRef& page) {
    check_covered(hpa);
    check_installed(vmid);
    const auto slot = vm_table_.select(vmid);
    if (!slot) return Violation{Check::frozen, chip_vmid, gpa, hpa, 0, 0};
    page = {*slot, page_of(gpa), page_base(hpa)};
    if (violations_.frozen(vmid)) return Violation{Check::frozen, vmid, gpa, hpa, 0, 0};
    return std::nullopt;
}

MaybeViolation ProtectedMemory::read_line(Vmid vmid, Address gpa, Address hpa, std::uint8_t* data) {
    if (plain(vmid)) {
        check_covered(hpa);
        memory_.read(hpa, data, line_bytes);
        return std::nullopt;
    }
    PageRef page;
    if (auto stopped = locate(vmid, gpa, hpa, page)) {
        std::memset(data, 0, line_bytes);
        return stopped;
    }
    return engine_.read_line(page, line_in_page(hpa), data);
}

MaybeViolation ProtectedMemory::decrypt_line(Vmid vmid, Address gpa, Address hpa, std::uint8_t* data) {
    if (plain(vmid)) return read_line(vmid, gpa, hpa, data);
    PageRef page;
    std::memset(data, 0, line_bytes);
    if (auto stopped = locate(vmid, gpa, hpa, page)) return stopped;
    engine_.decrypt_line(page, line_in_page(hpa), data);
    return std::nullopt;
}

MaybeViolation ProtectedMemory::write_line(Vmid vmid, Address gpa, Address hpa, const std::uint8_t* data) {
    if (plain(vmid)) {
        check_covered(hpa);
        memory_.write(hpa, data, line_bytes);
        return std::nullopt;
    }
    PageRef page;
    if (auto stopped = locate(vmid, gpa, hpa, page)) return stopped;
    return engine_.write_line(page, line_in_page(hpa), data);
}

MaybeViolation ProtectedMemory::move_page(Vmid vmid, Address gpa, Address old_frame, Address new_frame) {
    check_covered(old_frame);
    check_covered(new_frame);
    const auto copy = [&](Address from, Address to, std::size_t size) {
        std::vector<std::uint8_t> bytes(size);
        memory_.read(from, bytes.data(), size);
        memory_.write(to, bytes.data(), size);
    };
    if (!plain(vmid)) {
        PageRef page;
        if (auto stopped = locate(vmid, gpa, old_frame, page)) return stopped;
        const VmEntry& domain = *vm_table_.entry(page.slot);
        if (page.gpn >= domain.pages) return violations_.raise({Check::out_of_range, vmid, gpa, old_frame, 0, page.gpn});
        tree_.evict(page.slot, page.gpn, old_frame);
        copy(map_.counter_of(old_frame), map_.counter_of(new_frame), line_bytes);
        copy(map_.tag_of(old_frame), map_.tag_of(new_frame), lines_per_page * map_.tag_bytes());
    }
    copy(old_frame, new_frame, page_bytes);
    return std::nullopt;
}

/// Without counters a page is cleared by writing all of it.
MaybeViolation ProtectedMemory::clear_plain(Address frame) {
    check_covered(frame);
    const Bytes zeros(page_bytes);
    memory_.write(frame, zeros.data(), zeros.size());
    return std::nullopt;
}

MaybeViolation ProtectedMemory::shred_page(Vmid vmid, Address gpa, Address frame) {
    if (plain(vmid)) return clear_plain(frame);
    PageRef page;
    if (auto stopped = locate(vmid, gpa, frame, page)) return stopped;
    return engine_.shred(page);
}

MaybeViolation ProtectedMemory::release_page(Vmid vmid, Address gpa, Address frame) {
    if (plain(vmid)) return clear_plain(frame);
    PageRef page;
    if (auto stopped = locate(vmid, gpa, frame, page)) return stopped;
    return tree_.release(page.slot, page.gpn, frame);
}

MaybeViolation ProtectedMemory::lose_page(Vmid vmid, Address gpa, Address frame) {
    if (plain(vmid) || scheme_.integrity != Integrity::bmt) throw std::invalid_argument("only a tree can mark a page lost");
    PageRef page;
    if (auto stopped = locate(vmid, gpa, frame, page)) return stopped;
    return tree_.mark_lost(page.slot, page.gpn, frame);
}

MaybeViolation ProtectedMemory::leaf_state(Vmid vmid, Address gpa, LeafState& state) {
    if (plain(vmid) || scheme_.integrity != Integrity::bmt) throw std::invalid_argument("only a tree has leaves");
    PageRef page;
    if (auto stopped = locate(vmid, gpa, 0, page)) return stopped;
    return tree_.leaf_state(page.slot, page.gpn, state);
}

void ProtectedMemory::settle_page(Vmid vmid, Address gpa, Address frame) {
    if (plain(vmid)) return;
    check_covered(frame);
    check_installed(vmid);
    if (const auto slot = vm_table_.select(vmid)) tree_.evict(*slot, page_of(gpa), page_base(frame));
}

bool ProtectedMemory::verify_page(Vmid vmid, Address gpa, Address frame) {
    if (plain(vmid)) return true;
    PageRef page;
    if (locate(vmid, gpa, frame, page)) return false;
    Block64 plaintext;
    bool good = true;
    for (unsigned line = 0; good && line < lines_per_page; ++line) good = engine_.peek_line(page, line, memory_, pads_, plaintext.data());
    crypto::wipe(plaintext.data(), plaintext.size());
    return good;
}

void ProtectedMemory::install_keys(Slot slot, const VmEntry& entry, const DomainKeys& keys) {
    pads_.install(slot, keys.k_data);
    tree_.install(slot, {entry.vmid, entry.pages, entry.tree_base}, keys.k_node);
    engine_.install(slot, entry.vmid, entry.lpid_floor, keys.k_data, keys.k_mac);
}

void ProtectedMemory::revoke_keys(Slot slot) {
    tree_.revoke(slot);
    engine_.revoke(slot);
    pads_.revoke(slot);
}

bool ProtectedMemory::read_chip(Address offset, std::uint8_t* data, std::size_t size) {
    for (std::size_t i = 0; i < size; i += line_bytes)
        if (read_line(chip_vmid, offset + i, map_.chip_base() + offset + i, data + i)) return false;
    return true;
}

bool ProtectedMemory::write_chip(Address offset, const std::uint8_t* data, std::size_t size) {
    for (std::size_t i = 0; i < size; i += line_bytes)
        if (write_line(chip_vmid, offset + i, map_.chip_base() + offset + i, data + i)) return false;
    return true;
}

}  // namespace coffer
