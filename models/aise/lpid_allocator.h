#pragma once

#include <cstdint>
#include <optional>

#include "aise/chip_number.h"
#include "aise/lpid_source.h"
#include "common/units.h"

namespace coffer {

class NonVolatile;

/// LPIDs reserved by one write of the global page counter.
inline constexpr std::uint64_t lpid_batch = 65536;

/// Gives out logical page identifiers, each once in the life of a chip, whatever happens to its power: a batch is reserved in the
/// non-volatile global page counter (GPC) before the first LPID of it is used, and a restart counts on behind the last reserved one
/// (Rogers et al., MICRO 2007). Chip time does not pass during that write.
class LpidAllocator : public LpidSource {
public:
    /// Counts on from the stored GPC. LPIDs with a count of `end_count` or more are never given out; `batch` is at least 1.
    /// Both are for tests; `nonvolatile` outlives the allocator and has no other writer of its GPC.
    explicit LpidAllocator(NonVolatile& nonvolatile, std::uint64_t end_count = lpid_count_end, std::uint64_t batch = lpid_batch);

    /// A fresh LPID, or nothing at the end of the range. What the non-volatile storage throws passes through, and no LPID is given out.
    std::optional<Lpid> next() override {
        if (next_ == reserved_ && !reserve()) return std::nullopt;
        return next_++;
    }

    /// GPC as a number: the LPID that next() would give out.
    Lpid peek() const override { return next_; }
    std::uint64_t left() const override { return next_ < end_ ? end_ - next_ : 0; }

private:
    bool reserve();

    NonVolatile& nonvolatile_;
    Lpid next_;
    Lpid reserved_;  // first LPID that is not reserved
    Lpid end_;
    std::uint64_t batch_;
};

}  // namespace coffer
