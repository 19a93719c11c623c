#pragma once

#include <array>

#include "common/synth_types.h"

namespace coffer::synth {

/// How an S-box is built: `gates` is the smaller circuit; `table` suits FPGAs, whose lookup tables hold it well, and simulates faster.
enum class SboxKind { gates, table };

/// The S-box of FIPS 197, section 5.1.1, from its definition: the inverse in GF(2^8), then the affine transformation.
constexpr std::array<unsigned char, 256> make_sbox_table() {
    std::array<unsigned char, 256> table{};
    table[0] = 0x63;
    unsigned power = 1;    // of the generator 3: runs through all bytes but 0
    unsigned inverse = 1;  // of power
    for (unsigned i = 0; i < 255; ++i) {
        unsigned affine = 0x63;
        for (unsigned shift = 0; shift < 5; ++shift) affine ^= (inverse << shift | inverse >> (8 - shift)) & 0xff;
        table[power] = static_cast<unsigned char>(affine);
        power ^= (power << 1) ^ ((power >> 7) * 0x11b);
        inverse ^= inverse << 1;
        inverse ^= inverse << 2;
        inverse ^= inverse << 4;
        inverse &= 0xff;
        inverse ^= (inverse >> 7) * 0x09;
    }
    return table;
}

static constexpr std::array<unsigned char, 256> sbox_table = make_sbox_table();

/// The S-box as a circuit of XORs and products of bits (27 of them in the products of GF(2^4)), by inversion in a tower of fields: GF(2^8) over GF(2^4) over GF(2^2).
///
/// A byte is A y + B y^16 with A and B in GF(2^4) and y + y^16 = 1 (y = 0x42). Its norm is N = A B + y^17 (A + B)^2, in GF(2^4), and its inverse
/// B / N y + A / N y^16. GF(2^4) has the basis 1, 0xed over GF(2^2), and GF(2^2) the basis 0xbc, 0xbd. A product in GF(2^4) is Karatsuba's
/// in both steps, nine products of bits: `a_i` and `b_i` are the nine sums of bits that it takes of A / 0x51 and B / 0xec, `d_i` those of
/// 1 / N / 0x50. These scale factors, y and the basis have the smallest linear layers before and behind among those that a random search tried.
inline sc_uint<8> sbox_circuit(const sc_uint<8>& byte) {
    bool x0 = byte[0];
    bool x1 = byte[1];
    bool x2 = byte[2];
    bool x3 = byte[3];
    bool x4 = byte[4];
    bool x5 = byte[5];
    bool x6 = byte[6];
    bool x7 = byte[7];

    bool b0 = x3;
    bool a4 = x7;
    bool b6 = x2 ^ x0;
    bool b1 = x5 ^ x0;
    bool b2 = b1 ^ x3;
    bool a6 = x5 ^ x4;
    bool b3 = b6 ^ x3;
    bool a3 = b3 ^ x6;
    bool a5 = a3 ^ x7;
    bool a0 = a3 ^ a6;
    bool s1 = a5 ^ x1;
    bool b4 = s1 ^ b2;
    bool b7 = s1 ^ x3;
    bool b5 = b4 ^ b3;
    bool a1 = b5 ^ x0;
    bool a7 = a1 ^ x7;
    bool b8 = b7 ^ b6;
    bool a8 = a7 ^ a6;
    bool a2 = a1 ^ a0;

    // N: of the nine products of A B some have sums of their factors added (a | b is ab + a + b), which leaves two bits of (A + B)^2 to add.
    bool p0 = a0 | b0;
    bool p1 = a1 | b1;
    bool p2 = a2 | b2;
    bool p3 = a3 & !b3;
    bool p4 = a4 | b4;
    bool p5 = a5 | b5;
    bool p6 = a6 & !b6;
    bool p7 = a7 & !b7;
    bool p8 = a8 | b8;
    bool m1 = p5 ^ p2;
    bool m2 = m1 ^ p4;
    bool m3 = m2 ^ p1;
    bool m4 = m1 ^ p0;
    bool n0 = m4 ^ p3;
    bool m5 = m2 ^ p6;
    bool m6 = p8 ^ p0;
    bool m7 = m6 ^ m5;
    bool m8 = n0 ^ p7;
    bool m9 = m8 ^ m3;
    bool m10 = m6 ^ p2;
    bool n3 = m10 ^ m9;
    bool n1 = m3 ^ b5;
    bool n2 = m7 ^ b1;

    // 1 / N, as sums of products of the bits of N.
    bool v1 = n3 & n1;
    bool v2 = n2 ^ v1;
    bool v3 = n3 & n2;
    bool v4 = v3 & n0;
    bool v5 = v2 ^ v4;
    bool v6 = v3 & n1;
    bool d0 = v5 ^ v6;
    bool v7 = n2 & n0;
    bool v8 = n2 ^ v7;
    bool v9 = n2 & n1;
    bool v10 = v8 ^ v9;
    bool v11 = v10 ^ n3;
    bool d1 = v11 ^ v6;
    bool v12 = v9 & n0;
    bool v13 = n0 ^ v12;
    bool v14 = v13 ^ v1;
    bool v15 = v1 & n0;
    bool d3 = v14 ^ v15;
    bool v16 = n0 ^ n1;
    bool v17 = v16 ^ v7;
    bool v18 = n3 & n0;
    bool v19 = v17 ^ v18;
    bool d4 = v19 ^ v15;
    bool d2 = d0 ^ d1;
    bool d5 = d3 ^ d4;
    bool d6 = d0 ^ d3;
    bool d7 = d1 ^ d4;
    bool d8 = d6 ^ d7;

    // The products of A / N and B / N.
    bool q0 = a0 & d0;
    bool q1 = a1 & d1;
    bool q2 = a2 & d2;
    bool q3 = a3 & d3;
    bool q4 = a4 & d4;
    bool q5 = a5 & d5;
    bool q6 = a6 & d6;
    bool q7 = a7 & d7;
    bool q8 = a8 & d8;
    bool r0 = b0 & d0;
    bool r1 = b1 & d1;
    bool r2 = b2 & d2;
    bool r3 = b3 & d3;
    bool r4 = b4 & d4;
    bool r5 = b5 & d5;
    bool r6 = b6 & d6;
    bool r7 = b7 & d7;
    bool r8 = b8 & d8;

    // The sums of both products and the matrix of the affine transformation, in one.
    bool u1 = q1 ^ q0;
    bool u2 = q6 ^ u1;
    bool u3 = q5 ^ q3;
    bool u4 = q7 ^ u2;
    bool u5 = u3 ^ u4;
    bool u6 = q8 ^ u2;
    bool u7 = r2 ^ u5;
    bool u8 = r7 ^ u7;
    bool u9 = r8 ^ u6;
    bool u10 = u8 ^ u9;
    bool u11 = r0 ^ u10;
    bool u12 = q4 ^ q3;
    bool u13 = u1 ^ u11;
    bool u14 = u12 ^ u13;
    bool u15 = q2 ^ q0;
    bool u16 = r4 ^ u4;
    bool u17 = u14 ^ u15;
    bool u18 = r1 ^ u16;
    bool u19 = u17 ^ u18;
    bool u20 = r5 ^ r7;
    bool u21 = u19 ^ u20;
    bool u22 = u3 ^ u15;
    bool u23 = r6 ^ r1;
    bool u24 = u21 ^ u23;
    bool u25 = u6 ^ u14;
    bool u26 = r3 ^ u10;
    bool u27 = u19 ^ u26;
    bool u28 = u8 ^ u21;

    sc_uint<8> result = 0;
    result[0] = !u14;
    result[1] = !u22;
    result[2] = u5;
    result[3] = u24;
    result[4] = u25;
    result[5] = !u11;
    result[6] = !u27;
    result[7] = u28;
    return result;
}

/// SubBytes of one byte.
template <SboxKind sbox_kind>
SC_MODULE(Sbox) {
    sc_in<sc_uint<8>> in{"in"};
    sc_out<sc_uint<8>> out{"out"};

    SC_CTOR(Sbox) {
        SC_METHOD(substitute);
        sensitive << in;
    }

private:
    void substitute() {
        if constexpr (sbox_kind == SboxKind::gates) {
            out = sbox_circuit(in.read());
        } else {
            out = sbox_table[in.read()];
        }
    }
};

}  // namespace coffer::synth
