#pragma once

#include "cosim/framework/signal_bundle.h"

namespace coffer::cosim {

/// The ports of the CMAC of tree tags.
class CmacBundle : public SignalBundle {
public:
    template <class Systemc, class Rtl>
    CmacBundle(Systemc& systemc, Rtl& rtl) {
        add_clock_and_reset(systemc, rtl);
        add_channel("in", systemc.in_valid, rtl.in_valid, systemc.in_ready, rtl.in_ready);
        add_field("derive", systemc.in_derive, rtl.in_derive);
        add_field("key", systemc.in_key, rtl.in_key);
        add_field("subkey", systemc.in_subkey, rtl.in_subkey);
        add_field("level", systemc.in_level, rtl.in_level);
        add_field("index", systemc.in_index, rtl.in_index);
        add_field("node", systemc.in_node, rtl.in_node);
        add_channel("out", systemc.out_valid, rtl.out_valid, systemc.out_ready, rtl.out_ready);
        add_field("tag", systemc.out_tag, rtl.out_tag);
    }
};

}  // namespace coffer::cosim
