#include "hsvm/protected_memory_port.h"

#include "common/errors.h"
#include "memory/protected_memory_domains.h"

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

bool ProtectedMemoryPort::install(const VmInstall& vm) {
    try {
        memory_.install(vm);
    } catch (const InputError&) {
        return false;
    }
    return true;
}

std::optional<NodeTag> ProtectedMemoryPort::flush(Vmid vmid) {
    const std::optional<SettledTree> tree = ProtectedMemoryDomains(memory_).flush(vmid);
    return tree ? std::optional<NodeTag>(tree->root) : std::nullopt;
}

VmEntry ProtectedMemoryPort::entry(Vmid vmid) {
    try {
        return memory_.entry(vmid);
    } catch (const std::runtime_error&) {
        throw ChipRegionFailure();
    }
}

crypto::Key128 ProtectedMemoryPort::swap_key(Vmid vmid) { return crypto::derive_128(entry(vmid).k_vm, "coffer swap", fleet_id_); }

bool ProtectedMemoryPort::fresh_lpid(Lpid& lpid) {
    const std::optional<Lpid> next = lpids_.next();
    if (next) lpid = *next;
    return next.has_value();
}

}  // namespace coffer
