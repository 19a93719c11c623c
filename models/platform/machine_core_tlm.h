#pragma once

#include <optional>
#include <systemc>
#include <tlm>

#include "common/context_payload_tlm.h"
#include "common/initiator_socket_tlm.h"
#include "vcpu/core_memory.h"
#include "vcpu/mmu_tlm.h"

namespace coffer {

/// What software on one core of a machine reaches: the host's memory by machine address (`host_socket`), a VM's by guest physical address (its
/// MMU's `initiator_socket` and `walk_socket`), and the H-SVM controller's registers (`command_socket`), where there is one. In a process.
class MachineCoreTlm : public sc_core::sc_module, public CoreMemory {
public:
    InitiatorSocket<MachineCoreTlm> host_socket;
    InitiatorSocket<MachineCoreTlm> guest_socket;
    InitiatorSocket<MachineCoreTlm, sc_core::SC_ZERO_OR_MORE_BOUND> command_socket;
    MmuTlm mmu;

    explicit MachineCoreTlm(const sc_core::sc_module_name& name);

    bool host_read(Address hpa, std::uint8_t* data, std::size_t size) override;
    bool host_write(Address hpa, const std::uint8_t* data, std::size_t size) override;
    MemoryAnswer guest_read(const ProcessorCore& core, Address gpa, std::uint8_t* data, std::size_t size, GuestAccess access) override;
    MemoryAnswer guest_write(const ProcessorCore& core, Address gpa, const std::uint8_t* data, std::size_t size, GuestAccess access) override;

    /// Registers of the H-SVM controller, as the software that runs on the core. False, or nothing, where the access is refused.
    bool write_register(const ProcessorCore& core, Address address, std::uint64_t value);
    std::optional<std::uint64_t> read_register(const ProcessorCore& core, Address address);

private:
    MemoryAnswer guest_access(tlm::tlm_command command, const ProcessorCore& core, Address gpa, std::uint8_t* data, std::size_t size,
                              GuestAccess access);
    bool send_command(tlm::tlm_generic_payload& payload, const ProcessorCore& core);

    ContextPayload payload_;
    sc_core::sc_time time_;
};

}  // namespace coffer
