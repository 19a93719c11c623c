#pragma once

#include <algorithm>

#include <tlm>

#include "common/security_context_tlm.h"
#include "common/tlm_target.h"
#include "vcpu/walk_protocol.h"

namespace coffer {

/// What is behind a walk socket, whoever owns the tables: answers a request of the walk protocol from a TranslationPort. An access that is none is a
/// command, burst or address error, as of other targets; time is the caller's to add.
inline void serve_walk(tlm::tlm_generic_payload& payload, TranslationPort& tables) {
    payload.set_dmi_allowed(false);
    if (!check_payload(payload, ~std::uint64_t{0})) return;
    const Address request = payload.get_address();
    if (payload.is_write()) return payload.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
    if (payload.get_byte_enable_ptr() != nullptr) return payload.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
    if (!is_plain(payload) || payload.get_data_length() != walk::answer_bytes) return payload.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
    if (!walk::is_request(request)) return payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);

    const auto* context = payload.get_extension<SecurityContext>();
    const bool guest = context != nullptr && (context->mode == Mode::guest || context->mode == Mode::shim);
    Translation answer;
    if (guest) {
        answer = tables.translate(context->vmid, page_base(request), walk::is_write(request));
    } else if (tables.host_may_access(page_of(request), walk::is_write(request))) {
        answer = {TranslationFault::none, page_base(request), false, walk::is_write(request)};
    } else {
        answer.fault = TranslationFault::refused;
    }
    const walk::AnswerBytes bytes = walk::encode(answer);
    std::copy(bytes.begin(), bytes.end(), payload.get_data_ptr());
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

}  // namespace coffer
