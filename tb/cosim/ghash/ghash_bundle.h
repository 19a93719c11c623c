#pragma once

#include "cosim/framework/signal_bundle.h"

namespace coffer::cosim {

/// The ports of a GHASH of any number of multipliers.
class GhashBundle : public SignalBundle {
public:
    template <class Systemc, class Rtl>
    GhashBundle(Systemc& systemc, Rtl& rtl) {
        add_clock_and_reset(systemc, rtl);
        add_channel("key", systemc.key_valid, rtl.key_valid, systemc.key_ready, rtl.key_ready);
        add_field("h", systemc.key_h, rtl.key_h);
        add_channel("in", systemc.in_valid, rtl.in_valid, systemc.in_ready, rtl.in_ready);
        add_field("data", systemc.in_data, rtl.in_data);
        add_field("mask", systemc.in_mask, rtl.in_mask);
        add_channel("out", systemc.out_valid, rtl.out_valid, systemc.out_ready, rtl.out_ready);
        add_field("tag", systemc.out_tag, rtl.out_tag);
    }
};

}  // namespace coffer::cosim
