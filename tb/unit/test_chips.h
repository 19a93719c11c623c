#pragma once

#include "vm_table/chip_identity.h"

namespace coffer {

/// The fleet of the tests, and its two chips. Their keys are stored, since generating them takes seconds.
const FleetAuthority& test_fleet();
/// `number` is 1 or 2.
const ChipIdentity& test_chip(unsigned number);

/// A vm_key for a chip.
Bytes wrapped_for(const ChipIdentity& chip, const crypto::Key128& k_vm);

}  // namespace coffer
