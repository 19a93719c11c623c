#pragma once

#include <cstdint>
#include <optional>

#include "aise/chip_number.h"
#include "common/units.h"

namespace coffer {

/// Gives out logical page identifiers, each once in the life of the chip.
class LpidSource {
public:
    virtual ~LpidSource() = default;
    /// The next LPID, or nothing at the end of the range.
    virtual std::optional<Lpid> next() = 0;
    /// The Global Page Counter: the LPID that next() will give.
    virtual Lpid peek() const = 0;
    /// How many times next() will give one.
    virtual std::uint64_t left() const { return lpid_count_end - count_of(peek()); }
};

}  // namespace coffer
