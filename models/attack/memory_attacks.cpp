#include "attack/attack.h"

#include <stdexcept>

namespace coffer {

namespace {

constexpr Gpn secret_gpn = AttackScene::secret_gpn;
constexpr Address secret_gpa = AttackScene::secret_gpa;
/// Another page of the victim's, that holds something.
constexpr Gpn other_gpn = 7;
/// Pages of both VMs that have no frame yet.
constexpr Gpn empty_gpn = AttackScene::mapped_pages + 1;

void read_frame(AttackScene& scene) {
    scene.machine.settle();
    scene.load_as_host(scene.victim_hpa(secret_gpa), line_bytes);
    scene.victim.look_at_everything(scene.evidence);
}

void write_frame(AttackScene& scene) {
    scene.machine.settle();
    (void)scene.noted(scene.hypervisor.store(scene.victim_hpa(secret_gpa), scene.fresh_bytes(line_bytes)));
    scene.machine.settle();
    scene.victim.look_at_everything(scene.evidence);
}

/// The host's own frame, full of what the attacker would like the victim to believe.
std::uint64_t prepared_frame(AttackScene& scene) {
    const std::uint64_t frame = scene.hypervisor.take_frame();
    (void)scene.noted(scene.hypervisor.store(frame * page_bytes, scene.fresh_bytes(page_bytes)));
    scene.machine.settle();
    return frame;
}

void remap(AttackScene& scene) {
    const std::uint64_t frame = prepared_frame(scene);
    if (!scene.noted(scene.hypervisor.map(scene.victim.vmid(), secret_gpn, frame)))
        (void)scene.noted(scene.hypervisor.remap(scene.victim.vmid(), secret_gpn, frame));
    scene.victim.look_at_everything(scene.evidence);
}

void alias(AttackScene& scene) {
    scene.victim.store(other_gpn * page_bytes, scene.fresh_bytes(line_bytes));
    const std::uint64_t frame = scene.hypervisor.frame_of(scene.victim.vmid(), secret_gpn);
    (void)scene.noted(scene.hypervisor.remap(scene.victim.vmid(), other_gpn, frame));
    scene.victim.store(other_gpn * page_bytes, scene.fresh_bytes(line_bytes));
    scene.machine.settle();
    scene.victim.look_at_everything(scene.evidence);
}

/// The accomplice gets the frame of the secret, too. False where it does not.
bool map_into_accomplice(AttackScene& scene) {
    return scene.noted(scene.hypervisor.map(scene.accomplice.vmid(), empty_gpn, scene.hypervisor.frame_of(scene.victim.vmid(), secret_gpn)));
}

void load_as(GuestProgram& attacker, Address gpa, Evidence& evidence) {
    if (const auto bytes = attacker.load(gpa, line_bytes))
        evidence.obtained(*bytes);
    else
        evidence.refused("load refused");
}

void load_as_accomplice(AttackScene& scene) { load_as(scene.accomplice, empty_gpn * page_bytes, scene.evidence); }

void double_map(AttackScene& scene) {
    scene.machine.settle();
    if (map_into_accomplice(scene)) load_as_accomplice(scene);
    scene.machine.settle();
    scene.victim.look_at_everything(scene.evidence);
}

void hit_the_victims_line(AttackScene& scene) {
    // The secret is in the cache, and has never been anywhere else.
    if (map_into_accomplice(scene)) {
        load_as_accomplice(scene);
        scene.machine.settle();
        load_as_accomplice(scene);
    }
    scene.load_as_host(scene.victim_hpa(secret_gpa), line_bytes);
    scene.machine.settle();
    scene.victim.look_at_everything(scene.evidence);
}

void read_after_unmap(AttackScene& scene) {
    const Address hpa = scene.victim_hpa(secret_gpa);
    (void)scene.noted(scene.hypervisor.unmap(scene.victim.vmid(), secret_gpn));
    scene.load_as_host(hpa, line_bytes);
    scene.machine.settle();
    scene.load_as_host(hpa, line_bytes);
    scene.victim.look_at_everything(scene.evidence);
}

void zero_by_unmap_and_map(AttackScene& scene) {
    (void)scene.noted(scene.hypervisor.unmap(scene.victim.vmid(), secret_gpn));
    (void)scene.noted(scene.hypervisor.map(scene.victim.vmid(), secret_gpn, scene.hypervisor.take_frame()));
    scene.victim.look_at_everything(scene.evidence);
}

void write_back_late(AttackScene& scene) {
    // The accomplice's frame becomes the victim's while its line is still dirty in the cache, and if that can be, also stays the accomplice's.
    const std::uint64_t frame = scene.hypervisor.take_frame();
    (void)scene.noted(scene.hypervisor.map(scene.accomplice.vmid(), empty_gpn, frame));
    scene.accomplice.store(empty_gpn * page_bytes, scene.fresh_bytes(line_bytes));
    if (!scene.noted(scene.hypervisor.map(scene.victim.vmid(), empty_gpn, frame))) {
        (void)scene.noted(scene.hypervisor.unmap(scene.accomplice.vmid(), empty_gpn));
        (void)scene.noted(scene.hypervisor.map(scene.victim.vmid(), empty_gpn, frame));
    }
    scene.victim.store(empty_gpn * page_bytes, scene.fresh_bytes(line_bytes));
    scene.machine.last_level_cache.evict_vm(scene.victim.vmid(), LastLevelCache::Leaving::write_back);
    scene.machine.settle();
    scene.victim.look_at_everything(scene.evidence);
}

void go_back_to_an_old_frame(AttackScene& scene) {
    const std::uint64_t first = scene.hypervisor.frame_of(scene.victim.vmid(), secret_gpn);
    const std::uint64_t second = scene.hypervisor.take_frame();
    // Where the hypervisor has to copy the page itself, it does, with what belongs to it outside the chip.
    scene.machine.settle();
    scene.bus.copy_page(first, second);
    (void)scene.noted(scene.hypervisor.remap(scene.victim.vmid(), secret_gpn, second));
    scene.victim.store(secret_gpa, scene.fresh_bytes(line_bytes));
    (void)scene.noted(scene.hypervisor.remap(scene.victim.vmid(), secret_gpn, first));
    scene.victim.look_at_everything(scene.evidence);
}

void forge_swapped_page(AttackScene& scene) {
    Bytes image;
    const std::uint64_t frame = scene.hypervisor.frame_of(scene.victim.vmid(), secret_gpn);
    if (scene.noted(scene.hypervisor.swap_out(scene.victim.vmid(), secret_gpn, image))) {
        image[0] ^= 1;
        (void)scene.noted(scene.hypervisor.swap_in(scene.victim.vmid(), secret_gpn, frame, image));
    }
    scene.victim.look_at_everything(scene.evidence);
}

void replay_swapped_page(AttackScene& scene) {
    Bytes old;
    Bytes latest;
    const std::uint64_t frame = scene.hypervisor.frame_of(scene.victim.vmid(), secret_gpn);
    (void)scene.noted(scene.hypervisor.swap_out(scene.victim.vmid(), secret_gpn, old));
    (void)scene.noted(scene.hypervisor.swap_in(scene.victim.vmid(), secret_gpn, frame, old));
    scene.victim.store(secret_gpa, scene.fresh_bytes(line_bytes));
    (void)scene.noted(scene.hypervisor.swap_out(scene.victim.vmid(), secret_gpn, latest));
    (void)scene.noted(scene.hypervisor.swap_in(scene.victim.vmid(), secret_gpn, frame, old));
    scene.victim.look_at_everything(scene.evidence);
}

void read_swapped_page(AttackScene& scene) {
    Bytes image;
    const std::uint64_t frame = scene.hypervisor.frame_of(scene.victim.vmid(), secret_gpn);
    if (scene.noted(scene.hypervisor.swap_out(scene.victim.vmid(), secret_gpn, image))) scene.evidence.obtained(image);
    (void)scene.noted(scene.hypervisor.swap_in(scene.victim.vmid(), secret_gpn, frame, image));
    scene.victim.look_at_everything(scene.evidence);
}

void reuse_vmid(AttackScene& scene) {
    // The secret's line is still in the cache. The next VM has the same VMID, and the same frames for the same pages.
    const Vmid vmid = scene.victim.vmid();
    const std::uint64_t frame = scene.hypervisor.frame_of(vmid, secret_gpn);
    (void)scene.victim.stop();
    (void)scene.noted(scene.hypervisor.end_vm(vmid));
    scene.evidence.victim_ended();
    GuestProgram successor(scene.machine, scene.victim.core());
    scene.start_vm(successor);
    if (successor.vmid() != vmid || scene.hypervisor.frame_of(vmid, secret_gpn) != frame) throw std::logic_error("the successor got other things");
    load_as(successor, secret_gpa, scene.evidence);
}

void run_on_a_stopped_core(AttackScene& scene) {
    // A check stops the accomplice's VM, whose core stays where it is. When the VM ends, the victim's owner gets its VMID for another VM.
    constexpr Address bait = 7 * page_bytes;
    const Vmid vmid = scene.accomplice.vmid();
    (void)scene.accomplice.store_scratch(bait, scene.fresh_bytes(line_bytes));
    (void)scene.accomplice.store_scratch(AttackScene::secret_gpa, scene.fresh_bytes(line_bytes));
    scene.machine.settle();
    const bool ownership = scene.machine.rules().ownership;
    (void)scene.noted(ownership ? scene.hypervisor.unmap(vmid, page_of(bait)) : scene.hypervisor.remap(vmid, page_of(bait), prepared_frame(scene)));
    if (scene.accomplice.load(bait, line_bytes)) return scene.evidence.not_applicable("no check stops a VM");
    (void)scene.noted(scene.hypervisor.end_vm(vmid));
    (void)scene.victim.stop();
    GuestProgram next(scene.machine, scene.victim.core());
    scene.start_vm(next);
    if (next.vmid() != vmid || !next.store(AttackScene::secret_gpa, scene.evidence.secret())) throw std::logic_error("the next VM got other things");
    load_as(scene.accomplice, AttackScene::secret_gpa, scene.evidence);
    next.look_at_everything(scene.evidence);
}

/// Asks H-SVM for what only the victim may ask for: once as the host, once as another VM.
void request_as_the_victim(AttackScene& scene) {
    if (!scene.machine.rules().ownership) return scene.evidence.not_applicable("there is nobody to ask");
    using Register = HsvmRequests::Register;
    const HsvmRequests::Arguments share{{Register::vmid, scene.victim.vmid()},
                                        {Register::gpn, secret_gpn},
                                        {Register::sharer, host_vmid},
                                        {Register::flags, hsvm_registers::flags_writable_mask}};
    (void)scene.noted(HsvmRequests(scene.machine, Hypervisor::core).carry_out(HsvmOperation::share, share));
    (void)scene.noted(HsvmRequests(scene.machine, scene.accomplice.core()).carry_out(HsvmOperation::share, share));
    scene.load_as_host(scene.victim_hpa(secret_gpa), line_bytes);
    scene.victim.look_at_everything(scene.evidence);
}

}  // namespace

std::vector<Attack> memory_attacks() {
    constexpr Attacker who = Attacker::hypervisor;
    return {
        {"frame_read", who, AttackAim::secret, "load from the frame of the secret", read_frame},
        {"frame_write", who, AttackAim::harm, "store to the frame of the secret", write_frame},
        {"remap", who, AttackAim::harm, "let the page of the secret be a frame with the attacker's data", remap},
        {"alias", who, AttackAim::harm, "let two pages of the victim be one frame", alias},
        {"double_map", who, AttackAim::secret, "give the frame of the secret to another VM, too", double_map},
        {"wrong_vm_cache_hit", who, AttackAim::secret, "find the secret in the cache, as another VM and as the host", hit_the_victims_line},
        {"unmap_read", who, AttackAim::secret, "take the page away while the secret is in the cache, and load its frame", read_after_unmap},
        {"silent_zeroing", who, AttackAim::harm, "take the page away and give an empty one", zero_by_unmap_and_map},
        {"late_write_back", who, AttackAim::harm, "let the line of a frame's former owner reach it late", write_back_late},
        {"stale_counters", who, AttackAim::harm, "move the page away and back to its old frame with its old bytes", go_back_to_an_old_frame},
        {"swap_read", who, AttackAim::secret, "swap the page out and look at it", read_swapped_page},
        {"swap_forge", who, AttackAim::harm, "swap the page out, change a bit, and swap it in", forge_swapped_page},
        {"swap_replay", who, AttackAim::harm, "swap an older image of the page in", replay_swapped_page},
        {"vmid_reuse", who, AttackAim::secret, "end the VM, and let the next one with its VMID find the secret", reuse_vmid},
        {"stopped_core", who, AttackAim::secret, "go on, on the core of a VM that was stopped, as the next VM with its VMID", run_on_a_stopped_core},
        {"forged_request", who, AttackAim::secret, "ask H-SVM to share the page, in the victim's name", request_as_the_victim},
    };
}

}  // namespace coffer
