#pragma once

#include "common/synth_types.h"

namespace coffer::synth {

/// Ready/valid control of a pipeline of `stages` registers that stands still as a whole while its last result waits. The registers take new values
/// in cycles with `advance`; which of them hold something is known here.
template <unsigned stages>
SC_MODULE(PipelineControl) {
    sc_in<bool> clk{"clk"};
    sc_in<bool> rst_n{"rst_n"};
    sc_in<bool> in_valid{"in_valid"};
    sc_out<bool> in_ready{"in_ready"};
    sc_out<bool> out_valid{"out_valid"};
    sc_in<bool> out_ready{"out_ready"};
    sc_out<bool> advance{"advance"};

    SC_CTOR(PipelineControl) {
        SC_METHOD(give_valid);
        sensitive << filled;
        SC_METHOD(give_ready);
        sensitive << filled << out_ready;
        SC_CTHREAD(move, clk.pos());
        reset_signal_is(rst_n, false);
    }

private:
    // Apart from what depends on out_ready, so that a simulator sees no loop through a user who is ready when there is something to take.
    void give_valid() { out_valid = filled.read()[stages - 1]; }

    void give_ready() {
        const bool result_waits = filled.read()[stages - 1];
        const bool moves = !result_waits || out_ready.read();
        advance = moves;
        in_ready = moves;
    }

    void move() {
        filled = 0;
        wait();
        while (true) {
            const bool result_waits = filled.read()[stages - 1];
            if (!result_waits || out_ready.read()) filled = (sc_uint<stages - 1>(filled.read().range(stages - 2, 0)), in_valid.read());
            wait();
        }
    }

    sc_signal<sc_uint<stages>> filled{"filled"};  // bit i: stage i holds something
};

}  // namespace coffer::synth
