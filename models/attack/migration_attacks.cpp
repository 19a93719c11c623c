#include "attack/attack.h"

#include <stdexcept>

#include "attack/attackers_chip.h"

namespace coffer {

namespace {

constexpr Address secret_gpa = AttackScene::secret_gpa;

/// The victim stands still, and goes from one machine to the other as it should.
bool move(AttackScene& scene, AttackScene::Place& from, AttackScene::Place& to, TravellingVm& vm) {
    Nonce nonce{};
    Vmid vmid = 0;
    const bool moved = scene.noted(to.migration.challenge(nonce)) &&
                       scene.noted(from.migration.send(scene.victim.vmid(), to.migration.certificate(), nonce, vm)) &&
                       scene.noted(to.migration.receive(vm, vmid));
    if (moved) scene.victim.move_to(to.machine, vmid);
    return moved;
}

void demand(bool done) {
    if (!done) throw std::logic_error("the victim does not go on where it moved to");
}

/// The victim goes on, and stops with other data in the place of its secret.
HypervisorView go_on_and_forget(AttackScene& scene, const HypervisorView& view) {
    demand(scene.victim.go_on(view).ok() && scene.victim.store(secret_gpa, scene.fresh_bytes(line_bytes)));
    return scene.victim.stop().view;
}

void replay_migration(AttackScene& scene) {
    AttackScene::Place& away = scene.away();
    TravellingVm first;
    TravellingVm second;
    const HypervisorView old_view = scene.victim.stop().view;
    if (!move(scene, scene.home, away, first)) return scene.evidence.victim_ended();
    const HypervisorView view = go_on_and_forget(scene, old_view);
    if (!move(scene, away, scene.home, second)) return scene.evidence.victim_ended();

    Nonce another{};
    Vmid again = 0;
    (void)away.migration.challenge(another);
    const bool replayed = scene.noted(away.migration.receive(first, again));
    if (replayed) scene.victim.move_to(away.machine, again);
    (void)scene.noted(scene.victim.go_on(replayed ? old_view : view));
    scene.victim.look_at_everything(scene.evidence);
}

/// What the hypervisor of the source still has of a VM that went away: a VMID, what it passed on, and a snapshot of the moment before.
bool run_it_here_too(AttackScene& scene, Vmid vmid, const TravellingVm& kept, const Bytes& snapshot, const HypervisorView& view) {
    MachineTlm& away = scene.away().machine;
    const Vmid there = scene.victim.vmid();
    scene.victim.move_to(scene.machine, vmid);
    if (scene.noted(scene.victim.go_on(view))) return true;
    Vmid again = 0;
    if (scene.noted(scene.home.migration.receive(kept, again))) {
        scene.victim.move_to(scene.machine, again);
        return scene.noted(scene.victim.go_on(view));
    }
    if (!snapshot.empty() && scene.noted(scene.hypervisor.install(scene.victims_owner().vm_key(), snapshot, again)))
        scene.evidence.accepted_forgery();
    scene.victim.move_to(away, there);
    return false;
}

void clone(AttackScene& scene) {
    const Vmid vmid = scene.victim.vmid();
    const HypervisorView old_view = scene.victim.stop().view;
    Bytes snapshot;
    TravellingVm vm;
    if (scene.machine.rules().shim) demand(scene.hypervisor.snapshot(vmid, snapshot).ok());
    if (!move(scene, scene.home, scene.away(), vm)) return scene.evidence.victim_ended();
    const HypervisorView view = go_on_and_forget(scene, old_view);
    if (!run_it_here_too(scene, vmid, vm, snapshot, old_view)) (void)scene.noted(scene.victim.go_on(view));
    scene.victim.look_at_everything(scene.evidence);
}

void send_to_forged_chip(AttackScene& scene) {
    const AttackersChip chip;
    const HypervisorView view = scene.victim.stop().view;
    TravellingVm vm;
    const bool sent = scene.noted(scene.home.migration.send(scene.victim.vmid(), chip.certificate(), {}, vm));
    for (const Bytes& page : chip.read_pages(vm, scene.machine.rules())) scene.evidence.obtained(page);
    if (sent) return scene.evidence.victim_ended();
    demand(scene.home.migration.bring_pages(scene.victim.vmid(), vm).ok() && scene.victim.go_on(view).ok());
    scene.victim.look_at_everything(scene.evidence);
}

}  // namespace

std::vector<Attack> migration_attacks() {
    constexpr Attacker who = Attacker::operator_;
    return {
        {"migration_replay", who, AttackAim::harm, "take a VM in a second time that came once, and has gone on since", replay_migration, true},
        {"migration_clone", who, AttackAim::harm, "run a VM that moved away where it was, too", clone, true},
        {"migration_wrong_chip", who, AttackAim::secret, "send the victim to a chip that the attacker has the key of", send_to_forged_chip, true},
    };
}

}  // namespace coffer
