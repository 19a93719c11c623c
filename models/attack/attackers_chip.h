#pragma once

#include <vector>

#include "attack/vm_migration.h"
#include "common/protection_configuration.h"
#include "crypto/key_wrap.h"
#include "vm_table/chip_identity.h"

namespace coffer {

/// A chip in the attacker's mind: a program that has an unwrap key, and a certificate of it that no fleet gave.
class AttackersChip {
public:
    static constexpr std::uint16_t number = 0x666;

    /// Takes a second.
    AttackersChip();

    /// Says that the fleet of all machines here vouches for the chip.
    Bytes certificate() const;
    /// The fleet that this certificate really is of.
    FleetAuthority fleet() const;
    /// What can be read of the pages of a VM that was sent: as far as its key was wrapped for this chip.
    std::vector<Bytes> read_pages(const TravellingVm& vm, const ConfigurationRules& rules) const;

private:
    std::vector<Bytes> read_sealed_state(const VmBlob& blob, const crypto::Key128& k_vm, const TravellingVm& vm) const;

    crypto::UnwrapKey key_;
};

}  // namespace coffer
