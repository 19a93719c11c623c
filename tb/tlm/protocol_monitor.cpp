#include "tlm/protocol_monitor.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/security_context_tlm.h"

namespace coffer::test {

namespace {

// Longer arrays are not looked at: a test may give a length that its array does not have, to see it refused.
constexpr unsigned longest_copy = 4096;

std::vector<unsigned char> copy_of(const unsigned char* bytes, unsigned length) {
    if (bytes == nullptr || length > longest_copy) return {};
    return {bytes, bytes + length};
}

bool changed(const std::vector<unsigned char>& before, const unsigned char* now) { return !std::equal(before.begin(), before.end(), now); }

}  // namespace

ProtocolMonitor::ProtocolMonitor(std::string where, Report report) : where_(std::move(where)), report_(std::move(report)) {
    if (!report_) report_ = [](const std::string& text) { ADD_FAILURE() << text; };
}

ProtocolMonitor::Snapshot::Snapshot(const tlm::tlm_generic_payload& payload)
    : command(payload.get_command()), address(payload.get_address()), data(payload.get_data_ptr()), length(payload.get_data_length()),
      width(payload.get_streaming_width()), enables(payload.get_byte_enable_ptr()), enable_count(payload.get_byte_enable_length()),
      context(payload.get_extension<SecurityContext>()), enable_bytes(copy_of(enables, enable_count)) {
    if (command != tlm::TLM_READ_COMMAND) data_bytes = copy_of(data, length);
}

void ProtocolMonitor::before_transport(const tlm::tlm_generic_payload& payload) {
    if (sc_core::sc_get_current_process_handle().proc_kind() != sc_core::SC_THREAD_PROC_) fault("b_transport called from outside a thread");
    if (payload.get_response_status() != tlm::TLM_INCOMPLETE_RESPONSE) fault("the response goes in as something else than INCOMPLETE");
    if (payload.is_dmi_allowed()) fault("the DMI hint goes in set");
}

void ProtocolMonitor::after_transport(const tlm::tlm_generic_payload& payload, const Snapshot& before, const sc_core::sc_time& start, const sc_core::sc_time& end) {
    if (payload.get_response_status() == tlm::TLM_INCOMPLETE_RESPONSE) fault("the response comes out INCOMPLETE");
    if (end < start) fault("time runs backwards");
    check_attributes(payload, before);
}

void ProtocolMonitor::check_attributes(const tlm::tlm_generic_payload& payload, const Snapshot& before) {
    if (payload.get_command() != before.command) fault("the command was changed");
    if (payload.get_address() != before.address) fault("the address was not put back");
    if (payload.get_data_ptr() != before.data || payload.get_data_length() != before.length) fault("the data array was exchanged");
    if (payload.get_streaming_width() != before.width) fault("the streaming width was changed");
    if (payload.get_byte_enable_ptr() != before.enables || payload.get_byte_enable_length() != before.enable_count) fault("the byte enable array was exchanged");
    if (payload.get_extension<SecurityContext>() != before.context) fault("the initiator's extension was not put back");
    if (payload.get_data_ptr() == before.data && changed(before.data_bytes, before.data)) fault("the data of a write was changed");
    if (payload.get_byte_enable_ptr() == before.enables && changed(before.enable_bytes, before.enables)) fault("the byte enables were changed");
}

void ProtocolMonitor::check_moment(const Moment& start, const std::string& what) {
    const Moment now;
    if (now.time != start.time || now.delta != start.delta) fault(what + ": time passed");
}

void ProtocolMonitor::check_dmi(const tlm::tlm_generic_payload& payload, const tlm::tlm_dmi& dmi, bool granted) {
    if (payload.get_address() < dmi.get_start_address() || payload.get_address() > dmi.get_end_address()) fault("DMI answered for a range without the address asked for");
    if (granted && (dmi.get_dmi_ptr() == nullptr || dmi.is_none_allowed())) fault("DMI granted without a pointer or without a right");
}

void ProtocolMonitor::fault(const std::string& text) { report_(where_ + ": " + text); }

}  // namespace coffer::test
