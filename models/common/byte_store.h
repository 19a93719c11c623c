#pragma once

#include <cstddef>
#include <cstdint>

#include "common/units.h"

namespace coffer {

/// Off-chip memory as the chip sees it: bytes at machine addresses, owned by the adversary.
class ByteStore {
public:
    virtual ~ByteStore() = default;
    virtual void read(Address address, std::uint8_t* data, std::size_t size) = 0;
    virtual void write(Address address, const std::uint8_t* data, std::size_t size) = 0;
};

}  // namespace coffer
