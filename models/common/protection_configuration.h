#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace coffer {

/// The four configurations of the platform.
enum class ProtectionConfiguration : std::uint8_t { none, hsvm, hypercoffer, combined };

/// How a page is cleared before it changes hands.
enum class Clearing : std::uint8_t {
    none,
    line_writes,    ///< 64 writes of zeros
    leaf,           ///< on release, an empty leaf
    counter_block,  ///< a leaf that is empty or lost when the page goes, one counter block with a fresh LPID when it comes
};

/// What a configuration has.
struct ConfigurationRules {
    std::string_view name;
    bool encrypt;              ///< guests and VMID 1 are encrypted, tagged and under a tree
    bool ownership;            ///< H-SVM's page ownership and nested page tables
    bool shim;                 ///< VM-Shim and the HyperCoffer instructions
    bool chip_region_hidden;   ///< software cannot reach the chip region
    Clearing clearing;
};

inline constexpr std::array<ConfigurationRules, 4> configuration_rules{{
    {"none", false, false, false, false, Clearing::none},
    {"hsvm", false, true, false, true, Clearing::line_writes},
    {"hypercoffer", true, false, true, true, Clearing::leaf},
    {"combined", true, true, true, true, Clearing::counter_block},
}};

constexpr const ConfigurationRules& rules_of(ProtectionConfiguration configuration) {
    return configuration_rules[static_cast<std::size_t>(configuration)];
}

}  // namespace coffer
