#include "synth/clocked_bench.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "common/synth_types.h"

namespace coffer::synth::test {
namespace {

enum class Fault { none, wrong_number, number_out_of_nothing, valid_waits_for_ready, valid_falls, number_changes, number_lost };

/// Adds 1 to a number in one cycle; `fault` is what it does wrong.
SC_MODULE(Increment) {
    sc_in<bool> clk{"clk"};
    sc_in<bool> rst_n{"rst_n"};
    sc_in<bool> in_valid{"in_valid"};
    sc_out<bool> in_ready{"in_ready"};
    sc_in<unsigned> in_number{"in_number"};
    sc_out<bool> out_valid{"out_valid"};
    sc_in<bool> out_ready{"out_ready"};
    sc_out<unsigned> out_number{"out_number"};

    SC_CTOR(Increment) {
        SC_METHOD(handshake);
        sensitive << valid << out_ready;
        SC_CTHREAD(work, clk.pos());
        reset_signal_is(rst_n, false);
    }

    Fault fault = Fault::none;

private:
    void handshake() {
        in_ready = !valid.read() || out_ready.read();
        out_valid = valid.read() && (fault != Fault::valid_waits_for_ready || out_ready.read());
    }
    void work() {
        valid = false;
        wait();
        while (true) {
            if (in_ready.read()) {
                valid = (in_valid.read() && fault != Fault::number_lost) || fault == Fault::number_out_of_nothing;
                out_number = in_number.read() + (fault == Fault::wrong_number ? 2 : 1);
            } else {
                if (fault == Fault::valid_falls) valid = false;
                if (fault == Fault::number_changes) out_number = out_number.read() + 1;
            }
            wait();
        }
    }

    sc_signal<bool> valid{"valid"};
};

/// gtest's macros for expected failures take code without access to local variables, hence the static members.
struct ClockedBenchWith : testing::Test {
    ClockedBenchWith() {
        bench.clock(module);
        source.bind(module.in_valid, module.in_ready);
        sink.bind(module.out_valid, module.out_ready);
        module.in_number(in_number);
        module.out_number(out_number);
        self = this;
    }

    static void ask(Fault fault, unsigned waiting) {
        self->module.fault = fault;
        self->sink.stall(waiting);
        self->bench.reset();
        for (unsigned number = 10; number < 12; ++number) {
            self->source.send(number);
            self->sink.expect(number + 1);
        }
    }
    /// Reset and eight cycles, of which the receiver is not ready in the first ones.
    static void run(Fault fault) {
        ask(fault, 100);
        for (int i = 0; i < 4; ++i) self->bench.step();
        self->sink.stall(0);
        for (int i = 0; i < 4; ++i) self->bench.step();
    }

    static ClockedBenchWith* self;
    ClockedBench bench;
    Increment module{"increment"};
    Source<unsigned> source{bench, [this](unsigned number) { in_number = number; }};
    Sink<unsigned> sink{bench, [this] { return out_number.read(); }};

private:
    sc_core::sc_signal<unsigned> in_number;
    sc_core::sc_signal<unsigned> out_number;
};
ClockedBenchWith* ClockedBenchWith::self = nullptr;

/// Whether some failure says `text`.
bool fails_with(Fault fault, const std::string& text) {
    testing::TestPartResultArray failures;
    {
        const testing::ScopedFakeTestPartResultReporter reporter(testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &failures);
        ClockedBenchWith::run(fault);
    }
    for (int i = 0; i < failures.size(); ++i)
        if (std::string(failures.GetTestPartResult(i).message()).find(text) != std::string::npos) return true;
    return false;
}

TEST_F(ClockedBenchWith, NoFaultPasses) {
    run(Fault::none);
    EXPECT_TRUE(sink.done());
    EXPECT_EQ(sink.cycles().size(), 2u);
}
TEST_F(ClockedBenchWith, AWrongItemFails) { EXPECT_TRUE(fails_with(Fault::wrong_number, "wrong item")); }
TEST_F(ClockedBenchWith, AnItemOutOfNothingFails) { EXPECT_TRUE(fails_with(Fault::number_out_of_nothing, "nobody asked for")); }
TEST_F(ClockedBenchWith, ValidThatWaitsForReadyFails) { EXPECT_TRUE(fails_with(Fault::valid_waits_for_ready, "valid waits for ready")); }
TEST_F(ClockedBenchWith, ValidThatFallsFails) { EXPECT_TRUE(fails_with(Fault::valid_falls, "valid fell")); }
TEST_F(ClockedBenchWith, AnItemThatChangesFails) { EXPECT_TRUE(fails_with(Fault::number_changes, "the item changed")); }
TEST_F(ClockedBenchWith, AnItemThatIsLostFails) {
    ask(Fault::number_lost, 0);
    EXPECT_FATAL_FAILURE(self->bench.run(20), "traffic is stuck");
}

}  // namespace
}  // namespace coffer::synth::test
