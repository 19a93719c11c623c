#pragma once

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "hsvm/hsvm_commands.h"
#include "unit/hsvm_machine.h"

namespace coffer {

/// The H-SVM controller of a machine, asked through its registers, as software does it.
class CommandedMachine : private RequesterMemory, private CoreRegisters {
public:
    using Register = hsvm_registers::Register;
    using Arguments = std::vector<std::pair<Register, std::uint64_t>>;

    /// From here to the end of addresses everything is the host's memory: `endless_content`, and zeros behind it.
    static constexpr Address endless_memory = Address{1} << 48;
    Bytes endless_content;

    CommandedMachine(HsvmMachine& machine, unsigned cores) : machine_(machine), commands_(machine.hsvm, *this, *this, cores), contexts_(cores) {}

    void set(const HsvmRequester& requester, const Arguments& arguments) {
        for (const auto& [name, value] : arguments) put(requester, name, value);
    }
    void put(const HsvmRequester& requester, Register name, std::uint64_t value);
    std::uint64_t get(const HsvmRequester& requester, Register name) const;
    /// Starts an operation with the caller's arguments; gives its status.
    std::uint64_t start(const HsvmRequester& requester, std::uint64_t code);

    /// Cores that run software of a VM.
    std::set<unsigned> vm_cores;
    /// Bytes that the operation read and wrote in callers' buffers.
    std::uint64_t bytes_moved = 0;

private:
    bool allows(const HsvmRequester& requester, Address address, std::uint64_t bytes, bool write) override;
    bool read(const HsvmRequester& requester, Address address, std::uint8_t* data, std::size_t bytes) override;
    bool write(const HsvmRequester& requester, Address address, const std::uint8_t* data, std::size_t bytes) override;
    bool has_page(const HsvmRequester& requester, Address address, bool write);
    VcpuContext& context(unsigned core) override { return contexts_.at(core); }
    bool runs_vm(unsigned core) const override { return vm_cores.count(core) != 0; }

    HsvmMachine& machine_;
    HsvmCommands commands_;
    std::vector<VcpuContext> contexts_;
};

}  // namespace coffer
