#pragma once

#include "cosim/framework/signal_bundle.h"

namespace coffer::cosim {

/// The ports of the counter block.
class CounterBlockBundle : public SignalBundle {
public:
    template <class Systemc, class Rtl>
    CounterBlockBundle(Systemc& systemc, Rtl& rtl) {
        add_clock_and_reset(systemc, rtl);
        add_channel("in", systemc.in_valid, rtl.in_valid, systemc.in_ready, rtl.in_ready);
        add_field("operation", systemc.in_operation, rtl.in_operation);
        add_field("block", systemc.in_block, rtl.in_block);
        add_field("line", systemc.in_line, rtl.in_line);
        add_field("fresh_lpid", systemc.in_fresh_lpid, rtl.in_fresh_lpid);
        add_field("lpid_floor", systemc.in_lpid_floor, rtl.in_lpid_floor);
        add_field("chip", systemc.in_chip, rtl.in_chip);
        add_channel("out", systemc.out_valid, rtl.out_valid, systemc.out_ready, rtl.out_ready);
        add_field("block", systemc.out_block, rtl.out_block);
        add_field("lpid", systemc.out_lpid, rtl.out_lpid);
        add_field("minor", systemc.out_minor, rtl.out_minor);
        add_field("overflow", systemc.out_overflow, rtl.out_overflow);
        add_field("stale", systemc.out_stale, rtl.out_stale);
        add_field("reencrypt", systemc.out_reencrypt, rtl.out_reencrypt);
    }
};

}  // namespace coffer::cosim
