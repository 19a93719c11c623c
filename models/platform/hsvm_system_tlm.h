#pragma once

#include <cstddef>
#include <vector>

#include <systemc>

#include "common/statistics.h"
#include "hsvm/hsvm_controller_tlm.h"
#include "hsvm/hsvm_transport_tlm.h"
#include "hsvm/seeded_key_source.h"
#include "platform/configuration.h"
#include "platform/dump.h"
#include "platform/guests.h"
#include "platform/hypervisor_tlm.h"
#include "vcpu/host_mmu_tlm.h"

namespace coffer {

/// What a platform in hsvm or combined has beside the others: the H-SVM controller, the hypervisor with its transport to it, and the host's MMU. The
/// walk sockets of guests' MMUs are bound to `controller`, which is told of them, and accesses of the host go through `host_mmu`.
class HsvmSystemTlm : public sc_core::sc_module, public StatisticsProvider {
    /// The keys of VMs, which a chip would draw: those of the configuration, so that its secrets are the same in all runs.
    class Keys : public KeySource {
    public:
        explicit Keys(const std::vector<Guest>& guests);
        crypto::Key128 next() override;

    private:
        std::vector<crypto::Key128> keys_;
        std::size_t next_ = 0;
    };

    Keys keys_;

public:
    HsvmControllerTlm controller;
    HsvmTransportTlm transport;
    HypervisorTlm hypervisor;
    HostMmuTlm host_mmu;

    /// All references outlive the module.
    HsvmSystemTlm(const sc_core::sc_module_name& name, const Configuration& configuration, const std::vector<Guest>& guests,
                  MemoryProtectionTlm& protection, LastLevelCacheTlm& cache, LpidSource& lpids);

    /// Makes the VMs of all guests and maps their pages. After elaboration, once; MemoryProtectionTlm has booted.
    void start();
    /// Pages of a VM: the guest's, and where memory is encrypted those of a shim and its one context, which stay empty.
    static std::uint64_t pages_of_vm(const Guest& guest, bool encrypted) { return guest.pages + (encrypted ? 2 : 0); }
    /// Where the pages of a VM are, as its nested page table says.
    void describe(Vmid vmid, DumpDomain& domain);

    void collect(StatisticsGroup& group) const override;

private:
    const Configuration& configuration_;
    const std::vector<Guest>& guests_;
};

}  // namespace coffer
