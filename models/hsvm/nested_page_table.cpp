#include "hsvm/nested_page_table.h"

#include <stdexcept>

namespace coffer {

namespace {

constexpr unsigned index_bits = 9;
constexpr std::uint64_t table_entries = std::uint64_t{1} << index_bits;
constexpr std::size_t entry_bytes = 8;
constexpr std::size_t entries_per_line = line_bytes / entry_bytes;
constexpr unsigned large_level = 2;

/// Pages that one entry of a level stands for.
constexpr std::uint64_t pages_of(unsigned level) { return std::uint64_t{1} << (index_bits * (level - 1)); }

/// One page's share of a 2 MiB entry.
NptEntry small_entry(NptEntry large, std::uint64_t page) {
    const std::uint64_t bits = large.bits & ~NptEntry::large_bit;
    return {large.present() ? bits + (page << 12) : bits};
}

}  // namespace

Address NestedPageTable::slot(std::uint64_t table, unsigned level, Gpn gpn) const {
    return table * page_bytes + gpn / pages_of(level) % table_entries * entry_bytes;
}

NptEntry NestedPageTable::entry(Gpn gpn) {
    std::uint64_t table = root_;
    for (unsigned level = levels; level > 1; --level) {
        const NptEntry next = read(slot(table, level, gpn));
        if (next.empty()) return next;
        if (next.large()) return small_entry(next, gpn % large_pages);
        table = next.frame();
    }
    return read(slot(table, 1, gpn));
}

NptEntry NestedPageTable::large_entry(Gpn gpn) {
    const std::uint64_t table = table_above(gpn, large_level);
    if (table == 0) return {};
    const NptEntry found = read(slot(table, large_level, gpn));
    return found.large() ? found : NptEntry{};
}

/// The table that holds the entry of `level`; 0 where it does not exist.
std::uint64_t NestedPageTable::table_above(Gpn gpn, unsigned level) {
    std::uint64_t table = root_;
    for (unsigned l = levels; l > level; --l) {
        const NptEntry next = read(slot(table, l, gpn));
        if (next.empty() || next.large()) return 0;
        table = next.frame();
    }
    return table;
}

unsigned NestedPageTable::missing_tables(Gpn gpn, unsigned level) {
    std::uint64_t table = root_;
    for (unsigned l = levels; l > level; --l) {
        const NptEntry next = read(slot(table, l, gpn));
        if (next.empty() || next.large()) return l - level;
        table = next.frame();
    }
    return 0;
}

/// Makes the tables down to the one that holds the entry of `level`. The pool has enough frames.
std::uint64_t NestedPageTable::make_tables(Gpn gpn, unsigned level) {
    std::uint64_t table = root_;
    for (unsigned l = levels; l > level; --l) {
        const Address address = slot(table, l, gpn);
        NptEntry next = read(address);
        if (next.large()) {
            split(address, next);
            next = read(address);
        } else if (next.empty()) {
            next = NptEntry::mapped(*pool_.allocate());
            region_.write_word(address, next.bits);
        }
        table = next.frame();
    }
    return table;
}

void NestedPageTable::split(Address address, NptEntry large) {
    const std::uint64_t table = *pool_.allocate();
    for (std::uint64_t first = 0; first < table_entries; first += entries_per_line) {
        Block64 line;
        for (std::uint64_t i = 0; i < entries_per_line; ++i) store_le64(line.data() + i * entry_bytes, small_entry(large, first + i).bits);
        region_.write_line(table * page_bytes + first * entry_bytes, line);
    }
    // The new table is complete before anything refers to it.
    region_.write_word(address, NptEntry::mapped(table).bits);
}

bool NestedPageTable::prepare(Gpn gpn) {
    if (missing_tables(gpn, 1) > pool_.available()) return false;
    make_tables(gpn, 1);
    return true;
}

bool NestedPageTable::prepare_large(Gpn gpn) {
    if (missing_tables(gpn, large_level) > pool_.available()) return false;
    make_tables(gpn, large_level);
    return true;
}

void NestedPageTable::set(Gpn gpn, NptEntry entry) {
    const std::uint64_t table = table_above(gpn, 1);
    if (table == 0) throw std::logic_error("nested page table: set without prepare");
    region_.write_word(slot(table, 1, gpn), entry.bits);
}

void NestedPageTable::set_large(Gpn gpn, NptEntry entry) {
    const std::uint64_t table = table_above(gpn, large_level);
    if (table == 0) throw std::logic_error("nested page table: set_large without prepare_large");
    const Address address = slot(table, large_level, gpn);
    const NptEntry old = read(address);
    region_.write_word(address, entry.empty() ? 0 : entry.bits | NptEntry::large_bit);
    if (!old.empty() && !old.large()) pool_.release(old.frame());
}

template <class Function>
void NestedPageTable::for_each_entry(std::uint64_t table, Function&& f) {
    for (std::uint64_t first = 0; first < table_entries; first += entries_per_line) {
        const Block64 line = region_.read_line(table * page_bytes + first * entry_bytes);
        for (std::uint64_t i = 0; i < entries_per_line; ++i)
            if (const NptEntry entry{load_le64(line.data() + i * entry_bytes)}; !entry.empty()) f(first + i, entry);
    }
}

void NestedPageTable::for_each(const Visitor& f) { visit(root_, levels, 0, f); }

void NestedPageTable::visit(std::uint64_t table, unsigned level, Gpn first, const Visitor& f) {
    for_each_entry(table, [&](std::uint64_t index, NptEntry entry) {
        const Gpn gpn = first + index * pages_of(level);
        if (level == 1 || entry.large())
            f(gpn, entry, pages_of(level));
        else
            visit(entry.frame(), level - 1, gpn, f);
    });
}

void NestedPageTable::destroy() { destroy(root_, levels); }

void NestedPageTable::destroy(std::uint64_t table, unsigned level) {
    if (level > 1)
        for_each_entry(table, [&](std::uint64_t, NptEntry entry) {
            if (!entry.large()) destroy(entry.frame(), level - 1);
        });
    pool_.release(table);
}

}  // namespace coffer
