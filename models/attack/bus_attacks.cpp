#include "attack/attack.h"

namespace coffer {

namespace {

constexpr Address other_line_gpa = AttackScene::secret_gpa + 9 * line_bytes;
constexpr Address other_page_gpa = (AttackScene::secret_gpn + 2) * page_bytes;

void snoop(AttackScene& scene) {
    scene.machine.settle();
    scene.evidence.obtained(scene.bus.read(BusAdversary::data(scene.victim_hpa(AttackScene::secret_gpa))));
    scene.victim.look_at_everything(scene.evidence);
}

void spoof(AttackScene& scene) {
    scene.machine.settle();
    scene.bus.overwrite(BusAdversary::data(scene.victim_hpa(AttackScene::secret_gpa)), scene.fresh_bytes(line_bytes));
    scene.victim.look_at_everything(scene.evidence);
}

void splice_lines(AttackScene& scene) {
    scene.victim.store(other_line_gpa, scene.fresh_bytes(line_bytes));
    scene.machine.settle();
    scene.bus.exchange(scene.bus.data_and_tag(scene.victim_hpa(AttackScene::secret_gpa)),
                       scene.bus.data_and_tag(scene.victim_hpa(other_line_gpa)));
    scene.victim.look_at_everything(scene.evidence);
}

void splice_pages(AttackScene& scene) {
    scene.victim.store(other_page_gpa, scene.fresh_bytes(line_bytes));
    scene.machine.settle();
    scene.bus.exchange(scene.bus.line_and_counters(scene.victim_hpa(AttackScene::secret_gpa)),
                       scene.bus.line_and_counters(scene.victim_hpa(other_page_gpa)));
    scene.victim.look_at_everything(scene.evidence);
}

/// Puts back what memory held before the victim wrote again.
void replay(AttackScene& scene, const std::vector<MemoryBlock>& blocks) {
    scene.machine.settle();
    const Bytes old = scene.bus.read(blocks);
    scene.victim.store(AttackScene::secret_gpa, scene.fresh_bytes(line_bytes));
    scene.machine.settle();
    scene.bus.overwrite(blocks, old);
    scene.victim.look_at_everything(scene.evidence);
}

void replay_line(AttackScene& scene) { replay(scene, scene.bus.data_and_tag(scene.victim_hpa(AttackScene::secret_gpa))); }

void replay_counters(AttackScene& scene) { replay(scene, scene.bus.line_and_counters(scene.victim_hpa(AttackScene::secret_gpa))); }

void replay_everything(AttackScene& scene) {
    replay(scene, scene.bus.everything(scene.victim.vmid(), AttackScene::secret_gpa, scene.victim_hpa(AttackScene::secret_gpa)));
}

void cold_boot(AttackScene& scene) {
    scene.machine.settle();
    for (const auto& [frame, bytes] : scene.bus.image()) scene.evidence.obtained(bytes);
    scene.victim.look_at_everything(scene.evidence);
}

}  // namespace

std::vector<Attack> bus_attacks() {
    constexpr Attacker who = Attacker::bus;
    return {
        {"bus_snoop", who, AttackAim::secret, "read the line of the secret where it crosses the bus", snoop},
        {"bus_spoof", who, AttackAim::harm, "put other bytes in the place of a line", spoof},
        {"bus_splice", who, AttackAim::harm, "exchange two lines of a page, with their tags", splice_lines},
        {"bus_splice_pages", who, AttackAim::harm, "exchange lines of two pages, with tags and counter blocks", splice_pages},
        {"bus_replay", who, AttackAim::harm, "put an old line back, with its tag", replay_line},
        {"bus_replay_counters", who, AttackAim::harm, "put an old line back, with tag and counter block", replay_counters},
        {"bus_replay_everything", who, AttackAim::harm, "put an old line back, with tag, counter block and all nodes of the tree", replay_everything},
        {"cold_boot", who, AttackAim::secret, "take the memory modules out and read all of them", cold_boot},
    };
}

}  // namespace coffer
