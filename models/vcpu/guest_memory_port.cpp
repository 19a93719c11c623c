#include "vcpu/guest_memory_port.h"

#include <algorithm>

#include "common/bytes.h"

namespace coffer {

namespace {

/// Calls use(line base, offset within the line, offset within the bytes, count) for each line that the bytes touch.
template <class Use>
MemoryAnswer for_each_line(Address gpa, std::size_t size, Use use) {
    for (std::size_t done = 0; done < size;) {
        const Address at = gpa + done;
        const std::size_t within = at % line_bytes;
        const std::size_t count = std::min(size - done, line_bytes - within);
        if (const MemoryAnswer answer = use(line_base(at), within, done, count); answer != MemoryAnswer::ok) return answer;
        done += count;
    }
    return MemoryAnswer::ok;
}

}  // namespace

MemoryAnswer read_guest(GuestMemoryPort& memory, Address gpa, std::uint8_t* data, std::size_t size) {
    return for_each_line(gpa, size, [&](Address base, std::size_t within, std::size_t done, std::size_t count) {
        Block64 line;
        const MemoryAnswer answer = memory.read_line(base, line.data());
        if (answer == MemoryAnswer::ok) std::copy_n(line.begin() + static_cast<std::ptrdiff_t>(within), count, data + done);
        return answer;
    });
}

MemoryAnswer write_guest(GuestMemoryPort& memory, Address gpa, const std::uint8_t* data, std::size_t size) {
    return for_each_line(gpa, size, [&](Address base, std::size_t within, std::size_t done, std::size_t count) {
        Block64 line;
        if (count != line_bytes)
            if (const MemoryAnswer answer = memory.read_line(base, line.data()); answer != MemoryAnswer::ok) return answer;
        std::copy_n(data + done, count, line.begin() + static_cast<std::ptrdiff_t>(within));
        return memory.write_line(base, line.data());
    });
}

}  // namespace coffer
