#include "attack/guest_program.h"

#include <stdexcept>

#include "attack/hsvm_requests.h"
#include "vcpu/context_page.h"

namespace coffer {

namespace {

constexpr std::uint64_t first_rip = 0x1000;

/// The memory of a VM that its owner prepares: as its own accesses, before it runs.
class OwnersMemory : public GuestMemoryPort {
public:
    OwnersMemory(MachineTlm& machine, Vmid vmid) : machine_(machine), vmid_(vmid) {}
    MemoryAnswer read_line(Address gpa, std::uint8_t* data) override { return transport(tlm::TLM_READ_COMMAND, gpa, data); }
    MemoryAnswer write_line(Address gpa, const std::uint8_t* data) override {
        return transport(tlm::TLM_WRITE_COMMAND, gpa, const_cast<std::uint8_t*>(data));
    }

private:
    MemoryAnswer transport(tlm::tlm_command command, Address gpa, std::uint8_t* data) {
        ProcessorCore core;
        core.vmid = vmid_;
        core.mode = CoreMode::shim;
        return command == tlm::TLM_READ_COMMAND ? machine_.core(0).guest_read(core, gpa, data, line_bytes, GuestAccess::usual)
                                                : machine_.core(0).guest_write(core, gpa, data, line_bytes, GuestAccess::usual);
    }

    MachineTlm& machine_;
    const Vmid vmid_;
};

}  // namespace

ExitEvent GuestProgram::interrupt() {
    ExitEvent event;
    event.reason = ExitReason::external_interrupt;
    return event;
}

void GuestProgram::start(Vmid vmid) {
    vmid_ = vmid;
    HypervisorView first;
    first.context[Register::rip] = first_rip;
    if (machine_->rules().shim) {
        OwnersMemory memory(*machine_, vmid);
        if (store_context_page(memory, context_page(VmOwner::addr_shim, 0), {}, first.context) != MemoryAnswer::ok)
            throw std::logic_error("a VM's memory cannot be prepared");
    }
    machine_->core(0).synchronize();
    if (!go_on(first).ok()) throw std::logic_error("a VM does not start");
}

bool GuestProgram::store_scratch(Address gpa, ByteView data) {
    return runs() && software().store(gpa, data.data, data.size) == MemoryAnswer::ok;
}

Answer GuestProgram::share(Gpn gpn) {
    constexpr std::uint64_t writable = hsvm_registers::flags_writable_mask;
    return HsvmRequests(*machine_, core_)
        .carry_out(HsvmOperation::share,
                   {{HsvmRequests::Register::gpn, gpn}, {HsvmRequests::Register::sharer, host_vmid}, {HsvmRequests::Register::flags, writable}});
}

bool GuestProgram::store(Address gpa, ByteView data) {
    if (!store_scratch(gpa, data)) return false;
    stored_[gpa] = Bytes(data.begin(), data.end());
    return true;
}

std::optional<Bytes> GuestProgram::load(Address gpa, std::size_t size) {
    Bytes bytes(size);
    if (!runs() || software().load(gpa, bytes.data(), size) != MemoryAnswer::ok) return std::nullopt;
    return bytes;
}

void GuestProgram::look_at_everything(Evidence& evidence) {
    for (const auto& [gpa, bytes] : stored_) evidence.victim_loaded(load(gpa, bytes.size()), bytes);
}

VcpuRunner::Exit GuestProgram::stop(const ExitEvent& event, const VcpuRunner::ShimWork& work) {
    stopped_with_ = registers();
    return software().exit(event, work);
}

Answer GuestProgram::go_on(const HypervisorView& returned, const VcpuRunner::ShimWork& work) {
    return enter(returned, machine_->rules().shim ? VmOwner::addr_shim : 0, work);
}

Answer GuestProgram::go_on_at(Address entry, const HypervisorView& returned) { return enter(returned, entry, {}); }

Answer GuestProgram::enter(const HypervisorView& returned, Address entry, const VcpuRunner::ShimWork& work) {
    const VcpuRunner::Entry entered = software().enter(vmid_, 0, entry, returned, work);
    if (!entered.instruction.ok()) return answer_of(entered.instruction);
    return {entered.shim == ShimStatus::ok ? "" : std::string(to_string(entered.shim))};
}

void GuestProgram::load_registers(Address gpa) {
    const std::optional<Bytes> bytes = load(gpa, line_bytes);
    if (!bytes) throw std::logic_error("the victim cannot load its secret");
    for (std::size_t i = 0; i != 8; ++i) registers().registers[static_cast<std::size_t>(Register::r8) + i] = load_le64(bytes->data() + 8 * i);
}

void GuestProgram::look_at_registers(Evidence& evidence) {
    std::optional<Bytes> now;
    if (runs()) {
        const ContextBytes bytes = encode_context(registers());
        now.emplace(bytes.begin(), bytes.end());
    }
    evidence.victim_loaded(now, encode_context(stopped_with_));
}

void GuestProgram::expect_emulated(const ExitEvent& in) {
    constexpr std::uint64_t al = 0xff;
    stopped_with_[Register::rip] += in.instruction_bytes;
    if (runs()) stopped_with_[Register::rax] = (stopped_with_[Register::rax] & ~al) | (registers()[Register::rax] & al);
}

}  // namespace coffer
