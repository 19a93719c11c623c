#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "vcpu/exit_policy.h"
#include "vcpu/instruction_set.h"
#include "vcpu/raw_memory_port.h"
#include "vcpu/vm_shim.h"

namespace coffer {

/// Runs vCPUs on cores as the configuration does it: an entry is VMEnter, the shim's work and shim_to_guest, an exit is VMExit, the shim's work and
/// shim_to_host; without a shim just VMEnter and VMExit. Keeps the VmShim of each VM, which is software of the VM and works through the core that
/// runs it.
class VcpuRunner : public StatisticsProvider, public VmKeeper {
public:
    struct Entry {
        InstructionResult instruction;
        ShimStatus shim = ShimStatus::ok;
        const AcceptedValue* refused = nullptr;  ///< which value, with refused_value

        bool ok() const { return instruction.ok() && shim == ShimStatus::ok; }
    };
    struct Exit {
        InstructionResult instruction;
        ShimStatus shim = ShimStatus::ok;
        HypervisorView view;  ///< what the hypervisor sees

        bool ok() const { return instruction.ok() && shim == ShimStatus::ok; }
    };
    /// What else the shim does while the core is in its mode: transfers of disk and network. It may change the guest's registers at an entry.
    using ShimWork = std::function<void(ProcessorCore& core)>;

    /// The references outlive the object.
    VcpuRunner(InstructionSet& instructions, const ExitPolicy& policy) : instructions_(instructions), policy_(policy) {}

    /// The hypervisor lets a vCPU go on, at `entry` and with what it returns of the last exit. Where the answer is not ok the core stays the host's.
    Entry enter(unsigned core, Vmid vmid, std::uint64_t vcpu, Address entry, const HypervisorView& returned, const ShimWork& work = {});
    /// The guest on a core is interrupted by an event that a processor can report. The core is the host's then, whatever the answer.
    Exit exit(unsigned core, const ExitEvent& event, const ShimWork& work = {});

    /// The shim of a VM that was entered; null for any other.
    VmShim* shim(Vmid vmid);
    /// The VM's memory as its shim uses it, while it works: not mapped at any other time. The references are good while the VM lives.
    GuestMemoryPort& memory(Vmid vmid) { return software_of(vmid).memory; }
    /// raw_ld (enc_on = 0) and raw_st of the shim.
    RawMemoryPort& raw(Vmid vmid) { return software_of(vmid).memory; }

    /// No core runs the VM from here on, whatever it was about to do.
    void take_off(Vmid vmid) override { instructions_.take_off(vmid); }
    /// The VMID's next VM gets a shim of its own, and no exits.
    void forget(Vmid vmid) override;

    void collect(StatisticsGroup& group) const override;

private:
    /// Memory through the core that the shim runs on.
    class ShimPort : public GuestMemoryPort, public RawMemoryPort {
    public:
        explicit ShimPort(InstructionSet& instructions) : instructions_(instructions) {}
        MemoryAnswer read_line(Address gpa, std::uint8_t* data) override;
        MemoryAnswer write_line(Address gpa, const std::uint8_t* data) override;
        bool load(Address gpa, std::uint8_t* data, std::size_t size) override;
        bool store(Address gpa, const std::uint8_t* data, std::size_t size) override;

        static constexpr unsigned nowhere = ~0u;
        unsigned core = nowhere;

    private:
        InstructionSet& instructions_;
    };
    struct Software {
        explicit Software(InstructionSet& instructions) : memory(instructions) {}
        ShimPort memory;
        ShimMemory place;
        std::unique_ptr<VmShim> shim;
    };
    /// The shim is at work on a core.
    class Working {
    public:
        Working(ShimPort& port, unsigned core) : port_(port) { port_.core = core; }
        ~Working() { port_.core = ShimPort::nowhere; }
        Working(const Working&) = delete;
        Working& operator=(const Working&) = delete;

    private:
        ShimPort& port_;
    };

    Software& software_of(Vmid vmid) { return *shared_software_of(vmid); }
    std::shared_ptr<Software>& shared_software_of(Vmid vmid);
    std::shared_ptr<Software> shim_of(Vmid vmid);
    HypervisorView emulated(Vmid vmid, std::uint64_t vcpu, const HypervisorView& returned) const;

    InstructionSet& instructions_;
    const ExitPolicy& policy_;
    std::map<Vmid, std::shared_ptr<Software>> software_;  // a shim at work lives until it is done, though its VM ends meanwhile
    std::map<std::pair<Vmid, std::uint64_t>, ExitEvent> last_exits_;  // where no shim keeps them
};

}  // namespace coffer
