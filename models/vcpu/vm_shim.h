#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/statistics.h"
#include "common/units.h"
#include "vcpu/context_page.h"
#include "vcpu/exit_event.h"
#include "vcpu/exit_policy.h"
#include "vcpu/guest_memory_port.h"
#include "vcpu/vcpu_context.h"

namespace coffer {

/// Where a vCPU is.
enum class VcpuMode : std::uint8_t {
    host,   ///< stopped: its core is the hypervisor's
    shim,   ///< VM-Shim works for it
    guest,
};

/// Why an exit or an entry is not done, or is.
enum class ShimStatus : std::uint8_t {
    ok,
    unknown_vcpu,    ///< the VM has no such vCPU
    not_in_guest,    ///< an exit of a vCPU that is not running
    not_stopped,     ///< an entry of a vCPU that runs, or whose context is of the past
    impossible_exit, ///< no such reason, or an event that no processor reports
    wrong_entry,     ///< the hypervisor would start something other than the shim
    no_context,      ///< the context page holds no context
    refused_value,   ///< a value that the hypervisor gives back does not fit its width or range
    not_mapped,      ///< the hypervisor has taken the context page away
    violated,        ///< the context page was changed or replayed from outside
};

std::string_view to_string(ShimStatus status);

/// VM-Shim (HyperCoffer, HPCA 2013): stands between a VM and the hypervisor. At an exit it saves the whole context of the vCPU in the VM's own
/// protected memory and gives the hypervisor the values that the exit table lists, zeros for all others. At an entry it restores the context, takes
/// back what the table lists, and goes on where the guest was. One for each VM. It keeps nothing but the modes of the vCPUs: the rest is in the VM's
/// memory, so that a VM that was installed elsewhere goes on with a new VmShim.
class VmShim : public StatisticsProvider {
public:
    struct Statistics {
        std::array<std::uint64_t, exit_reason_count> exits{};  ///< in the order of the exit table
        std::uint64_t entries = 0;
        std::uint64_t refused_entries = 0;  ///< entries that were not done
        std::uint64_t ignored_values = 0;   ///< values that the hypervisor changed although it may not; they have no effect
    };
    struct Entry {
        ShimStatus status = ShimStatus::ok;
        VcpuContext context;                      ///< what the vCPU goes on with, where the status is ok
        const AcceptedValue* refused = nullptr;   ///< which value, with refused_value
    };
    struct Exit {
        ShimStatus status = ShimStatus::ok;
        HypervisorView view;  ///< all that is left in the registers; nothing but zeros and the reason where the status is not ok
    };

    /// `addr_shim`: GPA of the shim's page, with the context page of each of the `vcpus` vCPUs behind it. The references outlive the object.
    VmShim(Address addr_shim, std::uint64_t vcpus, GuestMemoryPort& memory, const ExitPolicy& policy);

    /// VMExit and shim_to_host. Where the context cannot be saved, the hypervisor gets the core all the same, but the vCPU cannot be entered again.
    Exit exit(std::uint64_t vcpu, const ExitEvent& event, const VcpuContext& context);

    /// VMEnter and shim_to_guest. `entry`: the GPA that the hypervisor would start at, which has to be addr_shim. `returned` is read once. Where the
    /// status is not ok, the vCPU stays stopped, and the hypervisor may try again.
    Entry enter(std::uint64_t vcpu, Address entry, const HypervisorView& returned);

    /// Mode of a vCPU; throws std::out_of_range where the VM has no such vCPU.
    VcpuMode mode(std::uint64_t vcpu) const { return modes_.at(vcpu); }
    Address addr_shim() const { return addr_shim_; }
    const Statistics& statistics() const { return statistics_; }
    void collect(StatisticsGroup& group) const override;

private:
    ShimStatus save(std::uint64_t vcpu, const ExitEvent& event, const VcpuContext& context);
    Entry resume(std::uint64_t vcpu, const HypervisorView& returned);
    MemoryAnswer load(std::uint64_t vcpu, VcpuContext& context);
    std::uint64_t count_ignored(const ExitEntry& row, const ExitEvent& event, const HypervisorView& returned, const VcpuContext& context) const;

    const Address addr_shim_;
    GuestMemoryPort& memory_;
    const ExitPolicy& policy_;
    std::vector<VcpuMode> modes_;
    Statistics statistics_;
};

}  // namespace coffer
