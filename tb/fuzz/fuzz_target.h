#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>

#include "common/bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace coffer::fuzz {

/// What must hold for any input; where it does not, the driver or libFuzzer says how to see it again.
inline void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "fuzz: %s\n", what);
    std::abort();
}

inline bool same(ByteView a, ByteView b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

/// One of the things that a target reads.
struct Reading {
    char letter;
    void (*read)(ByteView rest);
};

/// The first byte of an input chooses what the rest is; an input that chooses nothing is none.
inline void read_chosen(ByteView input, std::initializer_list<Reading> readings) {
    for (const Reading& reading : readings)
        if (input.size != 0 && input.data[0] == static_cast<std::uint8_t>(reading.letter)) return reading.read({input.data + 1, input.size - 1});
}

}  // namespace coffer::fuzz
