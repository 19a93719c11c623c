#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/protection_configuration.h"

namespace coffer {

/// Whose software a core runs.
enum class CoreMode : std::uint8_t { host, shim, guest };
inline constexpr std::array<std::string_view, 3> core_mode_names = {"host", "shim", "guest"};

// The enumerators of these are generated from models/vcpu/instructions.yaml.
enum class Instruction : std::uint8_t;
enum class InstructionFault : std::uint8_t;
enum class InstructionStatus : std::uint8_t;

/// A row of the instruction table.
struct InstructionEntry {
    Instruction instruction{};
    std::string_view name;
    std::uint8_t modes = 0;           ///< bit i: CoreMode i may issue it
    std::uint8_t configurations = 0;  ///< bit i: it exists in ProtectionConfiguration i
    bool memory = false;              ///< memory_fault is possible
    std::uint32_t statuses = 0;       ///< bit i: InstructionStatus i is a possible answer

    constexpr bool exists_in(ProtectionConfiguration configuration) const {
        return (configurations >> static_cast<unsigned>(configuration) & 1) != 0;
    }
    constexpr bool may_issue(CoreMode mode) const { return (modes >> static_cast<unsigned>(mode) & 1) != 0; }
    constexpr bool may_answer(InstructionStatus status) const { return (statuses >> static_cast<unsigned>(status) & 1) != 0; }
};

}  // namespace coffer
