#pragma once

#include "cosim/framework/signal_bundle.h"

namespace coffer::cosim {

/// The ports of an AES pipeline.
class AesPipelineBundle : public SignalBundle {
public:
    template <class Systemc, class Rtl>
    AesPipelineBundle(Systemc& systemc, Rtl& rtl) {
        add_clock_and_reset(systemc, rtl);
        add_channel("in", systemc.in_valid, rtl.in_valid, systemc.in_ready, rtl.in_ready);
        add_field("block", systemc.in_block, rtl.in_block);
        add_field("key", systemc.in_key, rtl.in_key);
        add_channel("out", systemc.out_valid, rtl.out_valid, systemc.out_ready, rtl.out_ready);
        add_field("block", systemc.out_block, rtl.out_block);
    }
};

}  // namespace coffer::cosim
