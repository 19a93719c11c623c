#pragma once

#include <cstdint>
#include <optional>

#include "crypto/line_cipher.h"
#include "hsvm/chip_frame_pool.h"

namespace coffer {

/// Where memory is plain: IV and tag of every page that is swapped out, so that only the image that the chip gave out last comes back. A record has
/// 32 bytes: IV 12, zero 4, tag 16. Frames are taken from the pool as records are needed, and kept. All functions throw ChipRegionFailure.
class SwapDirectory {
public:
    struct Record {
        crypto::Iv iv{};
        Block16 tag{};
    };

    SwapDirectory(ChipRegion& region, ChipFramePool& pool) : region_(region), pool_(pool) {}

    /// Number of a free record, never 0: its offset in the chip region is 32 times it. Nothing where the pool is empty.
    std::optional<std::uint64_t> allocate();
    void release(std::uint64_t number);
    Record read(std::uint64_t number);
    void write(std::uint64_t number, const Record& record);

private:
    static constexpr std::size_t record_bytes = 32;

    Address address_of(std::uint64_t number) const { return region_.layout().base + number * record_bytes; }

    ChipRegion& region_;
    ChipFramePool& pool_;
    std::uint64_t first_free_ = 0;  // free records are a list through their first words
};

}  // namespace coffer
