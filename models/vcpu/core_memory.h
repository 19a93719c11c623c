#pragma once

#include <cstddef>
#include <cstdint>

#include "common/units.h"
#include "vcpu/processor_core.h"
#include "vcpu/guest_memory_port.h"

namespace coffer {

/// How a load or store of a VM treats protection.
enum class GuestAccess : std::uint8_t {
    usual,      ///< as the page tables say
    raw,        ///< past encryption and checks
    decrypted,  ///< loads only: past the checks, but decrypted
};

/// The memory that one core reaches. Any number of bytes; what is not done has no effect but on the bytes before.
class CoreMemory {
public:
    virtual ~CoreMemory() = default;
    /// By machine address, as VMID 0; false where the host may not, or there is no memory.
    virtual bool host_read(Address hpa, std::uint8_t* data, std::size_t size) = 0;
    virtual bool host_write(Address hpa, const std::uint8_t* data, std::size_t size) = 0;
    /// By GPA of the VM that runs, in mode shim or guest.
    virtual MemoryAnswer guest_read(const ProcessorCore& core, Address gpa, std::uint8_t* data, std::size_t size, GuestAccess access) = 0;
    virtual MemoryAnswer guest_write(const ProcessorCore& core, Address gpa, const std::uint8_t* data, std::size_t size, GuestAccess access) = 0;
};

}  // namespace coffer
