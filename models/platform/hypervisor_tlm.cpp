#include "platform/hypervisor_tlm.h"

#include <array>
#include <stdexcept>

#include <fmt/format.h>

#include "common/errors.h"
#include "hsvm/nested_page_table.h"

namespace coffer {

Vmid HypervisorTlm::make_vm(const Guest& guest, std::uint64_t pages, Address addr_shim) {
    set(Register::pages, pages);
    set(Register::vcpus, 1);
    set(Register::addr_shim, addr_shim);
    carry_out(HsvmOperation::create);
    const auto vmid = static_cast<Vmid>(get(Register::result_vmid));
    set(Register::vmid, vmid);
    for (const GuestMemoryMap::Range& range : guest.map.ranges()) map(range);
    return vmid;
}

void HypervisorTlm::map(const GuestMemoryMap::Range& range) {
    const std::uint64_t first_frame = page_of(range.hpa);
    for (std::uint64_t done = 0; done != range.count;) {
        const Gpn gpn = range.gpn + done;
        const std::uint64_t frame = first_frame + done;
        const bool large = gpn % large_pages == 0 && frame % large_pages == 0 && range.count - done >= large_pages;
        set(Register::gpn, gpn);
        set(Register::frame, frame);
        set(Register::flags, large ? hsvm_registers::flags_large_mask : 0);
        carry_out(HsvmOperation::page_map);
        done += large ? large_pages : 1;
    }
}

void HypervisorTlm::carry_out(HsvmOperation operation) {
    set(Register::operation, static_cast<std::uint64_t>(operation));
    ++operations_;
    const auto status = static_cast<HsvmStatus>(get(Register::status));
    if (status == HsvmStatus::ok) return;
    if (status == HsvmStatus::no_room) throw InputError("memory.chip_bytes", "the chip region has no room for a VM's tables", "more");
    throw std::runtime_error(fmt::format("H-SVM refuses {}: {}", to_string(operation), to_string(status)));
}

void HypervisorTlm::set(Register name, std::uint64_t value) {
    std::array<std::uint8_t, 8> bytes;
    store_le64(bytes.data(), value);
    send(payload_.write(hsvm_registers::entry(name).address, bytes.data(), bytes.size()));
}

std::uint64_t HypervisorTlm::get(Register name) {
    std::array<std::uint8_t, 8> bytes{};
    send(payload_.read(hsvm_registers::entry(name).address, bytes.data(), bytes.size()));
    return load_le64(bytes.data());
}

void HypervisorTlm::send(tlm::tlm_generic_payload& payload) {
    command_socket.b_transport(payload, time_);
    if (!payload.is_response_ok()) throw std::runtime_error("the H-SVM controller does not answer: " + payload.get_response_string());
}

}  // namespace coffer
