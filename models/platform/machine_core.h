#pragma once

#include <functional>

#include "common/context_payload_tlm.h"
#include "common/initiator_socket_tlm.h"
#include "vcpu/core_memory.h"
#include "vcpu/translation.h"

namespace coffer {

/// What one core of a machine reaches of memory: the host's through `host`, by machine address, a VM's by the translations of `tables`, through `cache`.
/// In a process.
class MachineCore : public CoreMemory {
public:
    /// The sockets outlive the object. `tables` is asked for at each access.
    MachineCore(BoundTarget& host, BoundTarget& cache, std::function<TranslationPort&()> tables)
        : host_(host), cache_(cache), tables_(std::move(tables)) {}

    bool host_read(Address hpa, std::uint8_t* data, std::size_t size) override;
    bool host_write(Address hpa, const std::uint8_t* data, std::size_t size) override;
    MemoryAnswer guest_read(const ProcessorCore& core, Address gpa, std::uint8_t* data, std::size_t size, GuestAccess access) override;
    MemoryAnswer guest_write(const ProcessorCore& core, Address gpa, const std::uint8_t* data, std::size_t size, GuestAccess access) override;

private:
    MemoryAnswer guest_access(tlm::tlm_command command, const ProcessorCore& core, Address gpa, std::uint8_t* data, std::size_t size, GuestAccess access);

    BoundTarget& host_;
    BoundTarget& cache_;
    const std::function<TranslationPort&()> tables_;
    ContextPayload host_payload_;
    ContextPayload guest_payload_;
    sc_core::sc_time delay_;
};

}  // namespace coffer
