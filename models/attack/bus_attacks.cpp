#include "attack/attack.h"

#include <algorithm>
#include <stdexcept>

#include "vcpu/context_page.h"

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

/// The only line from `first` to `end` that two images differ in. Throws std::logic_error where it is not one.
Address changed_line(const BusAdversary::Image& before, const BusAdversary::Image& after, Address first, Address end) {
    std::vector<Address> changed;
    for (Address line = first; line != end; line += line_bytes) {
        const auto old = before.find(page_of(line));
        const auto now = after.find(page_of(line));
        if (old == before.end() || now == after.end()) continue;
        const auto at = static_cast<std::ptrdiff_t>(line % page_bytes);
        if (!std::equal(now->second.begin() + at, now->second.begin() + at + line_bytes, old->second.begin() + at)) changed.push_back(line);
    }
    if (changed.size() != 1) throw std::logic_error("no line, or more than one, holds the registers");
    return changed.front();
}

/// Interrupts the victim, which has its secret in R8 to R15. Where the line that holds them lies is known of a shim; in the chip region it is the line
/// that changes when R8 does.
Address interrupt_with_secret(AttackScene& scene, HypervisorView& view) {
    scene.victim.load_registers(AttackScene::secret_gpa);
    view = scene.victim.stop().view;
    scene.machine.settle();
    if (scene.machine.rules().shim)
        return scene.victim_hpa(context_page(VmOwner::addr_shim, 0) + line_bytes + 8 * static_cast<Address>(Register::r8));
    const BusAdversary::Image before = scene.bus.image();
    (void)scene.noted(scene.victim.go_on(view));
    scene.victim.registers()[Register::r8] += 1;
    view = scene.victim.stop().view;
    scene.machine.settle();
    const AddressMap& map = scene.machine.protection.map();
    return changed_line(before, scene.bus.image(), map.chip_base(), map.chip_base() + map.chip_bytes());
}

void spoof_context(AttackScene& scene) {
    if (!scene.machine.rules().ownership && !scene.machine.rules().shim) return scene.evidence.not_applicable("the hypervisor has the registers");
    HypervisorView view;
    const Address registers = interrupt_with_secret(scene, view);
    scene.bus.overwrite(BusAdversary::data(registers), scene.fresh_bytes(line_bytes));
    (void)scene.noted(scene.victim.go_on(view));
    scene.victim.look_at_registers(scene.evidence);
    scene.victim.look_at_everything(scene.evidence);
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
        {"bus_context", who, AttackAim::harm, "put other bytes in the place of an interrupted victim's registers", spoof_context},
        {"cold_boot", who, AttackAim::secret, "take the memory modules out and read all of them", cold_boot},
    };
}

}  // namespace coffer
