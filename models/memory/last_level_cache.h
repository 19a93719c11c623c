#pragma once

#include <cstdint>

#include "common/bytes.h"
#include "common/units.h"
#include "memory/set_associative_cache.h"

namespace coffer {

/// Whose line it is. Both addresses are those of the line. For the host (VMID 0) the GPA is the HPA.
struct LineTag {
    Vmid vmid = host_vmid;
    Address gpa = 0;
    Address hpa = 0;

    bool operator==(const LineTag& other) const { return gpa == other.gpa && hpa == other.hpa && vmid == other.vmid; }
};

/// Where the cache's lines come from and go to.
class LineBus {
public:
    virtual ~LineBus() = default;
    /// Fetches 64 bytes; false: an error, and `data` is worthless.
    virtual bool read_line(const LineTag& line, std::uint8_t* data) = 0;
    /// Writes 64 bytes back; false: an error, which whoever found it has reported.
    virtual bool write_line(const LineTag& line, const std::uint8_t* data) = 0;
};

/// The last-level cache: plaintext lines, write-back, write-allocate, LRU. A hit needs VMID, GPN and HPA equal; a line of the same VMID and GPN at
/// another HPA is written back and dropped first. The set is chosen by VMID and GPA, so that such a line is always in the set that is searched.
/// Raw accesses never leave lines here, so lines need no raw bit.
class LastLevelCache {
public:
    struct Statistics {
        std::uint64_t read_hits = 0;
        std::uint64_t read_misses = 0;
        std::uint64_t write_hits = 0;
        std::uint64_t write_misses = 0;
        std::uint64_t fills = 0;               ///< lines fetched; a miss that writes a whole line fetches none
        std::uint64_t write_backs = 0;
        std::uint64_t failed_fills = 0;
        std::uint64_t failed_write_backs = 0;
        std::uint64_t remapped = 0;            ///< lines given up because their guest page was found at another HPA
    };

    /// What becomes of dirty lines that have to leave.
    enum class Leaving { write_back, drop };

    LastLevelCache(CacheGeometry geometry, LineBus& bus) : cache_(geometry), bus_(bus) {}

    /// Reads `size` bytes from `offset` within the line. False: the line could not be fetched; `data` is as it was, and the line is not cached.
    bool read(const LineTag& line, unsigned offset, std::uint8_t* data, unsigned size);
    /// Writes; false as for read. A write of the whole line fetches nothing.
    bool write(const LineTag& line, unsigned offset, const std::uint8_t* data, unsigned size);

    /// Prepares for a raw access, which bypasses the cache, to the line: the same VM's copy is written back, and so is the host's, which is a plain
    /// view of the same bytes. Before a write both are dropped besides.
    void before_raw_access(const LineTag& line, bool write);

    /// Makes lines leave: of a VM's page, of a VM, of a machine page whoever has it, all.
    void evict_page(Vmid vmid, Gpn gpn, Leaving leaving);
    void evict_vm(Vmid vmid, Leaving leaving);
    void evict_frame(Address hpa, Leaving leaving);
    void evict_all(Leaving leaving);

    /// Debug access: reads bytes of a cached line; false where it is not cached. Counts nothing and leaves the order of use alone.
    bool peek(const LineTag& line, unsigned offset, std::uint8_t* data, unsigned size);
    /// Debug access: changes bytes of a cached line, which is dirty then; false where it is not cached.
    bool poke(const LineTag& line, unsigned offset, const std::uint8_t* data, unsigned size);

    const Statistics& statistics() const { return statistics_; }

private:
    using Cache = SetAssociativeCache<LineTag, Block64>;

    static Address key_of(Vmid vmid, Address gpa);
    Cache::Entry* find(const LineTag& line) { return cache_.find(key_of(line.vmid, line.gpa), line); }
    Cache::Entry* find_any_frame(Vmid vmid, Address gpa);
    Cache::Entry* look_up(Address key, const LineTag& line);
    Cache::Entry& make_room(Address key);
    Cache::Entry* fetch(Address key, const LineTag& line);
    void write_back(Cache::Entry& entry);
    void leave(Cache::Entry& entry, Leaving leaving);
    template <class Predicate>
    void evict_if(Leaving leaving, Predicate&& matches);

    Cache cache_;
    LineBus& bus_;
    Statistics statistics_;
};

}  // namespace coffer
