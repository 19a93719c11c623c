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

AttackScene::AttackScene(MachineTlm& where, std::uint64_t seed, MachineTlm* other) : AttackScene(where, std::mt19937_64(seed), other) {}

AttackScene::AttackScene(MachineTlm& where, std::mt19937_64 random, MachineTlm* other)
    : AttackScene(where, draw(random, line_bytes), random, other) {}

AttackScene::AttackScene(MachineTlm& where, const Bytes& secret, const std::mt19937_64& random, MachineTlm* other)
    : machine(where),
      hypervisor(where),
      home(where, hypervisor),
      victim(where, 1),
      accomplice(where, 2),
      bus(where),
      evidence(secret),
      random_(random) {
    machine.boot();
    if (other != nullptr) {
        other->boot();
        other_hypervisor_.emplace(*other);
        away_.emplace(*other, *other_hypervisor_);
    }
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

AttackScene::Place& AttackScene::away() {
    if (!away_) throw std::logic_error("an attack with one machine that needs two");
    return *away_;
}

sc_core::sc_time AttackScene::now() {
    const auto synchronize = [](MachineTlm& one) {
        for (unsigned number = 0; number != one.parameters().cores; ++number) one.core(number).synchronize();
    };
    synchronize(machine);
    if (away_) synchronize(away_->machine);
    return sc_core::sc_time_stamp();
}

AttackResult AttackScene::judge(AttackAim aim) const {
    return evidence.judge(aim, victim.vmid(), victim.machine().protection.violations.violations());
}

}  // namespace coffer
