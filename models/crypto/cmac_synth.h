#pragma once

#include "common/synth_types.h"
#include "crypto/aes_pipeline_synth.h"
#include "crypto/sbox_synth.h"

namespace coffer::synth {

/// Tags of counter blocks and tree nodes: AES-CMAC of le64(level) | le64(index) | 64 bytes, five blocks of AES one after the other. Up to 11 tags
/// are on their way through one pipeline, each under a key of its own: a tag alone takes 56 cycles, many take 5 cycles each. Tags come out in the order
/// in which they end, which for tags of nodes is the order in which they went in.
///
/// Channel `in`, ready/valid:
/// - `in_key`: K_node. `in_subkey`: the key's K1.
/// - `in_level`, `in_index`: 0 and the GPN for a counter block, otherwise the node's place in its tree.
/// - `in_node`: the 64 bytes, the first one in the most significant bits.
/// - `in_derive`: makes K1 of `in_key` instead, once when a key is installed; it takes 12 cycles, and no other field counts. It may overtake tags.
///
/// Channel `out`, ready/valid: `out_tag`, 16 bytes, or K1. 0 for a node of zeros above level 0; a computed tag that is 0 or 1 as a little-endian number
/// has 2 added.
///
/// Source: SP 800-38B, sections 6.1 and 6.2; docs/formats.md, section 4.
template <SboxKind sbox_kind>
SC_MODULE(Cmac) {
    sc_in<bool> clk{"clk"};
    sc_in<bool> rst_n{"rst_n"};

    sc_in<bool> in_valid{"in_valid"};
    sc_out<bool> in_ready{"in_ready"};
    sc_in<bool> in_derive{"in_derive"};
    sc_in<sc_biguint<128>> in_key{"in_key"};
    sc_in<sc_biguint<128>> in_subkey{"in_subkey"};
    sc_in<sc_uint<64>> in_level{"in_level"};
    sc_in<sc_uint<64>> in_index{"in_index"};
    sc_in<sc_biguint<512>> in_node{"in_node"};

    sc_out<bool> out_valid{"out_valid"};
    sc_in<bool> out_ready{"out_ready"};
    sc_out<sc_biguint<128>> out_tag{"out_tag"};

    SC_CTOR(Cmac) {
        aes_.clk(clk);
        aes_.rst_n(rst_n);
        aes_.in_valid(aes_in_valid_);
        aes_.in_ready(aes_in_ready_);
        aes_.in_block(aes_in_block_);
        aes_.in_key(aes_in_key_);
        aes_.out_valid(aes_out_valid_);
        aes_.out_ready(aes_out_ready_);
        aes_.out_block(aes_out_block_);

        SC_METHOD(handshake);
        sensitive << in_valid << out_ready << valid_ << aes_out_valid_ << left_[end];
        SC_METHOD(let_go);
        sensitive << out_ready << valid_ << left_[end];
        SC_METHOD(accept);
        sensitive << returns_ << aes_in_ready_;
        SC_METHOD(begin_tag);
        sensitive << in_derive << in_subkey << in_level << in_index << in_node;
        SC_METHOD(choose_block);
        sensitive << returns_ << in_key << first_block_ << first_rest_ << first_left_ << aes_out_block_ << key_[end] << rest_[end] << left_[end];
        sensitive << in_derive << first_empty_ << derives_[end] << empty_[end];
        SC_METHOD(make_tag);
        sensitive << aes_out_block_ << derives_[end] << empty_[end];
        SC_CTHREAD(keep_valid, clk.pos());
        reset_signal_is(rst_n, false);
        SC_CTHREAD(move, clk.pos());
        SC_CTHREAD(keep_tag, clk.pos());
    }

private:
    // What belongs to a block moves beside the pipeline, stage by stage.
    static constexpr unsigned stages = 11;
    static constexpr unsigned end = stages - 1;

    // A tag that is not yet complete goes through the pipeline again at once, before a new one.
    void handshake() {
        const bool complete = left_[end].read() == 0;
        const bool returns = aes_out_valid_.read() && !complete;
        const bool tag_waits = valid_.read() && !out_ready.read();
        returns_ = returns;
        aes_in_valid_ = returns || in_valid.read();
        completes_ = aes_out_valid_.read() && complete && !tag_waits;
        out_valid = valid_.read();
    }

    // A process of its own for each step of the pipeline's handshake: in one process they would be a loop, though no signal depends on itself.
    void let_go() { aes_out_ready_ = left_[end].read() != 0 || !valid_.read() || out_ready.read(); }
    void accept() { in_ready = aes_in_ready_.read() && !returns_.read(); }

    void begin_tag() {
        const sc_uint<64> level = in_level.read();
        const sc_uint<64> index = in_index.read();
        const sc_biguint<512> node = in_node.read();
        sc_biguint<128> position = 0;
        for (unsigned i = 0; i < 8; ++i) {
            position.range(127 - 8 * i, 120 - 8 * i) = level.range(8 * i + 7, 8 * i);
            position.range(63 - 8 * i, 56 - 8 * i) = index.range(8 * i + 7, 8 * i);
        }
        sc_biguint<512> rest = node;
        rest.range(127, 0) = in_subkey.read() ^ sc_biguint<128>(node.range(127, 0));

        const bool derives = in_derive.read();
        if (derives) position = 0;
        first_block_ = position;
        first_rest_ = rest;
        first_left_ = derives ? 0 : 4;
        first_empty_ = !derives && level.or_reduce() && !node.or_reduce();
    }

    void choose_block() {
        const sc_biguint<512> rest = rest_[end].read();
        if (returns_.read()) {
            aes_in_block_ = aes_out_block_.read() ^ sc_biguint<128>(rest.range(511, 384));
            aes_in_key_ = key_[end].read();
            next_rest_ = rest << 128;
            next_left_ = left_[end].read() - 1;
            next_derives_ = derives_[end].read();
            next_empty_ = empty_[end].read();
        } else {
            aes_in_block_ = first_block_.read();
            aes_in_key_ = in_key.read();
            next_rest_ = first_rest_.read();
            next_left_ = first_left_.read();
            next_derives_ = in_derive.read();
            next_empty_ = first_empty_.read();
        }
    }

    void make_tag() {
        const sc_biguint<128> block = aes_out_block_.read();
        // Byte 0 is the least significant one of the number.
        sc_biguint<128> all_but_lowest = block;
        all_but_lowest[120] = 0;
        sc_biguint<128> reduction = 0;
        if (block[127]) reduction = 0x87;

        sc_biguint<128> tag = block;
        if (derives_[end].read()) {
            tag = block << 1;
            tag ^= reduction;
        } else if (empty_[end].read()) {
            tag = 0;
        } else if (!all_but_lowest.or_reduce()) {
            tag[121] = 1;
        }
        next_tag_ = tag;
    }

    void keep_valid() {
        valid_ = false;
        wait();
        while (true) {
            if (completes_.read())
                valid_ = true;
            else if (out_ready.read())
                valid_ = false;
            wait();
        }
    }

    // Without reset: what goes beside an invalid stage of the pipeline does not count.
    void move() {
        while (true) {
            if (aes_in_ready_.read()) {
                rest_[0] = next_rest_.read();
                key_[0] = aes_in_key_.read();
                left_[0] = next_left_.read();
                derives_[0] = next_derives_.read();
                empty_[0] = next_empty_.read();
                for (unsigned i = 0; i < end; ++i) {
                    rest_[i + 1] = rest_[i].read();
                    key_[i + 1] = key_[i].read();
                    left_[i + 1] = left_[i].read();
                    derives_[i + 1] = derives_[i].read();
                    empty_[i + 1] = empty_[i].read();
                }
            }
            wait();
        }
    }

    void keep_tag() {
        while (true) {
            if (completes_.read()) out_tag = next_tag_.read();
            wait();
        }
    }

    sc_signal<bool> aes_in_valid_{"aes_in_valid_"};
    sc_signal<bool> aes_in_ready_{"aes_in_ready_"};
    sc_signal<sc_biguint<128>> aes_in_block_{"aes_in_block_"};
    sc_signal<sc_biguint<128>> aes_in_key_{"aes_in_key_"};
    sc_signal<bool> aes_out_valid_{"aes_out_valid_"};
    sc_signal<bool> aes_out_ready_{"aes_out_ready_"};
    sc_signal<sc_biguint<128>> aes_out_block_{"aes_out_block_"};
    AesPipeline<sbox_kind> aes_{"aes_"};

    sc_signal<sc_biguint<128>> first_block_{"first_block_"};
    sc_signal<sc_biguint<512>> first_rest_{"first_rest_"};
    sc_signal<sc_uint<3>> first_left_{"first_left_"};
    sc_signal<bool> first_empty_{"first_empty_"};

    sc_signal<sc_biguint<512>> next_rest_{"next_rest_"};
    sc_signal<sc_uint<3>> next_left_{"next_left_"};
    sc_signal<bool> next_derives_{"next_derives_"};
    sc_signal<bool> next_empty_{"next_empty_"};
    sc_signal<sc_biguint<128>> next_tag_{"next_tag_"};

    // The blocks that are still to come, K1 added to the last one; the key; how many they are.
    sc_vector<sc_signal<sc_biguint<512>>> rest_{"rest_", stages};
    sc_vector<sc_signal<sc_biguint<128>>> key_{"key_", stages};
    sc_vector<sc_signal<sc_uint<3>>> left_{"left_", stages};
    sc_vector<sc_signal<bool>> derives_{"derives_", stages};
    sc_vector<sc_signal<bool>> empty_{"empty_", stages};

    sc_signal<bool> returns_{"returns_"};
    sc_signal<bool> completes_{"completes_"};
    sc_signal<bool> valid_{"valid_"};
};

}  // namespace coffer::synth
