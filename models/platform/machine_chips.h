#pragma once

#include "vm_table/chip_identity.h"

namespace coffer {

/// Who makes the chips of machines.
const FleetAuthority& machine_fleet();
/// A chip of that fleet: the same for equal numbers, made when it is first asked for, which takes seconds.
const ChipIdentity& machine_chip(ChipNumber number);

}  // namespace coffer
