#pragma once

#include <cstdint>

#include "memory/set_associative_cache.h"
#include "vcpu/translation.h"

namespace coffer {

struct TlbParameters {
    unsigned entries = 512;  ///< translations that are kept, a multiple of `ways`
    unsigned ways = 4;       ///< 1 to 64
};

/// A translation lookaside buffer for guests: set associative, LRU. Translations carry their VM's VMID, so that several VMs have theirs at a time and
/// a switch between them forgets none.
class Tlb {
public:
    struct Statistics {
        std::uint64_t hits = 0;
        std::uint64_t misses = 0;       ///< no translation, or none that allows the write
        std::uint64_t invalidated = 0;  ///< translations that were kept when their page or frame changed
    };

    /// Throws InputError for entries and ways that make no cache.
    explicit Tlb(const TlbParameters& parameters) : cache_(geometry_of(parameters)) {}

    /// The translation of a page, its address that of the frame; null where there is none that allows the access. Good until the next call.
    const Translation* find(Vmid vmid, Gpn gpn, bool write) {
        const Cache::Entry* const entry = cache_.find(key_of(vmid, gpn), {vmid, gpn});
        if (entry == nullptr || (write && !cache_.data(*entry).writable)) {
            ++statistics_.misses;
            return nullptr;
        }
        ++statistics_.hits;
        cache_.touch(*entry);
        return &cache_.data(*entry);
    }
    /// The same for debug accesses: counts nothing and leaves the order of use alone.
    const Translation* peek(Vmid vmid, Gpn gpn, bool write) {
        const Cache::Entry* const entry = cache_.find(key_of(vmid, gpn), {vmid, gpn});
        return entry == nullptr || (write && !cache_.data(*entry).writable) ? nullptr : &cache_.data(*entry);
    }

    /// Keeps the translation of a page, in place of the one it had.
    void keep(Vmid vmid, Gpn gpn, const Translation& translation) {
        const Address key = key_of(vmid, gpn);
        Cache::Entry* entry = cache_.find(key, {vmid, gpn});
        if (entry == nullptr) entry = &cache_.victim(key);
        cache_.fill(*entry, key, {vmid, gpn});
        cache_.data(*entry) = translation;
    }

    void invalidate_pages(Vmid vmid, Gpn first, std::uint64_t count) {
        invalidate_if([&](const Cache::Entry& entry) { return entry.tag.vmid == vmid && entry.tag.gpn - first < count; });
    }
    void invalidate_frames(std::uint64_t first_frame, std::uint64_t count) {
        invalidate_if([&](const Cache::Entry& entry) { return page_of(cache_.data(entry).hpa) - first_frame < count; });
    }

    const Statistics& statistics() const { return statistics_; }

private:
    struct Page {
        Vmid vmid = 0;
        Gpn gpn = 0;
        bool operator==(const Page& other) const { return gpn == other.gpn && vmid == other.vmid; }
    };
    using Cache = SetAssociativeCache<Page, Translation>;

    static CacheGeometry geometry_of(const TlbParameters& parameters) {
        const auto [entries, ways] = parameters;
        if (ways < 1 || ways > 64) throw InputError("tlb.ways", fmt::format("{} ways", ways), "1 to 64");
        if (entries == 0 || entries % ways != 0)
            throw InputError("tlb.entries", fmt::format("{} entries are not made of {} ways", entries, ways), fmt::format("a multiple of {}", ways));
        return {entries / ways, ways};
    }
    /// The cache knows blocks of 64 bytes: each stands for a page. All VMs use low pages most: spread them over the sets.
    static Address key_of(Vmid vmid, Gpn gpn) { return (gpn + Gpn{vmid} * 0x9e3779b1) * line_bytes; }

    template <class Predicate>
    void invalidate_if(Predicate&& matches) {
        cache_.for_each([&](Cache::Entry& entry) {
            if (!matches(entry)) return;
            cache_.invalidate(entry);
            ++statistics_.invalidated;
        });
    }

    Cache cache_;
    Statistics statistics_;
};

}  // namespace coffer
