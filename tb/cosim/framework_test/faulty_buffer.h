#pragma once

#include <cstdint>

#include <systemc>

#include "common/tlm_process.h"
#include "cosim/framework/device.h"

namespace coffer::cosim {

/// What a faulty buffer does wrong with its third transfer.
enum class Misbehaviour { none, withdraws_valid, changes_payload, loses_transfer, answers_twice, accepts_in_reset, waits_for_ready };

/// A buffer of one byte that breaks one rule of ready/valid.
class FaultyBuffer : public sc_core::sc_module {
public:
    sc_core::sc_in<bool> clk{"clk"}, rst_n{"rst_n"}, in_valid{"in_valid"}, out_ready{"out_ready"};
    sc_core::sc_out<bool> in_ready{"in_ready"}, out_valid{"out_valid"};
    sc_core::sc_in<sc_dt::sc_uint<8>> in_byte{"in_byte"};
    sc_core::sc_out<sc_dt::sc_uint<8>> out_byte{"out_byte"};

    COFFER_HAS_PROCESS(FaultyBuffer);
    FaultyBuffer(const sc_core::sc_module_name& name, Misbehaviour misbehaviour) : sc_module(name), misbehaviour_(misbehaviour) {
        SC_METHOD(drive);
        sensitive << full_ << byte_ << waited_ << out_ready;
        SC_METHOD(step);
        sensitive << clk.pos();
        dont_initialize();
    }

private:
    bool misbehaves(Misbehaviour kind) const { return misbehaviour_ == kind && accepted_.read() == 3; }

    void drive() {
        bool valid = full_.read();
        if (misbehaves(Misbehaviour::withdraws_valid)) valid = valid && waited_.read() != 1;
        if (misbehaves(Misbehaviour::waits_for_ready)) valid = valid && out_ready.read();
        out_valid.write(valid);
        in_ready.write(!full_.read());
        out_byte.write(byte_.read());
    }

    void step() {
        const bool taken = out_valid.read() && out_ready.read();
        if (!rst_n.read()) {
            full_.write(misbehaviour_ == Misbehaviour::accepts_in_reset && in_valid.read());
        } else if (in_valid.read() && in_ready.read()) {
            accepted_.write(accepted_.read() + 1);
            full_.write(!(misbehaviour_ == Misbehaviour::loses_transfer && accepted_.read() == 2));
            byte_.write(in_byte.read());
            waited_.write(0);
        } else if (taken) {
            full_.write(misbehaves(Misbehaviour::answers_twice) && waited_.read() < 8);
            waited_.write(8);
        } else if (full_.read()) {
            waited_.write(waited_.read() + 1);
            if (misbehaves(Misbehaviour::changes_payload)) byte_.write(byte_.read() + 1);
        }
    }

    const Misbehaviour misbehaviour_;
    sc_core::sc_signal<bool> full_{"full"};
    sc_core::sc_signal<sc_dt::sc_uint<8>> byte_{"byte"};
    sc_core::sc_signal<unsigned> waited_{"waited"};  // cycles that the byte has waited for out_ready; 8 once it was taken
    sc_core::sc_signal<unsigned> accepted_{"accepted"};
};

/// The ports of a Verilated model, for an RTL that always agrees.
struct BufferPorts {
    std::uint8_t clk = 0, rst_n = 0, in_valid = 0, in_ready = 0, in_byte = 0, out_valid = 0, out_ready = 0, out_byte = 0;
};

class BufferBundle : public SignalBundle {
public:
    BufferBundle(FaultyBuffer& systemc, BufferPorts& rtl) {
        add_clock_and_reset(systemc, rtl);
        add_channel("in", systemc.in_valid, rtl.in_valid, systemc.in_ready, rtl.in_ready);
        add_field("byte", systemc.in_byte, rtl.in_byte);
        add_channel("out", systemc.out_valid, rtl.out_valid, systemc.out_ready, rtl.out_ready);
        add_field("byte", systemc.out_byte, rtl.out_byte);
    }
};

/// A device whose two levels agree whatever they do: what is found in it, the rules or the scoreboard found.
class FaultyDevice : public Device {
public:
    explicit FaultyDevice(Misbehaviour misbehaviour) : systemc_("systemc", misbehaviour), bundle_(systemc_, rtl_) {}

    SignalBundle& bundle() override { return bundle_; }
    void evaluate_rtl() override {
        for (const Port* port : bundle_.outputs()) bundle_.port(port->name()).set(Level::rtl, port->get(Level::systemc));
    }
    void open_wave(const std::string&) override {}
    void sample_wave(std::uint64_t) override {}
    void write_coverage(const std::string&) override {}

private:
    FaultyBuffer systemc_;
    BufferPorts rtl_;
    BufferBundle bundle_;
};

}  // namespace coffer::cosim
