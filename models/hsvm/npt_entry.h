#pragma once

#include <cstdint>

#include "common/units.h"

namespace coffer {

/// One entry of a nested page table, in the layout of x86-64 (Intel SDM 3A, 4.5): present 0, write 1, large 7, frame 12-51. Bits 52-54, which the
/// processor ignores, say what became of a page: shared, swapped, lost.
struct NptEntry {
    std::uint64_t bits = 0;

    static constexpr std::uint64_t present_bit = 1, write_bit = 2, large_bit = 1u << 7;
    static constexpr std::uint64_t shared_bit = std::uint64_t{1} << 52, swapped_bit = std::uint64_t{1} << 53, lost_bit = std::uint64_t{1} << 54;
    static constexpr std::uint64_t frame_mask = ((std::uint64_t{1} << 40) - 1) << 12;

    static constexpr NptEntry of(std::uint64_t frame, std::uint64_t other_bits) { return {frame << 12 | other_bits}; }
    /// A private page, and a table.
    static constexpr NptEntry mapped(std::uint64_t frame) { return of(frame, present_bit | write_bit); }

    constexpr bool empty() const { return bits == 0; }
    constexpr bool present() const { return (bits & present_bit) != 0; }
    constexpr bool writable() const { return (bits & write_bit) != 0; }
    constexpr bool large() const { return (bits & large_bit) != 0; }
    constexpr bool shared() const { return (bits & shared_bit) != 0; }
    constexpr bool swapped() const { return (bits & swapped_bit) != 0; }
    constexpr bool lost() const { return (bits & lost_bit) != 0; }
    /// Frame of a page that is present. Of a swapped page the number of its record in the swap directory, of a page that awaits a shared one the VMID
    /// that it comes from.
    constexpr std::uint64_t frame() const { return (bits & frame_mask) >> 12; }
    constexpr bool operator==(NptEntry other) const { return bits == other.bits; }
};

}  // namespace coffer
