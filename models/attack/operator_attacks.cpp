#include "attack/attack.h"

#include <stdexcept>

namespace coffer {

namespace {

constexpr Gpn secret_gpn = AttackScene::secret_gpn;
constexpr Address secret_gpa = AttackScene::secret_gpa;

bool has_sealed_vms(const AttackScene& scene) { return scene.machine.rules().shim; }

/// Whoever boots the machine offers a VM that its owner never made.
void offer(AttackScene& scene, const Bytes& vm_key, const Bytes& vm_vector) {
    Vmid vmid = 0;
    if (scene.noted(scene.hypervisor.install(vm_key, vm_vector, vmid))) scene.evidence.accepted_forgery();
}

Bytes bytes_of(const SealedVector& vector) { return {vector.begin(), vector.end()}; }

VmOwner new_owner(AttackScene& scene) {
    crypto::Key128 k_vm;
    const Bytes key = scene.fresh_bytes(k_vm.size());
    std::copy(key.begin(), key.end(), k_vm.data());
    return VmOwner(k_vm);
}

void forge_key(AttackScene& scene) {
    if (!has_sealed_vms(scene))
        return scene.evidence.not_applicable(scene.machine.rules().ownership ? "the chip draws the keys of VMs" : "there are no keys");
    const VmOwner honest = new_owner(scene);
    Bytes altered = honest.vm_key();
    altered[20] ^= 1;
    offer(scene, altered, bytes_of(honest.boot_vector()));
    // A key that the attacker knows does not open the owner's vector.
    offer(scene, new_owner(scene).vm_key(), bytes_of(honest.boot_vector()));
    scene.victim.look_at_everything(scene.evidence);
}

void forge_vector(AttackScene& scene) {
    if (!has_sealed_vms(scene)) return scene.evidence.not_applicable("VMs are not started from vectors");
    // Behind the place of the tree, which is a hint and not sealed.
    constexpr std::size_t sealed_at = 16;
    const VmOwner honest = new_owner(scene);
    for (std::size_t byte = sealed_at; byte < vm_vector_bytes; byte += 7) {
        Bytes altered = bytes_of(honest.boot_vector());
        altered[byte] ^= 0x10;
        offer(scene, honest.vm_key(), altered);
    }
    scene.victim.look_at_everything(scene.evidence);
}

/// What the operator keeps of a stopped VM.
struct Kept {
    HypervisorView view;
    Bytes vm_vector;
    BusAdversary::Image memory;
    Bytes secret_page;
};

/// Stops the victim and keeps all of it. False where the machine does not hand out what is needed.
bool keep(AttackScene& scene, Kept& kept) {
    kept.view = scene.victim.stop().view;
    if (has_sealed_vms(scene) && !scene.noted(scene.hypervisor.snapshot(scene.victim.vmid(), kept.vm_vector))) return false;
    scene.machine.settle();
    kept.memory = scene.bus.image();
    return true;
}

/// Ends the victim, if it is there, and starts it again from what was kept.
bool restore(AttackScene& scene, const Kept& kept) {
    Vmid vmid = 0;
    scene.machine.settle();
    if (has_sealed_vms(scene)) {
        scene.bus.restore(kept.memory);
        if (!scene.noted(scene.hypervisor.install(scene.victims_owner().vm_key(), kept.vm_vector, vmid))) return false;
    } else if (!scene.noted(scene.hypervisor.start_vm(scene.victims_owner(), vmid))) {
        return false;
    }
    scene.map_pages(vmid);
    if (!has_sealed_vms(scene)) scene.bus.restore(kept.memory);
    scene.victim.become(vmid);
    return scene.noted(scene.victim.go_on(kept.view));
}

constexpr const char* nothing_leaves = "a VM cannot be kept and started again";

void roll_back(AttackScene& scene) {
    if (scene.machine.rules().ownership && !has_sealed_vms(scene)) return scene.evidence.not_applicable(nothing_leaves);
    Kept old;
    Kept latest;
    if (!keep(scene, old)) {
        (void)scene.noted(scene.victim.go_on(old.view));
        return scene.victim.look_at_everything(scene.evidence);
    }
    (void)scene.noted(scene.victim.go_on(old.view));
    scene.victim.store(secret_gpa, scene.fresh_bytes(line_bytes));
    (void)keep(scene, latest);
    (void)scene.noted(scene.hypervisor.end_vm(scene.victim.vmid()));
    // The latest one has to start, or all that was shown is that nothing does.
    if (!restore(scene, old) && !restore(scene, latest)) throw std::logic_error("the latest snapshot does not start");
    scene.victim.look_at_everything(scene.evidence);
}

/// If a pad was used twice, known bytes under it give away the others.
Bytes combine(const Bytes& a, const Bytes& b, const Bytes& known) {
    Bytes sum(known.size());
    for (std::size_t i = 0; i != sum.size(); ++i) sum[i] = a[i] ^ b[i] ^ known[i];
    return sum;
}

constexpr Address target_gpa = secret_gpa + 3 * line_bytes;

void store_secret_there(AttackScene& scene) {
    if (const auto secret = scene.victim.load(secret_gpa, line_bytes)) scene.victim.store(target_gpa, *secret);
}

/// The line as it is in memory.
Bytes line_in_memory(AttackScene& scene) {
    scene.machine.settle();
    return scene.bus.read(BusAdversary::data(scene.victim_hpa(target_gpa)));
}

void restore_twice(AttackScene& scene) {
    if (scene.machine.rules().ownership && !has_sealed_vms(scene)) return scene.evidence.not_applicable(nothing_leaves);
    Kept kept;
    const bool complete = keep(scene, kept);
    (void)scene.noted(scene.victim.go_on(kept.view));
    // What the victim writes first is known; what it writes after it was restored is the secret.
    const Bytes known = scene.fresh_bytes(line_bytes);
    scene.victim.store(target_gpa, known);
    const Bytes first = line_in_memory(scene);
    if (complete) {
        (void)scene.victim.stop();
        (void)scene.noted(scene.hypervisor.end_vm(scene.victim.vmid()));
        if (!restore(scene, kept)) throw std::logic_error("the latest snapshot does not start");
        store_secret_there(scene);
        const Bytes second = line_in_memory(scene);
        scene.evidence.obtained(second);
        scene.evidence.obtained(combine(first, second, known));
    }
    scene.victim.look_at_everything(scene.evidence);
}

}  // namespace

std::vector<Attack> operator_attacks() {
    constexpr Attacker who = Attacker::operator_;
    return {
        {"forged_key", who, AttackAim::harm, "start a VM under a key that is not its owner's", forge_key},
        {"forged_vector", who, AttackAim::harm, "start a VM from an altered vector", forge_vector},
        {"rollback", who, AttackAim::harm, "start the victim from an older snapshot, with the memory of that time", roll_back},
        {"iv_reuse", who, AttackAim::secret, "restore the latest snapshot again, and compare what is written then with what was written before", restore_twice},
    };
}

}  // namespace coffer
