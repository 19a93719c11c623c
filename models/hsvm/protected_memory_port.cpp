#include "hsvm/protected_memory_port.h"

#include "common/errors.h"

namespace coffer {

bool ProtectedMemoryPort::read_chip(Address offset, std::uint8_t* data, std::size_t size) {
    for (std::size_t i = 0; i < size; i += line_bytes)
        if (memory_.read_line(chip_vmid, offset + i, map().chip_base() + offset + i, data + i)) return false;
    return true;
}

bool ProtectedMemoryPort::write_chip(Address offset, const std::uint8_t* data, std::size_t size) {
    for (std::size_t i = 0; i < size; i += line_bytes)
        if (memory_.write_line(chip_vmid, offset + i, map().chip_base() + offset + i, data + i)) return false;
    return true;
}

bool ProtectedMemoryPort::clear_chip_frame(Address offset) { return !memory_.shred_page(chip_vmid, offset, map().chip_base() + offset); }

bool ProtectedMemoryPort::install(Vmid vmid, const crypto::Key128& k_vm, std::uint64_t pages, Address addr_shim) {
    VmInstall vm;
    vm.vmid = vmid;
    vm.k_vm = k_vm;
    vm.pages = pages;
    vm.addr_shim = addr_shim;
    try {
        memory_.install(vm);
    } catch (const InputError&) {
        return false;
    }
    return true;
}

crypto::Key128 ProtectedMemoryPort::k_vm(Vmid vmid) {
    try {
        return memory_.entry(vmid).k_vm;
    } catch (const std::runtime_error&) {
        throw ChipRegionFailure();
    }
}

crypto::Key128 ProtectedMemoryPort::swap_key(Vmid vmid) { return crypto::derive_128(k_vm(vmid), "coffer swap", fleet_id_); }

bool ProtectedMemoryPort::fresh_lpid(Lpid& lpid) {
    const std::optional<Lpid> next = lpids_.next();
    if (next) lpid = *next;
    return next.has_value();
}

}  // namespace coffer
