#include "attack/attack.h"

#include <stdexcept>

#include "attack/guest_disk.h"

namespace coffer {

namespace {

constexpr Address secret_gpa = AttackScene::secret_gpa;

void read_by_dma(AttackScene& scene) {
    scene.machine.settle();
    const Address buffer = scene.hypervisor.take_frame() * page_bytes;
    if (scene.noted(scene.hypervisor.dma_copy(scene.victim_hpa(secret_gpa), buffer, line_bytes))) scene.load_as_host(buffer, line_bytes);
    scene.victim.look_at_everything(scene.evidence);
}

void write_by_dma(AttackScene& scene) {
    scene.machine.settle();
    const Address buffer = scene.hypervisor.take_frame() * page_bytes;
    (void)scene.noted(scene.hypervisor.store(buffer, scene.fresh_bytes(line_bytes)));
    (void)scene.noted(scene.hypervisor.dma_copy(buffer, scene.victim_hpa(secret_gpa), line_bytes));
    scene.machine.settle();
    scene.victim.look_at_everything(scene.evidence);
}

constexpr std::uint64_t sector = 1;

/// A sector full of the victim's secret.
Bytes secret_sector(AttackScene& scene) {
    const std::optional<Bytes> secret = scene.victim.load(secret_gpa, line_bytes);
    if (!secret) throw std::logic_error("the victim cannot load its secret");
    Bytes bytes;
    while (bytes.size() != DiskTlm::sector_bytes) bytes.insert(bytes.end(), secret->begin(), secret->end());
    return bytes;
}

Bytes read_medium(AttackScene& scene) {
    Bytes bytes(DiskTlm::sector_bytes);
    scene.machine.disk.medium().read(sector * DiskTlm::sector_bytes, bytes.data(), bytes.size());
    return bytes;
}

void write_medium(AttackScene& scene, const Bytes& bytes) {
    if (read_medium(scene) == bytes) throw std::logic_error("the disk's keeper changes nothing");
    scene.machine.disk.medium().write(sector * DiskTlm::sector_bytes, bytes.data(), bytes.size());
}

void write_sector(GuestDisk& disk, const Bytes& data) {
    if (!disk.write(sector, data)) throw std::logic_error("the victim cannot write to its disk");
}

void look_at_sector(AttackScene& scene, GuestDisk& disk, const Bytes& written) {
    const std::optional<Bytes> loaded = disk.read(sector);
    if (!disk.refusal().empty()) scene.evidence.refused(disk.refusal());
    scene.evidence.victim_loaded(loaded, written);
    scene.victim.look_at_everything(scene.evidence);
}

void read_disk(AttackScene& scene) {
    GuestDisk disk = scene.victims_disk();
    const Bytes written = secret_sector(scene);
    write_sector(disk, written);
    scene.evidence.obtained(read_medium(scene));
    look_at_sector(scene, disk, written);
}

void tamper_with_disk(AttackScene& scene) {
    GuestDisk disk = scene.victims_disk();
    const Bytes written = scene.fresh_bytes(DiskTlm::sector_bytes);
    write_sector(disk, written);
    Bytes altered = read_medium(scene);
    altered[100] ^= 1;
    write_medium(scene, altered);
    look_at_sector(scene, disk, written);
}

void replay_disk(AttackScene& scene) {
    GuestDisk disk = scene.victims_disk();
    write_sector(disk, scene.fresh_bytes(DiskTlm::sector_bytes));
    const Bytes old = read_medium(scene);
    const Bytes written = scene.fresh_bytes(DiskTlm::sector_bytes);
    write_sector(disk, written);
    write_medium(scene, old);
    look_at_sector(scene, disk, written);
}

}  // namespace

std::vector<Attack> device_attacks() {
    constexpr Attacker who = Attacker::device;
    return {
        {"dma_read", who, AttackAim::secret, "let a DMA engine copy the secret into the host's memory", read_by_dma},
        {"dma_write", who, AttackAim::harm, "let a DMA engine write over the secret", write_by_dma},
        {"disk_read", who, AttackAim::secret, "read what the victim has on its disk", read_disk},
        {"disk_tamper", who, AttackAim::harm, "change a bit on the victim's disk", tamper_with_disk},
        {"disk_replay", who, AttackAim::harm, "put an old sector back on the victim's disk", replay_disk},
    };
}

}  // namespace coffer
