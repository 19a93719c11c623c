#include "hsvm/hsvm_commands.h"

#include <algorithm>
#include <limits>

namespace coffer {

namespace {

std::uint8_t code_of(HsvmStatus status) { return static_cast<std::uint8_t>(status); }
std::uint8_t code_of(CommandStatus status) { return static_cast<std::uint8_t>(status); }

/// A number that does not fit its type becomes one that there is nothing under, and so is refused as any such.
Vmid vmid_of(std::uint64_t value) { return value <= std::numeric_limits<Vmid>::max() ? static_cast<Vmid>(value) : chip_vmid; }
std::uint32_t small(std::uint64_t value) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace

HsvmCommands::Bank::Bank() {
    for (const RegisterEntry& entry : hsvm_registers::table) store_le64(bytes_.data() + entry.address, entry.reset);
}

void HsvmCommands::read(const HsvmRequester& requester, const RegisterHit& hit, std::uint8_t* data, std::size_t size) const {
    const auto found = banks_.find(requester);
    const Bank& bank = found != banks_.end() ? found->second : untouched_;
    std::copy_n(bank.at(static_cast<Register>(hit.index)) + hit.byte, size, data);
}

void HsvmCommands::write(const HsvmRequester& requester, const RegisterHit& hit, const std::uint8_t* data, std::size_t size) {
    std::copy_n(data, size, bank(requester).at(static_cast<Register>(hit.index)));
}

void HsvmCommands::start(const HsvmRequester& requester, std::uint64_t code) {
    Bank& own = bank(requester);
    own.set(Register::result_vmid, 0);
    own.set(Register::result_length, 0);
    std::fill_n(own.at(Register::result_nonce), sizeof(Nonce), std::uint8_t{0});
    own.set(Register::status, dispatch(requester, own, code));
    own.set(Register::completed, own.get(Register::completed) + 1);
}

/// Whoever gets the VMID next begins with registers of its own.
void HsvmCommands::forget(Vmid vmid) {
    for (const HsvmCaller mode : {HsvmCaller::shim, HsvmCaller::guest}) banks_.erase({mode, vmid});
    cores_.forget(vmid);
}

std::uint8_t HsvmCommands::dispatch(const HsvmRequester& requester, Bank& bank, std::uint64_t code) {
    const Vmid vmid = requester.is_vm() ? requester.vmid : vmid_of(bank.get(Register::vmid));
    const Gpn gpn = bank.get(Register::gpn);
    const std::uint64_t frame = bank.get(Register::frame), flags = bank.get(Register::flags);
    const bool large = (flags & hsvm_registers::flags_large_mask) != 0;
    const HsvmCaller mode = requester.mode;
    switch (static_cast<HsvmOperation>(std::min<std::uint64_t>(code, 0xff))) {
        case HsvmOperation::create: {
            Vmid made = 0;
            const VmArguments arguments{bank.get(Register::pages), bank.get(Register::vcpus), bank.get(Register::addr_shim)};
            const HsvmStatus status = controller_.create(mode, arguments, made);
            bank.set(Register::result_vmid, made);
            return code_of(status);
        }
        case HsvmOperation::delete_vm: return code_of(controller_.delete_vm(mode, vmid));
        case HsvmOperation::page_map: return code_of(controller_.page_map(mode, vmid, gpn, frame, large));
        case HsvmOperation::page_unmap: return code_of(controller_.page_unmap(mode, vmid, gpn, large));
        case HsvmOperation::page_move: return code_of(controller_.page_move(mode, vmid, gpn, frame));
        case HsvmOperation::swap_out: return swap_out(requester, bank);
        case HsvmOperation::swap_in: return swap_in(requester, bank);
        case HsvmOperation::context_save: return switch_context(requester, bank, HsvmOperation::context_save);
        case HsvmOperation::context_restore: return switch_context(requester, bank, HsvmOperation::context_restore);
        case HsvmOperation::release: return code_of(controller_.release(mode, vmid, gpn, large));
        case HsvmOperation::share: {
            const bool writable = (flags & hsvm_registers::flags_writable_mask) != 0;
            return code_of(controller_.share(mode, vmid, gpn, vmid_of(bank.get(Register::sharer)), writable));
        }
        case HsvmOperation::unshare: return code_of(controller_.unshare(mode, vmid, gpn));
        case HsvmOperation::launch: return launch(requester, bank);
        case HsvmOperation::attest: return attest(requester, bank);
        case HsvmOperation::challenge: return challenge(requester, bank);
        case HsvmOperation::export_vm: return export_vm(requester, bank);
        case HsvmOperation::import_vm: return import_vm(requester, bank);
        case HsvmOperation::read_export: return read_export(requester, bank);
    }
    return code_of(CommandStatus::unknown_operation);
}

std::uint8_t HsvmCommands::swap_out(const HsvmRequester& requester, Bank& bank) {
    const auto room = [&](std::uint64_t bytes) { return has_room(requester, bank, bytes); };
    Bytes image;
    const HsvmStatus status = controller_.swap_out(requester.mode, vmid_of(bank.get(Register::vmid)), bank.get(Register::gpn), image, room);
    return code_of(status == HsvmStatus::ok ? deliver(requester, bank, image) : status);
}

std::uint8_t HsvmCommands::swap_in(const HsvmRequester& requester, Bank& bank) {
    const BytesSource image = source(requester, bank.get(Register::buffer_address), bank.get(Register::buffer_length));
    return code_of(controller_.swap_in(requester.mode, vmid_of(bank.get(Register::vmid)), bank.get(Register::gpn), bank.get(Register::frame), image));
}

std::uint8_t HsvmCommands::launch(const HsvmRequester& requester, const Bank& bank) {
    const BytesSource image = source(requester, bank.get(Register::buffer_address), bank.get(Register::buffer_length));
    const BytesSource context = source(requester, bank.get(Register::second_address), bank.get(Register::second_length));
    return code_of(controller_.launch(requester.mode, vmid_of(bank.get(Register::vmid)), bank.get(Register::gpn), image, context));
}

std::uint8_t HsvmCommands::attest(const HsvmRequester& requester, Bank& bank) {
    const auto room = [&](std::uint64_t bytes) { return has_room(requester, bank, bytes); };
    Nonce nonce;
    ReportData data;
    std::copy_n(bank.at(Register::nonce), nonce.size(), nonce.begin());
    std::copy_n(bank.at(Register::user_data), data.size(), data.begin());
    Bytes report;
    const Vmid vmid = requester.is_vm() ? requester.vmid : vmid_of(bank.get(Register::vmid));
    const HsvmStatus status = controller_.attest(requester.mode, vmid, nonce, data, report, room);
    return code_of(status == HsvmStatus::ok ? deliver(requester, bank, report) : status);
}

std::uint8_t HsvmCommands::challenge(const HsvmRequester& requester, Bank& bank) {
    Nonce nonce{};
    const HsvmStatus status = controller_.challenge(requester.mode, nonce);
    if (status == HsvmStatus::ok) std::copy(nonce.begin(), nonce.end(), bank.at(Register::result_nonce));
    return code_of(status);
}

std::uint8_t HsvmCommands::export_vm(const HsvmRequester& requester, Bank& bank) {
    const BytesSource certificate = source(requester, bank.get(Register::second_address), bank.get(Register::second_length));
    // The blob waits where there is too little room; but what room there is has to be the caller's.
    const auto room = [&](std::uint64_t bytes) { return has_room(requester, bank, std::min(bytes, bank.get(Register::buffer_length))); };
    Nonce nonce;
    std::copy_n(bank.at(Register::nonce), nonce.size(), nonce.begin());
    Bytes blob;
    const HsvmStatus status = controller_.export_vm(requester.mode, vmid_of(bank.get(Register::vmid)), certificate, nonce, blob, room);
    if (status != HsvmStatus::ok) return code_of(status);
    bank.set(Register::result_length, blob.size());
    if (has_room(requester, bank, blob.size())) deliver(requester, bank, blob);
    return code_of(status);
}

std::uint8_t HsvmCommands::read_export(const HsvmRequester& requester, Bank& bank) {
    const auto room = [&](std::uint64_t bytes) {
        bank.set(Register::result_length, bytes);
        return has_room(requester, bank, bytes);
    };
    Bytes blob;
    const HsvmStatus status = controller_.read_export(requester.mode, blob, room);
    return code_of(status == HsvmStatus::ok ? deliver(requester, bank, blob) : status);
}

std::uint8_t HsvmCommands::import_vm(const HsvmRequester& requester, Bank& bank) {
    const BytesSource blob = source(requester, bank.get(Register::buffer_address), bank.get(Register::buffer_length));
    Vmid made = 0;
    const HsvmStatus status = controller_.import_vm(requester.mode, blob, made);
    if (status == HsvmStatus::ok) bank.set(Register::result_vmid, made);
    return code_of(status);
}

std::uint8_t HsvmCommands::switch_context(const HsvmRequester& requester, const Bank& bank, HsvmOperation operation) {
    const Vmid vmid = vmid_of(bank.get(Register::vmid));
    const std::uint32_t vcpu = small(bank.get(Register::vcpu));
    const unsigned core = small(bank.get(Register::core));
    const bool exists = core < core_count_;
    const CoreSoftware software = exists && cores_.runs_vm(core) ? CoreSoftware::vm : CoreSoftware::host;
    VcpuContext nowhere;
    VcpuContext& registers = exists ? cores_.context(core) : nowhere;
    return code_of(operation == HsvmOperation::context_save ? controller_.context_save(requester.mode, vmid, vcpu, core, registers, software)
                                                            : controller_.context_restore(requester.mode, vmid, vcpu, core, registers, software));
}

BytesSource HsvmCommands::source(const HsvmRequester& requester, std::uint64_t address, std::uint64_t bytes) {
    return {bytes, [this, requester, address](std::uint64_t offset, std::uint8_t* data, std::size_t size) {
        // A buffer that would go on behind the last address is nobody's.
        if (offset > ~address || !memory_.allows(requester, address + offset, size, false)) return false;
        return memory_.read(requester, address + offset, data, size);
    }};
}

bool HsvmCommands::has_room(const HsvmRequester& requester, const Bank& bank, std::uint64_t bytes) {
    return bank.get(Register::buffer_length) >= bytes && memory_.allows(requester, bank.get(Register::buffer_address), bytes, true);
}

HsvmStatus HsvmCommands::deliver(const HsvmRequester& requester, Bank& bank, const Bytes& content) {
    if (!memory_.write(requester, bank.get(Register::buffer_address), content.data(), content.size())) return HsvmStatus::bad_buffer;
    bank.set(Register::result_length, content.size());
    return HsvmStatus::ok;
}

}  // namespace coffer
