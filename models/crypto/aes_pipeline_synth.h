#pragma once

#include "common/pipeline_control_synth.h"
#include "common/synth_types.h"
#include "crypto/sbox_synth.h"

namespace coffer::synth {

static constexpr unsigned aes_rounds = 10;
static constexpr unsigned aes_stages = aes_rounds + 1;

/// One step of the key expansion of AES-128 (FIPS 197, figure 11): from one round key to the next.
template <SboxKind sbox_kind>
SC_MODULE(AesKeyStep) {
    sc_in<sc_biguint<128>> key{"key"};
    sc_in<sc_uint<8>> round_constant{"round_constant"};
    sc_out<sc_biguint<128>> next_key{"next_key"};

    SC_CTOR(AesKeyStep) {
        SC_METHOD(rotate_word);
        sensitive << key;
        SC_METHOD(expand);
        sensitive << key << round_constant;
        for (unsigned row = 0; row < 4; ++row) {
            sbox[row].in(sbox_in[row]);
            sbox[row].out(sbox_out[row]);
            sensitive << sbox_out[row];
        }
    }

private:
    void rotate_word() {
        const sc_biguint<128> old = key.read();
        for (unsigned row = 0; row < 4; ++row) {
            const unsigned low = 24 - 8 * ((row + 1) % 4);
            sbox_in[row] = old.range(low + 7, low).to_uint();
        }
    }

    void expand() {
        const sc_biguint<128> old = key.read();
        sc_uint<32> word = 0;
        for (unsigned row = 0; row < 4; ++row) word.range(31 - 8 * row, 24 - 8 * row) = sbox_out[row].read();
        word.range(31, 24) = sbox_out[0].read() ^ round_constant.read();
        sc_biguint<128> expanded = 0;
        for (unsigned i = 0; i < 4; ++i) {
            const unsigned low = 96 - 32 * i;
            word = word ^ sc_uint<32>(old.range(low + 31, low).to_uint());
            expanded.range(low + 31, low) = word;
        }
        next_key = expanded;
    }

    sc_vector<Sbox<sbox_kind>> sbox{"sbox", 4};
    sc_vector<sc_signal<sc_uint<8>>> sbox_in{"sbox_in", 4};
    sc_vector<sc_signal<sc_uint<8>>> sbox_out{"sbox_out", 4};
};

/// One round of AES (FIPS 197, figure 5): SubBytes, ShiftRows, MixColumns (not in the last round), AddRoundKey.
template <SboxKind sbox_kind, bool last>
SC_MODULE(AesRound) {
    sc_in<sc_biguint<128>> state{"state"};
    sc_in<sc_biguint<128>> round_key{"round_key"};
    sc_out<sc_biguint<128>> next_state{"next_state"};

    SC_CTOR(AesRound) {
        SC_METHOD(shift_rows);
        sensitive << state;
        SC_METHOD(mix_and_add);
        sensitive << round_key;
        for (unsigned i = 0; i < 16; ++i) {
            sbox[i].in(sbox_in[i]);
            sbox[i].out(sbox_out[i]);
            sensitive << sbox_out[i];
        }
    }

private:
    static sc_uint<8> times_x(const sc_uint<8>& value) {
        sc_uint<8> product = value << 1;
        if (value[7]) product = product ^ 0x1b;
        return product;
    }

    void shift_rows() {
        const sc_biguint<128> bytes = state.read();
        for (unsigned column = 0; column < 4; ++column) {
            for (unsigned row = 0; row < 4; ++row) {
                const unsigned low = 120 - 8 * (4 * ((column + row) % 4) + row);
                sbox_in[4 * column + row] = bytes.range(low + 7, low).to_uint();
            }
        }
    }

    void mix_and_add() {
        sc_biguint<128> mixed = 0;
        for (unsigned column = 0; column < 4; ++column) {
            for (unsigned row = 0; row < 4; ++row) {
                const sc_uint<8> own = sbox_out[4 * column + row].read();
                sc_uint<8> byte = own;
                if (!last) {
                    const sc_uint<8> below = sbox_out[4 * column + (row + 1) % 4].read();
                    const sc_uint<8> others = sbox_out[4 * column + (row + 2) % 4].read() ^ sbox_out[4 * column + (row + 3) % 4].read();
                    byte = times_x(own ^ below) ^ below ^ others;
                }
                const unsigned low = 120 - 8 * (4 * column + row);
                mixed.range(low + 7, low) = byte;
            }
        }
        next_state = mixed ^ round_key.read();
    }

    sc_vector<Sbox<sbox_kind>> sbox{"sbox", 16};
    sc_vector<sc_signal<sc_uint<8>>> sbox_in{"sbox_in", 16};
    sc_vector<sc_signal<sc_uint<8>>> sbox_out{"sbox_out", 16};
};

/// Round keys 1 to 10 of the key that each stage of a pipeline works with, while the keys move from stage to stage.
template <SboxKind sbox_kind>
SC_MODULE(AesKeySchedule) {
    sc_in<bool> clk{"clk"};
    sc_in<bool> advance{"advance"};
    sc_in<sc_biguint<128>> first_key{"first_key"};
    sc_vector<sc_out<sc_biguint<128>>> round_key{"round_key", aes_rounds};

    SC_CTOR(AesKeySchedule) {
        for (unsigned i = 0; i < aes_rounds; ++i) {
            step[i].key(key[i]);
            step[i].round_constant(round_constant[i]);
            step[i].next_key(next_key[i]);
        }
        SC_METHOD(give_round_constants);
        SC_METHOD(give_round_keys);
        for (unsigned i = 0; i < aes_rounds; ++i) sensitive << next_key[i];
        SC_CTHREAD(move, clk.pos());
    }

private:
    // Written out: a process without inputs becomes assignments, which the SystemC compiler makes of plain statements only.
    void give_round_constants() {
        round_constant[0] = 0x01;
        round_constant[1] = 0x02;
        round_constant[2] = 0x04;
        round_constant[3] = 0x08;
        round_constant[4] = 0x10;
        round_constant[5] = 0x20;
        round_constant[6] = 0x40;
        round_constant[7] = 0x80;
        round_constant[8] = 0x1b;
        round_constant[9] = 0x36;
    }

    void give_round_keys() {
        for (unsigned i = 0; i < aes_rounds; ++i) round_key[i] = next_key[i].read();
    }

    void move() {
        while (true) {
            if (advance.read()) {
                key[0] = first_key.read();
                for (unsigned i = 1; i < aes_rounds; ++i) key[i] = next_key[i - 1].read();
            }
            wait();
        }
    }

    sc_vector<AesKeyStep<sbox_kind>> step{"step", aes_rounds};
    sc_vector<sc_signal<sc_uint<8>>> round_constant{"round_constant", aes_rounds};
    sc_vector<sc_signal<sc_biguint<128>>> key{"key", aes_rounds};
    sc_vector<sc_signal<sc_biguint<128>>> next_key{"next_key", aes_rounds};
};

/// The states of AES-128 with a register behind the first key's addition and behind each round.
template <SboxKind sbox_kind>
SC_MODULE(AesStates) {
    sc_in<bool> clk{"clk"};
    sc_in<bool> advance{"advance"};
    sc_in<sc_biguint<128>> block{"block"};
    sc_in<sc_biguint<128>> first_key{"first_key"};
    sc_vector<sc_in<sc_biguint<128>>> round_key{"round_key", aes_rounds};
    sc_out<sc_biguint<128>> result{"result"};

    SC_CTOR(AesStates) {
        for (unsigned i = 0; i < aes_rounds - 1; ++i) {
            round[i].state(state[i]);
            round[i].round_key(round_key[i]);
            round[i].next_state(next_state[i]);
        }
        last_round.state(state[aes_rounds - 1]);
        last_round.round_key(round_key[aes_rounds - 1]);
        last_round.next_state(last_state);
        SC_METHOD(give_result);
        sensitive << state[aes_rounds];
        SC_CTHREAD(move, clk.pos());
    }

private:
    void give_result() { result = state[aes_rounds].read(); }

    void move() {
        while (true) {
            if (advance.read()) {
                state[0] = block.read() ^ first_key.read();
                for (unsigned i = 1; i < aes_rounds; ++i) state[i] = next_state[i - 1].read();
                state[aes_rounds] = last_state.read();
            }
            wait();
        }
    }

    sc_vector<AesRound<sbox_kind, false>> round{"round", aes_rounds - 1};
    AesRound<sbox_kind, true> last_round{"last_round"};
    sc_vector<sc_signal<sc_biguint<128>>> state{"state", aes_rounds + 1};
    sc_vector<sc_signal<sc_biguint<128>>> next_state{"next_state", aes_rounds - 1};
    sc_signal<sc_biguint<128>> last_state{"last_state"};
};

/// AES-128 encryption (FIPS 197), one block a cycle under a key of its own: 11 cycles from the transfer of a block in to the transfer of its
/// result out where nothing waits. The whole pipeline stands still while a result waits for `out_ready`.
template <SboxKind sbox_kind>
SC_MODULE(AesPipeline) {
    sc_in<bool> clk{"clk"};
    sc_in<bool> rst_n{"rst_n"};

    sc_in<bool> in_valid{"in_valid"};
    sc_out<bool> in_ready{"in_ready"};
    sc_in<sc_biguint<128>> in_block{"in_block"};
    sc_in<sc_biguint<128>> in_key{"in_key"};

    sc_out<bool> out_valid{"out_valid"};
    sc_in<bool> out_ready{"out_ready"};
    sc_out<sc_biguint<128>> out_block{"out_block"};

    SC_CTOR(AesPipeline) {
        control.clk(clk);
        control.rst_n(rst_n);
        control.in_valid(in_valid);
        control.in_ready(in_ready);
        control.out_valid(out_valid);
        control.out_ready(out_ready);
        control.advance(advance);

        key_schedule.clk(clk);
        key_schedule.advance(advance);
        key_schedule.first_key(in_key);
        states.clk(clk);
        states.advance(advance);
        states.block(in_block);
        states.first_key(in_key);
        states.result(out_block);
        for (unsigned i = 0; i < aes_rounds; ++i) {
            key_schedule.round_key[i](round_key[i]);
            states.round_key[i](round_key[i]);
        }
    }

private:
    PipelineControl<aes_stages> control{"control"};
    AesKeySchedule<sbox_kind> key_schedule{"key_schedule"};
    AesStates<sbox_kind> states{"states"};
    sc_vector<sc_signal<sc_biguint<128>>> round_key{"round_key", aes_rounds};
    sc_signal<bool> advance{"advance"};
};

}  // namespace coffer::synth
