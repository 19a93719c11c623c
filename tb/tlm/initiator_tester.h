#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <utility>
#include <vector>

#include "common/bytes.h"
#include "common/security_context_tlm.h"
#include "tlm/protocol_monitor.h"

namespace tlm {

inline void PrintTo(tlm_response_status status, std::ostream* out) {
    tlm_generic_payload payload;
    payload.set_response_status(status);
    *out << payload.get_response_string();
}

}  // namespace tlm

// In the manner of GoogleTest's own EXPECT_ macros, which must be macros to name the line of the call.
#define EXPECT_OK(call) EXPECT_EQ((call), ::tlm::TLM_OK_RESPONSE)
#define ASSERT_OK(call) ASSERT_EQ((call), ::tlm::TLM_OK_RESPONSE)

namespace coffer::test {

/// An initiator for tests: every TLM call is one line, and every call is watched by a protocol monitor.
class InitiatorTester : public sc_core::sc_module {
public:
    tlm_utils::simple_initiator_socket<InitiatorTester> initiator_socket;

    explicit InitiatorTester(const sc_core::sc_module_name& name, ProtocolMonitor::Report report = {})
        : sc_module(name), initiator_socket("initiator_socket"), monitor_(this->name(), std::move(report)) {
        initiator_socket.register_invalidate_direct_mem_ptr(this, &InitiatorTester::invalidate_direct_mem_ptr);
    }

    /// From now on accesses carry this extension; with null, as at the start, none.
    void set_context(SecurityContext* context) { context_ = context; }
    /// The delay that the next accesses go in with; zero at the start.
    void set_delay(const sc_core::sc_time& delay) { delay_in_ = delay; }

    tlm::tlm_response_status read(Address address, std::uint8_t* data, unsigned size) { return access(tlm::TLM_READ_COMMAND, address, data, size); }
    tlm::tlm_response_status write(Address address, const std::uint8_t* data, unsigned size) {
        return access(tlm::TLM_WRITE_COMMAND, address, const_cast<std::uint8_t*>(data), size);
    }
    tlm::tlm_response_status write(Address address, const Bytes& data) { return write(address, data.data(), static_cast<unsigned>(data.size())); }
    tlm::tlm_response_status read(Address address, Bytes& data) { return read(address, data.data(), static_cast<unsigned>(data.size())); }
    tlm::tlm_response_status write64(Address address, std::uint64_t value) {
        std::uint8_t bytes[8];
        store_le64(bytes, value);
        return write(address, bytes, sizeof bytes);
    }
    tlm::tlm_response_status read64(Address address, std::uint64_t& value) {
        std::uint8_t bytes[8] = {};
        const tlm::tlm_response_status status = read(address, bytes, sizeof bytes);
        value = load_le64(bytes);
        return status;
    }

    /// A call with a payload made by the test. Response and DMI hint are set to what they have to be at first.
    tlm::tlm_response_status transport(tlm::tlm_generic_payload& payload) {
        payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
        payload.set_dmi_allowed(false);
        payload.set_extension(context_);
        delay_ = delay_in_;
        monitor_.b_transport(payload, delay_, [&] { initiator_socket->b_transport(payload, delay_); });
        payload.clear_extension(context_);
        dmi_hint_ = payload.is_dmi_allowed();
        return payload.get_response_status();
    }

    unsigned debug_read(Address address, std::uint8_t* data, unsigned size) { return debug(tlm::TLM_READ_COMMAND, address, data, size); }
    unsigned debug_write(Address address, const std::uint8_t* data, unsigned size) {
        return debug(tlm::TLM_WRITE_COMMAND, address, const_cast<std::uint8_t*>(data), size);
    }
    unsigned debug(tlm::tlm_command command, Address address, std::uint8_t* data, unsigned size) {
        tlm::tlm_generic_payload payload;
        fill(payload, command, address, data, size);
        payload.set_extension(context_);
        const unsigned count = monitor_.transport_dbg(payload, [&] { return initiator_socket->transport_dbg(payload); });
        payload.clear_extension(context_);
        return count;
    }

    /// Asks for direct access; what was granted is in dmi().
    bool request_dmi(Address address, tlm::tlm_command command = tlm::TLM_READ_COMMAND) {
        tlm::tlm_generic_payload payload;
        fill(payload, command, address, nullptr, 0);
        payload.set_extension(context_);
        dmi_.init();
        const bool granted = monitor_.get_direct_mem_ptr(payload, dmi_, [&] { return initiator_socket->get_direct_mem_ptr(payload, dmi_); });
        payload.clear_extension(context_);
        return granted;
    }

    /// Time that the last access added.
    sc_core::sc_time last_delay() const { return delay_ - delay_in_; }
    bool last_dmi_hint() const { return dmi_hint_; }
    const tlm::tlm_dmi& dmi() const { return dmi_; }
    const std::vector<std::pair<std::uint64_t, std::uint64_t>>& withdrawn() const { return withdrawn_; }

    static void fill(tlm::tlm_generic_payload& payload, tlm::tlm_command command, Address address, std::uint8_t* data, unsigned size) {
        payload.set_command(command);
        payload.set_address(address);
        payload.set_data_ptr(data);
        payload.set_data_length(size);
        payload.set_streaming_width(size);
        payload.set_byte_enable_ptr(nullptr);
        payload.set_byte_enable_length(0);
    }

private:
    tlm::tlm_response_status access(tlm::tlm_command command, Address address, std::uint8_t* data, unsigned size) {
        tlm::tlm_generic_payload payload;
        fill(payload, command, address, data, size);
        return transport(payload);
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) {
        monitor_.invalidate_direct_mem_ptr(first, last);
        withdrawn_.emplace_back(first, last);
    }

    ProtocolMonitor monitor_;
    SecurityContext* context_ = nullptr;
    sc_core::sc_time delay_in_;
    sc_core::sc_time delay_;
    bool dmi_hint_ = false;
    tlm::tlm_dmi dmi_;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> withdrawn_;
};

}  // namespace coffer::test
