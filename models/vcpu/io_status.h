#pragma once

#include <cstdint>
#include <string_view>

#include "vcpu/guest_memory_port.h"

namespace coffer {

/// Why a transfer between a VM and its host is not done, or is.
enum class IoStatus : std::uint8_t {
    ok,
    bad_buffer,     ///< the guest's buffer is not in its memory, or in pages of the shim or of the window
    bad_length,     ///< longer than the guest's buffer
    bad_offset,     ///< not within the window
    not_mapped,     ///< the hypervisor has not mapped a page of the guest, the shim or the window
    violated,       ///< protected memory was changed or replayed from outside
    bad_sector,     ///< beyond the end of the disk
    not_authentic,  ///< a sector, or the sealed table, is not the one that was written last
    not_open,       ///< the disk's table is not in the shim's memory: it was never opened, or it is sealed
    already_open,   ///< the disk's table is in the shim's memory, and newer than any sealed one
    exhausted,      ///< no LPID is left to seal with
};

std::string_view to_string(IoStatus status);
IoStatus io_status_of(MemoryAnswer answer);

}  // namespace coffer
