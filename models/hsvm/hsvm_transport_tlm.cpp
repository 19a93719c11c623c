#include "hsvm/hsvm_transport_tlm.h"

#include <algorithm>

#include "common/errors.h"
#include "common/tlm_target.h"

namespace coffer {

namespace {

constexpr unsigned bits_per_byte = 10;    // one start bit, one stop bit
constexpr unsigned silence_bytes = 4;     // between frames: how long silence lasts

static_assert(static_cast<int>(HsvmCaller::host) == static_cast<int>(Mode::host) &&
              static_cast<int>(HsvmCaller::shim) == static_cast<int>(Mode::shim) &&
              static_cast<int>(HsvmCaller::guest) == static_cast<int>(Mode::guest) &&
              static_cast<int>(HsvmCaller::device) == static_cast<int>(Mode::device));

// The codes of frames are those of the standard's responses from OK (1) to TLM_BYTE_ENABLE_ERROR_RESPONSE (-5),
// which has no 0 between them but for a payload without response.
SerialStatus status_of(tlm::tlm_response_status response) {
    return response > 0 ? SerialStatus::ok : static_cast<SerialStatus>(std::max(1, -static_cast<int>(response)));
}
tlm::tlm_response_status response_of(SerialStatus status) {
    return status == SerialStatus::ok ? tlm::TLM_OK_RESPONSE : static_cast<tlm::tlm_response_status>(-static_cast<int>(status));
}

sc_core::sc_time byte_time(const HsvmTransportParameters& parameters) {
    if (parameters.baud == 0) throw InputError("hsvm.usart.baud", "0 bits a second", "at least 1");
    return sc_core::sc_time(static_cast<double>(bits_per_byte) / static_cast<double>(parameters.baud), sc_core::SC_SEC);
}

}  // namespace

HsvmTransportTlm::HsvmTransportTlm(const sc_core::sc_module_name& name, const HsvmTransportParameters& parameters, SerialLine* line)
    : sc_module(name),
      target_socket("target_socket"),
      initiator_socket("initiator_socket"),
      parameters_(parameters),
      byte_time_(byte_time(parameters)),
      own_line_(parameters.noise),
      responder_(*this),
      requester_(line != nullptr ? *line : own_line_, responder_, parameters.retries) {
    target_socket.serve<&HsvmTransportTlm::b_transport, &HsvmTransportTlm::transport_dbg>(*this);
}

void HsvmTransportTlm::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    payload.set_dmi_allowed(false);
    constexpr Address end = Address{1} << 32;
    if (!check_payload(payload, end)) return;
    ++accesses_;
    if (parameters_.kind == HsvmTransport::usart)
        payload.set_response_status(send(payload, delay));
    else
        pass_on(payload, delay);
}

void HsvmTransportTlm::pass_on(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    delay += parameters_.access_cycles * parameters_.cycle;
    const bool starts = payload.is_write() && payload.get_address() == parameters_.operation_register;
    if (parameters_.kind == HsvmTransport::smm && starts) {
        ++world_switches_;
        delay += parameters_.world_switch_cycles * parameters_.cycle;
    }
    initiator_socket.b_transport(payload, delay);
    payload.set_dmi_allowed(false);
}

tlm::tlm_response_status HsvmTransportTlm::send(const tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    if (payload.get_byte_enable_ptr() != nullptr) return tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
    const unsigned count = payload.get_data_length();
    if (!is_plain(payload) || count > serial_data_limit) return tlm::TLM_BURST_ERROR_RESPONSE;
    const auto* context = payload.get_extension<SecurityContext>();
    if (context != nullptr && context->mode == Mode::chip) return tlm::TLM_COMMAND_ERROR_RESPONSE;
    std::uint8_t* const data = payload.get_data_ptr();
    SerialRequest request;
    request.write = payload.is_write();
    request.caller = context != nullptr ? static_cast<HsvmCaller>(context->mode) : HsvmCaller::host;
    request.vmid = context != nullptr ? context->vmid : host_vmid;
    request.address = static_cast<std::uint32_t>(payload.get_address());
    request.count = static_cast<std::uint8_t>(count);
    if (request.write) request.data.assign(data, data + count);

    const Exclusive::Hold hold(exclusive_);
    delay_ = &delay;
    SerialRequester::Effort effort;
    const auto answer = requester_.exchange(std::move(request), effort);
    delay += time_on_line(effort);
    if (!answer) return tlm::TLM_GENERIC_ERROR_RESPONSE;
    std::copy(answer->data.begin(), answer->data.end(), data);
    return response_of(answer->status);
}

sc_core::sc_time HsvmTransportTlm::time_on_line(const SerialRequester::Effort& effort) const {
    return static_cast<double>(effort.bytes + effort.frames * silence_bytes) * byte_time_ + effort.timeouts * parameters_.answer_timeout;
}

SerialAnswer HsvmTransportTlm::execute(const SerialRequest& request) {
    SerialAnswer answer;
    Bytes data = request.write ? request.data : Bytes(request.count);
    payload_.context.mode = static_cast<Mode>(request.caller);
    payload_.context.vmid = request.vmid;
    tlm::tlm_generic_payload& payload =
        payload_.prepare(request.write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND, request.address, data.data(), data.size());
    initiator_socket.b_transport(payload, *delay_);
    answer.status = status_of(payload.get_response_status());
    if (!request.write && answer.status == SerialStatus::ok) answer.data = std::move(data);
    return answer;
}

unsigned HsvmTransportTlm::transport_dbg(tlm::tlm_generic_payload& payload) { return initiator_socket->transport_dbg(payload); }

void HsvmTransportTlm::collect(StatisticsGroup& group) const {
    group.add("accesses", accesses_, "accesses");
    group.add("world_switches", world_switches_, "switches");
    const SerialRequester::Statistics& line = requester_.statistics();
    const SerialResponder::Statistics& controller = responder_.statistics();
    group.add("frames", line.frames, "frames");
    group.add("frame_bytes", line.bytes, "bytes");
    group.add("retries", line.retries, "frames");
    group.add("given_up", line.given_up, "accesses");
    group.add("bad_answers", line.bad_frames, "frames");
    group.add("bad_requests", controller.bad_frames, "frames");
    group.add("repeated_answers", controller.repeated, "frames");
    group.add("outdated_requests", controller.outdated, "frames");
}

}  // namespace coffer
