#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace coffer {

/// What an attack came to.
enum class AttackOutcome : std::uint8_t {
    leaked,          ///< it worked: the attacker has bytes that only the victim knew
    corrupted,       ///< it worked: the victim took other data than it wrote for good, without a word
    prevented,       ///< the attacker got nothing, and the victim lost nothing that it would not notice
    detected,        ///< a check raised a violation that names the victim, before anybody used a byte
    not_applicable,  ///< the configuration has nothing that this attack could be tried on
};
std::string_view to_string(AttackOutcome outcome);
/// Whether the attacker had success.
constexpr bool worked(AttackOutcome outcome) { return outcome == AttackOutcome::leaked || outcome == AttackOutcome::corrupted; }

/// An outcome, and what showed it.
struct AttackResult {
    AttackOutcome outcome = AttackOutcome::not_applicable;
    /// The failed check, the answer that refused the attacker, or what the bytes were.
    std::string by;

    bool operator==(const AttackResult& other) const { return outcome == other.outcome && by == other.by; }
};

}  // namespace coffer
