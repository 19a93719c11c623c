#include "crypto/gf128_multiplier_synth.h"

#include <gtest/gtest.h>

#include "synth/clocked_bench.h"
#include "synth/words.h"

namespace coffer::synth::test {
namespace {

using Element = sc_dt::sc_biguint<128>;

/// SP 800-38D, section 6.3, algorithm 1, bit by bit.
Element defined_product(const Element& x, const Element& y) {
    Element z = 0;
    Element v = y;
    for (int i = 127; i >= 0; --i) {
        if (x[i]) z ^= v;
        const bool carry = v[0];
        v >>= 1;
        if (carry) v.range(127, 120) = v.range(127, 120).to_uint() ^ 0xe1;
    }
    return z;
}

template <class LeafBits>
struct Gf128MultiplierSynth : testing::Test {
    Gf128MultiplierSynth() {
        module.x(x_);
        module.h(h_);
        module.product(product_);
    }

    Element multiply(const Element& first, const Element& second) {
        x_ = first;
        h_ = second;
        sc_core::sc_start(1, sc_core::SC_NS);
        return product_.read();
    }
    void check(const Element& first, const Element& second) {
        ASSERT_TRUE(multiply(first, second) == defined_product(first, second)) << first.to_string(sc_dt::SC_HEX) << " * " << second.to_string(sc_dt::SC_HEX);
    }

    Gf128Multiplier<LeafBits::value> module{"multiplier"};
    std::mt19937_64 random{traffic_seed()};

private:
    sc_core::sc_signal<Element> x_;
    sc_core::sc_signal<Element> h_;
    sc_core::sc_signal<Element> product_;
};

using Leaves = testing::Types<std::integral_constant<unsigned, 2>, std::integral_constant<unsigned, 4>, std::integral_constant<unsigned, 8>>;
TYPED_TEST_SUITE(Gf128MultiplierSynth, Leaves);

TYPED_TEST(Gf128MultiplierSynth, MultipliesTheBasis) {
    for (int i = 0; i < 128; ++i)
        for (int j = i % 5; j < 128; j += 5) {
            Element x = 0, h = 0;
            x[i] = 1;
            h[j] = 1;
            this->check(x, h);
        }
}

TYPED_TEST(Gf128MultiplierSynth, MultipliesRandomElements) {
    Element one = 0;
    one[127] = 1;
    for (int i = 0; i < 300; ++i) {
        const Element x = big_endian<128>(random_bytes<Block16>(this->random));
        const Element h = big_endian<128>(random_bytes<Block16>(this->random));
        this->check(x, h);
        EXPECT_TRUE(this->multiply(x, one) == x);
        EXPECT_TRUE(this->multiply(0, h) == 0);
    }
}

}  // namespace
}  // namespace coffer::synth::test
