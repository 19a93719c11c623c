#include "aise/pad_generator_tlm.h"

namespace coffer {

PadGeneratorTlm::PadGeneratorTlm(const sc_core::sc_module_name& name, const Parameters& parameters)
    : sc_module(name),
      target_socket("target_socket"),
      key_socket("key_socket", [this](Slot slot, KeyPart part, const crypto::Key128& key) { return take_key(slot, part, key); }),
      parameters_(parameters),
      pads_(parameters_.hardware ? static_cast<KeyedPads&>(*parameters_.hardware) : reference_) {
    target_socket.serve<&PadGeneratorTlm::b_transport, &PadGeneratorTlm::transport_dbg>(*this);
}

tlm::tlm_response_status PadGeneratorTlm::generate(tlm::tlm_generic_payload& payload, const SecurityContext* context) {
    const unsigned length = payload.get_data_length();
    if (payload.get_command() == tlm::TLM_IGNORE_COMMAND) return tlm::TLM_OK_RESPONSE;
    if (!payload.is_read()) return tlm::TLM_COMMAND_ERROR_RESPONSE;
    if (payload.get_byte_enable_ptr() != nullptr) return tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
    const bool lines = length == pad_bytes || (length != 0 && length % pad_bytes == 0 && length <= lines_per_page * pad_bytes);
    if (!lines || payload.get_streaming_width() < length) return tlm::TLM_BURST_ERROR_RESPONSE;
    if (context == nullptr || context->ivs == nullptr || payload.get_data_ptr() == nullptr || !pads_.installed(context->key_slot))
        return tlm::TLM_GENERIC_ERROR_RESPONSE;
    pads_.generate(context->key_slot, context->ivs, length / pad_bytes, payload.get_data_ptr());
    return tlm::TLM_OK_RESPONSE;
}

sc_core::sc_time PadGeneratorTlm::time_of(unsigned lines) const {
    if (parameters_.hardware) return parameters_.cycle * static_cast<double>(parameters_.hardware->cycles());
    return lines > 1 ? parameters_.latency + parameters_.interval * (lines - 1) : parameters_.latency;
}

void PadGeneratorTlm::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    auto* context = payload.get_extension<SecurityContext>();
    const tlm::tlm_response_status status = generate(payload, context);
    payload.set_dmi_allowed(false);
    payload.set_response_status(status);
    if (status != tlm::TLM_OK_RESPONSE || !payload.is_read()) return;
    const unsigned lines = payload.get_data_length() / static_cast<unsigned>(pad_bytes);
    delay += time_of(lines);
    lines_ += lines;
    if (parameters_.hardware) cycles_ += parameters_.hardware->cycles();
    context->ready = sc_core::sc_time_stamp() + delay;
}

unsigned PadGeneratorTlm::transport_dbg(tlm::tlm_generic_payload& payload) {
    const tlm::tlm_response_status status = generate(payload, payload.get_extension<SecurityContext>());
    payload.set_response_status(status);
    return status == tlm::TLM_OK_RESPONSE && payload.is_read() ? payload.get_data_length() : 0;
}

bool PadGeneratorTlm::take_key(Slot slot, KeyPart part, const crypto::Key128& key) {
    if (part == KeyPart::k_data)
        pads_.install(slot, key);
    else if (part == KeyPart::revoke)
        pads_.revoke(slot);
    else
        return false;
    return true;
}

void PadGeneratorTlm::collect(StatisticsGroup& group) const {
    group.add("lines", lines_, "lines");
    if (parameters_.hardware) group.add("cycles", cycles_, "cycles");
}

}  // namespace coffer
