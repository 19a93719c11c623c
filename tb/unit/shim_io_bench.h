#pragma once

#include <functional>
#include <ostream>
#include <vector>

#include "aise/lpid_allocator.h"
#include "unit/fixtures.h"
#include "unit/shim_bench.h"
#include "vcpu/bounce_buffer.h"
#include "vcpu/sealed_disk.h"
#include "vcpu/shim_memory.h"
#include "vm_table/nonvolatile.h"

namespace coffer {

inline std::ostream& operator<<(std::ostream& out, IoStatus status) { return out << to_string(status); }

/// The host's pages, which remember where they were used.
class HostPages final : public RawMemoryPort {
public:
    struct Use {
        Address gpa = 0;
        std::size_t size = 0;
    };

    explicit HostPages(const GpaRange& range) : range_(range), bytes_(range.bytes) {}

    bool load(Address gpa, std::uint8_t* data, std::size_t size) override {
        loads.push_back({gpa, size});
        if (!mapped || !range_.contains(gpa, size)) return false;
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(gpa - range_.base), size, data);
        if (after_load) after_load();
        return true;
    }
    bool store(Address gpa, const std::uint8_t* data, std::size_t size) override {
        stores.push_back({gpa, size});
        if (!mapped || !range_.contains(gpa, size)) return false;
        std::copy_n(data, size, bytes_.begin() + static_cast<std::ptrdiff_t>(gpa - range_.base));
        return true;
    }

    Bytes& bytes() { return bytes_; }

    bool mapped = true;
    std::function<void()> after_load;  ///< the host is at work while the shim is
    std::vector<Use> loads, stores;

private:
    const GpaRange range_;
    Bytes bytes_;
};

/// A VM of 64 pages: the shim of its three vCPUs and its disk has pages 16 to 20, and pages 40 to 43 are the window.
struct IoBench {
    static constexpr std::uint64_t guest_bytes = 64 * page_bytes;
    static constexpr ShimMemory shim_memory{16 * page_bytes, 3, 5};
    static constexpr GpaRange shim = shim_memory.range();
    static constexpr GpaRange window{40 * page_bytes, 4 * page_bytes};
    static constexpr BounceLayout layout{guest_bytes, shim, window};

    Bytes guest(Address gpa, std::size_t size) {
        Bytes bytes(size);
        read_guest(memory, gpa, bytes.data(), bytes.size());
        return bytes;
    }
    void put_guest(Address gpa, const Bytes& bytes) { write_guest(memory, gpa, bytes.data(), bytes.size()); }
    Bytes all_of_guest() { return guest(0, guest_bytes); }

    PlainGuestMemory memory;
    HostPages host{window};
    BounceBuffer bounce{layout, memory, host};
};

inline Bytes random_bytes(std::size_t size, std::mt19937_64& random) {
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
}

}  // namespace coffer
