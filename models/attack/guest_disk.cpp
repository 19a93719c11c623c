#include "attack/guest_disk.h"

#include <stdexcept>

#include "crypto/kdf.h"
#include "platform/machine_chips.h"

namespace coffer {

GuestDisk::GuestDisk(MachineTlm& machine, Hypervisor& hypervisor, GuestProgram& guest, const VmOwner& owner)
    : hypervisor_(hypervisor), guest_(guest) {
    const auto demand = [](bool done) {
        if (!done) throw std::logic_error("a guest cannot set up its disk");
    };
    demand(hypervisor.map(guest.vmid(), window_gpn, hypervisor.take_frame()).ok());
    if (machine.rules().ownership) demand(guest.share(window_gpn).ok());
    if (!machine.rules().shim) return;

    const ShimMemory place{VmOwner::addr_shim, 1, VmOwner::sectors};
    CoreTlm& core = machine.core(guest.core());
    GuestMemoryPort& memory = core.shim_memory(guest.vmid());
    const BounceLayout layout{VmOwner::pages * page_bytes, place.range(), {window, page_bytes}};
    bounce_.emplace(layout, memory, core.shim_raw(guest.vmid()));
    shim_.emplace(place.disk(), crypto::derive_128(owner.k_vm(), "coffer disk", machine_fleet().id), memory, *bounce_, machine.lpids());
    IoStatus created = IoStatus::not_open;
    const auto exit = guest.stop(GuestProgram::interrupt(), [&](ProcessorCore&) { created = shim_->create(); });
    demand(exit.ok() && created == IoStatus::ok && guest.go_on(exit.view).ok());
}

bool GuestDisk::sealed(IoStatus status) {
    if (status != IoStatus::ok) refusal_ = to_string(status);
    return status == IoStatus::ok;
}

bool GuestDisk::write(std::uint64_t sector, const Bytes& data) {
    if (!guest_.store_scratch(shim_ ? buffer : window, data)) return false;
    IoStatus status = IoStatus::ok;
    const auto exit = guest_.stop(GuestProgram::interrupt(), [&](ProcessorCore&) { status = shim_->write_sector(sector, buffer, 0); });
    return sealed(status) && hypervisor_.write_sector(sector, window_hpa()).ok() && guest_.go_on(exit.view).ok();
}

std::optional<Bytes> GuestDisk::read(std::uint64_t sector) {
    const auto exit = guest_.stop();
    if (!hypervisor_.read_sector(sector, window_hpa()).ok()) return std::nullopt;
    IoStatus status = IoStatus::ok;
    const Answer entered = guest_.go_on(exit.view, [&](ProcessorCore&) { status = shim_->read_sector(sector, buffer, 0); });
    if (!entered.ok() || !sealed(status)) return std::nullopt;
    return guest_.load(shim_ ? buffer : window, page_bytes);
}

}  // namespace coffer
