#pragma once

#include <cstdint>
#include <tlm>

#include "common/security_context_tlm.h"

namespace coffer {

/// A payload with its SecurityContext, kept by an initiator and used again for each of its transactions: building both per call costs
/// more than the call.
class ContextPayload {
public:
    ContextPayload() { payload_.set_extension(&context); }
    // The payload would otherwise free an extension that it does not own.
    ~ContextPayload() { payload_.clear_extension(&context); }
    ContextPayload(const ContextPayload&) = delete;
    ContextPayload& operator=(const ContextPayload&) = delete;

    tlm::tlm_generic_payload& prepare(tlm::tlm_command command, Address address, std::uint8_t* data, std::size_t size) {
        payload_.set_command(command);
        payload_.set_address(address);
        payload_.set_data_ptr(data);
        payload_.set_data_length(static_cast<unsigned>(size));
        payload_.set_streaming_width(static_cast<unsigned>(size));
        payload_.set_byte_enable_ptr(nullptr);
        payload_.set_dmi_allowed(false);
        payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
        return payload_;
    }
    tlm::tlm_generic_payload& read(Address address, std::uint8_t* data, std::size_t size) {
        return prepare(tlm::TLM_READ_COMMAND, address, data, size);
    }
    /// A target does not change the data of a write (IEEE 1666, 14.7), so that a constant may be sent.
    tlm::tlm_generic_payload& write(Address address, const std::uint8_t* data, std::size_t size) {
        return prepare(tlm::TLM_WRITE_COMMAND, address, const_cast<std::uint8_t*>(data), size);
    }

    SecurityContext context;

private:
    tlm::tlm_generic_payload payload_;
};

}  // namespace coffer
