#pragma once

#include <array>
#include <cstdint>
#include <systemc>
#include <tlm>

#include "common/context_payload_tlm.h"
#include "common/initiator_socket_tlm.h"
#include "common/statistics.h"
#include "common/target_socket_tlm.h"
#include "common/tlm_process.h"
#include "common/units.h"
#include "devices/register_table.h"

namespace coffer {

/// What a device's STATUS says of its last command.
enum class DeviceState : std::uint8_t { idle, busy, done, failed };
/// Why a command failed.
enum class DeviceCause : std::uint8_t {
    none,
    bad_command,   ///< it makes no sense, and nothing was transferred
    refused,       ///< the machine page is not the device's
    memory_error,  ///< memory answered with another error
};

/// What devices share: `target_socket` with their registers (docs/registers_devices.md), for any number of initiators; a thread that carries commands
/// out, one at a time; `initiator_socket`, over which it reaches memory by machine address and, once the platform has put an IOMMU behind it,
/// nothing but the host's.
///
/// A command starts when CONTROL is written and ends with STATUS done or failed, which `completed` tells, too.
/// Until then writes are generic errors and change nothing.
class DeviceTlm : public sc_core::sc_module, public StatisticsProvider {
public:
    using Register = devices_registers::Register;

    struct Statistics {
        std::uint64_t commands = 0;
        std::uint64_t failed = 0;         ///< commands
        std::uint64_t refused = 0;        ///< accesses to pages that are not the device's
        std::uint64_t bytes_read = 0;     ///< of memory
        std::uint64_t bytes_written = 0;  ///< of memory
    };

    TargetSocket<DeviceTlm, 0> target_socket;
    InitiatorSocket<DeviceTlm> initiator_socket;

    COFFER_HAS_PROCESS(DeviceTlm);

    DeviceState state() const { return state_; }
    DeviceCause cause() const { return cause_; }
    /// Notified when a command ends.
    const sc_core::sc_event& completed() const { return completed_; }

    const Statistics& statistics() const { return statistics_; }
    void collect(StatisticsGroup& group) const override;

protected:
    /// Where the device's registers lie among devices_registers::table, and which of them all devices have.
    struct Layout {
        Address base;
        Address bytes;
        Register control, status, error_address;
    };

    /// `latency`: of an access to a register.
    DeviceTlm(const sc_core::sc_module_name& name, const Layout& layout, const sc_core::sc_time& latency);

    /// Carries out what was written to CONTROL, in the device's thread: it may wait, or add to `delay`, which is waited for at the end.
    virtual void carry_out(std::uint64_t control, sc_core::sc_time& delay) = 0;

    std::uint64_t value(Register name) const { return values_[static_cast<std::size_t>(name)]; }
    void set_value(Register name, std::uint64_t value) { values_[static_cast<std::size_t>(name)] = value; }
    /// Memory to `data`, or the other way round. False where memory does not allow it: the command has failed then.
    bool read_memory(Address address, std::uint8_t* data, std::size_t size, sc_core::sc_time& delay);
    bool write_memory(Address address, const std::uint8_t* data, std::size_t size, sc_core::sc_time& delay);
    void fail(DeviceCause cause);

private:
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    unsigned transport_dbg(tlm::tlm_generic_payload& payload);
    void read_register(const RegisterHit& hit, std::uint8_t* data, std::size_t size) const;
    tlm::tlm_response_status write_register(Register name, std::uint64_t value, const sc_core::sc_time& delay);
    bool access(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    std::uint64_t status() const;
    void run();

    const Layout layout_;
    const sc_core::sc_time latency_;
    std::array<std::uint64_t, devices_registers::table.size()> values_{};
    std::uint64_t control_ = 0;  // of the command being carried out
    DeviceState state_ = DeviceState::idle;
    DeviceCause cause_ = DeviceCause::none;
    bool writing_ = false;  // memory, when it failed
    ContextPayload payload_;
    Statistics statistics_;
    sc_core::sc_event started_;
    sc_core::sc_event completed_;
};

}  // namespace coffer
