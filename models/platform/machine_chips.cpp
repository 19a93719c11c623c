#include "platform/machine_chips.h"

#include <map>

namespace coffer {

const FleetAuthority& machine_fleet() {
    static const FleetAuthority fleet{{1, 2, 3, 4, 5, 6, 7, 8}, crypto::SigningKey::generate(std::string_view("coffer machine fleet"))};
    return fleet;
}

const ChipIdentity& machine_chip(ChipNumber number) {
    static std::map<std::uint16_t, ChipIdentity> chips;
    auto found = chips.find(number.value());
    if (found == chips.end())
        found = chips.emplace(number.value(), ChipIdentity::manufacture(number, machine_fleet(), std::string_view("coffer machine"))).first;
    return found->second;
}

}  // namespace coffer
