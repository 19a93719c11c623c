#include "attack/attack.h"

namespace coffer {

std::string_view to_string(Attacker attacker) {
    switch (attacker) {
        case Attacker::bus: return "bus";
        case Attacker::hypervisor: return "hypervisor";
        case Attacker::device: return "device";
        case Attacker::operator_: return "operator";
    }
    return "";
}

const std::vector<Attack>& all_attacks() {
    static const std::vector<Attack> attacks = [] {
        std::vector<Attack> all;
        for (const auto& group : {bus_attacks(), memory_attacks(), context_attacks(), device_attacks(), operator_attacks(), migration_attacks()})
            all.insert(all.end(), group.begin(), group.end());
        return all;
    }();
    return attacks;
}

}  // namespace coffer
