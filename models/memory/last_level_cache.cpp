#include "memory/last_level_cache.h"

#include <cstring>

namespace coffer {

Address LastLevelCache::key_of(Vmid vmid, Address gpa) {
    // All VMs use low guest addresses most: spread them over the sets. A multiple of 64, so that the key of a line is one too.
    constexpr Address spread = 0x9e3779b97f4a7c15 & ~Address{line_bytes - 1};
    return gpa + vmid * spread;
}

LastLevelCache::Cache::Entry* LastLevelCache::find_any_frame(Vmid vmid, Address gpa) {
    return cache_.find_if(key_of(vmid, gpa), [&](const Cache::Entry& entry) { return entry.tag.gpa == gpa && entry.tag.vmid == vmid; });
}

void LastLevelCache::write_back(Cache::Entry& entry) {
    if (!entry.dirty) return;
    entry.dirty = false;
    ++statistics_.write_backs;
    if (!bus_.write_line(entry.tag, cache_.data(entry).data())) ++statistics_.failed_write_backs;
}

void LastLevelCache::leave(Cache::Entry& entry, Leaving leaving) {
    if (leaving == Leaving::write_back) write_back(entry);
    cache_.invalidate(entry);
}

/// The line's entry; null on a miss. One look at the set also finds the line at another HPA, where it is given up.
LastLevelCache::Cache::Entry* LastLevelCache::look_up(Address key, const LineTag& line) {
    Cache::Entry* const entry =
        cache_.find_if(key, [&](const Cache::Entry& other) { return other.tag.gpa == line.gpa && other.tag.vmid == line.vmid; });
    if (entry == nullptr) return nullptr;
    if (entry->tag.hpa == line.hpa) {
        cache_.touch(*entry);
        return entry;
    }
    ++statistics_.remapped;
    leave(*entry, Leaving::write_back);
    return nullptr;
}

/// An invalid entry for a line that is not cached.
LastLevelCache::Cache::Entry& LastLevelCache::make_room(Address key) {
    Cache::Entry& victim = cache_.victim(key);
    write_back(victim);
    cache_.invalidate(victim);
    return victim;
}

LastLevelCache::Cache::Entry* LastLevelCache::fetch(Address key, const LineTag& line) {
    Cache::Entry& entry = make_room(key);
    ++statistics_.fills;
    if (!bus_.read_line(line, cache_.data(entry).data())) {
        ++statistics_.failed_fills;
        return nullptr;
    }
    cache_.fill(entry, key, line);
    return &entry;
}

bool LastLevelCache::read(const LineTag& line, unsigned offset, std::uint8_t* data, unsigned size) {
    const Address key = key_of(line.vmid, line.gpa);
    Cache::Entry* entry = look_up(key, line);
    if (entry != nullptr) {
        ++statistics_.read_hits;
    } else {
        ++statistics_.read_misses;
        entry = fetch(key, line);
        if (entry == nullptr) return false;
    }
    copy_bytes(data, cache_.data(*entry).data() + offset, size);
    return true;
}

bool LastLevelCache::write(const LineTag& line, unsigned offset, const std::uint8_t* data, unsigned size) {
    const Address key = key_of(line.vmid, line.gpa);
    Cache::Entry* entry = look_up(key, line);
    if (entry != nullptr) {
        ++statistics_.write_hits;
    } else {
        ++statistics_.write_misses;
        if (size == line_bytes) {
            entry = &make_room(key);
            cache_.fill(*entry, key, line);
        } else {
            entry = fetch(key, line);
            if (entry == nullptr) return false;
        }
    }
    copy_bytes(cache_.data(*entry).data() + offset, data, size);
    entry->dirty = true;
    return true;
}

void LastLevelCache::before_raw_access(const LineTag& line, bool write) {
    for (Cache::Entry* entry : {find_any_frame(line.vmid, line.gpa), find({host_vmid, line.hpa, line.hpa})}) {
        if (entry == nullptr) continue;
        write_back(*entry);
        if (write) cache_.invalidate(*entry);
    }
}

void LastLevelCache::evict_page(Vmid vmid, Gpn gpn, Leaving leaving) {
    for (Address gpa = gpn * page_bytes; gpa != (gpn + 1) * page_bytes; gpa += line_bytes)
        if (Cache::Entry* entry = find_any_frame(vmid, gpa)) leave(*entry, leaving);
}

template <class Predicate>
void LastLevelCache::evict_if(Leaving leaving, Predicate&& matches) {
    cache_.for_each([&](Cache::Entry& entry) {
        if (matches(entry.tag)) leave(entry, leaving);
    });
}

void LastLevelCache::evict_vm(Vmid vmid, Leaving leaving) {
    evict_if(leaving, [&](const LineTag& tag) { return tag.vmid == vmid; });
}

void LastLevelCache::evict_frame(Address hpa, Leaving leaving) {
    evict_if(leaving, [&](const LineTag& tag) { return page_of(tag.hpa) == page_of(hpa); });
}

void LastLevelCache::evict_all(Leaving leaving) {
    evict_if(leaving, [](const LineTag&) { return true; });
}

bool LastLevelCache::peek(const LineTag& line, unsigned offset, std::uint8_t* data, unsigned size) {
    const Cache::Entry* entry = find(line);
    if (entry == nullptr) return false;
    std::memcpy(data, cache_.data(*entry).data() + offset, size);
    return true;
}

bool LastLevelCache::poke(const LineTag& line, unsigned offset, const std::uint8_t* data, unsigned size) {
    Cache::Entry* entry = find(line);
    if (entry == nullptr) return false;
    std::memcpy(cache_.data(*entry).data() + offset, data, size);
    entry->dirty = true;
    return true;
}

}  // namespace coffer
