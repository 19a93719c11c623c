#pragma once

#include "common/pipeline_control_synth.h"
#include "common/synth_types.h"
#include "crypto/aes_pipeline_synth.h"

namespace coffer::synth {

/// Ports of the pad generators: from the key and IV of a line (channel `in`) its pads and the mask of its tag (channel `out`). `out_pad0` to
/// `out_pad3` are AES(IV | be32(2)) to AES(IV | be32(5)), `out_mask` is AES(IV | be32(1)): AES-GCM, SP 800-38D; docs/formats.md, section 3.
///
/// `out_pads_there` counts the pads that are there already, beginning with `out_pad0`, whether or not the line is valid yet: who wants the
/// first bytes of a line first need not wait for the last. They hold until the line's transfer.
struct PadGeneratorPorts : sc_core::sc_module {
    sc_in<bool> clk{"clk"};
    sc_in<bool> rst_n{"rst_n"};

    sc_in<bool> in_valid{"in_valid"};
    sc_out<bool> in_ready{"in_ready"};
    sc_in<sc_biguint<128>> in_key{"in_key"};
    sc_in<sc_biguint<96>> in_iv{"in_iv"};

    sc_out<bool> out_valid{"out_valid"};
    sc_in<bool> out_ready{"out_ready"};
    sc_out<sc_uint<3>> out_pads_there{"out_pads_there"};
    sc_out<sc_biguint<128>> out_pad0{"out_pad0"};
    sc_out<sc_biguint<128>> out_pad1{"out_pad1"};
    sc_out<sc_biguint<128>> out_pad2{"out_pad2"};
    sc_out<sc_biguint<128>> out_pad3{"out_pad3"};
    sc_out<sc_biguint<128>> out_mask{"out_mask"};
};

/// With 1 pipeline a line every 5 cycles, with 5 a line a cycle.
template <unsigned pipelines, SboxKind sbox_kind>
struct PadGenerator;

/// The blocks of a line go through one pipeline, the mask's last. From the transfer in, its first pad is there after 12 cycles and the line is valid
/// after 15, where nothing waits.
template <SboxKind sbox_kind>
struct PadGenerator<1, sbox_kind> : PadGeneratorPorts {
    SC_CTOR(PadGenerator) {
        aes.clk(clk);
        aes.rst_n(rst_n);
        aes.in_valid(block_valid);
        aes.in_ready(block_ready);
        aes.in_block(block);
        aes.in_key(key);
        aes.out_valid(pad_valid);
        aes.out_ready(pad_ready);
        aes.out_block(pad);

        SC_METHOD(choose_block);
        sensitive << in_valid << in_key << in_iv << step << line_key << line_iv;
        SC_METHOD(give_line);
        sensitive << collected << pad_valid << pad << pad0 << pad1 << pad2 << pad3;
        SC_METHOD(give_ready);
        sensitive << step << block_ready << collected << out_ready;
        SC_CTHREAD(count, clk.pos());
        reset_signal_is(rst_n, false);
        SC_CTHREAD(store, clk.pos());
    }

private:
    void choose_block() {
        const bool begins = step.read() == 0;
        block_valid = !begins || in_valid.read();
        // Blocks 2 to 5 are the pads', block 1 the mask's.
        sc_uint<3> number = step.read() + 2;
        if (step.read() == mask_step) number = 1;
        if (begins) {
            key = in_key.read();
            block = (in_iv.read(), sc_uint<29>(0), number);
        } else {
            key = line_key.read();
            block = (line_iv.read(), sc_uint<29>(0), number);
        }
    }

    void give_line() {
        out_valid = collected.read() == mask_step && pad_valid.read();
        out_pads_there = collected.read();
        out_pad0 = pad0.read();
        out_pad1 = pad1.read();
        out_pad2 = pad2.read();
        out_pad3 = pad3.read();
        out_mask = pad.read();
    }

    void give_ready() {
        in_ready = step.read() == 0 && block_ready.read();
        pad_ready = collected.read() != mask_step || out_ready.read();
    }

    void count() {
        step = 0;
        collected = 0;
        wait();
        while (true) {
            if (block_valid.read() && block_ready.read()) step = after(step.read());
            if (pad_valid.read() && pad_ready.read()) collected = after(collected.read());
            wait();
        }
    }

    static sc_uint<3> after(const sc_uint<3>& number) {
        sc_uint<3> next = 0;
        if (number != mask_step) next = number + 1;
        return next;
    }

    void store() {
        while (true) {
            if (step.read() == 0) {
                line_key = in_key.read();
                line_iv = in_iv.read();
            }
            if (collected.read() == 0) pad0 = pad.read();
            if (collected.read() == 1) pad1 = pad.read();
            if (collected.read() == 2) pad2 = pad.read();
            if (collected.read() == 3) pad3 = pad.read();
            wait();
        }
    }

    static constexpr unsigned mask_step = 4;

    AesPipeline<sbox_kind> aes{"aes"};
    sc_signal<bool> block_valid{"block_valid"};
    sc_signal<bool> block_ready{"block_ready"};
    sc_signal<sc_biguint<128>> block{"block"};
    sc_signal<sc_biguint<128>> key{"key"};
    sc_signal<bool> pad_valid{"pad_valid"};
    sc_signal<bool> pad_ready{"pad_ready"};
    sc_signal<sc_biguint<128>> pad{"pad"};

    sc_signal<sc_uint<3>> step{"step"};            // the block of a line that goes in next
    sc_signal<sc_uint<3>> collected{"collected"};  // pads of a line that came out
    sc_signal<sc_biguint<128>> line_key{"line_key"};
    sc_signal<sc_biguint<96>> line_iv{"line_iv"};
    sc_signal<sc_biguint<128>> pad0{"pad0"};
    sc_signal<sc_biguint<128>> pad1{"pad1"};
    sc_signal<sc_biguint<128>> pad2{"pad2"};
    sc_signal<sc_biguint<128>> pad3{"pad3"};
};

/// Five pipelines side by side, for one block of the line each, with one key schedule: 11 cycles from the transfer in to the transfer out where
/// nothing waits.
template <SboxKind sbox_kind>
struct PadGenerator<5, sbox_kind> : PadGeneratorPorts {
    SC_CTOR(PadGenerator) {
        control.clk(clk);
        control.rst_n(rst_n);
        control.in_valid(in_valid);
        control.in_ready(in_ready);
        control.out_valid(line_valid);
        control.out_ready(out_ready);
        control.advance(advance);

        key_schedule.clk(clk);
        key_schedule.advance(advance);
        key_schedule.first_key(in_key);
        for (unsigned round = 0; round < aes_rounds; ++round) key_schedule.round_key[round](round_key[round]);

        SC_METHOD(give_blocks);
        sensitive << in_iv;
        SC_METHOD(give_line);
        sensitive << line_valid;
        for (unsigned i = 0; i < blocks; ++i) {
            states[i].clk(clk);
            states[i].advance(advance);
            states[i].block(block[i]);
            states[i].first_key(in_key);
            states[i].result(result[i]);
            for (unsigned round = 0; round < aes_rounds; ++round) states[i].round_key[round](round_key[round]);
            sensitive << result[i];
        }
    }

private:
    void give_blocks() {
        for (unsigned i = 0; i < blocks; ++i) block[i] = (in_iv.read(), sc_uint<32>(i + 1));
    }

    void give_line() {
        out_valid = line_valid.read();
        out_pads_there = line_valid.read() ? 4 : 0;
        out_mask = result[0].read();
        out_pad0 = result[1].read();
        out_pad1 = result[2].read();
        out_pad2 = result[3].read();
        out_pad3 = result[4].read();
    }

    static constexpr unsigned blocks = 5;

    PipelineControl<aes_stages> control{"control"};
    AesKeySchedule<sbox_kind> key_schedule{"key_schedule"};
    sc_vector<AesStates<sbox_kind>> states{"states", blocks};
    sc_vector<sc_signal<sc_biguint<128>>> round_key{"round_key", aes_rounds};
    sc_vector<sc_signal<sc_biguint<128>>> block{"block", blocks};
    sc_vector<sc_signal<sc_biguint<128>>> result{"result", blocks};
    sc_signal<bool> advance{"advance"};
    sc_signal<bool> line_valid{"line_valid"};
};

}  // namespace coffer::synth
