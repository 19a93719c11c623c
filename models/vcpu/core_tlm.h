#pragma once

#include <cstdint>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>

#include "common/context_payload_tlm.h"
#include "common/initiator_socket_tlm.h"
#include "common/statistics.h"
#include "vcpu/core_memory.h"
#include "vcpu/instruction_unit_tlm.h"
#include "vcpu/mmu_tlm.h"

namespace coffer {

/// A processor core for software that is C++: what hypervisor, shim and guest can do in its present mode.
/// All functions are for one process, which they may keep waiting.
///
/// `host_socket`: accesses in mode host, by machine address, to a HostMmuTlm. `guest_socket`: those in modes shim and guest, by GPA, to the core's
/// MmuTlm. `command_socket`, which need not be bound: registers of the H-SVM controller.
class CoreTlm : public sc_core::sc_module, public StatisticsProvider, public CoreMemory {
public:
    InitiatorSocket<CoreTlm> host_socket;
    InitiatorSocket<CoreTlm> guest_socket;
    tlm_utils::simple_initiator_socket_optional<CoreTlm> command_socket;

    /// Times are of the instruction alone; its accesses to memory, and those of the shim, come on top.
    /// An exit and an entry together take about 2,000 cycles.
    struct Parameters {
        sc_core::sc_time instruction_latency{10, sc_core::SC_NS};
        sc_core::sc_time entry_latency{500, sc_core::SC_NS};  ///< of VMEnter
        sc_core::sc_time exit_latency{500, sc_core::SC_NS};   ///< of VMExit
        sc_core::sc_time switch_latency{50, sc_core::SC_NS};  ///< of shim_to_host and shim_to_guest
    };

    /// `mmu` is what guest_socket is bound to: the core tells it whose accesses come.
    CoreTlm(const sc_core::sc_module_name& name, const Parameters& parameters, MmuTlm& mmu);

    /// Joins the chip's cores, and gets its number. After the unit's boot, before any of the functions below.
    unsigned attach(InstructionUnitTlm& unit);
    unsigned number() const { return number_; }
    ProcessorCore& state() { return unit_->set().core(number_); }
    CoreMode mode() { return state().mode; }

    // Loads and stores, by the mode: machine addresses of the host, else GPAs. In mode host a refused address is not_mapped.
    MemoryAnswer load(Address address, std::uint8_t* data, std::size_t size);
    MemoryAnswer store(Address address, const std::uint8_t* data, std::size_t size);
    /// Writes the host's lines of these machine pages back, and forgets them. In mode host.
    void flush(Address hpa, std::uint64_t bytes);
    /// An access to a register of the H-SVM controller, as what the core runs.
    tlm::tlm_response_status command(tlm::tlm_command command, Address address, std::uint8_t* data, std::size_t size);

    // The instructions, as those of InstructionSet.
    InstructionResult vm_install(Address vm_key, Address vm_vector, Vmid& vmid);
    InstructionResult vm_uninstall(Vmid vmid);
    InstructionResult vm_snapshot(Vmid vmid, Address address);
    InstructionResult ept_st(std::uint64_t address, std::uint64_t value);
    InstructionResult vm_enter(Vmid vmid, std::uint64_t vcpu, Address entry);
    InstructionResult vm_exit(const ExitEvent& event);
    InstructionResult shim_to_host(const HypervisorView& view);
    InstructionResult shim_to_guest();
    InstructionResult raw_st(Address gpa, const std::uint8_t* data, std::size_t size);
    InstructionResult raw_ld(bool enc_on, Address gpa, std::uint8_t* data, std::size_t size);
    /// The hypervisor's store to its page tables in `none`, which has no ept_st.
    /// Throws std::logic_error in any other configuration and mode than host.
    EptStatus store_entry(Vmid vmid, Gpn gpn, NptEntry entry);

    /// Entries and exits with the shim's work, as those of VcpuRunner.
    VcpuRunner::Entry enter(Vmid vmid, std::uint64_t vcpu, Address entry, const HypervisorView& returned, const VcpuRunner::ShimWork& work = {});
    VcpuRunner::Exit exit(const ExitEvent& event, const VcpuRunner::ShimWork& work = {});
    /// The VM's memory for the work of its shim: not mapped at any other time. The references are good while the VM lives.
    GuestMemoryPort& shim_memory(Vmid vmid) { return unit_->runner().memory(vmid); }
    RawMemoryPort& shim_raw(Vmid vmid) { return unit_->runner().raw(vmid); }

    // What the core's hardware reaches, whatever its mode is; for loaders, too. Time gathers, and does not pass.
    bool host_read(Address hpa, std::uint8_t* data, std::size_t size) override;
    bool host_write(Address hpa, const std::uint8_t* data, std::size_t size) override;
    MemoryAnswer guest_read(const ProcessorCore& core, Address gpa, std::uint8_t* data, std::size_t size, GuestAccess access) override;
    MemoryAnswer guest_write(const ProcessorCore& core, Address gpa, const std::uint8_t* data, std::size_t size, GuestAccess access) override;

    /// Lets the time of what was done pass.
    void synchronize();
    /// Time that was spent and has not passed yet: up to the global quantum.
    const sc_core::sc_time& local_time() const { return delay_; }

    void collect(StatisticsGroup& group) const override;

private:
    template <class Execute>
    auto execute(const sc_core::sc_time& latency, Execute&& execute);
    bool host_access(tlm::tlm_generic_payload& payload);
    MemoryAnswer guest_access(tlm::tlm_generic_payload& payload, const ProcessorCore& core, GuestAccess access);

    const Parameters parameters_;
    MmuTlm& mmu_;
    InstructionUnitTlm* unit_ = nullptr;
    unsigned number_ = 0;
    ContextPayload payload_;
    sc_core::sc_time delay_;
    std::uint64_t loads_ = 0;
    std::uint64_t stores_ = 0;
    std::uint64_t refused_ = 0;
};

}  // namespace coffer
