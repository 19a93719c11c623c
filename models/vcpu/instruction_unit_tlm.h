#pragma once

#include <memory>
#include <optional>

#include <systemc>

#include "common/statistics.h"
#include "common/tlm_exclusive.h"
#include "hsvm/hsvm_controller_tlm.h"
#include "memory/last_level_cache_tlm.h"
#include "vcpu/core_registers.h"
#include "vcpu/ept_tlm.h"
#include "vcpu/instruction_set.h"
#include "vcpu/vcpu_runner.h"

namespace coffer {

/// What all cores of a chip share: InstructionSet and VcpuRunner over the modules of a machine. The time of what they do goes to the core that has them
/// do it. One core at a time.
class InstructionUnitTlm : public CoreRegisters, public StatisticsProvider {
public:
    /// Null where the configuration has no such thing; all outlive the object.
    struct Parts {
        VmLifecycle* lifecycle = nullptr;
        EptTlm* ept = nullptr;
        HsvmControllerTlm* hsvm = nullptr;
        HsvmDomains* domains = nullptr;
        LastLevelCacheTlm* cache = nullptr;
    };

    /// The parts are there, and booted. Throws std::invalid_argument where the configuration needs one that is null.
    void boot(ProtectionConfiguration configuration, const Parts& parts);

    /// A core has the unit, and gets its time: until the object ends.
    class Use {
    public:
        Use(InstructionUnitTlm& unit, sc_core::sc_time& delay) : hold_(unit.exclusive_), unit_(unit) { unit_.delay_ = &delay; }
        ~Use() { unit_.delay_ = &unit_.uncharged_; }
        Use(const Use&) = delete;
        Use& operator=(const Use&) = delete;

    private:
        const Exclusive::Hold hold_;
        InstructionUnitTlm& unit_;
    };

    // After boot.
    InstructionSet& set() { return *set_; }
    VcpuRunner& runner() { return *runner_; }
    /// A store to the hypervisor's page tables, where there are some: what ept_st does beside its checks.
    EptStatus store_entry(Vmid vmid, Gpn gpn, NptEntry entry) { return parts_.ept->store(vmid, gpn, entry, *delay_); }
    /// The host's lines of machine pages leave the last-level cache, written back (CLFLUSH).
    void flush(Address hpa, std::uint64_t bytes);

    /// A guest's registers as H-SVM saves and restores them.
    VcpuContext& context(unsigned core) override { return set_->latched(core); }
    bool runs_vm(unsigned core) const override { return set_->core(core).mode != CoreMode::host; }
    void take_off(Vmid vmid) override;
    void forget(Vmid vmid) override;

    /// Nothing before boot.
    void collect(StatisticsGroup& group) const override;

private:
    Parts parts_;
    const ExitPolicy policy_;
    std::unique_ptr<InstructionSet> set_;
    std::unique_ptr<VcpuRunner> runner_;
    Exclusive exclusive_;
    sc_core::sc_time uncharged_;
    sc_core::sc_time* delay_ = &uncharged_;  // of the core that has the unit
};

}  // namespace coffer
