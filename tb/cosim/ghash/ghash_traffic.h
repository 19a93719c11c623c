#pragma once

#include <cstddef>

#include "cosim/framework/traffic.h"

namespace coffer::cosim {

/// Lines for a GHASH of so many multipliers, which takes one transfer of additional data and then as many chunks a transfer.
struct GhashTraffic {
    unsigned multipliers;

    /// `lines` random lines. Now and then another key arrives while a line is on its way, or between two; the first comes before any line.
    Traffic random(Random& random, std::size_t lines) const;
    /// `lines` random lines under one key.
    Traffic under_one_key(Random& random, std::size_t lines) const;
    /// Ciphertext and tags of lines from another library, by SP 800-38D.
    Traffic vectors() const;

private:
    void add_random_line(Traffic& traffic, Random& random) const;
    void add_line(Traffic& traffic, ByteView additional_data, ByteView ciphertext, ByteView mask) const;
};

}  // namespace coffer::cosim
