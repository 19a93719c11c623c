#pragma once

#include <functional>
#include <utility>

#include <tlm>

#include "common/target_socket_tlm.h"
#include "crypto/keys.h"
#include "vm_table/key_address.h"

namespace coffer {

/// The write-only socket over which a user of keys gets them from the VM-Table (address map: KeyAddress). Any read is a command error, any
/// debug access transfers nothing, and parts that the user does not take are address errors.
class KeyTargetSocket : public TargetSocket<KeyTargetSocket> {
public:
    /// Takes one part; false for a part that this target has no use for. The key of a revoke is undefined.
    using Accept = std::function<bool(Slot slot, KeyPart part, const crypto::Key128& key)>;

    KeyTargetSocket(const char* name, Accept accept) : TargetSocket(name), accept_(std::move(accept)) {
        serve<&KeyTargetSocket::write, &KeyTargetSocket::refuse_debug>(*this);
    }

private:
    void write(tlm::tlm_generic_payload& payload, sc_core::sc_time&) {
        payload.set_dmi_allowed(false);
        payload.set_response_status(answer(payload));
    }
    unsigned refuse_debug(tlm::tlm_generic_payload& payload) {
        payload.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
        return 0;
    }
    tlm::tlm_response_status answer(const tlm::tlm_generic_payload& payload) {
        if (payload.get_command() == tlm::TLM_IGNORE_COMMAND) return tlm::TLM_OK_RESPONSE;
        if (!payload.is_write()) return tlm::TLM_COMMAND_ERROR_RESPONSE;
        if (payload.get_byte_enable_ptr() != nullptr) return tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
        if (payload.get_data_ptr() == nullptr || payload.get_data_length() != KeyAddress::part_bytes ||
            payload.get_streaming_width() < KeyAddress::part_bytes)
            return tlm::TLM_BURST_ERROR_RESPONSE;
        const auto address = KeyAddress::decode(payload.get_address());
        if (!address) return tlm::TLM_ADDRESS_ERROR_RESPONSE;
        crypto::Key128 key;
        std::copy_n(payload.get_data_ptr(), key.size(), key.data());
        return accept_(address->slot, address->part, key) ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE;
    }

    Accept accept_;
};

}  // namespace coffer
