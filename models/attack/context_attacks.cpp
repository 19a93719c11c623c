#include "attack/attack.h"

#include <map>
#include <vector>

#include "vcpu/context_page.h"

namespace coffer {

namespace {

constexpr std::uint64_t attackers_rip = 0x666000;

Gpn context_gpn() { return page_of(context_page(VmOwner::addr_shim, 0)); }

/// Where the chip keeps the registers of the victim's vCPU: a page of the VM, or somewhere in the chip region. None where the hypervisor sees all of
/// them: there is no other copy.
std::vector<Address> context_pages(AttackScene& scene) {
    if (scene.machine.rules().shim) return {scene.hypervisor.frame_of(scene.victim.vmid(), context_gpn()) * page_bytes};
    if (!scene.machine.rules().ownership) return {};
    const AddressMap& map = scene.machine.protection.map();
    std::vector<Address> pages;
    for (Address page = map.chip_base(); page != map.chip_base() + map.chip_bytes(); page += page_bytes) pages.push_back(page);
    return pages;
}

void look_at_registers(AttackScene& scene) {
    scene.victim.look_at_registers(scene.evidence);
    scene.victim.look_at_everything(scene.evidence);
}

/// The victim works on its secret when the hypervisor interrupts it.
HypervisorView interrupt_with_secret(AttackScene& scene) {
    scene.victim.load_registers(AttackScene::secret_gpa);
    return scene.victim.stop().view;
}

void read_context(AttackScene& scene) {
    const HypervisorView view = interrupt_with_secret(scene);
    const ContextBytes registers = encode_context(view.context);
    scene.evidence.obtained(registers);
    scene.machine.settle();
    for (const Address page : context_pages(scene)) scene.load_as_host(page, page_bytes);
    (void)scene.noted(scene.victim.go_on(view));
    look_at_registers(scene);
}

void tamper_with_context(AttackScene& scene) {
    HypervisorView view = interrupt_with_secret(scene);
    HypervisorView hostile = view;
    hostile.context[Register::r8] ^= 1;
    hostile.context[Register::rsp] = attackers_rip;
    hostile.context[Register::cr3] = attackers_rip;
    (void)scene.noted(scene.victim.go_on(hostile));
    look_at_registers(scene);
    // What comes back is not believed; the copy in memory is.
    view = interrupt_with_secret(scene);
    scene.machine.settle();
    for (const Address page : context_pages(scene)) (void)scene.noted(scene.hypervisor.store(page, scene.fresh_bytes(page_bytes)));
    scene.machine.settle();
    (void)scene.noted(scene.victim.go_on(view));
    look_at_registers(scene);
}

void replay_context(AttackScene& scene) {
    const HypervisorView old_view = interrupt_with_secret(scene);
    scene.machine.settle();
    std::map<Address, Bytes> old_pages;
    for (const Address page : context_pages(scene)) (void)scene.noted(scene.hypervisor.load(page, old_pages.try_emplace(page, page_bytes).first->second));
    (void)scene.noted(scene.victim.go_on(old_view));
    scene.victim.registers()[Register::r8] += 1;
    (void)scene.victim.stop();
    scene.machine.settle();
    for (const auto& [page, bytes] : old_pages) (void)scene.noted(scene.hypervisor.store(page, bytes));
    scene.machine.settle();
    (void)scene.noted(scene.victim.go_on(old_view));
    look_at_registers(scene);
}

void enter_elsewhere(AttackScene& scene) {
    const HypervisorView view = interrupt_with_secret(scene);
    HypervisorView hostile = view;
    hostile.context[Register::rip] = attackers_rip;
    if (!scene.noted(scene.victim.go_on_at(attackers_rip, hostile))) (void)scene.noted(scene.victim.go_on(view));
    look_at_registers(scene);
}

void return_hostile_values(AttackScene& scene) {
    // IN of one byte: a byte in AL is all that may come back.
    ExitEvent in;
    in.reason = ExitReason::io_in;
    in.instruction_bytes = 2;
    in.size = 1;
    in.port = 0x60;
    scene.victim.load_registers(AttackScene::secret_gpa);
    const HypervisorView view = scene.victim.stop(in).view;
    HypervisorView hostile = view;
    hostile.context[Register::rax] = ~std::uint64_t{0};
    hostile.context[Register::rbx] = attackers_rip;
    if (!scene.noted(scene.victim.go_on(hostile))) (void)scene.noted(scene.victim.go_on(view));
    scene.victim.expect_emulated(in);
    look_at_registers(scene);
}

}  // namespace

std::vector<Attack> context_attacks() {
    constexpr Attacker who = Attacker::hypervisor;
    return {
        {"context_read", who, AttackAim::secret, "interrupt the victim and look for its registers", read_context},
        {"context_tamper", who, AttackAim::harm, "change registers of an interrupted victim, in what it gets back and in memory", tamper_with_context},
        {"context_replay", who, AttackAim::harm, "let the victim go on with older registers", replay_context},
        {"wrong_entry", who, AttackAim::harm, "let the victim go on somewhere else", enter_elsewhere},
        {"hostile_values", who, AttackAim::harm, "answer an IN of one byte with 64 bits, and another register", return_hostile_values},
    };
}

}  // namespace coffer
