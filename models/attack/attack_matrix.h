#pragma once

#include <string>
#include <vector>

#include "attack/attack_campaign.h"

namespace coffer {

/// Whether every attack ended as the threat model says.
bool as_expected(const std::vector<AttackReport>& reports);

/// Attacks by configuration, as a table for people; beside it, where all four configurations are there, the comparison of the literature.
/// Outcomes that are not the expected ones are marked and listed. Equal reports give equal text.
std::string attack_matrix_text(const std::vector<AttackReport>& reports);
/// The same as JSON: one object for each attack and machine.
std::string attack_matrix_json(const std::vector<AttackReport>& reports);

}  // namespace coffer
