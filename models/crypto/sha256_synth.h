#pragma once

#include <array>

#include "common/synth_types.h"

namespace coffer::synth {

/// Round constants of SHA-256 (FIPS 180-4, section 4.2.2).
static constexpr std::array<unsigned, 64> sha256_constants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/// SHA-256 of padded messages, one round per cycle: a digest 65 cycles after its block, and a block every 65 cycles.
///
/// Channel `in`, ready/valid:
/// - `in_block`: 64 bytes of the padded message, the first byte in the most significant bits.
/// - `in_first`: the block begins a message; otherwise it goes on from the block before. A reset ends the message.
///
/// Channel `out`, ready/valid: `out_digest`, the hash value after each block, which is the digest after a message's last one.
///
/// Source: FIPS 180-4, sections 4.1.2, 5.3.3 and 6.2.
SC_MODULE(Sha256) {
    sc_in<bool> clk{"clk"};
    sc_in<bool> rst_n{"rst_n"};

    sc_in<bool> in_valid{"in_valid"};
    sc_out<bool> in_ready{"in_ready"};
    sc_in<sc_biguint<512>> in_block{"in_block"};
    sc_in<bool> in_first{"in_first"};

    sc_out<bool> out_valid{"out_valid"};
    sc_in<bool> out_ready{"out_ready"};
    sc_out<sc_biguint<256>> out_digest{"out_digest"};

    SC_CTOR(Sha256) {
        SC_METHOD(handshake);
        sensitive << runs_ << valid_ << in_valid << out_ready;
        SC_METHOD(make_round);
        sensitive << working_ << words_ << round_;
        SC_METHOD(make_word);
        sensitive << words_;
        SC_METHOD(make_digest);
        sensitive << working_ << hash_ << in_first;
        SC_CTHREAD(keep_state, clk.pos());
        reset_signal_is(rst_n, false);
        SC_CTHREAD(keep_data, clk.pos());
    }

private:
    void handshake() {
        const bool takes = !runs_.read() && (!valid_.read() || out_ready.read());
        in_ready = takes;
        out_valid = valid_.read();
        take_ = takes && in_valid.read();
    }

    void make_round() {
        const sc_biguint<256> working = working_.read();
        const sc_uint<32> a(working.range(255, 224));
        const sc_uint<32> b(working.range(223, 192));
        const sc_uint<32> c(working.range(191, 160));
        const sc_uint<32> d(working.range(159, 128));
        const sc_uint<32> e(working.range(127, 96));
        const sc_uint<32> f(working.range(95, 64));
        const sc_uint<32> g(working.range(63, 32));
        const sc_uint<32> h(working.range(31, 0));
        const sc_uint<32> word(words_.read().range(511, 480));
        const sc_uint<32> constant = sha256_constants[round_.read()];

        const sc_uint<32> sum_e = rotated<6>(e) ^ rotated<11>(e) ^ rotated<25>(e);
        const sc_uint<32> choice = g ^ (e & (f ^ g));
        const sc_uint<32> sum_a = rotated<2>(a) ^ rotated<13>(a) ^ rotated<22>(a);
        const sc_uint<32> majority = (a & b) | (c & (a | b));
        const sc_uint<32> t1 = h + constant + word + choice + sum_e;
        sc_biguint<256> next = working >> 32;
        next.range(255, 224) = sc_uint<32>(t1 + sum_a + majority);
        next.range(127, 96) = sc_uint<32>(t1 + d);
        next_working_ = next;
    }

    // The 16 words from the one of the round on.
    void make_word() {
        const sc_biguint<512> words = words_.read();
        const sc_uint<32> w0(words.range(511, 480));
        const sc_uint<32> w1(words.range(479, 448));
        const sc_uint<32> w9(words.range(223, 192));
        const sc_uint<32> w14(words.range(63, 32));
        const sc_uint<32> sigma_0 = rotated<7>(w1) ^ rotated<18>(w1) ^ (w1 >> 3);
        const sc_uint<32> sigma_1 = rotated<17>(w14) ^ rotated<19>(w14) ^ (w14 >> 10);
        sc_biguint<512> next = words << 32;
        next.range(31, 0) = sc_uint<32>(sigma_1 + w9 + sigma_0 + w0);
        next_words_ = next;
    }

    void make_digest() {
        const sc_biguint<256> hash = hash_.read();
        const sc_biguint<256> working = working_.read();
        sc_biguint<256> digest = 0;
        for (unsigned i = 0; i < 8; ++i) {
            const sc_uint<32> before(hash.range(32 * i + 31, 32 * i));
            const sc_uint<32> change(working.range(32 * i + 31, 32 * i));
            digest.range(32 * i + 31, 32 * i) = sc_uint<32>(before + change);
        }
        out_digest = digest;
        if (in_first.read())
            start_ = "0x6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19";
        else
            start_ = digest;
    }

    template <unsigned count>
    sc_uint<32> rotated(const sc_uint<32>& word) const {
        const sc_uint<32> result = (word.range(count - 1, 0), word.range(31, count));
        return result;
    }

    void keep_state() {
        runs_ = false;
        valid_ = false;
        round_ = 0;
        wait();
        while (true) {
            const bool ends = round_.read() == 63;
            if (take_.read())
                runs_ = true;
            else if (ends)
                runs_ = false;
            if (runs_.read()) round_ = round_.read() + 1;

            if (ends)
                valid_ = true;
            else if (out_ready.read())
                valid_ = false;
            wait();
        }
    }

    // Without reset: a message's first block sets all of it. Between blocks the hash value is the sum of both registers, also after it was sent.
    void keep_data() {
        while (true) {
            if (take_.read()) {
                words_ = in_block.read();
                working_ = start_.read();
                hash_ = start_.read();
            } else if (runs_.read()) {
                words_ = next_words_.read();
                working_ = next_working_.read();
            }
            wait();
        }
    }

    sc_signal<bool> runs_{"runs_"};
    sc_signal<bool> valid_{"valid_"};
    sc_signal<bool> take_{"take_"};
    sc_signal<sc_uint<6>> round_{"round_"};
    sc_signal<sc_biguint<256>> working_{"working_"};
    sc_signal<sc_biguint<256>> next_working_{"next_working_"};
    sc_signal<sc_biguint<256>> hash_{"hash_"};
    sc_signal<sc_biguint<256>> start_{"start_"};
    sc_signal<sc_biguint<512>> words_{"words_"};
    sc_signal<sc_biguint<512>> next_words_{"next_words_"};
};

}  // namespace coffer::synth
