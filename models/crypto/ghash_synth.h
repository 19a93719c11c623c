#pragma once

#include "common/synth_types.h"
#include "crypto/gf128_multiplier_synth.h"

namespace coffer::synth {

/// GCM tags of lines: GHASH of 16 bytes of additional data, 64 bytes of ciphertext and the length block, and the tag mask. 1, 2 or 4 multipliers take
/// as many chunks per cycle: a line goes in within 5, 3 or 2 cycles, and its tag is there in the cycle after the last transfer.
///
/// Channel `key`, ready/valid: `key_h`, the hash subkey AES(K, 0). It is taken between two lines, before a line that waits, and then the powers of
/// H and the term of the lengths are made: no line begins in the next 2, 3 or 5 cycles. One key is installed at a time; none after a reset.
///
/// Channel `in`, ready/valid, 1 + 4 / multipliers transfers for each line:
/// - `in_data`: in the first transfer the additional data, in the last 128 bits; then the ciphertext, 1, 2 or 4 chunks per transfer, the first chunk in
///   the most significant bits.
/// - `in_mask`: the tag mask, taken with the last transfer.
///
/// Channel `out`, ready/valid: `out_tag`, 16 bytes. The next line goes in while a tag waits, up to its last transfer.
///
/// Source: SP 800-38D, sections 6.4 and 7.1; docs/formats.md, section 3.
template <unsigned multipliers>
SC_MODULE(Ghash) {
    static_assert(multipliers == 1 || multipliers == 2 || multipliers == 4, "a line has four chunks");
    static constexpr unsigned transfers = 1 + 4 / multipliers;
    static constexpr unsigned install_cycles = multipliers == 1 ? 2 : multipliers + 1;

    sc_in<bool> clk{"clk"};
    sc_in<bool> rst_n{"rst_n"};

    sc_in<bool> key_valid{"key_valid"};
    sc_out<bool> key_ready{"key_ready"};
    sc_in<sc_biguint<128>> key_h{"key_h"};

    sc_in<bool> in_valid{"in_valid"};
    sc_out<bool> in_ready{"in_ready"};
    sc_in<sc_biguint<128 * multipliers>> in_data{"in_data"};
    sc_in<sc_biguint<128>> in_mask{"in_mask"};

    sc_out<bool> out_valid{"out_valid"};
    sc_in<bool> out_ready{"out_ready"};
    sc_out<sc_biguint<128>> out_tag{"out_tag"};

    SC_CTOR(Ghash) {
        SC_METHOD(handshake);
        sensitive << steps_ << transfer_ << has_key_ << valid_ << key_valid << in_valid << out_ready;
        SC_METHOD(choose_factors);
        sensitive << steps_ << makes_powers_ << transfer_ << in_data << hash_;
        for (unsigned i = 0; i < powers; ++i) sensitive << power_[i];
        SC_METHOD(add_products);
        for (unsigned i = 0; i < multipliers; ++i) {
            multiplier_[i].x(x_[i]);
            multiplier_[i].h(h_[i]);
            multiplier_[i].product(product_[i]);
            sensitive << product_[i];
        }
        SC_CTHREAD(keep_state, clk.pos());
        reset_signal_is(rst_n, false);
        SC_CTHREAD(keep_data, clk.pos());
    }

private:
    static constexpr unsigned powers = multipliers + 1;
    static constexpr unsigned last_transfer = transfers - 1;
    // The multiplier that takes the additional data, and the last chunk of each transfer.
    static constexpr unsigned last = multipliers - 1;
    // Steps of an installation; the ones after these two make the powers from the third on.
    static constexpr unsigned makes_square = 0;
    static constexpr unsigned makes_length_term = 1;

    void handshake() {
        const sc_uint<install_cycles> steps = steps_.read();
        const bool idle = steps == 0;
        const bool between_lines = transfer_.read() == 0;
        const bool tag_waits = valid_.read() && !out_ready.read();
        const bool completes = transfer_.read().to_uint() == last_transfer;
        const bool takes_key = idle && between_lines;
        const bool takes_data = idle && has_key_.read() && !(between_lines && key_valid.read()) && !(completes && tag_waits);
        key_ready = takes_key;
        in_ready = takes_data;
        out_valid = valid_.read();
        install_ = takes_key && key_valid.read();
        makes_powers_ = !idle && !steps[makes_square] && !steps[makes_length_term];
        take_ = takes_data && in_valid.read();
        complete_ = takes_data && in_valid.read() && completes;
    }

    // hash H^(m) + chunk 1 H^(m) + .. + chunk m H for m multipliers; in the last transfer each power is one higher, which makes place for the
    // length block. An installation multiplies H by the powers that are there already, and the length block by H.
    void choose_factors() {
        const bool first = transfer_.read() == 0;
        const sc_uint<install_cycles> steps = steps_.read();
        const bool higher = makes_powers_.read() || transfer_.read().to_uint() == last_transfer;
        const sc_biguint<128 * multipliers> data = in_data.read();
        const sc_biguint<128> h = power_[0].read();
        sc_biguint<128> lengths = 0;
        lengths[lengths_data_bit] = 1;
        lengths[lengths_text_bit] = 1;

        for (unsigned i = 0; i < multipliers; ++i) {
            const sc_biguint<128> own(data.range(128 * (last - i) + 127, 128 * (last - i)));
            sc_biguint<128> x = 0;
            if (steps[makes_length_term])
                x = lengths;
            else if (steps != 0)
                x = h;
            else if (i == last || !first)
                x = own;
            // The hash is 0 during an installation: to add it in every case takes fewer gates than to choose.
            if (i == 0) x ^= hash_.read();
            x_[i] = x;
            // With four multipliers only the last one works outside the last transfer.
            const bool always_higher = transfers == 2 && i != last;
            if (always_higher || higher)
                h_[i] = power_[last - i + 1].read();
            else
                h_[i] = power_[last - i].read();
        }
    }

    void add_products() {
        sc_biguint<128> sum = product_[0].read();
        for (unsigned i = 1; i < multipliers; ++i) sum ^= product_[i].read();
        sum_ = sum;
    }

    void keep_state() {
        steps_ = 0;
        transfer_ = 0;
        has_key_ = false;
        valid_ = false;
        wait();
        while (true) {
            if (install_.read()) {
                steps_ = 1;
                has_key_ = true;
            } else {
                steps_ = steps_.read() << 1;
            }

            if (take_.read()) {
                if (complete_.read())
                    transfer_ = 0;
                else
                    transfer_ = transfer_.read() + 1;
            }

            if (complete_.read())
                valid_ = true;
            else if (out_ready.read())
                valid_ = false;
            wait();
        }
    }

    // Without reset: an installation, without which no line begins, sets all of it but the tag.
    void keep_data() {
        while (true) {
            if (complete_.read() || install_.read())
                hash_ = 0;
            else if (take_.read())
                hash_ = sum_.read();

            if (install_.read()) power_[0] = key_h.read();
            if (steps_.read()[makes_square]) power_[1] = product_[last].read();
            if (steps_.read()[makes_length_term]) length_term_ = product_[last].read();
            if (makes_powers_.read()) {
                if constexpr (multipliers >= 2) power_[2] = product_[last].read();
                if constexpr (multipliers >= 4) {
                    power_[3] = product_[last - 1].read();
                    power_[4] = product_[last - 2].read();
                }
            }

            if (complete_.read()) out_tag = sum_.read() ^ length_term_.read() ^ in_mask.read();
            wait();
        }
    }

    // The length block: 128 bits of additional data and 512 bits of ciphertext, each a big-endian number of 64 bits.
    static constexpr unsigned lengths_data_bit = 64 + 7;
    static constexpr unsigned lengths_text_bit = 9;

    // One-hot: the step of an installation, 0 between installations.
    sc_signal<sc_uint<install_cycles>> steps_{"steps_"};
    sc_signal<bool> makes_powers_{"makes_powers_"};
    sc_signal<sc_uint<3>> transfer_{"transfer_"};
    sc_signal<bool> has_key_{"has_key_"};
    sc_signal<bool> valid_{"valid_"};
    sc_signal<bool> install_{"install_"};
    sc_signal<bool> take_{"take_"};
    sc_signal<bool> complete_{"complete_"};
    sc_signal<sc_biguint<128>> hash_{"hash_"};
    sc_signal<sc_biguint<128>> length_term_{"length_term_"};
    sc_signal<sc_biguint<128>> sum_{"sum_"};
    // H, H^2, ..
    sc_vector<sc_signal<sc_biguint<128>>> power_{"power_", powers};
    sc_vector<sc_signal<sc_biguint<128>>> x_{"x_", multipliers};
    sc_vector<sc_signal<sc_biguint<128>>> h_{"h_", multipliers};
    sc_vector<sc_signal<sc_biguint<128>>> product_{"product_", multipliers};
    sc_vector<Gf128Multiplier<>> multiplier_{"multiplier_", multipliers};
};

}  // namespace coffer::synth
