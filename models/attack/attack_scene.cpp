#include "attack/attack_scene.h"

#include <stdexcept>

#include "platform/guests.h"

namespace coffer {

namespace {

Bytes draw(std::mt19937_64& random, std::size_t size) {
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
}

constexpr Vmid victim_vmid = first_guest_vmid;
constexpr Vmid accomplice_vmid = first_guest_vmid + 1;
constexpr Address victim_frames = 64 * page_bytes;
constexpr Address accomplice_frames = 128 * page_bytes;

}  // namespace

AttackScene::AttackScene(MachineTlm& where, std::uint64_t seed) : AttackScene(where, std::mt19937_64(seed)) {}

AttackScene::AttackScene(MachineTlm& where, std::mt19937_64 random) : AttackScene(where, draw(random, line_bytes), random) {}

AttackScene::AttackScene(MachineTlm& where, const Bytes& secret, const std::mt19937_64& random)
    : machine(where), victim(where, victim_vmid), accomplice(where, accomplice_vmid), bus(where), evidence(secret), random_(random) {
    machine.boot();
    start_vm(victim_vmid, victim_frames);
    start_vm(accomplice_vmid, accomplice_frames);
    if (!victim.store(secret_gpa, secret)) throw std::logic_error("the victim cannot store its secret");
}

void AttackScene::start_vm(Vmid vmid, Address first_frame) {
    machine.guest(vmid).map.add({0, first_frame, vm_pages});
    if (!machine.rules().encrypt) return;
    VmInstall vm;
    vm.vmid = vmid;
    vm.pages = vm_pages;
    const Bytes key = fresh_bytes(vm.k_vm.size());
    std::copy(key.begin(), key.end(), vm.k_vm.data());
    machine.protection.install(vm);
}

Address AttackScene::hpa_of(const GuestProgram& guest, Address gpa) const { return *machine.guest(guest.vmid()).map.hpa_of(gpa); }

Bytes AttackScene::fresh_bytes(std::size_t size) { return draw(random_, size); }

AttackResult AttackScene::judge(AttackAim aim) const { return evidence.judge(aim, victim.vmid(), machine.protection.violations.violations()); }

}  // namespace coffer
