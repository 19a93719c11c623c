#include "vcpu/bounce_buffer.h"

#include <fmt/format.h>

#include "common/errors.h"

namespace coffer {

BounceBuffer::BounceBuffer(const BounceLayout& layout, GuestMemoryPort& memory, RawMemoryPort& raw) : layout_(layout), memory_(memory), raw_(raw) {
    const GpaRange guest{0, layout.guest_bytes};
    for (const GpaRange& range : {layout.shim, layout.window})
        if (!guest.contains(range.base, range.bytes))
            throw InputError("bounce buffer", fmt::format("{:#x} bytes at GPA {:#x} do not lie in the VM", range.bytes, range.base),
                             fmt::format("GPAs below {:#x}", layout.guest_bytes));
    if (layout.window.base % page_bytes != 0 || layout.window.bytes % page_bytes != 0)
        throw InputError("bounce buffer", fmt::format("a window of {:#x} bytes at GPA {:#x}", layout.window.bytes, layout.window.base),
                         "whole pages");
    if (layout.shim.touches(layout.window.base, layout.window.bytes))
        throw InputError("bounce buffer", fmt::format("the window at GPA {:#x} has pages of the shim", layout.window.base));
}

IoStatus BounceBuffer::send(Address guest, std::uint64_t length, std::uint64_t offset) {
    if (!is_buffer(guest, length)) return count(IoStatus::bad_buffer);
    if (!GpaRange{0, layout_.window.bytes}.contains(offset, length)) return count(IoStatus::bad_offset);
    Bytes data(length);
    if (const IoStatus status = read_buffer(guest, data); status != IoStatus::ok) return count(status);
    const IoStatus status = count(store(offset, data));
    if (status == IoStatus::ok) statistics_.bytes_out += length;
    return status;
}

IoStatus BounceBuffer::receive(Address guest, std::uint64_t capacity, const HostReply& reply) {
    if (!is_buffer(guest, capacity)) return count(IoStatus::bad_buffer);
    if (reply.length > capacity) return count(IoStatus::bad_length);
    if (!GpaRange{0, layout_.window.bytes}.contains(reply.offset, reply.length)) return count(IoStatus::bad_offset);
    Bytes data(reply.length);
    if (const IoStatus status = load(reply.offset, data); status != IoStatus::ok) return count(status);
    const IoStatus status = count(write_buffer(guest, data));
    if (status == IoStatus::ok) statistics_.bytes_in += data.size();
    return status;
}

IoStatus BounceBuffer::read_buffer(Address guest, Bytes& data) {
    if (!is_buffer(guest, data.size())) return IoStatus::bad_buffer;
    return io_status_of(read_guest(memory_, guest, data.data(), data.size()));
}

IoStatus BounceBuffer::write_buffer(Address guest, const Bytes& data) {
    if (!is_buffer(guest, data.size())) return IoStatus::bad_buffer;
    return io_status_of(write_guest(memory_, guest, data.data(), data.size()));
}

IoStatus BounceBuffer::load(std::uint64_t offset, Bytes& data) {
    if (!GpaRange{0, layout_.window.bytes}.contains(offset, data.size())) return IoStatus::bad_offset;
    return raw_.load(layout_.window.base + offset, data.data(), data.size()) ? IoStatus::ok : IoStatus::not_mapped;
}

IoStatus BounceBuffer::store(std::uint64_t offset, const Bytes& data) {
    if (!GpaRange{0, layout_.window.bytes}.contains(offset, data.size())) return IoStatus::bad_offset;
    return raw_.store(layout_.window.base + offset, data.data(), data.size()) ? IoStatus::ok : IoStatus::not_mapped;
}

bool BounceBuffer::is_buffer(Address guest, std::uint64_t size) const {
    return GpaRange{0, layout_.guest_bytes}.contains(guest, size) && !layout_.shim.touches(guest, size) && !layout_.window.touches(guest, size);
}

IoStatus BounceBuffer::count(IoStatus status) {
    if (status != IoStatus::ok) ++statistics_.refused;
    return status;
}

void BounceBuffer::collect(StatisticsGroup& group) const {
    group.add("bytes_out", statistics_.bytes_out, "B");
    group.add("bytes_in", statistics_.bytes_in, "B");
    group.add("refused", statistics_.refused, "1");
}

}  // namespace coffer
