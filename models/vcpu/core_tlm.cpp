#include "vcpu/core_tlm.h"

#include <stdexcept>

namespace coffer {

namespace {

Mode mode_of(CoreMode mode) { return mode == CoreMode::host ? Mode::host : mode == CoreMode::shim ? Mode::shim : Mode::guest; }

}  // namespace

CoreTlm::CoreTlm(const sc_core::sc_module_name& name, const Parameters& parameters, MmuTlm& mmu)
    : sc_module(name), host_socket("host_socket"), guest_socket("guest_socket"), command_socket("command_socket"), parameters_(parameters), mmu_(mmu) {}

unsigned CoreTlm::attach(InstructionUnitTlm& unit) {
    unit_ = &unit;
    number_ = unit.set().add_core(*this);
    return number_;
}

void CoreTlm::synchronize() {
    const sc_core::sc_time passing = delay_;
    delay_ = sc_core::SC_ZERO_TIME;
    if (passing != sc_core::SC_ZERO_TIME) sc_core::wait(passing);
}

/// Has the chip's unit for one thing that software asks for; time passes when the quantum is reached, not in between.
template <class Execute>
auto CoreTlm::execute(const sc_core::sc_time& latency, Execute&& execute) {
    auto result = [&] {
        const InstructionUnitTlm::Use use(*unit_, delay_);
        return execute(*unit_);
    }();
    delay_ += latency;
    if (delay_ >= tlm::tlm_global_quantum::instance().get()) synchronize();
    return result;
}

bool CoreTlm::host_access(tlm::tlm_generic_payload& payload) {
    host_socket.b_transport(payload, delay_);
    return payload.is_response_ok();
}

bool CoreTlm::host_read(Address hpa, std::uint8_t* data, std::size_t size) { return host_access(payload_.read(hpa, data, size)); }
bool CoreTlm::host_write(Address hpa, const std::uint8_t* data, std::size_t size) { return host_access(payload_.write(hpa, data, size)); }

MemoryAnswer CoreTlm::guest_access(tlm::tlm_generic_payload& payload, const ProcessorCore& core, GuestAccess access) {
    mmu_.set_guest(core.vmid, mode_of(core.mode));
    mmu_.set_raw(access != GuestAccess::usual, access == GuestAccess::decrypted);
    guest_socket.b_transport(payload, delay_);
    mmu_.set_raw(false);
    if (payload.is_response_ok()) return MemoryAnswer::ok;
    // H-SVM raised a violation for a page that was taken away.
    const bool not_mapped = payload.get_response_status() == tlm::TLM_ADDRESS_ERROR_RESPONSE && mmu_.fault() != TranslationFault::lost;
    return not_mapped ? MemoryAnswer::not_mapped : MemoryAnswer::violated;
}

MemoryAnswer CoreTlm::guest_read(const ProcessorCore& core, Address gpa, std::uint8_t* data, std::size_t size, GuestAccess access) {
    return guest_access(payload_.read(gpa, data, size), core, access);
}

MemoryAnswer CoreTlm::guest_write(const ProcessorCore& core, Address gpa, const std::uint8_t* data, std::size_t size, GuestAccess access) {
    return guest_access(payload_.write(gpa, data, size), core, access);
}

MemoryAnswer CoreTlm::load(Address address, std::uint8_t* data, std::size_t size) {
    ++loads_;
    const MemoryAnswer answer = execute(sc_core::SC_ZERO_TIME, [&](InstructionUnitTlm& unit) {
        if (mode() == CoreMode::host) return host_read(address, data, size) ? MemoryAnswer::ok : MemoryAnswer::not_mapped;
        return unit.set().load(number_, address, data, size);
    });
    if (answer != MemoryAnswer::ok) ++refused_;
    return answer;
}

MemoryAnswer CoreTlm::store(Address address, const std::uint8_t* data, std::size_t size) {
    ++stores_;
    const MemoryAnswer answer = execute(sc_core::SC_ZERO_TIME, [&](InstructionUnitTlm& unit) {
        if (mode() == CoreMode::host) return host_write(address, data, size) ? MemoryAnswer::ok : MemoryAnswer::not_mapped;
        return unit.set().store(number_, address, data, size);
    });
    if (answer != MemoryAnswer::ok) ++refused_;
    return answer;
}

void CoreTlm::flush(Address hpa, std::uint64_t bytes) {
    if (mode() == CoreMode::host) unit_->flush(hpa, bytes);
}

tlm::tlm_response_status CoreTlm::command(tlm::tlm_command command, Address address, std::uint8_t* data, std::size_t size) {
    ContextPayload request;
    request.context.mode = mode_of(mode());
    request.context.vmid = mode() == CoreMode::host ? host_vmid : state().vmid;
    tlm::tlm_generic_payload& payload = request.prepare(command, address, data, size);
    command_socket->b_transport(payload, delay_);
    if (delay_ >= tlm::tlm_global_quantum::instance().get()) synchronize();
    return payload.get_response_status();
}

InstructionResult CoreTlm::vm_install(Address vm_key, Address vm_vector, Vmid& vmid) {
    return execute(parameters_.instruction_latency, [&](InstructionUnitTlm& unit) { return unit.set().vm_install(number_, vm_key, vm_vector, vmid); });
}

InstructionResult CoreTlm::vm_uninstall(Vmid vmid) {
    return execute(parameters_.instruction_latency, [&](InstructionUnitTlm& unit) { return unit.set().vm_uninstall(number_, vmid); });
}

InstructionResult CoreTlm::vm_snapshot(Vmid vmid, Address address) {
    return execute(parameters_.instruction_latency, [&](InstructionUnitTlm& unit) { return unit.set().vm_snapshot(number_, vmid, address); });
}

InstructionResult CoreTlm::ept_st(std::uint64_t address, std::uint64_t value) {
    return execute(parameters_.instruction_latency, [&](InstructionUnitTlm& unit) { return unit.set().ept_st(number_, address, value); });
}

InstructionResult CoreTlm::vm_enter(Vmid vmid, std::uint64_t vcpu, Address entry) {
    return execute(parameters_.entry_latency, [&](InstructionUnitTlm& unit) { return unit.set().vm_enter(number_, vmid, vcpu, entry); });
}

InstructionResult CoreTlm::vm_exit(const ExitEvent& event) {
    return execute(parameters_.exit_latency, [&](InstructionUnitTlm& unit) { return unit.set().vm_exit(number_, event); });
}

InstructionResult CoreTlm::shim_to_host(const HypervisorView& view) {
    return execute(parameters_.switch_latency, [&](InstructionUnitTlm& unit) { return unit.set().shim_to_host(number_, view); });
}

InstructionResult CoreTlm::shim_to_guest() {
    return execute(parameters_.switch_latency, [&](InstructionUnitTlm& unit) { return unit.set().shim_to_guest(number_); });
}

InstructionResult CoreTlm::raw_st(Address gpa, const std::uint8_t* data, std::size_t size) {
    return execute(sc_core::SC_ZERO_TIME, [&](InstructionUnitTlm& unit) { return unit.set().raw_st(number_, gpa, data, size); });
}

InstructionResult CoreTlm::raw_ld(bool enc_on, Address gpa, std::uint8_t* data, std::size_t size) {
    return execute(sc_core::SC_ZERO_TIME, [&](InstructionUnitTlm& unit) { return unit.set().raw_ld(number_, enc_on, gpa, data, size); });
}

EptStatus CoreTlm::store_entry(Vmid vmid, Gpn gpn, NptEntry entry) {
    if (unit_->set().configuration() != ProtectionConfiguration::none || mode() != CoreMode::host)
        throw std::logic_error("page tables are not this software's to store to");
    return execute(sc_core::SC_ZERO_TIME, [&](InstructionUnitTlm& unit) { return unit.store_entry(vmid, gpn, entry); });
}

VcpuRunner::Entry CoreTlm::enter(Vmid vmid, std::uint64_t vcpu, Address entry, const HypervisorView& returned, const VcpuRunner::ShimWork& work) {
    const bool shim = rules_of(unit_->set().configuration()).shim;
    return execute(parameters_.entry_latency + (shim ? parameters_.switch_latency : sc_core::SC_ZERO_TIME),
                   [&](InstructionUnitTlm& unit) { return unit.runner().enter(number_, vmid, vcpu, entry, returned, work); });
}

VcpuRunner::Exit CoreTlm::exit(const ExitEvent& event, const VcpuRunner::ShimWork& work) {
    const bool shim = rules_of(unit_->set().configuration()).shim;
    return execute(parameters_.exit_latency + (shim ? parameters_.switch_latency : sc_core::SC_ZERO_TIME),
                   [&](InstructionUnitTlm& unit) { return unit.runner().exit(number_, event, work); });
}

void CoreTlm::collect(StatisticsGroup& group) const {
    group.add("loads", loads_, "accesses");
    group.add("stores", stores_, "accesses");
    group.add("refused", refused_, "accesses");
}

}  // namespace coffer
