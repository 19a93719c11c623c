#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/units.h"

namespace coffer {

/// A map from page numbers (any below 2^64 - 1) to values, for look-ups on every access: open addressing at most half full, and in front of it a
/// small direct-mapped lookaside, so that warm look-ups cost the same however many pages there are. Values are small, like pointers;
/// entries are never removed.
template <class Value>
class PageMap {
public:
    /// The page's value; null where it has none. The pointer is good until the next call.
    const Value* find(std::uint64_t page) {
        const std::uint64_t hash = page * multiplier;
        Slot& near = lookaside_[hash >> (64 - lookaside_bits)];
        if (near.key == page + 1) return &near.value;
        const std::size_t place = place_of(page, hash);
        if (slots_[place].key == 0) return nullptr;
        near = slots_[place];
        return &near.value;
    }

    /// Gives a page that has no value yet its value, which stays.
    void insert(std::uint64_t page, Value value) {
        if (2 * (size_ + 1) > slots_.size()) grow();
        slots_[place_of(page, page * multiplier)] = {page + 1, value};
        ++size_;
    }

    std::size_t size() const { return size_; }

    /// Calls f(page, value) for every page, in no order that means anything.
    template <class Function>
    void for_each(Function&& f) const {
        for (const Slot& slot : slots_)
            if (slot.key != 0) f(slot.key - 1, slot.value);
    }

private:
    struct Slot {
        std::uint64_t key = 0;  // page + 1, so that 0 is no page
        Value value{};
    };

    // Fibonacci hashing: neighbouring pages, the usual case, fall far apart and seldom collide.
    static constexpr std::uint64_t multiplier = 0x9e3779b97f4a7c15;
    static constexpr unsigned lookaside_bits = 9;

    std::size_t place_of(std::uint64_t page, std::uint64_t hash) const {
        std::size_t place = static_cast<std::size_t>(hash >> shift_);
        while (slots_[place].key != 0 && slots_[place].key != page + 1) place = (place + 1) & (slots_.size() - 1);
        return place;
    }

    void grow() {
        std::vector<Slot> old(2 * slots_.size());
        old.swap(slots_);
        --shift_;
        for (const Slot& slot : old)
            if (slot.key != 0) slots_[place_of(slot.key - 1, (slot.key - 1) * multiplier)] = slot;
    }

    unsigned shift_ = 58;
    std::size_t size_ = 0;
    std::vector<Slot> slots_ = std::vector<Slot>(64);
    std::array<Slot, std::size_t{1} << lookaside_bits> lookaside_{};
};

}  // namespace coffer
