#pragma once

#include <cstdint>

#include "common/bytes.h"
#include "common/statistics.h"
#include "common/units.h"
#include "vcpu/guest_memory_port.h"
#include "vcpu/io_status.h"
#include "vcpu/raw_memory_port.h"

namespace coffer {

/// Consecutive guest physical addresses.
struct GpaRange {
    Address base = 0;
    std::uint64_t bytes = 0;

    /// Whether [address, address + size) lies within; no sum can wrap.
    constexpr bool contains(Address address, std::uint64_t size) const {
        return address >= base && address - base <= bytes && size <= bytes - (address - base);
    }
    /// Whether [address, address + size) has a byte in common with it.
    constexpr bool touches(Address address, std::uint64_t size) const {
        return size != 0 && bytes != 0 && (address >= base ? address - base < bytes : base - address < size);
    }
};

/// Where a VM's memory ends, and which parts of it no transfer may use.
struct BounceLayout {
    std::uint64_t guest_bytes = 0;  ///< size of the VM's memory
    GpaRange shim;                  ///< the shim's page, the context pages and the disk's table
    GpaRange window;                ///< plain pages that the VM shares with the host
};

/// What the host says that it put into the window. Nothing of it is trusted.
struct HostReply {
    std::uint64_t offset = 0;  ///< from the base of the window
    std::uint64_t length = 0;  ///< bytes
};

/// Copies between a guest's protected memory and the window that it shares with the host, since devices see ciphertext anywhere else. Payloads of the
/// network leave in clear: the guest protects them end to end. The disk's are sealed by SealedDisk.
class BounceBuffer : public StatisticsProvider {
public:
    struct Statistics {
        std::uint64_t bytes_out = 0;
        std::uint64_t bytes_in = 0;
        std::uint64_t refused = 0;  ///< transfers that were not done
    };

    /// Throws InputError where the window or the shim's pages are not within the VM's memory, or meet. The ports outlive the object.
    BounceBuffer(const BounceLayout& layout, GuestMemoryPort& memory, RawMemoryPort& raw);

    /// Copies `length` bytes of the guest's to the window at `offset`, for the host to send.
    IoStatus send(Address guest, std::uint64_t length, std::uint64_t offset);
    /// Copies what the host received into the guest's buffer of `capacity` bytes; the rest of the buffer stays. Every byte of the window is read
    /// once.
    IoStatus receive(Address guest, std::uint64_t capacity, const HostReply& reply);

    /// For data that does not go through as it is: the halves of the two above.
    IoStatus read_buffer(Address guest, Bytes& data);   ///< as many bytes as `data` has
    IoStatus write_buffer(Address guest, const Bytes& data);
    IoStatus load(std::uint64_t offset, Bytes& data);   ///< as many bytes as `data` has
    IoStatus store(std::uint64_t offset, const Bytes& data);

    const BounceLayout& layout() const { return layout_; }
    const Statistics& statistics() const { return statistics_; }
    void collect(StatisticsGroup& group) const override;

private:
    bool is_buffer(Address guest, std::uint64_t size) const;
    IoStatus count(IoStatus status);

    const BounceLayout layout_;
    GuestMemoryPort& memory_;
    RawMemoryPort& raw_;
    Statistics statistics_;
};

}  // namespace coffer
