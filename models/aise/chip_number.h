#pragma once

#include <cstdint>

#include "common/units.h"

namespace coffer {

/// Number of a chip, unique in a fleet, 1 to 65535: the upper 16 bits of every LPID that it gives out.
class ChipNumber {
public:
    /// Throws InputError for a number outside 1 to 65535.
    explicit ChipNumber(std::uint64_t number);
    /// Number 0, the owner's offline image tool: only ever asked for by name.
    static constexpr ChipNumber image_tool() { return ChipNumber{}; }

    constexpr std::uint16_t value() const { return value_; }
    constexpr bool operator==(ChipNumber other) const { return value_ == other.value_; }
    constexpr bool operator!=(ChipNumber other) const { return value_ != other.value_; }

    /// The LPID that this chip gives out as its `count`-th; counts start at 1 and have 48 bits.
    constexpr Lpid lpid(std::uint64_t count) const { return Lpid{value_} << 48 | count; }

private:
    constexpr ChipNumber() = default;

    std::uint16_t value_ = 0;
};

/// Number of the chip that gave out `lpid`.
constexpr std::uint16_t chip_of(Lpid lpid) { return static_cast<std::uint16_t>(lpid >> 48); }
/// Lower 48 bits of `lpid`.
constexpr std::uint64_t count_of(Lpid lpid) { return lpid & 0xffff'ffff'ffff; }
/// The count that is never given out: a global page counter that stands here is exhausted. One more would be another chip's number.
inline constexpr std::uint64_t lpid_count_end = 0xffff'ffff'ffff;

}  // namespace coffer
