#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "common/errors.h"
#include "common/units.h"
#include "memory/use_order.h"

namespace coffer {

/// Shape of a cache of 64-byte blocks.
struct CacheGeometry {
    std::size_t sets = 1;
    unsigned ways = 1;

    /// The shape of a cache of `bytes`. Throws InputError, naming `where`, unless there are 1 to 64 ways and bytes is a multiple of 64 * ways, not 0.
    static CacheGeometry of_size(std::string_view where, std::uint64_t bytes, unsigned ways) {
        if (ways < 1 || ways > 64) throw InputError(where, fmt::format("{} ways", ways), "1 to 64 ways");
        if (bytes == 0 || bytes % (line_bytes * ways) != 0)
            throw InputError(where, fmt::format("{} bytes are no cache of {} ways", bytes, ways), fmt::format("a multiple of {}", line_bytes * ways));
        return {static_cast<std::size_t>(bytes / (line_bytes * ways)), ways};
    }
};

/// A set-associative cache of 64-byte blocks with true LRU replacement. It keeps blocks and finds them; what is fetched, written back
/// or trusted is its user's matter. A block has an address, which chooses the set, a tag (any type with ==) that has to match besides,
/// a dirty flag and data.
///
/// Block addresses, order of use, tags and data lie in arrays of their own:
/// a look-up reads one host cache line per eight ways, and data only on a hit.
template <class Tag, class Data>
class SetAssociativeCache {
public:
    struct Entry {
        Tag tag{};
        std::uint32_t set = 0;  // its place, for good: to compute it takes a division
        std::uint8_t way = 0;
        bool dirty = false;
    };

    explicit SetAssociativeCache(CacheGeometry geometry)
        : sets_(geometry.sets),
          ways_(geometry.ways),
          mask_((sets_ & (sets_ - 1)) == 0 ? sets_ - 1 : 0),
          keys_(sets_ * ways_),
          order_(sets_, ways_),
          entries_(sets_ * ways_),
          data_(sets_ * ways_) {
        for (std::size_t i = 0; i != entries_.size(); ++i) {
            entries_[i].set = static_cast<std::uint32_t>(i / ways_);
            entries_[i].way = static_cast<std::uint8_t>(i % ways_);
        }
    }

    std::size_t sets() const { return sets_; }
    unsigned ways() const { return ways_; }
    /// (address / 64) modulo sets.
    std::size_t set_of(Address address) const {
        const Address block = address / line_bytes;
        return static_cast<std::size_t>(mask_ != 0 ? block & mask_ : block % sets_);
    }

    /// The valid entry of the block that holds `address`, with this tag; null on a miss. Does not touch it.
    Entry* find(Address address, const Tag& tag) {
        return find_if(address, [&](const Entry& entry) { return entry.tag == tag; });
    }
    /// The first valid entry of the block that holds `address`, whatever its tag.
    Entry* find_address(Address address) {
        return find_if(address, [](const Entry&) { return true; });
    }
    /// The first valid entry of the block that holds `address` that satisfies the predicate.
    template <class Predicate>
    Entry* find_if(Address address, Predicate&& matches) {
        const std::size_t first = set_of(address) * ways_;
        const Address key = line_base(address) | valid_bit;
        for (std::size_t i = first; i != first + ways_; ++i)
            if (keys_[i] == key && matches(entries_[i])) return &entries_[i];
        return nullptr;
    }

    /// Makes the entry, a valid one, the most recently used of its set.
    void touch(const Entry& entry) { order_.touch(entry.set, entry.way); }

    /// The entry that a new block at `address` displaces: an invalid one, else the least recently used one. It is left as it is: the user writes it
    /// back if valid() and dirty, then fills it. Only ways [first_way, last_way) are considered, so that a class of blocks can have ways of its own.
    Entry& victim(Address address, unsigned first_way, unsigned last_way) {
        const std::size_t set = set_of(address);
        return entries_[set * ways_ + order_.oldest(set, first_way, last_way)];
    }
    Entry& victim(Address address) {
        const std::size_t set = set_of(address);
        return entries_[set * ways_ + order_.oldest(set)];
    }

    /// Gives the entry, which `victim` chose for it, to the block that holds `address`: valid, clean, most recently used.
    /// Its data is left to the user.
    void fill(Entry& entry, Address address, const Tag& tag) {
        keys_[index_of(entry)] = line_base(address) | valid_bit;
        entry.tag = tag;
        entry.dirty = false;
        touch(entry);
    }
    /// Forgets the block, dirty or not.
    void invalidate(Entry& entry) {
        keys_[index_of(entry)] = 0;
        order_.retire(entry.set, entry.way);
        entry.dirty = false;
    }

    bool valid(const Entry& entry) const { return keys_[index_of(entry)] != 0; }
    /// Address of the entry's block. The entry must be valid.
    Address address_of(const Entry& entry) const { return keys_[index_of(entry)] & ~valid_bit; }
    Data& data(const Entry& entry) { return data_[index_of(entry)]; }
    const Data& data(const Entry& entry) const { return data_[index_of(entry)]; }

    /// Calls f(Entry&) for every valid entry, set by set and way by way. `f` may invalidate the entry it is given.
    template <class Function>
    void for_each(Function&& f) {
        for (std::size_t i = 0; i != keys_.size(); ++i)
            if (keys_[i] != 0) f(entries_[i]);
    }
    /// The same for one set.
    template <class Function>
    void for_each_in_set(std::size_t set, Function&& f) {
        for (std::size_t i = set * ways_; i != (set + 1) * ways_; ++i)
            if (keys_[i] != 0) f(entries_[i]);
    }

private:
    // Block addresses are multiples of 64: bit 0 of a key is free to tell a valid block at address 0 from none.
    static constexpr Address valid_bit = 1;

    std::size_t index_of(const Entry& entry) const { return static_cast<std::size_t>(&entry - entries_.data()); }

    std::size_t sets_;
    unsigned ways_;
    Address mask_;  // sets - 1 where sets is a power of two other than 1, else 0
    std::vector<Address> keys_;
    UseOrder order_;  // invalid entries are the least recently used ones, and thus chosen first
    std::vector<Entry> entries_;
    std::vector<Data> data_;
};

}  // namespace coffer
