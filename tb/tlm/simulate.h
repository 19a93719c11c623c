#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <systemc>

#include "common/tlm_process.h"

namespace coffer::test {

/// Runs `body` as a thread of the simulation, which starts here and ends when nothing is left to do. Once per process.
/// Fails unless the body came to its end.
inline void simulate(std::function<void()> body) {
    struct Runner : sc_core::sc_module {
        COFFER_HAS_PROCESS(Runner);
        Runner(const sc_core::sc_module_name& name, std::function<void()> function) : sc_module(name), body(std::move(function)) {
            SC_THREAD(run);
            set_stack_size(8 << 20);  // RapidCheck and the sanitizers need more than the default
        }
        void run() {
            body();
            finished = true;
        }
        std::function<void()> body;
        bool finished = false;
    };
    Runner runner("runner", std::move(body));
    sc_core::sc_start();
    EXPECT_TRUE(runner.finished) << "the test waits for something that never happens";
}

}  // namespace coffer::test
