#pragma once

#include <map>
#include <optional>

#include "attack/answer.h"
#include "attack/evidence.h"
#include "attack/vm_owner.h"
#include "common/bytes.h"
#include "common/units.h"
#include "platform/machine_tlm.h"

namespace coffer {

/// A guest's program on one core of a machine: it stores and loads by guest physical addresses, and remembers what it stored. The hypervisor lets it
/// run, or stops it. In a process.
class GuestProgram {
public:
    /// `machine` outlives the object.
    GuestProgram(MachineTlm& machine, unsigned core) : machine_(&machine), core_(core) {}
    /// Before anything else: the VM's memory becomes what its owner prepared, and it runs. Throws std::logic_error where it does not.
    void start(Vmid vmid);
    /// The stopped VM is another one for the machine now: it was restored.
    void become(Vmid vmid) { vmid_ = vmid; }
    /// The stopped VM is on another machine now, which outlives the object, too.
    void move_to(MachineTlm& machine, Vmid vmid) {
        machine_ = &machine;
        vmid_ = vmid;
    }

    /// False where the machine answers with an error.
    bool store(Address gpa, ByteView data);
    /// The same for bytes that do not matter later.
    bool store_scratch(Address gpa, ByteView data);
    /// Shares a page with the host, where a configuration has that.
    Answer share(Gpn gpn);
    /// Nothing where the machine answers with an error.
    std::optional<Bytes> load(Address gpa, std::size_t size);
    /// Loads all that was stored, and says what came.
    void look_at_everything(Evidence& evidence);

    /// The hypervisor takes the core away, or gives it back.
    VcpuRunner::Exit stop(const ExitEvent& event = interrupt(), const VcpuRunner::ShimWork& work = {});
    Answer go_on(const HypervisorView& returned, const VcpuRunner::ShimWork& work = {});
    Answer go_on_at(Address entry, const HypervisorView& returned);
    /// Loads 64 bytes into R8 to R15.
    void load_registers(Address gpa);
    /// Compares the registers with those that it was stopped with, and says what came.
    void look_at_registers(Evidence& evidence);
    /// The exit was an IN of one byte, which changes AL and goes on behind the instruction.
    void expect_emulated(const ExitEvent& in);
    /// While it runs.
    VcpuContext& registers() { return software().state().registers; }
    bool runs() { return software().mode() == CoreMode::guest; }

    const MachineTlm& machine() const { return *machine_; }
    Vmid vmid() const { return vmid_; }
    unsigned core() const { return core_; }
    static ExitEvent interrupt();

private:
    CoreTlm& software() { return machine_->core(core_); }
    Answer enter(const HypervisorView& returned, Address entry, const VcpuRunner::ShimWork& work);

    MachineTlm* machine_;
    const unsigned core_;
    Vmid vmid_ = host_vmid;
    VcpuContext stopped_with_;
    std::map<Address, Bytes> stored_;  // by the address of a store; stores do not overlap but for the same address
};

}  // namespace coffer
