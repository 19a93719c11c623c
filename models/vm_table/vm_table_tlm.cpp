#include "vm_table/vm_table_tlm.h"

#include <algorithm>
#include <array>

#include "common/register_target_tlm.h"
#include "common/tlm_target.h"
#include "vm_table/register_table.h"

namespace coffer {

namespace {

using vm_table_registers::Register;

}  // namespace

VmTableTlm::VmTableTlm(const sc_core::sc_module_name& name, const Parameters& parameters, const ViolationLog& violations)
    : sc_module(name),
      target_socket("target_socket"),
      pad_key_socket("pad_key_socket"),
      mac_key_socket("mac_key_socket"),
      tree_key_socket("tree_key_socket"),
      memory_socket("memory_socket"),
      parameters_(parameters),
      violations_(violations),
      table_(parameters.slots, parameters.chip_bytes, parameters.fleet_id, *this, *this) {
    key_payload_.context.mode = Mode::chip;
    chip_payload_.context.mode = Mode::chip;
    chip_payload_.context.vmid = chip_vmid;
    target_socket.serve<&VmTableTlm::b_transport, &VmTableTlm::transport_dbg>(*this);
}

const VmEntry* VmTableTlm::entry(Vmid vmid) {
    const auto slot = table_.select(vmid);
    return slot ? table_.entry(*slot) : nullptr;
}

tlm::tlm_response_status VmTableTlm::read_register(const RegisterHit& hit, std::uint8_t* data, std::size_t size) const {
    std::array<std::uint8_t, 32> value{};
    const VmEntry* const entry = table_.entry(static_cast<Slot>(hit.instance));
    const auto name = static_cast<Register>(hit.index);
    switch (name) {
        case Register::slots: store_le64(value.data(), table_.slots()); break;
        case Register::selected: store_le64(value.data(), selected_); break;
        case Register::vmid: store_le64(value.data(), entry ? entry->vmid : 0); break;
        case Register::flags:
            if (entry)
                store_le64(value.data(),
                           vm_table_registers::flags_valid_mask | (violations_.frozen(entry->vmid) ? vm_table_registers::flags_frozen_mask : 0));
            break;
        case Register::pages: store_le64(value.data(), entry ? entry->pages : 0); break;
        case Register::addr_tree: store_le64(value.data(), entry ? entry->tree_base : 0); break;
        case Register::addr_shim: store_le64(value.data(), entry ? entry->addr_shim : 0); break;
        case Register::lpid_floor: store_le64(value.data(), entry ? entry->lpid_floor : 0); break;
        case Register::root:
            if (entry != nullptr) value = entry->root;
            break;
        default: store_le64(value.data(), vm_table_registers::table[hit.index].reset); break;
    }
    std::copy_n(value.data() + hit.byte, size, data);
    return tlm::TLM_OK_RESPONSE;
}

tlm::tlm_response_status VmTableTlm::write_register(const RegisterHit& hit, const std::uint8_t* data) {
    const auto name = static_cast<Register>(hit.index);
    if (name == Register::select) {
        const std::uint64_t vmid = load_le64(data);
        const auto slot = vmid <= vm_table_registers::select_vmid_mask ? table_.select(static_cast<Vmid>(vmid)) : std::nullopt;
        selected_ = slot.value_or(static_cast<Slot>(vm_table_registers::entry(Register::selected).reset));
        return tlm::TLM_OK_RESPONSE;
    }
    const auto slot = static_cast<Slot>(hit.instance);
    if (name != Register::root || table_.entry(slot) == nullptr) return tlm::TLM_GENERIC_ERROR_RESPONSE;
    NodeTag root;
    std::copy_n(data, root.size(), root.begin());
    table_.set_root(slot, root);
    return tlm::TLM_OK_RESPONSE;
}

tlm::tlm_response_status VmTableTlm::serve(tlm::tlm_generic_payload& payload) {
    tlm::tlm_response_status refused = tlm::TLM_OK_RESPONSE;
    const auto hit = find_register(payload, vm_table_registers::table, 0, table_.slots(), refused);
    if (!hit) return refused;
    return payload.is_read() ? read_register(*hit, payload.get_data_ptr(), payload.get_data_length()) : write_register(*hit, payload.get_data_ptr());
}

void VmTableTlm::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    payload.set_dmi_allowed(false);
    if (!check_payload(payload, vm_table_registers::slot_base + vm_table_registers::slot_stride * table_.slots())) return;
    payload.set_response_status(serve(payload));
    const auto* context = payload.get_extension<SecurityContext>();
    if (context == nullptr || context->mode != Mode::chip) delay += parameters_.latency;
}

unsigned VmTableTlm::transport_dbg(tlm::tlm_generic_payload& payload) {
    if (!payload.is_read() || payload.get_data_ptr() == nullptr || payload.get_byte_enable_ptr() != nullptr) return 0;
    return serve(payload) == tlm::TLM_OK_RESPONSE ? payload.get_data_length() : 0;
}

void VmTableTlm::send_key(tlm_utils::simple_initiator_socket<VmTableTlm>& socket, Slot slot, KeyPart part, const crypto::Key128& key) {
    sc_core::sc_time none;
    socket->b_transport(key_payload_.write(KeyAddress{slot, part}.address(), key.data(), key.size()), none);
}

void VmTableTlm::install_keys(Slot slot, const VmEntry&, const DomainKeys& keys) {
    send_key(pad_key_socket, slot, KeyPart::k_data, keys.k_data);
    send_key(tree_key_socket, slot, KeyPart::k_node, keys.k_node);
    send_key(mac_key_socket, slot, KeyPart::k_data, keys.k_data);
    send_key(mac_key_socket, slot, KeyPart::k_mac, keys.k_mac);
}

void VmTableTlm::revoke_keys(Slot slot) {
    const crypto::Key128 none;
    send_key(tree_key_socket, slot, KeyPart::revoke, none);
    send_key(mac_key_socket, slot, KeyPart::revoke, none);
    send_key(pad_key_socket, slot, KeyPart::revoke, none);
}

bool VmTableTlm::send_chip(tlm::tlm_generic_payload& payload, Address offset) {
    chip_payload_.context.gpa = offset;
    sc_core::sc_time none;
    memory_socket->b_transport(payload, none);
    return payload.is_response_ok();
}

bool VmTableTlm::read_chip(Address offset, std::uint8_t* data, std::size_t size) {
    return send_chip(chip_payload_.read(parameters_.chip_base + offset, data, size), offset);
}

bool VmTableTlm::write_chip(Address offset, const std::uint8_t* data, std::size_t size) {
    return send_chip(chip_payload_.write(parameters_.chip_base + offset, data, size), offset);
}

void VmTableTlm::collect(StatisticsGroup& group) const {
    group.add("loads", table_.statistics().loads, "entries");
    group.add("spills", table_.statistics().spills, "entries");
}

}  // namespace coffer
