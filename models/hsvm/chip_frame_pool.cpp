#include "hsvm/chip_frame_pool.h"

namespace coffer {

ChipFramePool::ChipFramePool(ChipRegion& region)
    : region_(region), next_unused_(region.layout().pool / page_bytes), available_(region.layout().end_frame - next_unused_) {}

std::optional<std::uint64_t> ChipFramePool::allocate() {
    if (available_ == 0) return std::nullopt;
    std::uint64_t frame = first_free_;
    if (frame != none) {
        first_free_ = region_.read_word(frame * page_bytes);
        region_.write_word(frame * page_bytes, none);
    } else {
        frame = next_unused_++;
    }
    --available_;
    return frame;
}

void ChipFramePool::release(std::uint64_t frame) {
    region_.clear_frame(frame);
    region_.write_word(frame * page_bytes, first_free_);
    first_free_ = frame;
    ++available_;
}

}  // namespace coffer
