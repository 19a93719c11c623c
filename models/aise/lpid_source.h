#pragma once

#include <optional>

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
};

}  // namespace coffer
