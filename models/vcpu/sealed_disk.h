#pragma once

#include <cstdint>
#include <optional>

#include "aise/lpid_source.h"
#include "common/bytes.h"
#include "common/statistics.h"
#include "common/units.h"
#include "crypto/keys.h"
#include "vcpu/bounce_buffer.h"
#include "vcpu/disk_table.h"
#include "vcpu/guest_memory_port.h"
#include "vcpu/io_status.h"

namespace coffer {

/// A VM's disk behind its shim: sectors of 4096 bytes leave sealed under K_disk, and come back only as they were written last. IV and tag of each
/// sector are in a table in the shim's protected memory. At shutdown the table itself leaves sealed; the shim remembers which one that was, in
/// memory that the VM's snapshot covers, so that an older one is refused.
class SealedDisk : public StatisticsProvider {
public:
    struct Place {
        Address state = 0;  ///< GPA of a line in the shim's page
        Address table = 0;  ///< GPA of the table, a multiple of 4096: 32 bytes a sector
        std::uint64_t sectors = 0;
    };
    struct Statistics {
        std::uint64_t sectors_written = 0;
        std::uint64_t sectors_read = 0;
        std::uint64_t refused = 0;  ///< sectors and tables that were not authentic
    };

    /// Throws InputError where the table does not fit into the shim's pages. The references outlive the object.
    SealedDisk(const Place& place, const crypto::Key128& k_disk, GuestMemoryPort& memory, BounceBuffer& bounce, LpidSource& lpids);

    /// Bytes of the shim's memory that the table of a disk takes.
    static constexpr std::uint64_t table_bytes(std::uint64_t sectors) { return align_up(memory_entry_bytes * sectors, page_bytes); }

    /// A new disk, all zeros. Only where the shim has no disk yet.
    IoStatus create();
    /// Takes the sealed table from the image: the one that the last close() made or, where there was none, the owner's.
    IoStatus open(ByteView sealed_table);
    /// Seals the table, for the image; the disk is closed then.
    IoStatus close(Bytes& sealed_table);

    /// Seals 4096 bytes of the guest's into the window at `offset`, for the host to write.
    IoStatus write_sector(std::uint64_t sector, Address guest, std::uint64_t offset);
    /// Opens what the host read, in the window at `offset`, into the guest's memory, which stays as it is unless the answer is ok.
    IoStatus read_sector(std::uint64_t sector, Address guest, std::uint64_t offset);

    const Statistics& statistics() const { return statistics_; }
    void collect(StatisticsGroup& group) const override;

private:
    static constexpr std::uint64_t memory_entry_bytes = 32;

    /// The line in the shim's page (docs/formats.md).
    struct State {
        bool open = false;
        Lpid sealed_with = 0;  ///< of the table that close() made last; 0 where there is none
    };

    Block64 encode_state(const State& state) const;
    IoStatus read_state(std::optional<State>& state);
    IoStatus write_state(const State& state);
    IoStatus check_open(std::uint64_t sector);
    IoStatus read_entry(std::uint64_t sector, DiskEntry& entry);
    IoStatus write_entry(std::uint64_t sector, const DiskEntry& entry);
    IoStatus fill_table(const DiskTable& table);
    IoStatus refuse(IoStatus status);

    const Place place_;
    const crypto::Key128 k_disk_;
    GuestMemoryPort& memory_;
    BounceBuffer& bounce_;
    LpidSource& lpids_;
    Statistics statistics_;
};

}  // namespace coffer
