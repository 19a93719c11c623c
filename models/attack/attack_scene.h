#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "attack/bus_adversary.h"
#include "attack/evidence.h"
#include "attack/guest_disk.h"
#include "attack/guest_program.h"
#include "attack/hypervisor.h"
#include "attack/vm_migration.h"
#include "platform/machine_tlm.h"

namespace coffer {

/// A machine with a victim on it, perhaps another machine where it may go, another VM that belongs to the attacker, and a secret that
/// the victim has written to a page of its own.
class AttackScene {
public:
    /// The page that holds the secret, in its first line.
    static constexpr Gpn secret_gpn = 5;
    static constexpr Address secret_gpa = secret_gpn * page_bytes;
    /// The pages of each VM that are mapped at first.
    static constexpr Gpn mapped_pages = 12;
    /// The shim's page, one for the context of its vCPU, and the table of its disk.
    static constexpr Gpn shim_pages = 3;

    /// Where VMs come from and go to.
    struct Place {
        Place(MachineTlm& where, Hypervisor& its) : machine(where), hypervisor(its), migration(where, its) {}
        MachineTlm& machine;
        Hypervisor& hypervisor;
        VmMigration migration;
    };

    MachineTlm& machine;
    Hypervisor hypervisor;
    Place home;
    GuestProgram victim;
    GuestProgram accomplice;
    BusAdversary bus;
    Evidence evidence;

    /// Boots the machines and starts both VMs on `machine`. In a process; the machines outlive the object. `other` may be null.
    AttackScene(MachineTlm& machine, std::uint64_t seed, MachineTlm* other = nullptr);
    AttackScene(const AttackScene&) = delete;
    AttackScene& operator=(const AttackScene&) = delete;

    /// Machine address of one of the victim's bytes.
    Address victim_hpa(Address gpa) const { return hypervisor.hpa_of(victim.vmid(), gpa); }
    /// Notes a refusal among the evidence; whether there was none.
    bool noted(const Answer& answer);
    /// The attacker loads machine memory as the host, and keeps what comes as evidence.
    void load_as_host(Address hpa, std::size_t size);
    /// The hypervisor starts a VM with a key of its own, for the program to run in.
    void start_vm(GuestProgram& program);
    /// Bytes that nobody has seen before.
    Bytes fresh_bytes(std::size_t size);

    /// The hypervisor gives a VM its first pages.
    void map_pages(Vmid vmid);
    const VmOwner& victims_owner() const { return owners_.front(); }
    /// The other machine. Throws std::logic_error where there is none.
    Place& away();
    /// Once, while the victim runs.
    GuestDisk victims_disk() { return {machine, hypervisor, victim, victims_owner()}; }

    AttackResult judge(AttackAim aim) const;
    /// The time when everything that was done is over.
    sc_core::sc_time now();

private:
    AttackScene(MachineTlm& machine, std::mt19937_64 random, MachineTlm* other);
    AttackScene(MachineTlm& machine, const Bytes& secret, const std::mt19937_64& random, MachineTlm* other);

    std::vector<VmOwner> owners_;  // of all VMs, the victim's first
    std::mt19937_64 random_;
    std::optional<Hypervisor> other_hypervisor_;
    std::optional<Place> away_;
};

}  // namespace coffer
