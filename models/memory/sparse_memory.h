#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "common/byte_store.h"
#include "common/bytes.h"
#include "common/units.h"
#include "memory/page_map.h"

namespace coffer {

/// Memory of any size, of which only written 4 KiB frames exist; all else reads as zeros. Every 64-bit address is good, and an access may cross
/// frames. A frame costs 4096 bytes and at most 64 bytes beside; a frame's bytes never move.
class SparseMemory final : public ByteStore {
public:
    SparseMemory() = default;
    SparseMemory(const SparseMemory&) = delete;
    SparseMemory& operator=(const SparseMemory&) = delete;

    void read(Address address, std::uint8_t* data, std::size_t size) override {
        const std::size_t offset = address % page_bytes;
        // No bytes, for which `data` may be null, wrap here.
        if (size - 1 >= page_bytes - offset) return read_frames(address, data, size);
        if (std::uint8_t* const* frame = frames_.find(page_of(address)))
            copy_bytes(data, *frame + offset, size);
        else
            std::memset(data, 0, size);
    }
    void write(Address address, const std::uint8_t* data, std::size_t size) override {
        const std::size_t offset = address % page_bytes;
        if (size - 1 >= page_bytes - offset) return write_frames(address, data, size);
        copy_bytes(frame(page_of(address)) + offset, data, size);
    }

    /// The 4096 bytes of a frame, which exists from now on.
    std::uint8_t* frame(std::uint64_t number) {
        std::uint8_t* const* found = frames_.find(number);
        return found != nullptr ? *found : create(number);
    }

    /// How many frames exist.
    std::size_t frame_count() const { return frames_.size(); }
    /// Numbers (address / 4096) of the frames that exist, ascending.
    std::vector<std::uint64_t> frame_numbers() const;

private:
    struct Free {
        void operator()(std::uint8_t* slab) const { std::free(slab); }
    };

    void read_frames(Address address, std::uint8_t* data, std::size_t size);
    void write_frames(Address address, const std::uint8_t* data, std::size_t size);
    std::uint8_t* create(std::uint64_t number);

    PageMap<std::uint8_t*> frames_;
    std::vector<std::unique_ptr<std::uint8_t, Free>> slabs_;
    std::size_t slab_frames_left_ = 0;
};

}  // namespace coffer
