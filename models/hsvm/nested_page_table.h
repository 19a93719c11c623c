#pragma once

#include <cstdint>
#include <functional>

#include "hsvm/chip_frame_pool.h"
#include "hsvm/npt_entry.h"

namespace coffer {

/// Pages of a 2 MiB mapping.
inline constexpr std::uint64_t large_pages = 512;

/// The nested page table of one VM: four levels, in frames that the chip owns. Pages are 4 KiB, or 2 MiB where one entry of level 2 stands for 512
/// aligned pages. GPNs have 36 bits. All functions throw ChipRegionFailure.
class NestedPageTable {
public:
    static constexpr unsigned levels = 4;
    static constexpr std::uint64_t max_pages = std::uint64_t{1} << 36;

    using Visitor = std::function<void(Gpn first, NptEntry entry, std::uint64_t pages)>;

    /// The table whose top level is in frame `root`, which the pool has given.
    NestedPageTable(ChipRegion& region, ChipFramePool& pool, std::uint64_t root) : region_(region), pool_(pool), root_(root) {}

    /// The page's entry. That of a page within a 2 MiB mapping is as if it were mapped alone: its own frame, and no `large` bit.
    NptEntry entry(Gpn gpn);
    /// The 2 MiB entry that `gpn` lies in; empty where there is none.
    NptEntry large_entry(Gpn gpn);

    /// Makes sure that the tables for set(gpn) exist, splitting a 2 MiB mapping without changing what it maps. False where the pool has too few
    /// frames: nothing changes.
    bool prepare(Gpn gpn);
    /// Makes sure that set_large(gpn) can be done; `gpn` is a multiple of 512 and its pages are empty or one 2 MiB mapping.
    bool prepare_large(Gpn gpn);
    /// Replaces an entry. The tables exist: after prepare, or where the page has an entry of its own.
    void set(Gpn gpn, NptEntry entry);
    /// Replaces the entry of 512 pages; `entry` has no `large` bit, which is added unless it is empty.
    void set_large(Gpn gpn, NptEntry entry);

    /// Calls f(first GPN, entry, pages) for every entry that is not empty, ascending; pages is 1 or 512.
    void for_each(const Visitor& f);
    /// Gives all its frames back. The table must not be used any more.
    void destroy();

private:
    Address slot(std::uint64_t table, unsigned level, Gpn gpn) const;
    NptEntry read(Address address) { return {region_.read_word(address)}; }
    std::uint64_t table_above(Gpn gpn, unsigned level);
    unsigned missing_tables(Gpn gpn, unsigned level);
    std::uint64_t make_tables(Gpn gpn, unsigned level);
    void split(Address address, NptEntry large);
    template <class Function>
    void for_each_entry(std::uint64_t table, Function&& f);
    void visit(std::uint64_t table, unsigned level, Gpn first, const Visitor& f);
    void destroy(std::uint64_t table, unsigned level);

    ChipRegion& region_;
    ChipFramePool& pool_;
    std::uint64_t root_;
};

}  // namespace coffer
