#include "vm_table/chip_identity.h"

#include <array>
#include <utility>

namespace coffer {

ChipIdentity::ChipIdentity(ChipNumber number, const FleetAuthority& fleet, crypto::UnwrapKey unwrap_key, crypto::SigningKey attest_key)
    : number_(number),
      fleet_id_(fleet.id),
      fleet_key_(crypto::VerifyKey::from_der(fleet.key.public_der())),
      unwrap_key_(std::move(unwrap_key)),
      attest_key_(std::move(attest_key)),
      unwrap_certificate_(sign_certificate({KeyUsage::unwrap, number, fleet.id, unwrap_key_.public_der()}, fleet.key)),
      attest_certificate_(sign_certificate({KeyUsage::attest, number, fleet.id, attest_key_.public_der()}, fleet.key)) {}

ChipIdentity ChipIdentity::manufacture(ChipNumber number, const FleetAuthority& fleet, ByteView seed) {
    std::array<std::uint8_t, 2> chip;
    store_le16(chip.data(), number.value());
    // Chips of one seed are different chips.
    Bytes chip_seed(seed.begin(), seed.end());
    chip_seed.insert(chip_seed.end(), chip.begin(), chip.end());
    return ChipIdentity(number, fleet, crypto::UnwrapKey::generate(chip_seed), crypto::SigningKey::generate(chip_seed));
}

}  // namespace coffer
