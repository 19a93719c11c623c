#include "devices/device_tlm.h"

#include <algorithm>

#include "common/bytes.h"
#include "common/register_target_tlm.h"

namespace coffer {

namespace {

// STATUS and the start bit of CONTROL are the same for all devices.
static_assert(devices_registers::dma_control_start_mask == devices_registers::disk_control_start_mask);
static_assert(devices_registers::dma_status_state_shift == devices_registers::disk_status_state_shift);
static_assert(devices_registers::dma_status_cause_shift == devices_registers::disk_status_cause_shift);
static_assert(devices_registers::dma_status_writing_shift == devices_registers::disk_status_writing_shift);

}  // namespace

DeviceTlm::DeviceTlm(const sc_core::sc_module_name& name, const Layout& layout, const sc_core::sc_time& latency)
    : sc_module(name), target_socket("target_socket"), initiator_socket("initiator_socket"), layout_(layout), latency_(latency) {
    payload_.context.mode = Mode::device;
    for (std::size_t i = 0; i != values_.size(); ++i) values_[i] = devices_registers::table[i].reset;
    target_socket.serve<&DeviceTlm::b_transport, &DeviceTlm::transport_dbg>(*this);
    SC_THREAD(run);
}

std::uint64_t DeviceTlm::status() const {
    return std::uint64_t{static_cast<std::uint8_t>(state_)} << devices_registers::dma_status_state_shift |
           std::uint64_t{static_cast<std::uint8_t>(cause_)} << devices_registers::dma_status_cause_shift |
           std::uint64_t{writing_} << devices_registers::dma_status_writing_shift;
}

void DeviceTlm::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    payload.set_dmi_allowed(false);
    if (!check_payload(payload, layout_.bytes)) return;
    delay += latency_;
    tlm::tlm_response_status response = tlm::TLM_OK_RESPONSE;
    if (const auto hit = find_register(payload, devices_registers::table, layout_.base, 1, response)) {
        if (payload.is_write())
            response = write_register(static_cast<Register>(hit->index), load_le64(payload.get_data_ptr()), delay);
        else
            read_register(*hit, payload.get_data_ptr(), payload.get_data_length());
    }
    payload.set_response_status(response);
}

unsigned DeviceTlm::transport_dbg(tlm::tlm_generic_payload& payload) {
    tlm::tlm_response_status response = tlm::TLM_OK_RESPONSE;
    if (!payload.is_read() || debug_length(payload, layout_.bytes) != payload.get_data_length()) return 0;
    const auto hit = find_register(payload, devices_registers::table, layout_.base, 1, response);
    if (!hit) return 0;
    read_register(*hit, payload.get_data_ptr(), payload.get_data_length());
    return payload.get_data_length();
}

void DeviceTlm::read_register(const RegisterHit& hit, std::uint8_t* data, std::size_t size) const {
    const auto name = static_cast<Register>(hit.index);
    std::uint8_t bytes[8];
    store_le64(bytes, name == layout_.status ? status() : value(name));
    std::copy_n(bytes + hit.byte, size, data);
}

tlm::tlm_response_status DeviceTlm::write_register(Register name, std::uint64_t value, const sc_core::sc_time& delay) {
    if (state_ == DeviceState::busy) return tlm::TLM_GENERIC_ERROR_RESPONSE;
    if (name != layout_.control) {
        set_value(name, value);
    } else if ((value & devices_registers::dma_control_start_mask) != 0) {
        control_ = value;
        state_ = DeviceState::busy;
        cause_ = DeviceCause::none;
        writing_ = false;
        set_value(layout_.error_address, 0);
        started_.notify(delay);
    }
    return tlm::TLM_OK_RESPONSE;
}

void DeviceTlm::run() {
    while (true) {
        wait(started_);
        ++statistics_.commands;
        sc_core::sc_time delay;
        carry_out(control_, delay);
        wait(delay);
        statistics_.failed += cause_ != DeviceCause::none;
        state_ = cause_ == DeviceCause::none ? DeviceState::done : DeviceState::failed;
        completed_.notify(sc_core::SC_ZERO_TIME);
    }
}

void DeviceTlm::fail(DeviceCause cause) { cause_ = cause; }

bool DeviceTlm::access(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    initiator_socket.b_transport(payload, delay);
    if (payload.is_response_ok()) return true;
    const bool refused = payload.get_response_status() == tlm::TLM_ADDRESS_ERROR_RESPONSE;
    statistics_.refused += refused;
    writing_ = payload.is_write();
    set_value(layout_.error_address, payload.get_address());
    fail(refused ? DeviceCause::refused : DeviceCause::memory_error);
    return false;
}

bool DeviceTlm::read_memory(Address address, std::uint8_t* data, std::size_t size, sc_core::sc_time& delay) {
    if (!access(payload_.read(address, data, size), delay)) return false;
    statistics_.bytes_read += size;
    return true;
}

bool DeviceTlm::write_memory(Address address, const std::uint8_t* data, std::size_t size, sc_core::sc_time& delay) {
    if (!access(payload_.write(address, data, size), delay)) return false;
    statistics_.bytes_written += size;
    return true;
}

void DeviceTlm::collect(StatisticsGroup& group) const {
    group.add("commands", statistics_.commands, "commands");
    group.add("failed", statistics_.failed, "commands");
    group.add("refused", statistics_.refused, "accesses");
    group.add("bytes_read", statistics_.bytes_read, "bytes");
    group.add("bytes_written", statistics_.bytes_written, "bytes");
}

}  // namespace coffer
