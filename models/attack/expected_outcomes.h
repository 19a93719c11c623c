#pragma once

#include <optional>
#include <string>
#include <vector>

#include "attack/attack_campaign.h"

namespace coffer {

/// The cases of the whole matrix: every attack in every configuration, and attacks on the bus also with less integrity where memory is encrypted.
std::vector<AttackCase> all_attack_cases();
/// Those of one configuration, or of all, and of some attacks, or if none is named of all. Throws InputError for names that there are not.
std::vector<AttackCase> attack_cases(const std::optional<std::string>& configuration, const std::vector<std::string>& attacks);

/// What the threat model says an attack comes to. Throws std::logic_error for a case that is not in the matrix.
AttackResult expected_outcome(const AttackCase& what);

}  // namespace coffer
