#include "platform/frame_placement.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <unordered_set>

#include <fmt/format.h>

#include "common/errors.h"

namespace coffer {

namespace {

/// A uniform number below `bound`, the same on every machine, which std::uniform_int_distribution is not.
std::uint64_t draw(std::mt19937_64& random, std::uint64_t bound) {
    const std::uint64_t unfair = (0 - bound) % bound;  // 2^64 modulo bound
    while (true)
        if (const std::uint64_t value = random(); value >= unfair) return value % bound;
}

}  // namespace

void FramePlacement::take(std::string_view where, std::uint64_t first, std::uint64_t count) {
    if (first >= frames_ || count > frames_ - first)
        throw InputError(where, fmt::format("frames {} to {} are not all there", first, first + count - 1),
                         fmt::format("frames 0 to {}", frames_ - 1));
    const auto after = std::find_if(runs_.begin(), runs_.end(), [&](const Run& run) { return run.first + run.count > first; });
    if (after != runs_.end() && after->first < first + count)
        throw InputError(where,
                         fmt::format("frames {} to {} are taken by another", std::max(first, after->first),
                                     std::min(first + count, after->first + after->count) - 1),
                         "frames of its own");
    runs_.insert(after, {first, count});
    taken_ += count;
}

std::uint64_t FramePlacement::free_frame(std::uint64_t index) const {
    for (const Run& run : runs_) {
        if (index < run.first) break;
        index += run.count;
    }
    return index;
}

std::vector<std::vector<std::uint64_t>> FramePlacement::scatter(std::string_view where, const std::vector<std::uint64_t>& counts,
                                                                std::uint64_t seed) const {
    const std::uint64_t free = frames_ - taken_;
    std::uint64_t total = 0;
    for (std::uint64_t count : counts) {
        if (count > free - total)
            throw InputError(where, fmt::format("{} frames do not hold all pages", frames_), "as many frames as all pages together, or more");
        total += count;
    }

    // Floyd's sampling: `total` different indices of free frames, whatever share of memory they are.
    std::mt19937_64 random(seed);
    std::unordered_set<std::uint64_t> chosen;
    std::vector<std::uint64_t> frames;
    chosen.reserve(total);
    frames.reserve(total);
    for (std::uint64_t last = free - total; last != free; ++last) {
        const std::uint64_t index = draw(random, last + 1);
        const std::uint64_t fresh = chosen.insert(index).second ? index : last;
        if (fresh == last) chosen.insert(last);
        frames.push_back(free_frame(fresh));
    }
    for (std::uint64_t i = total; i > 1; --i) std::swap(frames[i - 1], frames[draw(random, i)]);

    std::vector<std::vector<std::uint64_t>> dealt;
    auto next = frames.begin();
    for (std::uint64_t count : counts) {
        dealt.emplace_back(next, next + static_cast<std::ptrdiff_t>(count));
        next += static_cast<std::ptrdiff_t>(count);
    }
    return dealt;
}

}  // namespace coffer
