#pragma once

#include <cstddef>
#include <cstdint>

#include "common/units.h"

namespace coffer {

/// The pages that a VM shares with the host, as raw_st and raw_ld (enc_on off) reach them: plain bytes, which the host can change at any moment.
class RawMemoryPort {
public:
    virtual ~RawMemoryPort() = default;
    /// raw_ld and raw_st of any bytes by GPA; false where the hypervisor has not mapped all of them, and then nothing was read or written.
    virtual bool load(Address gpa, std::uint8_t* data, std::size_t size) = 0;
    virtual bool store(Address gpa, const std::uint8_t* data, std::size_t size) = 0;
};

}  // namespace coffer
