#pragma once

#include <optional>

#include "attack/guest_program.h"
#include "attack/hypervisor.h"
#include "vcpu/sealed_disk.h"

namespace coffer {

/// A guest's disk, driven by the hypervisor: behind the VM's shim, if it has one. The sectors go through a page that the guest shares with the host.
class GuestDisk {
public:
    /// All outlive the object. The guest runs. Throws std::logic_error where the page cannot be shared.
    GuestDisk(MachineTlm& machine, Hypervisor& hypervisor, GuestProgram& guest, const VmOwner& owner);

    /// False where somebody refuses.
    bool write(std::uint64_t sector, const Bytes& data);
    /// Nothing where somebody refuses; the shim's answer then is in refusal().
    std::optional<Bytes> read(std::uint64_t sector);
    const std::string& refusal() const { return refusal_; }

private:
    static constexpr Gpn window_gpn = 24;
    static constexpr Address window = window_gpn * page_bytes;
    static constexpr Address buffer = 10 * page_bytes;

    Address window_hpa() const { return hypervisor_.frame_of(guest_.vmid(), window_gpn) * page_bytes; }
    bool sealed(IoStatus status);

    Hypervisor& hypervisor_;
    GuestProgram& guest_;
    std::optional<BounceBuffer> bounce_;
    std::optional<SealedDisk> shim_;
    std::string refusal_;
};

}  // namespace coffer
