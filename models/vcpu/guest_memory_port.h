#pragma once

#include <cstdint>

#include "common/units.h"

namespace coffer {

enum class MemoryAnswer : std::uint8_t {
    ok,
    not_mapped,  ///< the hypervisor has taken the page away, or never gave it
    violated,    ///< a check of the protection failed: the bytes are not those that the VM wrote last
};

/// The VM's protected memory, by guest physical address: what the shim and its guest see of it.
class GuestMemoryPort {
public:
    virtual ~GuestMemoryPort() = default;
    /// One line of 64 bytes; `gpa` is a multiple of 64. Where the answer is not ok, nothing was read or written.
    virtual MemoryAnswer read_line(Address gpa, std::uint8_t* data) = 0;
    virtual MemoryAnswer write_line(Address gpa, const std::uint8_t* data) = 0;
};

/// Any bytes, line by line; stops at the first line whose answer is not ok.
MemoryAnswer read_guest(GuestMemoryPort& memory, Address gpa, std::uint8_t* data, std::size_t size);
/// The same; a line that is written in part is read first.
MemoryAnswer write_guest(GuestMemoryPort& memory, Address gpa, const std::uint8_t* data, std::size_t size);

}  // namespace coffer
