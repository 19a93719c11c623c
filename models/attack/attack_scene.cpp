#include "attack/attack_scene.h"

#include <stdexcept>

namespace coffer {

namespace {

Bytes draw(std::mt19937_64& random, std::size_t size) {
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
}

void demand(const Answer& answer) {
    if (!answer.ok()) throw std::logic_error("the hypervisor cannot start a VM: " + answer.refusal);
}

}  // namespace

AttackScene::AttackScene(MachineTlm& where, std::uint64_t seed) : AttackScene(where, std::mt19937_64(seed)) {}

AttackScene::AttackScene(MachineTlm& where, std::mt19937_64 random) : AttackScene(where, draw(random, line_bytes), random) {}

AttackScene::AttackScene(MachineTlm& where, const Bytes& secret, const std::mt19937_64& random)
    : machine(where), hypervisor(where), victim(where, 1), accomplice(where, 2), bus(where), evidence(secret), random_(random) {
    machine.boot();
    start_vm(victim);
    start_vm(accomplice);
    if (!victim.store(secret_gpa, secret)) throw std::logic_error("the victim cannot store its secret");
}

void AttackScene::start_vm(GuestProgram& program) {
    crypto::Key128 k_vm;
    const Bytes key = fresh_bytes(k_vm.size());
    std::copy(key.begin(), key.end(), k_vm.data());
    owners_.emplace_back(k_vm);
    Vmid vmid = 0;
    demand(hypervisor.start_vm(owners_.back(), vmid));
    map_pages(vmid);
    program.start(vmid);
}

void AttackScene::map_pages(Vmid vmid) {
    for (Gpn gpn = 0; gpn != mapped_pages; ++gpn) demand(hypervisor.map(vmid, gpn, hypervisor.take_frame()));
    for (Gpn gpn = page_of(VmOwner::addr_shim); gpn != page_of(VmOwner::addr_shim) + shim_pages; ++gpn)
        demand(hypervisor.map(vmid, gpn, hypervisor.take_frame()));
}

bool AttackScene::noted(const Answer& answer) {
    if (!answer.ok()) evidence.refused(answer.refusal);
    return answer.ok();
}

void AttackScene::load_as_host(Address hpa, std::size_t size) {
    Bytes bytes(size);
    if (noted(hypervisor.load(hpa, bytes))) evidence.obtained(bytes);
}

Bytes AttackScene::fresh_bytes(std::size_t size) { return draw(random_, size); }

sc_core::sc_time AttackScene::now() {
    for (unsigned number = 0; number != machine.parameters().cores; ++number) machine.core(number).synchronize();
    return sc_core::sc_time_stamp();
}

AttackResult AttackScene::judge(AttackAim aim) const { return evidence.judge(aim, victim.vmid(), machine.protection.violations.violations()); }

}  // namespace coffer
