#pragma once

#include <cstdint>
#include <optional>

#include "hsvm/chip_region.h"

namespace coffer {

/// Gives out the frames of the chip region that no table has a fixed place in. Two registers hold all of its state: the first frame never given out,
/// and the head of a list through the first 8 bytes of the frames that came back. So a reset costs nothing.
class ChipFramePool {
public:
    explicit ChipFramePool(ChipRegion& region);

    /// Number of a frame of zeros; nothing where all are in use. Throws ChipRegionFailure, as release does.
    std::optional<std::uint64_t> allocate();
    void release(std::uint64_t frame);
    std::uint64_t available() const { return available_; }

private:
    static constexpr std::uint64_t none = 0;

    ChipRegion& region_;
    std::uint64_t next_unused_;
    std::uint64_t first_free_ = none;  // a frame number; frame 0 is a data frame
    std::uint64_t available_;
};

}  // namespace coffer
