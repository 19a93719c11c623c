#pragma once

#include "common/synth_types.h"

namespace coffer::synth {

/// The arithmetic of a counter block (the LPID and the 64 minor counters of a page's lines): one operation per cycle, its result in the cycle after the
/// one that took the operation.
///
/// Channel `in`, ready/valid:
/// - `in_operation`: `extract` reads the count of `in_line`. `next` counts a write of `in_line`. `overflow` moves the page to `in_fresh_lpid` because
///   of a write to `in_line`. `shred` does so with no line written.
/// - `in_block`: the 64 bytes as one little-endian number, bits 63..0 the LPID, bits 64+7i .. 70+7i the minor counter of line i.
/// - `in_fresh_lpid`: the LPID that `overflow` and `shred` give to the page, not used otherwise.
/// - `in_lpid_floor`, `in_chip`: the domain's floor and the chip's number. An LPID below the floor or of another chip is stale: nothing may be
///   written under it.
///
/// Channel `out`, ready/valid:
/// - `out_block`: the block after the operation. `extract` does not change it, nor does a `next` that raises `out_overflow` or `out_stale`.
/// - `out_lpid`: its LPID; 0 stands for a page that was never used.
/// - `out_minor`: the count of the line in `out_block`.
/// - `out_overflow`: `next` found the line at 127. `out_stale`: `next` found a stale LPID. In both cases every written line has to be verified, then
///   `overflow` is to be applied to the same block.
/// - `out_reencrypt`: the lines that move to the fresh LPID with their old data: all written lines but `in_line`, which gets new data. It goes with
///   `overflow`, and with a `next` that asks for it; 0 otherwise.
///
/// Source: Rogers et al., MICRO 2007, section 4 (AISE); docs/formats.md, section 2.
SC_MODULE(CounterBlock) {
    static constexpr unsigned extract = 0;
    static constexpr unsigned next = 1;
    static constexpr unsigned overflow = 2;
    static constexpr unsigned shred = 3;

    static constexpr unsigned lines = 64;
    static constexpr unsigned minor_bits = 7;
    static constexpr unsigned lpid_bits = 64;

    sc_in<bool> clk{"clk"};
    sc_in<bool> rst_n{"rst_n"};

    sc_in<bool> in_valid{"in_valid"};
    sc_out<bool> in_ready{"in_ready"};
    sc_in<sc_uint<2>> in_operation{"in_operation"};
    sc_in<sc_biguint<512>> in_block{"in_block"};
    sc_in<sc_uint<6>> in_line{"in_line"};
    sc_in<sc_uint<64>> in_fresh_lpid{"in_fresh_lpid"};
    sc_in<sc_uint<64>> in_lpid_floor{"in_lpid_floor"};
    sc_in<sc_uint<16>> in_chip{"in_chip"};

    sc_out<bool> out_valid{"out_valid"};
    sc_in<bool> out_ready{"out_ready"};
    sc_out<sc_biguint<512>> out_block{"out_block"};
    sc_out<sc_uint<64>> out_lpid{"out_lpid"};
    sc_out<sc_uint<7>> out_minor{"out_minor"};
    sc_out<bool> out_overflow{"out_overflow"};
    sc_out<bool> out_stale{"out_stale"};
    sc_out<sc_uint<64>> out_reencrypt{"out_reencrypt"};

    SC_CTOR(CounterBlock) {
        SC_METHOD(operate);
        sensitive << in_operation << in_block << in_line << in_fresh_lpid << in_lpid_floor << in_chip;
        SC_METHOD(drive_outputs);
        sensitive << valid_ << block_ << out_ready;
        SC_CTHREAD(keep_valid, clk.pos());
        reset_signal_is(rst_n, false);
        SC_CTHREAD(keep_answer, clk.pos());
    }

private:
    void operate() {
        const sc_biguint<512> block = in_block.read();
        const sc_uint<64> lpid(block.range(lpid_bits - 1, 0));
        const sc_uint<64> one = 1;
        const sc_uint<64> selected = one << in_line.read();
        const sc_uint<64> written = written_lines(block);
        const sc_uint<7> minor = minor_of(block, selected);
        const sc_uint<7> counted = minor + 1;

        const unsigned operation = in_operation.read().to_uint();
        const bool is_next = operation == next;
        const bool is_overflow = operation == overflow;
        const bool moves = is_overflow || operation == shred;
        const bool at_end = minor.and_reduce();
        const bool is_stale = lpid < in_lpid_floor.read() || lpid.range(63, 48) != in_chip.read();
        const bool counts = is_next && !at_end && !is_stale;

        sc_biguint<512> result = block;
        if (moves) result.range(lpid_bits - 1, 0) = in_fresh_lpid.read();
        for (unsigned i = 0; i < lines; ++i) {
            if (moves)
                result.range(lpid_bits + minor_bits * i + 6, lpid_bits + minor_bits * i) = is_overflow && (written[i] || selected[i]) ? 1 : 0;
            else if (counts && selected[i])
                result.range(lpid_bits + minor_bits * i + 6, lpid_bits + minor_bits * i) = counted;
        }
        next_block_ = result;

        const sc_uint<64> none = 0;
        const sc_uint<64> others = written & ~selected;

        if (moves)
            next_minor_ = is_overflow ? 1 : 0;
        else
            next_minor_ = counts ? counted : minor;
        next_overflow_ = is_next && at_end;
        next_stale_ = is_next && is_stale;
        next_reencrypt_ = is_overflow || (is_next && !counts) ? others : none;
    }

    void drive_outputs() {
        in_ready = !valid_.read() || out_ready.read();
        out_valid = valid_.read();
        out_block = block_.read();
        out_lpid = block_.read().range(lpid_bits - 1, 0).to_uint64();
    }

    void keep_valid() {
        valid_ = false;
        wait();
        while (true) {
            if (in_ready.read()) valid_ = in_valid.read();
            wait();
        }
    }

    // Without reset: what these registers hold counts while valid_ is true only.
    void keep_answer() {
        while (true) {
            if (in_ready.read() && in_valid.read()) {
                block_ = next_block_.read();
                out_minor = next_minor_.read();
                out_overflow = next_overflow_.read();
                out_stale = next_stale_.read();
                out_reencrypt = next_reencrypt_.read();
            }
            wait();
        }
    }

    sc_uint<64> written_lines(const sc_biguint<512>& block) const {
        sc_uint<64> written = 0;
        for (unsigned i = 0; i < lines; ++i) {
            written[i] = block.range(lpid_bits + minor_bits * i + 6, lpid_bits + minor_bits * i).or_reduce();
        }
        return written;
    }

    sc_uint<7> minor_of(const sc_biguint<512>& block, const sc_uint<64>& selected) const {
        sc_uint<7> minor = 0;
        for (unsigned i = 0; i < lines; ++i) {
            const sc_uint<7> own(block.range(lpid_bits + minor_bits * i + 6, lpid_bits + minor_bits * i));
            minor |= selected[i] ? own : sc_uint<7>(0);
        }
        return minor;
    }

    sc_signal<bool> valid_{"valid_"};
    sc_signal<sc_biguint<512>> block_{"block_"};
    sc_signal<sc_biguint<512>> next_block_{"next_block_"};
    sc_signal<sc_uint<7>> next_minor_{"next_minor_"};
    sc_signal<bool> next_overflow_{"next_overflow_"};
    sc_signal<bool> next_stale_{"next_stale_"};
    sc_signal<sc_uint<64>> next_reencrypt_{"next_reencrypt_"};
};

}  // namespace coffer::synth
