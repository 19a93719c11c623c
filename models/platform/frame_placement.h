#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace coffer {

/// Deals the data frames to those who live in memory, before the simulation.
class FramePlacement {
public:
    /// Frames [0, frames).
    explicit FramePlacement(std::uint64_t frames) : frames_(frames) {}

    /// Frames [first, first + count) for one owner. Throws InputError, naming `where`, where some do not exist or are taken.
    void take(std::string_view where, std::uint64_t first, std::uint64_t count);

    /// `counts[i]` frames for owner i, all drawn from those that are free, in random order; equal seeds give equal frames. To be called
    /// once, after `take`. Throws InputError, naming `where`, where there are not enough.
    std::vector<std::vector<std::uint64_t>> scatter(std::string_view where, const std::vector<std::uint64_t>& counts, std::uint64_t seed) const;

private:
    struct Run {
        std::uint64_t first;
        std::uint64_t count;
    };

    std::uint64_t free_frame(std::uint64_t index) const;

    std::uint64_t frames_;
    std::uint64_t taken_ = 0;
    std::vector<Run> runs_;  // taken, ascending
};

}  // namespace coffer
