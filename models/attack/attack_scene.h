#pragma once

#include <cstdint>
#include <random>

#include "attack/bus_adversary.h"
#include "attack/evidence.h"
#include "attack/guest_program.h"
#include "platform/machine_tlm.h"

namespace coffer {

/// A machine with a victim on it, another VM that belongs to the attacker, and a secret that the victim has written to a page of its own.
class AttackScene {
public:
    /// The page that holds the secret, in its first line.
    static constexpr Gpn secret_gpn = 5;
    static constexpr Address secret_gpa = secret_gpn * page_bytes;
    static constexpr std::uint64_t vm_pages = 32;

    MachineTlm& machine;
    GuestProgram victim;
    GuestProgram accomplice;
    BusAdversary bus;
    Evidence evidence;

    /// Boots the machine and starts both VMs. In a process; `machine` outlives the object.
    AttackScene(MachineTlm& machine, std::uint64_t seed);

    /// Machine address of a guest's byte.
    Address hpa_of(const GuestProgram& guest, Address gpa) const;
    /// Bytes that nobody has seen before.
    Bytes fresh_bytes(std::size_t size);

    AttackResult judge(AttackAim aim) const;

private:
    AttackScene(MachineTlm& machine, std::mt19937_64 random);
    AttackScene(MachineTlm& machine, const Bytes& secret, const std::mt19937_64& random);
    void start_vm(Vmid vmid, Address first_frame);

    std::mt19937_64 random_;
};

}  // namespace coffer
