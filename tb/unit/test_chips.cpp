#include "unit/test_chips.h"

#include <array>
#include <fstream>
#include <sstream>

#include "unit/kat_file.h"

namespace coffer {

namespace {

const std::vector<kat::Record>& stored_keys() {
    static const std::vector<kat::Record> records = [] {
        std::ostringstream text;
        text << std::ifstream(COFFER_SOURCE_DIR "/vectors/keys/chips.rsp").rdbuf();
        return kat::parse(text.str(), "chips.rsp");
    }();
    return records;
}

ChipIdentity stored_chip(unsigned number) {
    const kat::Record& keys = stored_keys().at(number);
    return ChipIdentity(ChipNumber(keys.at("Chip").at(0)), test_fleet(), crypto::UnwrapKey::from_der(keys.at("Unwrap")),
                        crypto::SigningKey::from_der(keys.at("Attest")));
}

}  // namespace

const FleetAuthority& test_fleet() {
    static const FleetAuthority fleet{{1, 2, 3, 4, 5, 6, 7, 8}, crypto::SigningKey::from_der(stored_keys().at(0).at("Fleet"))};
    return fleet;
}

const ChipIdentity& test_chip(unsigned number) {
    static const std::array<ChipIdentity, 2> chips{stored_chip(1), stored_chip(2)};
    return chips.at(number - 1);
}

Bytes wrapped_for(const ChipIdentity& chip, const crypto::Key128& k_vm) {
    return crypto::wrap_key(chip.unwrap_key().public_der(), k_vm, std::string_view("padding"));
}

}  // namespace coffer
