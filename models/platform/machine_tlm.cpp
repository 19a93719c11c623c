#include "platform/machine_tlm.h"

#include "platform/guests.h"

namespace coffer {

namespace {

MemoryProtectionParameters protection_parameters(const MachineParameters& machine) {
    MemoryProtectionParameters p;
    p.memory.scheme.encrypt = rules_of(machine.configuration).encrypt;
    p.memory.scheme.integrity = machine.integrity;
    p.memory.data_bytes = machine.data_bytes;
    p.memory.chip_bytes = machine.chip_bytes;
    p.memory.chip.secret = model_key(machine.seed, "chip secret");
    return p;
}

LastLevelCacheParameters cache_parameters(const MachineParameters& machine) {
    LastLevelCacheParameters p;
    p.memory_size = machine.data_bytes;
    p.size = 64 << 10;
    return p;
}

/// Room for the trees of every VM that fits into memory.
Address memory_bytes(const AddressMap& map) { return map.tree_base() + 2 * (map.data_bytes() + map.chip_bytes()); }

}  // namespace

MachineTlm::MachineTlm(const sc_core::sc_module_name& name, const MachineParameters& parameters, NonVolatile& nonvolatile)
    : sc_module(name),
      lpids_(nonvolatile),
      last_level_cache("last_level_cache", cache_parameters(parameters)),
      protection("protection", protection_parameters(parameters), lpids_),
      dram("dram", {memory_bytes(protection.map()), sc_core::sc_time(100, sc_core::SC_NS), 0}, DramTraffic(protection.map(), memory_bytes(protection.map()))),
      bus_probe("bus_probe", dram.memory()),
      host_socket("host_socket"),
      parameters_(parameters) {
    last_level_cache.initiator_socket.bind(protection.mpe.target_socket);
    protection.mpe.initiator_socket.bind(bus_probe.target_socket);
    bus_probe.initiator_socket.bind(dram.target_socket);
    host_socket.bind(last_level_cache.target_socket);
    for (const Vmid vmid : {first_guest_vmid, Vmid{first_guest_vmid + 1}}) {
        guests_.push_back(std::make_unique<GuestPort>(sc_core::sc_gen_unique_name("guest"), vmid));
        guests_.back()->mmu.initiator_socket.bind(last_level_cache.target_socket);
    }
}

void MachineTlm::boot() { protection.boot(); }

void MachineTlm::settle() {
    last_level_cache.evict_all(LastLevelCacheTlm::Leaving::write_back);
    if (!rules().encrypt) return;
    // The chip's last, since guests' entries may go to its memory while others are flushed.
    for (unsigned vmid = parameters_.vmids - 1; vmid >= chip_vmid; --vmid)
        if (protection.vm_table.entry(static_cast<Vmid>(vmid)) != nullptr) (void)protection.flush(static_cast<Vmid>(vmid));
}

void MachineTlm::collect(StatisticsGroup& group) const {
    last_level_cache.collect(group.group("last_level_cache"));
    protection.collect(group.group("protection"));
    bus_probe.collect(group.group("bus_probe"));
    dram.collect(group.group("dram"));
}

}  // namespace coffer
