#pragma once

#include <systemc>

/// Synthesizable level: cycle-accurate modules in the SystemC Synthesizable Subset (1.4.7). They share constants with the reference level and
/// nothing else, so that comparing the two compares two writings of one definition.
///
/// Every module has `clk` (rising edge) and `rst_n` (synchronous, low: all valid bits are cleared, and nothing is transferred). A channel `x` is
/// `x_valid`, `x_ready` and fields `x_...`, transferred at a rising edge with both at 1. Valid does not wait for ready, and the fields hold while
/// valid waits. Blocks, keys and IVs have their first byte in the most significant bits.
namespace coffer::synth {

using sc_core::sc_in;
using sc_core::sc_out;
using sc_core::sc_signal;
using sc_core::sc_vector;
using sc_dt::sc_biguint;
using sc_dt::sc_uint;

}  // namespace coffer::synth
