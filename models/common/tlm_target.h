#pragma once

#include <algorithm>
#include <cstdint>
#include <systemc>
#include <tlm>

#include "common/security_context_tlm.h"
#include "common/units.h"

namespace coffer {

/// The rules of IEEE 1666-2011 clause 14 that every target and interconnect component shares.

/// Whether the bytes of the payload lie one after another in address and are all enabled.
inline bool is_plain(const tlm::tlm_generic_payload& payload) {
    return payload.get_byte_enable_ptr() == nullptr && payload.get_streaming_width() >= payload.get_data_length();
}

/// How many addresses a read or write reaches, from its first (14.12): fewer than its bytes where it streams.
inline unsigned reach_of(const tlm::tlm_generic_payload& payload) { return std::min(payload.get_data_length(), payload.get_streaming_width()); }

namespace detail {

/// The response that a payload with byte enables, streaming or a fault deserves.
inline tlm::tlm_response_status judge_payload(const tlm::tlm_generic_payload& payload, std::uint64_t size) {
    const unsigned length = payload.get_data_length();
    const unsigned width = payload.get_streaming_width();
    if (!payload.is_read() && !payload.is_write()) return tlm::TLM_COMMAND_ERROR_RESPONSE;
    if (length == 0 || width == 0) return tlm::TLM_BURST_ERROR_RESPONSE;
    if (payload.get_data_ptr() == nullptr) return tlm::TLM_GENERIC_ERROR_RESPONSE;
    if (payload.get_address() >= size || reach_of(payload) > size - payload.get_address()) return tlm::TLM_ADDRESS_ERROR_RESPONSE;
    if (const unsigned char* enables = payload.get_byte_enable_ptr()) {
        const unsigned count = payload.get_byte_enable_length();
        const auto is_enable = [](unsigned char e) { return e == TLM_BYTE_ENABLED || e == TLM_BYTE_DISABLED; };
        if (count == 0 || !std::all_of(enables, enables + count, is_enable)) return tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
    }
    return tlm::TLM_OK_RESPONSE;
}

/// check_payload for what is no plain access. Never inlined, so that the check of plain ones always is.
[[gnu::noinline, gnu::cold]] inline bool check_unusual_payload(tlm::tlm_generic_payload& payload, std::uint64_t size) {
    const bool ignore = payload.get_command() == tlm::TLM_IGNORE_COMMAND;
    const tlm::tlm_response_status status = ignore ? tlm::TLM_OK_RESPONSE : judge_payload(payload, size);
    if (!ignore && status == tlm::TLM_OK_RESPONSE) return true;
    payload.set_response_status(status);
    return false;
}

}  // namespace detail

/// Checks a payload against a target whose addresses are [0, size). True: a read or write to carry out; the response is the caller's to set.
/// False: answered. TLM_IGNORE_COMMAND is OK and does nothing (14.8); no data or a streaming width of 0 is a burst error (14.10, 14.12); a byte
/// enable other than 0 or 0xff, or an empty array of them, a byte enable error (14.11);
/// an access that starts or ends outside, or wraps, an address error.
[[gnu::always_inline]] inline bool check_payload(tlm::tlm_generic_payload& payload, std::uint64_t size) {
    const std::uint64_t address = payload.get_address();
    const unsigned length = payload.get_data_length();
    const bool transfers = !(payload.get_command() & ~1u);  // read or write, and nothing between
    if (transfers && is_plain(payload) && length != 0 && length <= size && address <= size - length && payload.get_data_ptr() != nullptr) return true;
    return detail::check_unusual_payload(payload, size);
}

/// Calls f(address, data, length) for every run of enabled bytes with rising addresses, in the order of the data array; a streaming access (14.12)
/// starts a run each time it returns to its first address. Stops where `f` gives false, and gives it on. The payload has passed check_payload.
template <class Function>
bool for_each_run(const tlm::tlm_generic_payload& payload, Function&& f) {
    const std::uint64_t address = payload.get_address();
    std::uint8_t* const data = payload.get_data_ptr();
    const unsigned length = payload.get_data_length();
    if (is_plain(payload)) return f(address, data, length);
    const unsigned char* const enables = payload.get_byte_enable_ptr();
    const unsigned width = payload.get_streaming_width();
    const auto enabled = [&](unsigned i) { return enables == nullptr || enables[i % payload.get_byte_enable_length()] == TLM_BYTE_ENABLED; };
    for (unsigned i = 0; i < length;) {
        unsigned end = i;
        while (end < length && enabled(end) && (end == i || end % width != 0)) ++end;
        if (end == i) {
            ++i;
            continue;
        }
        if (!f(address + i % width, data + i, end - i)) return false;
        i = end;
    }
    return true;
}

/// Cuts `length` bytes at `address` at multiples of `block` (a power of two) and calls f(address, data, length) for every piece.
/// Stops where `f` gives false, and gives it on.
template <class Function>
bool for_each_piece(std::uint64_t address, std::uint8_t* data, std::uint64_t length, std::uint64_t block, Function&& f) {
    while (length != 0) {
        const std::uint64_t piece = std::min(length, block - (address & (block - 1)));
        if (!f(address, data, static_cast<unsigned>(piece))) return false;
        address += piece;
        data += piece;
        length -= piece;
    }
    return true;
}

/// How many bytes of a debug access a target with addresses [0, size) can serve: those from the first up to its end (clause 11.3: byte enables and
/// streaming do not count, and neither does the response).
inline unsigned debug_length(const tlm::tlm_generic_payload& payload, std::uint64_t size) {
    const bool transfers = payload.is_read() || payload.is_write();
    if (!transfers || payload.get_data_ptr() == nullptr || payload.get_address() >= size) return 0;
    return static_cast<unsigned>(std::min<std::uint64_t>(payload.get_data_length(), size - payload.get_address()));
}

/// Says, for an answer of false to get_direct_mem_ptr, that there is no direct access to [first, last] (clause 11.2.5).
inline bool refuse_dmi(tlm::tlm_dmi& dmi, std::uint64_t first, std::uint64_t last) {
    dmi.set_dmi_ptr(nullptr);
    dmi.set_start_address(first);
    dmi.set_end_address(last);
    dmi.allow_read_write();
    return false;
}

/// Whether the host makes the access: a payload without the extension is one.
inline bool is_host_access(const tlm::tlm_generic_payload& payload) {
    const auto* context = payload.get_extension<SecurityContext>();
    return context == nullptr || context->vmid == host_vmid;
}

}  // namespace coffer
