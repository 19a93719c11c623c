#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <utility>

#include "hsvm_platform.h"

namespace coffer {

inline constexpr double cycles_per_second = 2e9;

/// Measures step(i, delay) in simulated time, round by round; what prepare(i) does before is not counted.
template <class Prepare, class Step>
void measure(benchmark::State& state, HsvmPlatform& platform, Prepare&& prepare, Step&& step) {
    sc_core::sc_time total;
    std::uint64_t accesses = 0;
    std::size_t i = 0;
    for (auto _ : state) {
        sc_core::sc_time delay;
        bool good = prepare(i);
        const std::uint64_t before = platform.bus_accesses();
        good = good && step(i++, delay);
        if (!good) return state.SkipWithError("refused");
        accesses += platform.bus_accesses() - before;
        state.SetIterationTime(delay.to_seconds());
        total += delay;
    }
    state.counters["cycles"] = total.to_seconds() * cycles_per_second / static_cast<double>(i);
    state.counters["bus_accesses"] = static_cast<double>(accesses) / static_cast<double>(i);
}
template <class Step>
void measure(benchmark::State& state, HsvmPlatform& platform, Step&& step) {
    measure(state, platform, [](std::size_t) { return true; }, std::forward<Step>(step));
}

}  // namespace coffer
