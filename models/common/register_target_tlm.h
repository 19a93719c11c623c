#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <tlm>

#include "common/register_map.h"
#include "common/security_context_tlm.h"
#include "common/tlm_target.h"

namespace coffer {

/// What registers owe any payload: an access is a run of bytes of one register, a write all of them. False where the response is none but OK, and
/// then `response` is set. A forbidden access is a command error, one outside a register an address error. Mode chip in the SecurityContext has the
/// hardware's rights, all else software's. `base`: where in `table` the addresses of the payload begin.
template <std::size_t N>
std::optional<RegisterHit> find_register(const tlm::tlm_generic_payload& payload, const std::array<RegisterEntry, N>& table, Address base,
                                         std::uint64_t instances, tlm::tlm_response_status& response) {
    const auto refuse = [&](tlm::tlm_response_status status) {
        response = status;
        return std::nullopt;
    };
    if (payload.get_byte_enable_ptr() != nullptr) return refuse(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
    if (!is_plain(payload)) return refuse(tlm::TLM_BURST_ERROR_RESPONSE);
    const auto hit = decode(table, base + payload.get_address(), payload.get_data_length(), instances);
    if (!hit) return refuse(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    const RegisterEntry& entry = table[hit->index];
    const auto* context = payload.get_extension<SecurityContext>();
    const RegisterAccess rights = context != nullptr && context->mode == Mode::chip ? entry.hardware : entry.software;
    if (payload.is_read() ? !may_read(rights) : !may_write(rights)) return refuse(tlm::TLM_COMMAND_ERROR_RESPONSE);
    if (payload.is_write() && payload.get_data_length() != entry.bytes) return refuse(tlm::TLM_BURST_ERROR_RESPONSE);
    return hit;
}

}  // namespace coffer
