#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>

#include "aise/lpid_allocator.h"
#include "common/context_payload_tlm.h"
#include "common/initiator_socket_tlm.h"
#include "common/protection_configuration.h"
#include "common/statistics.h"
#include "devices/disk_tlm.h"
#include "devices/dma_engine_tlm.h"
#include "hsvm/hsvm_controller_tlm.h"
#include "hsvm/hsvm_domains.h"
#include "hsvm/hsvm_transport_tlm.h"
#include "hsvm/seeded_key_source.h"
#include "memory/bus_probe_tlm.h"
#include "memory/dram_tlm.h"
#include "memory/last_level_cache_tlm.h"
#include "memory/memory_protection_tlm.h"
#include "memory/sparse_memory.h"
#include "memory/memory_protection_domains_tlm.h"
#include "vcpu/core_tlm.h"
#include "vcpu/ept_tlm.h"
#include "vcpu/host_mmu_tlm.h"
#include "vcpu/instruction_unit_tlm.h"
#include "vcpu/mmu_tlm.h"
#include "vm_table/nonvolatile.h"

namespace coffer {

struct MachineParameters {
    ProtectionConfiguration configuration = ProtectionConfiguration::combined;
    Integrity integrity = Integrity::bmt;  ///< where memory is encrypted
    Address data_bytes = Address{2} << 20;
    Address chip_bytes = Address{256} << 10;
    std::uint64_t ept_frames = 32;         ///< at the end of data frames, where the hypervisor has the page tables
    std::uint64_t sectors = 16;            ///< of the disk
    unsigned vmids = 16;                   ///< VMIDs are below this
    unsigned cores = 3;
    HsvmTransport transport = HsvmTransport::microcode;  ///< how cores reach the H-SVM controller
    std::uint64_t seed = 1;                ///< of the chip's secret and of H-SVM's keys
    LpidSource* lpids = nullptr;           ///< null: they come from the non-volatile state; another one is for tests
    const ChipIdentity* chip = nullptr;    ///< null: machine_chip() with the number that the non-volatile registers have
};

/// A whole machine without software, in one of the four configurations.
///
///     each core: host software --> host MMU -+
///                guest, shim --> MMU --------+--> last-level cache --> memory protection --> bus probe --> DRAM
///     DMA engine, disk --> IOMMU ------------+
///
/// All MMUs and the IOMMU ask the H-SVM controller (hsvm, combined), which cores command over a transport, or the hypervisor's page tables (none,
/// hypercoffer).
class MachineTlm : public sc_core::sc_module, public StatisticsProvider, private OrderingPort, private PageSettlePort {
    LpidAllocator allocator_;
    LpidSource& lpids_;  // before the modules that draw from them
    SeededKeySource keys_;
    SparseMemory medium_;

public:
    LastLevelCacheTlm last_level_cache;
    MemoryProtectionTlm protection;
    DramTlm dram;
    BusProbeTlm bus_probe;
    HostMmuTlm iommu;
    DmaEngineTlm dma;
    DiskTlm disk;
    /// The host's software: registers of the devices.
    tlm_utils::simple_initiator_socket<MachineTlm> dma_socket;
    tlm_utils::simple_initiator_socket<MachineTlm> disk_socket;
    /// For the hypervisor's page tables: settled pages.
    InitiatorSocket<MachineTlm> control_socket;

    /// `nonvolatile` and the chip outlive the machine. Throws InputError for parameters that do not fit together.
    MachineTlm(const sc_core::sc_module_name& name, const MachineParameters& parameters, NonVolatile& nonvolatile);

    /// In a process, before anything else.
    void boot();
    /// Writes back and forgets all lines and metadata, as caches do in time. In a process, outside transactions; takes no time.
    void settle();

    /// The hypervisor's page tables; null in hsvm and combined.
    EptTlm* ept() { return ept_.get(); }
    /// Null in none and hypercoffer.
    HsvmControllerTlm* hsvm() { return hsvm_.get(); }
    LpidSource& lpids() { return lpids_; }
    /// What software does. After boot.
    CoreTlm& core(unsigned number) { return cores_.at(number)->core; }
    const HostMmuTlm& host_mmu(unsigned number) const { return cores_.at(number)->host_mmu; }
    /// Number, keys and certificates of the chip.
    const ChipIdentity& chip() const { return gate_.chip(); }
    /// VMs from vectors; null in none and hsvm. After boot, outside transactions; takes no time.
    VmLifecycle* lifecycle() { return lifecycle_.get(); }

    const MachineParameters& parameters() const { return parameters_; }
    const ConfigurationRules& rules() const { return rules_of(parameters_.configuration); }
    void collect(StatisticsGroup& group) const override;

private:
    struct CoreWithMmus {
        CoreWithMmus(unsigned number, const HostMmuParameters& host);
        MmuTlm mmu;
        HostMmuTlm host_mmu;
        CoreTlm core;
    };

    void block_fills(const GuestPages& pages) override;
    void evict_lines(const GuestPages& pages, LastLevelCache::Leaving leaving) override;
    void evict_frames(std::uint64_t first_frame, std::uint64_t count, LastLevelCache::Leaving leaving) override;
    void invalidate_pages(const GuestPages& pages) override;
    void invalidate_frames(std::uint64_t first_frame, std::uint64_t count) override;
    void complete(const GuestPages& pages) override;
    void settle_page(Vmid vmid, Address gpa, Address frame) override;
    void connect_hsvm();
    void connect_page_tables();

    const MachineParameters parameters_;
    VmGate gate_;
    InstructionUnitTlm unit_;
    std::vector<std::unique_ptr<CoreWithMmus>> cores_;
    std::unique_ptr<EptTlm> ept_;
    std::unique_ptr<HsvmControllerTlm> hsvm_;
    std::unique_ptr<HsvmTransportTlm> transport_;
    std::vector<TranslationCache*> caches_;
    MemoryProtectionDomainsTlm domains_;
    std::optional<HsvmDomains> hsvm_domains_;
    std::unique_ptr<VmLifecycle> lifecycle_;
    ContextPayload control_payload_;
    sc_core::sc_time uncharged_;  // of what changes of page tables cause
};

}  // namespace coffer
