#pragma once

#include <algorithm>

#include <tlm>

#include "common/security_context_tlm.h"
#include "common/tlm_target.h"
#include "vcpu/walk_protocol.h"

namespace coffer {

namespace detail {

/// The response that a request of the walk protocol deserves, by its form. The payload has passed check_payload.
inline tlm::tlm_response_status judge_walk(const tlm::tlm_generic_payload& payload) {
    if (payload.is_write()) return tlm::TLM_COMMAND_ERROR_RESPONSE;
    if (payload.get_byte_enable_ptr() != nullptr) return tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
    if (!is_plain(payload) || payload.get_data_length() != walk::answer_bytes) return tlm::TLM_BURST_ERROR_RESPONSE;
    if (!walk::is_request(payload.get_address())) return tlm::TLM_ADDRESS_ERROR_RESPONSE;
    const auto* context = payload.get_extension<SecurityContext>();
    return context != nullptr && context->mode == Mode::chip ? tlm::TLM_GENERIC_ERROR_RESPONSE : tlm::TLM_OK_RESPONSE;
}

/// What the tables say to a request of good form, into its data.
inline void answer_walk(tlm::tlm_generic_payload& payload, TranslationPort& tables) {
    const Address page = page_base(payload.get_address());
    const bool write = walk::is_write(payload.get_address());
    const auto* context = payload.get_extension<SecurityContext>();
    Translation answer;
    if (context != nullptr && (context->mode == Mode::guest || context->mode == Mode::shim)) {
        answer = tables.translate(context->vmid, page, write);
    } else {
        const bool writable = tables.host_may_access(page_of(page), true);
        const bool readable = writable || tables.host_may_access(page_of(page), false);
        if (!readable)
            answer.fault = TranslationFault::refused;
        else if (write && !writable)
            answer.fault = TranslationFault::read_only;
        else
            answer = {TranslationFault::none, page, false, writable};
    }
    const walk::AnswerBytes bytes = walk::encode(answer);
    std::copy(bytes.begin(), bytes.end(), payload.get_data_ptr());
}

}  // namespace detail

/// What is behind a walk socket, whoever owns the tables: answers a request of the walk protocol from a TranslationPort. An access that is none is a
/// command, burst or address error, as of other targets, one of the chip itself a generic error; time is the caller's to add.
inline void serve_walk(tlm::tlm_generic_payload& payload, TranslationPort& tables) {
    payload.set_dmi_allowed(false);
    if (!check_payload(payload, ~std::uint64_t{0})) return;
    const tlm::tlm_response_status status = detail::judge_walk(payload);
    if (status == tlm::TLM_OK_RESPONSE) detail::answer_walk(payload, tables);
    payload.set_response_status(status);
}

/// The same for a debug access; `tables` has no effects.
inline unsigned serve_walk_debug(tlm::tlm_generic_payload& payload, TranslationPort& tables) {
    if (debug_length(payload, ~std::uint64_t{0}) == 0 || detail::judge_walk(payload) != tlm::TLM_OK_RESPONSE) return 0;
    detail::answer_walk(payload, tables);
    return walk::answer_bytes;
}

}  // namespace coffer
