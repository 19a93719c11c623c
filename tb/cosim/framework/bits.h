#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

#include <systemc>

#include "common/bytes.h"

namespace coffer::cosim {

using Random = std::mt19937_64;

/// True with probability `p`.
inline bool chance(Random& random, double p) { return p > 0 && std::uniform_real_distribution<double>(0, 1)(random) < p; }

/// A value of a port: up to 512 bits, word 0 the least significant, bits above the width zero.
class Bits {
public:
    static constexpr unsigned max_width = 512;
    static constexpr unsigned word_bits = 32;
    using Words = std::array<std::uint32_t, max_width / word_bits>;

    Bits() = default;
    explicit Bits(unsigned width, std::uint64_t value = 0);
    /// Of the width of `bytes`, with byte 0 the most significant: blocks, keys, IVs, digests.
    static Bits from_bytes(ByteView bytes);
    /// Of the width of `bytes`, with byte 0 the least significant: counter blocks.
    static Bits from_little_endian(ByteView bytes);
    static Bits random(unsigned width, Random& random);

    unsigned width() const { return width_; }
    unsigned word_count() const { return (width_ + word_bits - 1) / word_bits; }
    std::uint32_t* words() { return words_.data(); }
    const std::uint32_t* words() const { return words_.data(); }
    std::uint64_t to_u64() const { return words_[0] | std::uint64_t{words_[1]} << word_bits; }
    bool bit(unsigned index) const { return (words_[index / word_bits] >> index % word_bits & 1) != 0; }
    void flip(unsigned index) { words_[index / word_bits] ^= 1u << index % word_bits; }
    /// The bytes in the order of from_bytes; whole bytes only.
    Bytes to_bytes() const;
    Bytes to_little_endian() const;
    /// Hexadecimal digits, the most significant first.
    std::string hex() const;

    bool operator==(const Bits& other) const { return width_ == other.width_ && words_ == other.words_; }
    bool operator!=(const Bits& other) const { return !(*this == other); }

private:
    unsigned width_ = 0;
    Words words_{};
};

}  // namespace coffer::cosim
