#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>

#include "aise/lpid_source.h"
#include "common/initiator_socket_tlm.h"
#include "common/statistics.h"
#include "memory/bus_probe_tlm.h"
#include "memory/dram_tlm.h"
#include "memory/last_level_cache_tlm.h"
#include "memory/memory_protection_tlm.h"
#include "platform/configuration.h"
#include "platform/dump.h"
#include "platform/guests.h"
#include "platform/hsvm_system_tlm.h"
#include "vcpu/mmu_tlm.h"
#include "vcpu/trace_player_tlm.h"
#include "vcpu/trace_reader.h"

namespace coffer {

/// Reads a guest's memory as one of its vCPUs would, without a program.
class GuestReaderTlm : public sc_core::sc_module {
public:
    tlm_utils::simple_initiator_socket<GuestReaderTlm> initiator_socket;

    explicit GuestReaderTlm(const sc_core::sc_module_name& name) : sc_module(name), initiator_socket("initiator_socket") {}

    /// Reads 64 bytes; false where the answer is an error. Takes no time.
    bool read_line(Address gpa, std::uint8_t* data);

private:
    tlm::tlm_generic_payload payload_;
};

/// One guest, or the host, of a platform: a vCPU that plays its trace behind an MMU, and a reader of its memory behind another.
class TenantTlm : public sc_core::sc_module {
public:
    TracePlayerTlm player;
    MmuTlm mmu;
    GuestReaderTlm reader;
    MmuTlm reader_mmu;

    /// `guest` outlives the module. In hsvm and combined the MMUs of VMs walk.
    TenantTlm(const sc_core::sc_module_name& name, const Configuration& configuration, const Guest& guest);

    const Guest& guest() const { return guest_; }

private:
    TenantTlm(const sc_core::sc_module_name& name, const Configuration& configuration, const Guest& guest, std::unique_ptr<TraceReader> trace);

    const Guest& guest_;
    std::unique_ptr<TraceReader> trace_;
};

/// A platform: tenants -> last-level cache -> memory protection -> bus probe -> DRAM; in hsvm and combined with the H-SVM controller, which makes the
/// VMs, maps their pages and answers the walks of their MMUs.
class PlatformTlm : public sc_core::sc_module, public StatisticsProvider {
public:
    LastLevelCacheTlm last_level_cache;
    MemoryProtectionTlm protection;
    DramTlm dram;
    BusProbeTlm bus_probe;
    /// The loader's way to the VM-Table's registers.
    tlm_utils::simple_initiator_socket<PlatformTlm> vm_table_socket;
    /// The loader's way to memory in hsvm and combined, where images come through the protection.
    InitiatorSocket<PlatformTlm, sc_core::SC_ZERO_OR_MORE_BOUND> image_socket;
    std::unique_ptr<HsvmSystemTlm> hsvm;  ///< null in none and hypercoffer

    /// `guests` and `lpids` outlive the module. Throws InputError for parameters that do not fit together.
    PlatformTlm(const sc_core::sc_module_name& name, const Configuration& configuration, const std::vector<Guest>& guests, LpidSource& lpids);

    std::vector<std::unique_ptr<TenantTlm>>& tenants() { return tenants_; }
    const std::vector<std::unique_ptr<TenantTlm>>& tenants() const { return tenants_; }
    /// Whether every player has stopped.
    bool done() const;
    /// Accesses that all players have made.
    std::uint64_t accesses() const;

    /// Writes back and forgets all lines and metadata, so that memory and roots agree; gives the domains, the chip's first where its region is
    /// encrypted. In a process, outside transactions; takes no time.
    std::vector<DumpDomain> settle();

    /// What became of the adversary's actions, counted from the end of loading.
    std::vector<TamperOutcome> tamper_outcomes() const;

    /// Updates what `trace` shows.
    void sample();
    /// Adds the platform's signals, which change when it is sampled, to a trace file.
    void trace(sc_core::sc_trace_file* file) const override;

    void collect(StatisticsGroup& group) const override;

private:
    /// Values that a wave shows, by tenant or for the platform.
    struct TenantWave {
        sc_dt::uint64 accesses = 0;
        bool running = false;
        bool frozen = false;
    };
    struct Wave {
        sc_dt::uint64 llc_misses = 0;
        sc_dt::uint64 bus_reads = 0;
        sc_dt::uint64 bus_writes = 0;
        sc_dt::uint64 violations = 0;
    };

    void start_of_simulation() override;
    void install_guests();
    void load_images();
    void load_protected_images();
    void collect_memory(StatisticsGroup& group) const;
    void connect(TenantTlm& tenant);
    void set_root(Vmid vmid, NodeTag root);
    TamperAction tamper_action(const TamperConfiguration& tamper, const std::string& key);
    std::vector<MemoryBlock> blocks_of(const TamperConfiguration& tamper, const TamperPlace& place, const std::string& key);

    const Configuration& configuration_;
    const std::vector<Guest>& guests_;
    LpidSource& lpids_;
    std::vector<std::unique_ptr<TenantTlm>> tenants_;
    StatisticsGroup before_play_{"before_play"};  // of memory, when images are loaded
    std::uint64_t bus_accesses_before_play_ = 0;
    Wave wave_;
    std::vector<TenantWave> tenant_waves_;
};

}  // namespace coffer
