#pragma once

#include <cstring>
#include <utility>

#include <systemc>
#include <tlm>

#include "common/byte_store.h"
#include "common/charge_tlm.h"
#include "common/context_payload_tlm.h"
#include "common/initiator_socket_tlm.h"

namespace coffer {

/// Memory behind an initiator socket as the ByteStore of a reference class. Each access adds its time to the delay that was set last.
class BusStoreTlm : public ByteStore {
public:
    explicit BusStoreTlm(BoundTarget& target) : target_(target) { payload_.context.mode = Mode::chip; }

    /// Where the time of the next accesses goes.
    void charge_to(sc_core::sc_time& delay) { delay_ = &delay; }
    /// The same for as long as what this gives lives.
    Charge charge(sc_core::sc_time& delay) { return {delay_, delay}; }

    /// Whether an access failed since the last call: then `read` gave zeros, or `write` had no effect.
    bool take_failure() { return std::exchange(failed_, false); }

    void read(Address address, std::uint8_t* data, std::size_t size) override {
        if (!send(payload_.read(address, data, size))) std::memset(data, 0, size);
    }
    void write(Address address, const std::uint8_t* data, std::size_t size) override { send(payload_.write(address, data, size)); }

    /// The bytes as they are, without time or side effects; false where there are none.
    bool peek(Address address, std::uint8_t* data, std::size_t size) {
        return target_.transport_dbg(payload_.read(address, data, size)) == size;
    }

private:
    bool send(tlm::tlm_generic_payload& payload) {
        target_.b_transport(payload, *delay_);
        if (payload.is_response_ok()) return true;
        failed_ = true;
        return false;
    }

    BoundTarget& target_;
    ContextPayload payload_;
    sc_core::sc_time uncharged_;
    sc_core::sc_time* delay_ = &uncharged_;
    bool failed_ = false;
};

}  // namespace coffer
