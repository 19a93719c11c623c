#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "attack/attack_scene.h"

namespace coffer {

enum class Attacker : std::uint8_t {
    bus,         ///< on the memory bus, or with the memory modules in hand
    hypervisor,  ///< all software of the host
    device,      ///< DMA, and whoever keeps the disks
    operator_,   ///< whoever boots machines and keeps snapshots and keys
};
std::string_view to_string(Attacker attacker);

/// One attack. It acts on a scene, and leaves its evidence there.
struct Attack {
    std::string_view name;
    Attacker attacker;
    AttackAim aim;
    std::string_view description;  ///< one line
    void (*carry_out)(AttackScene& scene);
    bool two_machines = false;     ///< it is about a VM that moves from one to another
};

/// All attacks, in the order of the matrix.
const std::vector<Attack>& all_attacks();

// Each attacker's, for all_attacks().
std::vector<Attack> bus_attacks();
std::vector<Attack> memory_attacks();
std::vector<Attack> context_attacks();
std::vector<Attack> device_attacks();
std::vector<Attack> operator_attacks();
std::vector<Attack> migration_attacks();

}  // namespace coffer
