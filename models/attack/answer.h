#pragma once

#include <string>

#include "vcpu/instruction_set.h"

namespace coffer {

/// What the machine answers to software.
struct Answer {
    std::string refusal;  ///< empty: it did as it was told

    bool ok() const { return refusal.empty(); }
};

/// Of an instruction, with H-SVM's own status where it refused.
inline Answer answer_of(const InstructionResult& result) {
    if (result.fault != InstructionFault::none) return {std::string(to_string(result.fault))};
    if (result.status == InstructionStatus::refused_by_hsvm) return {std::string(to_string(result.hsvm))};
    return {result.ok() ? "" : std::string(to_string(result.status))};
}

}  // namespace coffer
