#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <tuple>

#include "common/bytes.h"
#include "hsvm/hsvm_controller.h"
#include "hsvm/register_table.h"
#include "vcpu/core_registers.h"

namespace coffer {

/// Who asks, as the hardware says.
struct HsvmRequester {
    HsvmCaller mode = HsvmCaller::host;
    Vmid vmid = host_vmid;  ///< that of the VM for its guest and shim, else 0

    bool is_vm() const { return mode == HsvmCaller::guest || mode == HsvmCaller::shim; }
    bool operator<(const HsvmRequester& other) const { return std::tie(mode, vmid) < std::tie(other.mode, other.vmid); }
};

/// Codes of the register STATUS beside those of HsvmStatus.
enum class CommandStatus : std::uint8_t {
    unknown_operation = 0x81,
    none_yet = 0x82,
};

/// Memory as a caller may use it: of the host and its devices by machine address, of a VM by guest physical address.
class RequesterMemory {
public:
    virtual ~RequesterMemory() = default;
    /// Whether all bytes can be read, or written.
    virtual bool allows(const HsvmRequester& requester, Address address, std::uint64_t bytes, bool write) = 0;
    /// False where an access failed.
    virtual bool read(const HsvmRequester& requester, Address address, std::uint8_t* data, std::size_t bytes) = 0;
    virtual bool write(const HsvmRequester& requester, Address address, const std::uint8_t* data, std::size_t bytes) = 0;
};

/// The registers of the H-SVM controller (docs/registers_hsvm.md), of all callers, and the operations that they start. No time, no sockets.
class HsvmCommands : private VmKeeper {
public:
    using Register = hsvm_registers::Register;
    /// Bytes of the address space of the registers.
    static constexpr Address registers_end = hsvm_registers::entry(Register::result_nonce).address + sizeof(Nonce);

    /// All references outlive the object, which follows the controller's VMs.
    HsvmCommands(HsvmController& controller, RequesterMemory& memory, CoreRegisters& cores, unsigned core_count)
        : controller_(controller), memory_(memory), cores_(cores), core_count_(core_count) {
        controller.follow(*this);
    }
    HsvmCommands(const HsvmCommands&) = delete;
    HsvmCommands& operator=(const HsvmCommands&) = delete;

    /// Bytes of a register of the caller's. Has no effect.
    void read(const HsvmRequester& requester, const RegisterHit& hit, std::uint8_t* data, std::size_t size) const;
    /// Replaces a register of the caller's, which is not OPERATION.
    void write(const HsvmRequester& requester, const RegisterHit& hit, const std::uint8_t* data, std::size_t size);
    /// Carries out an operation with the caller's arguments.
    void start(const HsvmRequester& requester, std::uint64_t code);

private:
    /// The registers of one caller.
    class Bank {
    public:
        Bank();
        std::uint64_t get(Register name) const { return load_le64(at(name)); }
        void set(Register name, std::uint64_t value) { store_le64(at(name), value); }
        const std::uint8_t* at(Register name) const { return bytes_.data() + offset_of(name); }
        std::uint8_t* at(Register name) { return bytes_.data() + offset_of(name); }

    private:
        static Address offset_of(Register name) { return hsvm_registers::entry(name).address; }

        std::array<std::uint8_t, registers_end> bytes_{};
    };

    void take_off(Vmid vmid) override { cores_.take_off(vmid); }
    void forget(Vmid vmid) override;
    Bank& bank(const HsvmRequester& requester) { return banks_[requester]; }
    std::uint8_t dispatch(const HsvmRequester& requester, Bank& bank, std::uint64_t code);
    std::uint8_t swap_out(const HsvmRequester& requester, Bank& bank);
    std::uint8_t swap_in(const HsvmRequester& requester, Bank& bank);
    std::uint8_t launch(const HsvmRequester& requester, const Bank& bank);
    std::uint8_t attest(const HsvmRequester& requester, Bank& bank);
    std::uint8_t challenge(const HsvmRequester& requester, Bank& bank);
    std::uint8_t export_vm(const HsvmRequester& requester, Bank& bank);
    std::uint8_t read_export(const HsvmRequester& requester, Bank& bank);
    std::uint8_t import_vm(const HsvmRequester& requester, Bank& bank);
    std::uint8_t switch_context(const HsvmRequester& requester, const Bank& bank, HsvmOperation operation);
    /// A buffer that the operation takes from.
    BytesSource source(const HsvmRequester& requester, std::uint64_t address, std::uint64_t bytes);
    /// Whether the buffer takes so many bytes.
    bool has_room(const HsvmRequester& requester, const Bank& bank, std::uint64_t bytes);
    HsvmStatus deliver(const HsvmRequester& requester, Bank& bank, const Bytes& content);

    HsvmController& controller_;
    RequesterMemory& memory_;
    CoreRegisters& cores_;
    const unsigned core_count_;
    std::map<HsvmRequester, Bank> banks_;
    const Bank untouched_;  // of callers that have written nothing yet
};

}  // namespace coffer
