#include "memory/metadata_cache.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "common/errors.h"

namespace coffer {

namespace {

/// Slot and GPN in one word: a GPN has 40 bits.
std::uint64_t page_key(const BlockId& id) { return std::uint64_t{id.slot} << 48 ^ id.index; }

}  // namespace

MetadataCache::MetadataCache(CacheGeometry geometry, unsigned chip_ways, ByteStore& memory)
    : cache_(geometry), chip_ways_(chip_ways), memory_(memory) {
    if (chip_ways == 0 || chip_ways >= geometry.ways)
        throw InputError("metadata_cache.chip_ways", fmt::format("{} of {} ways", chip_ways, geometry.ways), "at least 1, and fewer than all ways");
}

bool MetadataCache::peek(Address address, const BlockId& id, Block64& block) {
    if (cached(address, id, block)) return true;
    memory_.read(address, block.data(), block.size());
    return false;
}

bool MetadataCache::cached(Address address, const BlockId& id, Block64& block) {
    const Cache::Entry* entry = cache_.find(address, id);
    if (entry != nullptr) block = cache_.data(*entry);
    return entry != nullptr;
}

bool MetadataCache::look_up(Address address, const BlockId& id, Block64& block) {
    Cache::Entry* entry = cache_.find(address, id);
    if (entry == nullptr) {
        ++(id.level == 0 ? statistics_.counter_misses : statistics_.node_misses);
        if (id.level == 0) evict_from_other_frame(address, id);
        return false;
    }
    ++(id.level == 0 ? statistics_.counter_hits : statistics_.node_hits);
    cache_.touch(*entry);
    block = cache_.data(*entry);
    return true;
}

void MetadataCache::fetch(Address address, const BlockId&, Block64& block) { memory_.read(address, block.data(), block.size()); }

void MetadataCache::write(Address address, const BlockId& id, const Block64& block) {
    if (Cache::Entry* entry = cache_.find(address, id)) {
        cache_.data(*entry) = block;
        entry->dirty = true;
        cache_.touch(*entry);
    } else {
        memory_.write(address, block.data(), block.size());
    }
}

void MetadataCache::install(Address address, const BlockId& id, const Block64& block, bool dirty) {
    const bool chip = id.slot == chip_slot;
    Cache::Entry& entry = chip ? cache_.victim(address, 0, chip_ways_) : cache_.victim(address, chip_ways_, cache_.ways());
    const bool displaced = cache_.valid(entry);
    const BlockId old_id = entry.tag;
    const bool old_dirty = displaced && entry.dirty;
    const Address old_address = displaced ? cache_.address_of(entry) : 0;
    const Block64 old_block = cache_.data(entry);
    if (displaced) forget(entry);

    cache_.fill(entry, address, id);
    entry.dirty = dirty;
    cache_.data(entry) = block;
    if (id.level == 0) counter_addresses_[page_key(id)] = address;

    // The new block is in place first: where it is an ancestor of the old one, the old one settles into it.
    if (displaced) {
        ++statistics_.evictions;
        statistics_.dirty_evictions += old_dirty;
        if (old_dirty) settle_port_->settle(old_address, old_id, old_block);
    }
}

void MetadataCache::drop(Address address, const BlockId& id) {
    if (id.level == 0) {
        const auto cached = counter_addresses_.find(page_key(id));
        if (cached == counter_addresses_.end()) return;
        address = cached->second;
    }
    if (Cache::Entry* entry = cache_.find(address, id)) forget(*entry);
}

void MetadataCache::evict(Address address, const BlockId& id) {
    if (Cache::Entry* entry = cache_.find(address, id)) leave(*entry);
}

void MetadataCache::evict_all(Slot slot) {
    // Children before parents, each in order of address, so that every parent is settled once and runs repeat bit for bit.
    struct Cached {
        BlockId id;
        Address address;
    };
    std::vector<Cached> blocks;
    cache_.for_each([&](Cache::Entry& entry) {
        if (entry.tag.slot == slot) blocks.push_back({entry.tag, cache_.address_of(entry)});
    });
    std::sort(blocks.begin(), blocks.end(), [](const Cached& a, const Cached& b) {
        return a.id.level != b.id.level ? a.id.level < b.id.level : a.address < b.address;
    });
    for (const Cached& block : blocks) evict(block.address, block.id);
}

void MetadataCache::forget(Cache::Entry& entry) {
    if (entry.tag.level == 0) counter_addresses_.erase(page_key(entry.tag));
    cache_.invalidate(entry);
}

void MetadataCache::leave(Cache::Entry& entry) {
    const BlockId id = entry.tag;
    const Address address = cache_.address_of(entry);
    const bool dirty = entry.dirty;
    const Block64 block = cache_.data(entry);
    forget(entry);
    ++statistics_.evictions;
    statistics_.dirty_evictions += dirty;
    if (dirty) settle_port_->settle(address, id, block);
}

void MetadataCache::evict_from_other_frame(Address address, const BlockId& id) {
    const auto cached = counter_addresses_.find(page_key(id));
    if (cached != counter_addresses_.end() && cached->second != address) evict(cached->second, id);
}

}  // namespace coffer
