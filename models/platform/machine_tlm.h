#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>

#include "aise/lpid_allocator.h"
#include "common/statistics.h"
#include "hsvm/protection_configuration.h"
#include "memory/bus_probe_tlm.h"
#include "memory/dram_tlm.h"
#include "memory/last_level_cache_tlm.h"
#include "memory/memory_protection_tlm.h"
#include "vcpu/guest_memory_map.h"
#include "vcpu/mmu_tlm.h"
#include "vm_table/nonvolatile.h"

namespace coffer {

struct MachineParameters {
    ProtectionConfiguration configuration = ProtectionConfiguration::combined;
    Integrity integrity = Integrity::bmt;  ///< where memory is encrypted
    Address data_bytes = Address{2} << 20;
    Address chip_bytes = Address{256} << 10;
    unsigned vmids = 16;                   ///< VMIDs are below this
    std::uint64_t seed = 1;                ///< of the chip's secret
};

/// A whole machine without software: guest ports -> MMUs -> last-level cache -> memory protection -> bus probe -> DRAM.
class MachineTlm : public sc_core::sc_module, public StatisticsProvider {
    LpidAllocator lpids_;  // before the modules that draw from it

public:
    LastLevelCacheTlm last_level_cache;
    MemoryProtectionTlm protection;
    DramTlm dram;
    BusProbeTlm bus_probe;
    /// Software of the host, by machine addresses.
    tlm_utils::simple_initiator_socket<MachineTlm> host_socket;

    /// What one guest does, by guest physical addresses.
    struct GuestPort : sc_core::sc_module {
        GuestPort(const sc_core::sc_module_name& name, Vmid vmid) : sc_module(name), initiator_socket("initiator_socket"), mmu("mmu", vmid, map) {
            initiator_socket.bind(mmu.target_socket);
        }
        tlm_utils::simple_initiator_socket<GuestPort> initiator_socket;
        GuestMemoryMap map;
        MmuTlm mmu;
    };

    /// `nonvolatile` outlives the machine. Throws InputError for parameters that do not fit together.
    MachineTlm(const sc_core::sc_module_name& name, const MachineParameters& parameters, NonVolatile& nonvolatile);

    /// In a process, before anything else.
    void boot();
    /// The port of a guest, VMID 2 or 3.
    GuestPort& guest(Vmid vmid) { return *guests_.at(vmid - first_guest_vmid); }

    /// Writes back and forgets all lines and metadata, as caches do in time. In a process, outside transactions; takes no time.
    void settle();

    const MachineParameters& parameters() const { return parameters_; }
    const ConfigurationRules& rules() const { return rules_of(parameters_.configuration); }
    void collect(StatisticsGroup& group) const override;

private:
    const MachineParameters parameters_;
    std::vector<std::unique_ptr<GuestPort>> guests_;
};

}  // namespace coffer
