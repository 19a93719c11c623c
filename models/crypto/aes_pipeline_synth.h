#pragma once

#include "common/synth_types.h"
#include "crypto/sbox_synth.h"

namespace coffer::synth {

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
        for (unsigned i = 0; i < rounds; ++i) {
            key_step[i].key(key[i]);
            key_step[i].round_constant(round_constant[i]);
            key_step[i].next_key(next_key[i]);
        }
        for (unsigned i = 0; i < rounds - 1; ++i) {
            round[i].state(state[i]);
            round[i].round_key(next_key[i]);
            round[i].next_state(next_state[i]);
        }
        last_round.state(state[rounds - 1]);
        last_round.round_key(next_key[rounds - 1]);
        last_round.next_state(result);

        SC_METHOD(give_round_constants);
        SC_METHOD(handshake);
        sensitive << valid << out_ready;
        SC_METHOD(give_result);
        sensitive << last_state;
        SC_CTHREAD(move_valid, clk.pos());
        reset_signal_is(rst_n, false);
        SC_CTHREAD(move_data, clk.pos());
    }

private:
    static constexpr unsigned rounds = 10;
    static constexpr unsigned stages = rounds + 1;

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

    void handshake() {
        const bool result_waits = valid.read()[stages - 1];
        advance = !result_waits || out_ready.read();
        in_ready = !result_waits || out_ready.read();
        out_valid = result_waits;
    }

    void give_result() { out_block = last_state.read(); }

    void move_valid() {
        valid = 0;
        wait();
        while (true) {
            if (advance.read()) valid = (sc_uint<stages - 1>(valid.read().range(stages - 2, 0)), in_valid.read());
            wait();
        }
    }

    void move_data() {
        while (true) {
            if (advance.read()) {
                state[0] = in_block.read() ^ in_key.read();
                key[0] = in_key.read();
                for (unsigned i = 0; i < rounds - 1; ++i) {
                    state[i + 1] = next_state[i].read();
                    key[i + 1] = next_key[i].read();
                }
                last_state = result.read();
            }
            wait();
        }
    }

    sc_vector<AesKeyStep<sbox_kind>> key_step{"key_step", rounds};
    sc_vector<AesRound<sbox_kind, false>> round{"round", rounds - 1};
    AesRound<sbox_kind, true> last_round{"last_round"};
    sc_vector<sc_signal<sc_uint<8>>> round_constant{"round_constant", rounds};
    sc_vector<sc_signal<sc_biguint<128>>> state{"state", rounds};
    sc_vector<sc_signal<sc_biguint<128>>> key{"key", rounds};
    sc_vector<sc_signal<sc_biguint<128>>> next_state{"next_state", rounds - 1};
    sc_vector<sc_signal<sc_biguint<128>>> next_key{"next_key", rounds};
    sc_signal<sc_biguint<128>> result{"result"};
    sc_signal<sc_biguint<128>> last_state{"last_state"};
    sc_signal<sc_uint<stages>> valid{"valid"};
    sc_signal<bool> advance{"advance"};
};

}  // namespace coffer::synth
