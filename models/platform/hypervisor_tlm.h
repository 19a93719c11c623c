#pragma once

#include <systemc>
#include <tlm>

#include "common/context_payload_tlm.h"
#include "common/initiator_socket_tlm.h"
#include "hsvm/decisions.h"
#include "hsvm/register_table.h"
#include "platform/guests.h"

namespace coffer {

/// The part of a hypervisor that makes VMs: it asks the H-SVM controller for them, and for their pages, through `command_socket`.
class HypervisorTlm : public sc_core::sc_module {
public:
    InitiatorSocket<HypervisorTlm> command_socket;

    explicit HypervisorTlm(const sc_core::sc_module_name& name) : sc_module(name), command_socket("command_socket") {}

    /// Makes a VM of `pages` pages with one vCPU, and maps all pages of the guest, 2 MiB at once where that can be. Gives its VMID. Throws
    /// InputError, naming memory.chip_bytes, where the chip region has no room, and std::runtime_error for any other refusal.
    Vmid make_vm(const Guest& guest, std::uint64_t pages, Address addr_shim);

    /// How long all operations so far took.
    const sc_core::sc_time& time() const { return time_; }
    std::uint64_t operations() const { return operations_; }

private:
    using Register = hsvm_registers::Register;

    void carry_out(HsvmOperation operation);
    void map(const GuestMemoryMap::Range& range);
    void set(Register name, std::uint64_t value);
    std::uint64_t get(Register name);
    void send(tlm::tlm_generic_payload& payload);

    ContextPayload payload_;
    sc_core::sc_time time_;
    std::uint64_t operations_ = 0;
};

}  // namespace coffer
