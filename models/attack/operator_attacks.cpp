#include "attack/attack.h"

#include <map>
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
    std::map<Gpn, Bytes> images;  // and pages
};

/// Whether a VM's pages leave by swapping, or lie in memory for anybody to take.
bool pages_are_swapped(const AttackScene& scene) { return scene.machine.rules().ownership; }

void swap_all_out(AttackScene& scene, Kept& kept) {
    const Vmid vmid = scene.victim.vmid();
    for (const Gpn gpn : scene.hypervisor.pages_of(vmid)) (void)scene.noted(scene.hypervisor.swap_out(vmid, gpn, kept.images[gpn]));
}

bool swap_all_in(AttackScene& scene, Vmid vmid, const Kept& kept) {
    bool all = true;
    for (const auto& [gpn, image] : kept.images) all = scene.noted(scene.hypervisor.swap_in(vmid, gpn, scene.hypervisor.take_frame(), image)) && all;
    return all;
}

/// Stops the victim and keeps all of it.
void keep(AttackScene& scene, Kept& kept) {
    const Vmid vmid = scene.victim.vmid();
    kept.view = scene.victim.stop().view;
    if (pages_are_swapped(scene)) swap_all_out(scene, kept);
    if (has_sealed_vms(scene)) (void)scene.noted(scene.hypervisor.snapshot(vmid, kept.vm_vector));
    if (pages_are_swapped(scene)) (void)swap_all_in(scene, vmid, kept);
    scene.machine.settle();
    kept.memory = scene.bus.image();
}

/// Starts the victim, which has ended, from what was kept.
bool restore(AttackScene& scene, const Kept& kept) {
    Vmid vmid = 0;
    scene.machine.settle();
    if (!has_sealed_vms(scene)) {
        if (!scene.noted(scene.hypervisor.start_vm(scene.victims_owner(), vmid))) return false;
        scene.map_pages(vmid);
        scene.bus.restore(kept.memory);
    } else {
        if (!pages_are_swapped(scene)) scene.bus.restore(kept.memory);
        if (!scene.noted(scene.hypervisor.install(scene.victims_owner().vm_key(), kept.vm_vector, vmid))) return false;
        if (!pages_are_swapped(scene))
            scene.map_pages(vmid);
        else if (!swap_all_in(scene, vmid, kept))
            return false;
    }
    scene.victim.become(vmid);
    return scene.noted(scene.victim.go_on(kept.view));
}

constexpr const char* nothing_leaves = "a whole VM leaves for another chip only";

void roll_back(AttackScene& scene) {
    if (scene.machine.rules().ownership && !has_sealed_vms(scene)) return scene.evidence.not_applicable(nothing_leaves);
    Kept old;
    Kept latest;
    keep(scene, old);
    (void)scene.noted(scene.victim.go_on(old.view));
    scene.victim.store(secret_gpa, scene.fresh_bytes(line_bytes));
    keep(scene, latest);
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

/// H-SVM's way to restore a page: the page leaves twice, with what the attacker knows and with the secret.
void swap_twice(AttackScene& scene) {
    const Vmid vmid = scene.victim.vmid();
    const Bytes known = scene.fresh_bytes(line_bytes);
    Bytes first;
    Bytes second;
    scene.victim.store(target_gpa, known);
    if (!scene.noted(scene.hypervisor.swap_out(vmid, secret_gpn, first))) return;
    (void)scene.noted(scene.hypervisor.swap_in(vmid, secret_gpn, scene.hypervisor.frame_of(vmid, secret_gpn), first));
    store_secret_there(scene);
    if (!scene.noted(scene.hypervisor.swap_out(vmid, secret_gpn, second))) return;
    (void)scene.noted(scene.hypervisor.swap_in(vmid, secret_gpn, scene.hypervisor.frame_of(vmid, secret_gpn), second));
    scene.evidence.obtained(second);
    // Wherever in the image the page begins.
    constexpr std::size_t line_at = target_gpa % page_bytes;
    for (std::size_t page_at = 0; page_at + page_bytes <= first.size(); ++page_at) {
        const auto line_of = [&](const Bytes& image) {
            const auto begin = image.begin() + static_cast<std::ptrdiff_t>(page_at + line_at);
            return Bytes(begin, begin + static_cast<std::ptrdiff_t>(line_bytes));
        };
        scene.evidence.obtained(combine(line_of(first), line_of(second), known));
    }
}

void restore_vm_twice(AttackScene& scene) {
    Kept kept;
    keep(scene, kept);
    (void)scene.noted(scene.victim.go_on(kept.view));
    // What the victim writes first is known; what it writes after it was restored is the secret.
    const Bytes known = scene.fresh_bytes(line_bytes);
    scene.victim.store(target_gpa, known);
    const Bytes first = line_in_memory(scene);
    (void)scene.victim.stop();
    (void)scene.noted(scene.hypervisor.end_vm(scene.victim.vmid()));
    if (!restore(scene, kept)) throw std::logic_error("the latest snapshot does not start");
    store_secret_there(scene);
    const Bytes second = line_in_memory(scene);
    scene.evidence.obtained(second);
    scene.evidence.obtained(combine(first, second, known));
}

void restore_twice(AttackScene& scene) {
    if (scene.machine.rules().ownership) swap_twice(scene);
    if (has_sealed_vms(scene) || !scene.machine.rules().ownership) restore_vm_twice(scene);
    scene.victim.look_at_everything(scene.evidence);
}

}  // namespace

std::vector<Attack> operator_attacks() {
    constexpr Attacker who = Attacker::operator_;
    return {
        {"forged_key", who, AttackAim::harm, "start a VM under a key that is not its owner's", forge_key},
        {"forged_vector", who, AttackAim::harm, "start a VM from an altered vector", forge_vector},
        {"rollback", who, AttackAim::harm, "start the victim from an older snapshot, with the memory of that time", roll_back},
        {"iv_reuse", who, AttackAim::secret, "restore a page or the latest snapshot again, and compare what is written", restore_twice},
    };
}

}  // namespace coffer
