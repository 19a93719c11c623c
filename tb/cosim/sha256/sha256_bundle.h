#pragma once

#include "cosim/framework/signal_bundle.h"

namespace coffer::cosim {

/// The ports of SHA-256.
class Sha256Bundle : public SignalBundle {
public:
    template <class Systemc, class Rtl>
    Sha256Bundle(Systemc& systemc, Rtl& rtl) {
        add_clock_and_reset(systemc, rtl);
        add_channel("in", systemc.in_valid, rtl.in_valid, systemc.in_ready, rtl.in_ready);
        add_field("block", systemc.in_block, rtl.in_block);
        add_field("first", systemc.in_first, rtl.in_first);
        add_channel("out", systemc.out_valid, rtl.out_valid, systemc.out_ready, rtl.out_ready);
        add_field("digest", systemc.out_digest, rtl.out_digest);
    }
};

}  // namespace coffer::cosim
