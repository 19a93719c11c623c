#include "memory/sparse_memory.h"

#include <algorithm>
#include <new>

namespace coffer {

namespace {

// Frames are allocated together; the host gives a slab's pages only as they are touched.
constexpr std::size_t frames_per_slab = 256;

std::size_t bytes_in_frame(Address address, std::size_t size) { return std::min<std::size_t>(size, page_bytes - address % page_bytes); }

}  // namespace

void SparseMemory::read_frames(Address address, std::uint8_t* data, std::size_t size) {
    while (size != 0) {
        const std::size_t part = bytes_in_frame(address, size);
        read(address, data, part);
        address += part;
        data += part;
        size -= part;
    }
}

void SparseMemory::write_frames(Address address, const std::uint8_t* data, std::size_t size) {
    while (size != 0) {
        const std::size_t part = bytes_in_frame(address, size);
        write(address, data, part);
        address += part;
        data += part;
        size -= part;
    }
}

std::uint8_t* SparseMemory::create(std::uint64_t number) {
    if (slab_frames_left_ == 0) {
        auto* slab = static_cast<std::uint8_t*>(std::aligned_alloc(page_bytes, frames_per_slab * page_bytes));
        if (slab == nullptr) throw std::bad_alloc();
        slabs_.emplace_back(slab);
        slab_frames_left_ = frames_per_slab;
    }
    std::uint8_t* bytes = slabs_.back().get() + page_bytes * (frames_per_slab - slab_frames_left_);
    std::memset(bytes, 0, page_bytes);
    frames_.insert(number, bytes);
    --slab_frames_left_;
    return bytes;
}

std::vector<std::uint64_t> SparseMemory::frame_numbers() const {
    std::vector<std::uint64_t> numbers;
    numbers.reserve(frames_.size());
    frames_.for_each([&](std::uint64_t number, const std::uint8_t*) { numbers.push_back(number); });
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

}  // namespace coffer
