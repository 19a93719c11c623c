#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/units.h"

namespace coffer {

/// Which check failed.
enum class Check : std::uint8_t {
    data_tag,        ///< a line's tag does not match its ciphertext, counter and GPN
    counter_block,   ///< a counter block does not match its leaf tag
    tree_node,       ///< a tree node does not match its tag in the parent, or in the root register
    lost_page,       ///< a page that was taken from its guest without release
    out_of_range,    ///< a GPN beyond the size fixed at install
    lpid_exhausted,  ///< the chip's LPIDs are used up: nothing can be written under a fresh one
    frozen,          ///< the VM was stopped by an earlier violation
};

std::string_view to_string(Check check);

/// One failed check: loud and exact.
struct Violation {
    Check check{};
    Vmid vmid = 0;
    Address gpa = 0;           ///< guest address of the line or page that was being used
    Address hpa = 0;           ///< machine address of the block that failed: line, counter block or node
    std::uint8_t level = 0;    ///< tree level of the failed block: 0 for counter blocks and lines
    std::uint64_t index = 0;   ///< index of the failed block within its level

    /// One line that names check, VMID, GPA and HPA.
    std::string describe() const;
};

using MaybeViolation = std::optional<Violation>;

}  // namespace coffer
