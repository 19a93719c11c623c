#include "vcpu/ept_memory.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "common/bytes.h"
#include "common/errors.h"
#include "hsvm/nested_page_table.h"

namespace coffer {

namespace {

constexpr unsigned large_level = 2;
constexpr unsigned index_bits = 9;
constexpr std::size_t entry_bytes = 8;
constexpr std::uint64_t known_bits = NptEntry::present_bit | NptEntry::write_bit | NptEntry::large_bit | NptEntry::frame_mask;

/// Pages that one entry of a level stands for.
constexpr std::uint64_t pages_of(unsigned level) { return std::uint64_t{1} << (index_bits * (level - 1)); }

constexpr Address address_in(std::uint64_t table, unsigned level, Gpn gpn) {
    return table * page_bytes + gpn / pages_of(level) % large_pages * entry_bytes;
}

constexpr unsigned level_of(NptEntry entry) { return entry.large() ? large_level : 1; }

std::uint64_t checked_data_frames(const EptParameters& parameters, const AddressMap& map) {
    const std::uint64_t data_frames = page_of(map.data_bytes());
    if (rules_of(parameters.configuration).ownership)
        throw InputError("ept", fmt::format("page tables of the hypervisor in configuration {}", rules_of(parameters.configuration).name), "none, hypercoffer");
    if (parameters.frames == 0 || parameters.first_frame >= data_frames || parameters.frames > data_frames - parameters.first_frame)
        throw InputError("ept", fmt::format("{} frames from frame {} on", parameters.frames, parameters.first_frame), "data frames, at least one");
    return data_frames;
}

}  // namespace

std::string_view to_string(EptStatus status) {
    switch (status) {
        case EptStatus::ok: return "ok";
        case EptStatus::unknown_vm: return "unknown VM";
        case EptStatus::page_beyond: return "page beyond the VM's size";
        case EptStatus::bad_entry: return "bad entry";
        case EptStatus::frame_protected: return "protected frame";
        case EptStatus::no_room: return "no frame left for a table";
    }
    return "unknown";
}

EptMemory::EptMemory(const EptParameters& parameters, const AddressMap& map, ByteStore& memory, OrderingPort& ordering, PageSettlePort* settling)
    : parameters_(parameters),
      software_frames_(checked_data_frames(parameters, map) +
                       (rules_of(parameters.configuration).chip_region_hidden ? 0 : page_of(map.chip_bytes()))),
      memory_(memory),
      ordering_(ordering),
      settling_(settling),
      tables_(parameters.frames),
      free_frames_(parameters.frames) {}

/// Whether software may use all of the frames.
bool EptMemory::may_name(std::uint64_t frame, std::uint64_t count) const {
    if (frame >= software_frames_ || software_frames_ - frame < count) return false;
    const std::uint64_t tables = parameters_.first_frame;
    const bool touches_tables = frame < tables ? tables - frame < count : frame - tables < parameters_.frames;
    return !touches_tables || !rules_of(parameters_.configuration).chip_region_hidden;
}

NptEntry EptMemory::read(Address address) {
    std::array<std::uint8_t, entry_bytes> bytes;
    memory_.read(address, bytes.data(), bytes.size());
    return {load_le64(bytes.data())};
}

void EptMemory::write(Address address, NptEntry entry) {
    std::array<std::uint8_t, entry_bytes> bytes;
    store_le64(bytes.data(), entry.bits);
    memory_.write(address, bytes.data(), bytes.size());
}

/// Whether the entry leads to a table of the level.
bool EptMemory::is_table(Vmid vmid, unsigned level, NptEntry entry) const {
    const std::uint64_t index = entry.frame() - parameters_.first_frame;
    return entry.present() && !entry.large() && index < tables_.size() && tables_[index].owner == vmid && tables_[index].level == level;
}

/// Whether the entry maps pages that software may use.
bool EptMemory::is_page(NptEntry entry, std::uint64_t pages) const {
    return entry.present() && entry.large() == (pages != 1) && entry.frame() % pages == 0 && may_name(entry.frame(), pages);
}

std::optional<std::uint64_t> EptMemory::make_table(Vmid vmid, unsigned level) {
    const auto found = std::find_if(tables_.begin(), tables_.end(), [](const Table& table) { return table.owner == host_vmid; });
    if (found == tables_.end()) return std::nullopt;
    *found = {vmid, static_cast<std::uint8_t>(level)};
    --free_frames_;
    const std::uint64_t frame = parameters_.first_frame + static_cast<std::uint64_t>(found - tables_.begin());
    const std::array<std::uint8_t, page_bytes> zeros{};
    memory_.write(frame * page_bytes, zeros.data(), zeros.size());
    return frame;
}

void EptMemory::free_table(Table& table) {
    table = {};
    ++free_frames_;
}

/// A table that maps what a 2 MiB entry maps.
std::optional<std::uint64_t> EptMemory::split(Vmid vmid, NptEntry large) {
    const auto table = make_table(vmid, 1);
    if (!table) return std::nullopt;
    for (Gpn page = 0; page < large_pages; ++page)
        write(address_in(*table, 1, page), {(large.bits & ~NptEntry::large_bit) + page * page_bytes});
    return table;
}

/// The entry of the level that the page lies in; nothing where a table above it is missing, or what is there is none.
std::optional<EptMemory::Place> EptMemory::find(Vmid vmid, const Vm& vm, Gpn gpn, unsigned level) {
    std::uint64_t table = vm.root;
    for (unsigned l = NestedPageTable::levels; l > level; --l) {
        const NptEntry next = read(address_in(table, l, gpn));
        if (!is_table(vmid, l - 1, next)) return std::nullopt;
        table = next.frame();
    }
    const Address address = address_in(table, level, gpn);
    return Place{address, read(address)};
}

/// The same, after making the tables that are missing; nothing where there is no frame for one.
std::optional<EptMemory::Place> EptMemory::find_or_make(Vmid vmid, const Vm& vm, Gpn gpn, unsigned level) {
    std::uint64_t table = vm.root;
    for (unsigned l = NestedPageTable::levels; l > level; --l) {
        const Address address = address_in(table, l, gpn);
        const NptEntry next = read(address);
        std::optional<std::uint64_t> below = next.frame();
        if (!is_table(vmid, l - 1, next)) {
            below = l == large_level && is_page(next, large_pages) ? split(vmid, next) : make_table(vmid, l - 1);
            if (!below) return std::nullopt;
            write(address, NptEntry::mapped(*below));
        }
        table = *below;
    }
    const Address address = address_in(table, level, gpn);
    return Place{address, read(address)};
}

bool EptMemory::add(Vmid vmid, std::uint64_t pages) {
    if (vmid == host_vmid || vms_.count(vmid) != 0) return false;
    const auto root = make_table(vmid, NestedPageTable::levels);
    if (root) vms_[vmid] = {pages, *root};
    return root.has_value();
}

void EptMemory::remove(Vmid vmid) {
    const auto found = vms_.find(vmid);
    if (found == vms_.end()) return;
    const std::uint64_t pages = found->second.pages;
    if (keeper_ != nullptr) keeper_->take_off(vmid);
    order(vmid, 0, pages, {});
    vms_.erase(found);
    // Not by a walk: what the tables hold now need not be what the hypervisor stored.
    for (Table& table : tables_)
        if (table.owner == vmid) free_table(table);
    ordering_.complete({vmid, 0, pages});
    if (keeper_ != nullptr) keeper_->forget(vmid);
}

EptStatus EptMemory::judge(const Vm& vm, Gpn gpn, NptEntry entry) const {
    const std::uint64_t pages = pages_of(level_of(entry));
    if (gpn >= vm.pages || vm.pages - gpn < pages || gpn >= NestedPageTable::max_pages) return EptStatus::page_beyond;
    if ((entry.bits & ~known_bits) != 0 || gpn % pages != 0 || entry.frame() % pages != 0) return EptStatus::bad_entry;
    if (!entry.present()) return (entry.bits & ~NptEntry::large_bit) == 0 ? EptStatus::ok : EptStatus::bad_entry;
    return is_page(entry, pages) ? EptStatus::ok : EptStatus::frame_protected;
}

EptStatus EptMemory::store(Vmid vmid, Gpn gpn, NptEntry entry) {
    const auto found = vms_.find(vmid);
    EptStatus status = found == vms_.end() ? EptStatus::unknown_vm : judge(found->second, gpn, entry);
    if (status == EptStatus::ok) status = store_entry(vmid, found->second, gpn, entry);
    if (status != EptStatus::ok) ++statistics_.refused;
    return status;
}

/// What is mapped below an entry that a store is about to replace.
std::vector<EptMemory::Mapping> EptMemory::mapped_at(Vmid vmid, Gpn gpn, unsigned level, NptEntry entry) {
    std::vector<Mapping> mappings;
    if (level == 1) {
        if (is_page(entry, 1)) mappings.push_back({gpn, entry.frame()});
    } else if (is_page(entry, large_pages)) {
        for (Gpn page = 0; page < large_pages; ++page) mappings.push_back({gpn + page, entry.frame() + page});
    } else if (is_table(vmid, 1, entry)) {
        for (Gpn page = 0; page < large_pages; ++page)
            if (const NptEntry small = read(address_in(entry.frame(), 1, page)); is_page(small, 1)) mappings.push_back({gpn + page, small.frame()});
    }
    return mappings;
}

EptStatus EptMemory::store_entry(Vmid vmid, const Vm& vm, Gpn gpn, NptEntry entry) {
    const unsigned level = level_of(entry);
    // Nothing has to be made for a mapping to go, but where it is part of a larger one.
    const bool large_there = level == 1 && [&] {
        const auto above = find(vmid, vm, gpn, large_level);
        return above && is_page(above->entry, large_pages);
    }();
    const auto place = entry.present() || large_there ? find_or_make(vmid, vm, gpn, level) : find(vmid, vm, gpn, level);
    if (!place) {
        if (entry.present() || large_there) return EptStatus::no_room;
        ++statistics_.unchanged;
        return EptStatus::ok;
    }
    const NptEntry stored = entry.present() ? entry : NptEntry{};
    const std::vector<Mapping> old = mapped_at(vmid, gpn, level, place->entry);
    if (old.empty() || place->entry == stored) {
        ++(place->entry == stored || !stored.present() ? statistics_.unchanged : statistics_.new_mappings);
        write(place->address, stored);
    } else {
        ++statistics_.changes;
        order(vmid, gpn, pages_of(level), old);
        write(place->address, stored);
        ordering_.complete({vmid, gpn, pages_of(level)});
    }
    if (level == large_level && is_table(vmid, 1, place->entry)) free_table(tables_[place->entry.frame() - parameters_.first_frame]);
    return EptStatus::ok;
}

/// The steps before a change; complete() is the one behind it.
void EptMemory::order(Vmid vmid, Gpn first, std::uint64_t count, const std::vector<Mapping>& old) {
    const GuestPages pages{vmid, first, count};
    ordering_.block_fills(pages);
    ordering_.evict_lines(pages, LastLevelCache::Leaving::write_back);
    for (const Mapping& mapping : old) ordering_.evict_frames(mapping.frame, 1, LastLevelCache::Leaving::write_back);
    if (settling_ != nullptr)
        for (const Mapping& mapping : old) settling_->settle_page(vmid, mapping.gpn * page_bytes, mapping.frame * page_bytes);
    ordering_.invalidate_pages(pages);
    for (const Mapping& mapping : old) ordering_.invalidate_frames(mapping.frame, 1);
}

Translation EptMemory::translate(Vmid vmid, Address gpa, bool write) {
    ++statistics_.walks;
    const auto fault = [](TranslationFault why) { return Translation{why, 0, false, false}; };
    const auto found = vms_.find(vmid);
    if (found == vms_.end()) return fault(TranslationFault::unknown_vm);
    const Gpn gpn = page_of(gpa);
    if (gpn >= found->second.pages || gpn >= NestedPageTable::max_pages) return fault(TranslationFault::page_beyond);
    std::uint64_t table = found->second.root;
    // As on x86-64, a page can be written where every level says so.
    bool writable = true;
    for (unsigned level = NestedPageTable::levels; level >= 1; --level) {
        const NptEntry entry = read(address_in(table, level, gpn));
        ++statistics_.entries_read;
        writable = writable && entry.writable();
        const bool leaf = level == 1 || (level == large_level && entry.large());
        if (leaf) {
            const std::uint64_t pages = pages_of(level);
            if (!is_page(entry, pages)) break;
            if (write && !writable) return fault(TranslationFault::read_only);
            return {TranslationFault::none, (entry.frame() + gpn % pages) * page_bytes + gpa % page_bytes, false, writable};
        }
        if (!is_table(vmid, level - 1, entry)) break;
        table = entry.frame();
    }
    return fault(TranslationFault::not_mapped);
}

bool EptMemory::host_may_access(std::uint64_t frame, bool) { return may_name(frame, 1); }

void EptMemory::collect(StatisticsGroup& group) const {
    group.add("new_mappings", statistics_.new_mappings, "stores");
    group.add("changes", statistics_.changes, "stores");
    group.add("unchanged", statistics_.unchanged, "stores");
    group.add("refused", statistics_.refused, "stores");
    group.add("walks", statistics_.walks, "walks");
    group.add("entries_read", statistics_.entries_read, "entries");
}

}  // namespace coffer
