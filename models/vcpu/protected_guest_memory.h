#pragma once

#include "memory/protected_memory.h"
#include "vcpu/guest_memory_map.h"
#include "vcpu/guest_memory_port.h"

namespace coffer {

/// A VM's pages in the reference of protected memory, through the map from guest to machine addresses.
class ProtectedGuestMemory final : public GuestMemoryPort {
public:
    /// All of them outlive the object; the map may change.
    ProtectedGuestMemory(ProtectedMemory& memory, Vmid vmid, const GuestMemoryMap& map) : memory_(memory), vmid_(vmid), map_(map) {}

    MemoryAnswer read_line(Address gpa, std::uint8_t* data) override {
        const auto hpa = map_.hpa_of(gpa);
        return hpa ? answer(memory_.read_line(vmid_, gpa, *hpa, data)) : MemoryAnswer::not_mapped;
    }
    MemoryAnswer write_line(Address gpa, const std::uint8_t* data) override {
        const auto hpa = map_.hpa_of(gpa);
        return hpa ? answer(memory_.write_line(vmid_, gpa, *hpa, data)) : MemoryAnswer::not_mapped;
    }

private:
    static MemoryAnswer answer(const MaybeViolation& violation) { return violation ? MemoryAnswer::violated : MemoryAnswer::ok; }

    ProtectedMemory& memory_;
    const Vmid vmid_;
    const GuestMemoryMap& map_;
};

}  // namespace coffer
