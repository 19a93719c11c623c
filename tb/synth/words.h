#pragma once

#include <cstdint>
#include <random>
#include <systemc>

#include "common/bytes.h"

namespace coffer::synth::test {

/// Bytes as a number, the first one most significant: blocks, keys, digests.
template <int bits>
sc_dt::sc_biguint<bits> big_endian(ByteView bytes) {
    sc_dt::sc_biguint<bits> number = 0;
    int high = bits - 1;
    for (const std::uint8_t byte : bytes) {
        number.range(high, high - 7) = byte;
        high -= 8;
    }
    return number;
}

/// Bytes as a number, the first one least significant: counter blocks.
template <int bits>
sc_dt::sc_biguint<bits> little_endian(ByteView bytes) {
    sc_dt::sc_biguint<bits> number = 0;
    int low = 0;
    for (const std::uint8_t byte : bytes) {
        number.range(low + 7, low) = byte;
        low += 8;
    }
    return number;
}

template <class Array>
Array random_bytes(std::mt19937_64& random) {
    Array bytes;
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
}

}  // namespace coffer::synth::test
