#pragma once

#include <string>
#include <vector>

#include "attack/attack_campaign.h"

namespace coffer {

/// The cases of the whole matrix: every attack in every configuration, and attacks on the bus also with less integrity where memory is encrypted.
std::vector<AttackCase> all_attack_cases();

/// What the threat model says an attack comes to. Throws std::logic_error for a case that is not in the matrix.
AttackResult expected_outcome(const AttackCase& what);

}  // namespace coffer
