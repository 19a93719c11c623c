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
    static const std::vector<Attack> attacks = bus_attacks();
    return attacks;
}

}  // namespace coffer
