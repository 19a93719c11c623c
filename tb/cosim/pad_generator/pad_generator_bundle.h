#pragma once

#include "cosim/framework/signal_bundle.h"

namespace coffer::cosim {

/// The ports of a pad generator.
class PadGeneratorBundle : public SignalBundle {
public:
    template <class Systemc, class Rtl>
    PadGeneratorBundle(Systemc& systemc, Rtl& rtl) {
        add_clock_and_reset(systemc, rtl);
        add_channel("in", systemc.in_valid, rtl.in_valid, systemc.in_ready, rtl.in_ready);
        add_field("key", systemc.in_key, rtl.in_key);
        add_field("iv", systemc.in_iv, rtl.in_iv);
        add_channel("out", systemc.out_valid, rtl.out_valid, systemc.out_ready, rtl.out_ready);
        add_field("pad0", systemc.out_pad0, rtl.out_pad0);
        add_field("pad1", systemc.out_pad1, rtl.out_pad1);
        add_field("pad2", systemc.out_pad2, rtl.out_pad2);
        add_field("pad3", systemc.out_pad3, rtl.out_pad3);
        add_field("mask", systemc.out_mask, rtl.out_mask);
        add("out_pads_there", systemc.out_pads_there, rtl.out_pads_there);
    }
};

}  // namespace coffer::cosim
