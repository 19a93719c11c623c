#pragma once

#include <type_traits>

#include "common/synth_types.h"

namespace coffer::synth {

/// A polynomial over GF(2) with `bits` coefficients, in the type that simulates fastest.
template <unsigned bits>
using Polynomial = std::conditional_t<(bits <= 64), sc_uint<static_cast<int>(bits)>, sc_biguint<static_cast<int>(bits)>>;

/// Product of two polynomials with `bits` coefficients, term by term: bits^2 AND, (bits - 1)^2 XOR. Combinational.
template <unsigned bits>
SC_MODULE(TermwiseMultiplier) {
    sc_in<Polynomial<bits>> a{"a"};
    sc_in<Polynomial<bits>> b{"b"};
    sc_out<Polynomial<2 * bits - 1>> product{"product"};

    SC_CTOR(TermwiseMultiplier) {
        SC_METHOD(multiply);
        sensitive << a << b;
    }

private:
    void multiply() {
        const Polynomial<bits> factor = b.read();
        Polynomial<2 * bits - 1> term = 0;
        term.range(bits - 1, 0) = a.read();
        Polynomial<2 * bits - 1> sum = 0;
        for (unsigned i = 0; i < bits; ++i) {
            sum ^= factor[i] ? term : Polynomial<2 * bits - 1>(0);
            term = term << 1;
        }
        product = sum;
    }
};

template <unsigned bits, unsigned leaf_bits>
class KaratsubaMultiplier;

/// Karatsuba's recursion down to factors of `leaf_bits`.
template <unsigned bits, unsigned leaf_bits>
using PolynomialMultiplier = std::conditional_t<(bits > leaf_bits), KaratsubaMultiplier<bits, leaf_bits>, TermwiseMultiplier<bits>>;

/// Product of two polynomials with `bits` coefficients, from three products of halves. Combinational.
/// Source: Karatsuba and Ofman 1963; the halves are put together as in Bernstein, "Batch binary Edwards" (CRYPTO 2009), which shares bits / 2 - 1 XOR.
template <unsigned bits, unsigned leaf_bits>
SC_MODULE(KaratsubaMultiplier) {
    sc_in<Polynomial<bits>> a{"a"};
    sc_in<Polynomial<bits>> b{"b"};
    sc_out<Polynomial<2 * bits - 1>> product{"product"};

    SC_CTOR(KaratsubaMultiplier) {
        bind(low_, a_low_, b_low_, low_product_);
        bind(high_, a_high_, b_high_, high_product_);
        bind(sum_, a_sum_, b_sum_, sum_product_);
        SC_METHOD(split);
        sensitive << a << b;
        SC_METHOD(combine);
        sensitive << low_product_ << high_product_ << sum_product_;
    }

private:
    static constexpr unsigned half = bits / 2;
    using Multiplier = PolynomialMultiplier<half, leaf_bits>;

    void bind(Multiplier & multiplier, sc_signal<Polynomial<half>> & first, sc_signal<Polynomial<half>> & second, sc_signal<Polynomial<bits - 1>> & result) {
        multiplier.a(first);
        multiplier.b(second);
        multiplier.product(result);
    }

    void split() {
        const Polynomial<bits> first = a.read();
        const Polynomial<bits> second = b.read();
        const Polynomial<half> first_low(first.range(half - 1, 0));
        const Polynomial<half> first_high(first.range(bits - 1, half));
        const Polynomial<half> second_low(second.range(half - 1, 0));
        const Polynomial<half> second_high(second.range(bits - 1, half));
        a_low_ = first_low;
        a_high_ = first_high;
        a_sum_ = first_low ^ first_high;
        b_low_ = second_low;
        b_high_ = second_high;
        b_sum_ = second_low ^ second_high;
    }

    // With t = x^half: low + t (sum + low + high) + t^2 high = (low + t high)(1 + t) + t sum.
    void combine() {
        Polynomial<2 * bits - 1> low = 0;
        Polynomial<2 * bits - 1> high = 0;
        Polynomial<2 * bits - 1> sum = 0;
        low.range(bits - 2, 0) = low_product_.read();
        high.range(half + bits - 2, half) = high_product_.read();
        sum.range(bits - 2, 0) = sum_product_.read();
        const Polynomial<2 * bits - 1> outer = low ^ high;
        sum ^= outer;
        sum = sum << half;
        product = outer ^ sum;
    }

    sc_signal<Polynomial<half>> a_low_{"a_low_"};
    sc_signal<Polynomial<half>> a_high_{"a_high_"};
    sc_signal<Polynomial<half>> a_sum_{"a_sum_"};
    sc_signal<Polynomial<half>> b_low_{"b_low_"};
    sc_signal<Polynomial<half>> b_high_{"b_high_"};
    sc_signal<Polynomial<half>> b_sum_{"b_sum_"};
    sc_signal<Polynomial<bits - 1>> low_product_{"low_product_"};
    sc_signal<Polynomial<bits - 1>> high_product_{"high_product_"};
    sc_signal<Polynomial<bits - 1>> sum_product_{"sum_product_"};
    Multiplier low_{"low_"};
    Multiplier high_{"high_"};
    Multiplier sum_{"sum_"};
};

/// Product of two elements of GF(2^128) as GHASH writes them: byte 0 in the most significant bits, and bit 127 the coefficient of 1. Combinational.
/// Leaves of 4 coefficients gave the smallest circuit.
/// Source: SP 800-38D, section 6.3; modulus 1 + x + x^2 + x^7 + x^128.
template <unsigned leaf_bits = 4>
SC_MODULE(Gf128Multiplier) {
    sc_in<sc_biguint<128>> x{"x"};
    sc_in<sc_biguint<128>> h{"h"};
    sc_out<sc_biguint<128>> product{"product"};

    SC_CTOR(Gf128Multiplier) {
        multiplier_.a(x);
        multiplier_.b(h);
        multiplier_.product(polynomial_);
        SC_METHOD(reduce);
        sensitive << polynomial_;
    }

private:
    // Bit i of the product of the bit-reversed factors is the coefficient of x^(254 - i), so that bits 126..0 are those from x^128 on.
    void reduce() {
        const sc_biguint<255> all = polynomial_.read();
        sc_biguint<127> high(all.range(126, 0));
        // What x^2 and x^7 times the highest coefficients bring over x^128 again.
        high[126] = high[126] ^ high[5] ^ high[0];
        for (unsigned i = 0; i < 5; ++i) high[121 + i] = high[121 + i] ^ high[i];

        const sc_biguint<128> low(all.range(254, 127));
        sc_biguint<128> high_1 = 0;
        sc_biguint<128> high_x = 0;
        sc_biguint<128> high_x2 = 0;
        sc_biguint<128> high_x7 = 0;
        high_1.range(127, 1) = high;
        high_x.range(126, 0) = high;
        high_x2.range(125, 0) = high.range(126, 1);
        high_x7.range(120, 0) = high.range(126, 6);
        product = low ^ high_1 ^ high_x ^ high_x2 ^ high_x7;
    }

    sc_signal<sc_biguint<255>> polynomial_{"polynomial_"};
    PolynomialMultiplier<128, leaf_bits> multiplier_{"multiplier_"};
};

}  // namespace coffer::synth
