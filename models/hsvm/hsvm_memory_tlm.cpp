#include "hsvm/hsvm_memory_tlm.h"

#include <array>
#include <cstring>

#include "common/errors.h"
#include "memory/memory_protection_domains_tlm.h"

namespace coffer {

HsvmMemoryTlm::HsvmMemoryTlm(BoundTarget& chip, BoundTarget& control, MemoryProtectionTlm& protection, LpidSource& lpids,
                             const crypto::KdfContext& fleet_id)
    : chip_(chip), control_(control), protection_(protection), lpids_(lpids), fleet_id_(fleet_id) {
    chip_payload_.context.mode = Mode::chip;
    chip_payload_.context.vmid = chip_vmid;
}

bool HsvmMemoryTlm::send_chip(tlm::tlm_generic_payload& payload, Address offset) {
    chip_payload_.context.gpa = offset;
    chip_.b_transport(payload, *delay_);
    return payload.is_response_ok();
}

bool HsvmMemoryTlm::read_chip(Address offset, std::uint8_t* data, std::size_t size) {
    return send_chip(chip_payload_.read(map().chip_base() + offset, data, size), offset);
}

bool HsvmMemoryTlm::write_chip(Address offset, const std::uint8_t* data, std::size_t size) {
    return send_chip(chip_payload_.write(map().chip_base() + offset, data, size), offset);
}

bool HsvmMemoryTlm::clear_chip_frame(Address offset) { return !command(chip_vmid, offset, map().chip_base() + offset, PageCommand::shred); }

bool HsvmMemoryTlm::install(const VmInstall& vm) {
    try {
        protection_.install(vm);
    } catch (const InputError&) {
        return false;
    }
    return true;
}

std::optional<NodeTag> HsvmMemoryTlm::flush(Vmid vmid) {
    // Lines of the domain have left the cache above already, as before every change.
    const std::optional<SettledTree> tree = MemoryProtectionDomainsTlm(protection_, nullptr).flush(vmid);
    return tree ? std::optional<NodeTag>(tree->root) : std::nullopt;
}

VmEntry HsvmMemoryTlm::entry(Vmid vmid) {
    const VmEntry* const entry = protection_.vm_table.entry(vmid);
    if (entry == nullptr) throw ChipRegionFailure();
    return *entry;
}

crypto::Key128 HsvmMemoryTlm::swap_key(Vmid vmid) { return crypto::derive_128(entry(vmid).k_vm, "coffer swap", fleet_id_); }

bool HsvmMemoryTlm::fresh_lpid(Lpid& lpid) {
    const std::optional<Lpid> next = lpids_.next();
    if (next) lpid = *next;
    return next.has_value();
}

bool HsvmMemoryTlm::send_control(tlm::tlm_generic_payload& payload, Vmid vmid, Address gpa, PageCommand command) {
    SecurityContext& context = control_payload_.context;
    context.vmid = vmid;
    context.gpa = gpa;
    context.page = command;
    context.mode = vmid == host_vmid ? Mode::host : Mode::guest;
    control_.b_transport(payload, *delay_);
    return payload.is_response_ok();
}

MaybeViolation HsvmMemoryTlm::command(tlm::tlm_generic_payload& payload, Vmid vmid, Address gpa, PageCommand command) {
    const std::uint64_t before = protection_.violations.count();
    if (send_control(payload, vmid, gpa, command)) return std::nullopt;
    if (protection_.violations.count() != before) return protection_.violations.last();
    // A VM that was stopped before, or whose VM-Table entry failed its check.
    return Violation{Check::frozen, frozen(vmid) ? vmid : chip_vmid, gpa, payload.get_address(), 0, 0};
}

MaybeViolation HsvmMemoryTlm::command(Vmid vmid, Address gpa, Address frame, PageCommand page) {
    return command(control_payload_.prepare(tlm::TLM_IGNORE_COMMAND, frame, nullptr, 0), vmid, gpa, page);
}

MaybeViolation HsvmMemoryTlm::shred_page(Vmid vmid, Address gpa, Address frame) { return command(vmid, gpa, frame, PageCommand::shred); }

MaybeViolation HsvmMemoryTlm::release_page(Vmid vmid, Address gpa, Address frame) { return command(vmid, gpa, frame, PageCommand::release); }

MaybeViolation HsvmMemoryTlm::lose_page(Vmid vmid, Address gpa, Address frame) { return command(vmid, gpa, frame, PageCommand::lose); }

void HsvmMemoryTlm::settle_page(Vmid vmid, Address gpa, Address frame) { (void)command(vmid, gpa, frame, PageCommand::settle); }

MaybeViolation HsvmMemoryTlm::move_page(Vmid vmid, Address gpa, Address from, Address to) {
    std::array<std::uint8_t, 8> frame;
    store_le64(frame.data(), to);
    return command(control_payload_.write(from, frame.data(), frame.size()), vmid, gpa, PageCommand::move);
}

MaybeViolation HsvmMemoryTlm::leaf_state(Vmid vmid, Address gpa, LeafState& state) {
    std::uint8_t answer = 0;
    const MaybeViolation violation = command(control_payload_.read(0, &answer, sizeof answer), vmid, gpa, PageCommand::leaf);
    state = static_cast<LeafState>(answer);
    return violation;
}

bool HsvmMemoryTlm::verify_page(Vmid vmid, Address gpa, Address frame) {
    std::uint8_t good = 0;
    return !command(control_payload_.read(frame, &good, sizeof good), vmid, gpa, PageCommand::verify) && good == 1;
}

bool HsvmMemoryTlm::read_line(Vmid vmid, Address gpa, Address hpa, std::uint8_t* data) {
    return send_control(control_payload_.read(hpa, data, line_bytes), vmid, gpa, PageCommand::none);
}

bool HsvmMemoryTlm::write_line(Vmid vmid, Address gpa, Address hpa, const std::uint8_t* data) {
    return send_control(control_payload_.write(hpa, data, line_bytes), vmid, gpa, PageCommand::none);
}

void HsvmMemoryTlm::read_raw(Address address, std::uint8_t* data, std::size_t size) {
    if (!send_control(control_payload_.read(address, data, size), host_vmid, address, PageCommand::none)) std::memset(data, 0, size);
}

void HsvmMemoryTlm::write_raw(Address address, const std::uint8_t* data, std::size_t size) {
    send_control(control_payload_.write(address, data, size), host_vmid, address, PageCommand::none);
}

}  // namespace coffer
