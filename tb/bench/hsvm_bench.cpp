// What H-SVM's checks and clearing pages cost in simulated time: see docs/benchmarks.md and scripts/bench. The times that the benchmarks print are
// the simulation's, not the host's.

#include <benchmark/benchmark.h>

#include <memory>

#include "hsvm_guest.h"
#include "hsvm_platform.h"
#include "simulated_time.h"

namespace coffer {
namespace {

constexpr std::int64_t rounds = 512;
const Block64 zeros{};

// Modules can be made before the simulation starts only.
std::unique_ptr<HsvmPlatform> hsvm_platform;
std::unique_ptr<HsvmPlatform> combined_platform;

HsvmPlatform& platform_of(bool combined) { return combined ? *combined_platform : *hsvm_platform; }

// (b) Clearing a page, everything up to the tree in memory: a fresh counter block and its leaf, or 64 lines of zeros.

void clear_by_counter_block(benchmark::State& state) {
    HsvmPlatform& platform = platform_of(true);
    Guest guest(platform);
    guest.map_first(rounds);
    measure(state, platform, [&](std::size_t i, sc_core::sc_time& delay) {
        const Charge charge = platform.memory.charge(delay);
        const bool cleared = !platform.memory.shred_page(guest.vmid, guest.gpa(i), guest.hpa(i));
        platform.memory.settle_page(guest.vmid, guest.gpa(i), guest.hpa(i));
        return cleared;
    });
}
BENCHMARK(clear_by_counter_block)->Iterations(rounds)->UseManualTime();

void clear_by_encrypted_lines(benchmark::State& state) {
    HsvmPlatform& platform = platform_of(true);
    Guest guest(platform);
    guest.map_first(rounds);
    measure(state, platform, [&](std::size_t i, sc_core::sc_time& delay) {
        const Charge charge = platform.memory.charge(delay);
        bool cleared = true;
        for (Address line = 0; line != page_bytes; line += line_bytes)
            cleared &= platform.memory.write_line(guest.vmid, guest.gpa(i) + line, guest.hpa(i) + line, zeros.data());
        platform.memory.settle_page(guest.vmid, guest.gpa(i), guest.hpa(i));
        return cleared;
    });
}
BENCHMARK(clear_by_encrypted_lines)->Iterations(rounds)->UseManualTime();

void clear_by_plain_lines(benchmark::State& state) {
    HsvmPlatform& platform = platform_of(false);
    Guest guest(platform);
    guest.map_first(rounds);
    measure(state, platform, [&](std::size_t i, sc_core::sc_time& delay) {
        const Charge charge = platform.memory.charge(delay);
        for (Address line = 0; line != page_bytes; line += line_bytes) platform.memory.write_raw(guest.hpa(i) + line, zeros.data(), zeros.size());
        return true;
    });
}
BENCHMARK(clear_by_plain_lines)->Iterations(rounds)->UseManualTime();

// (c) Checks when a page is mapped, and when a TLB is filled.

void map(benchmark::State& state, bool combined) {
    HsvmPlatform& platform = platform_of(combined);
    Guest guest(platform);
    measure(state, platform, [&](std::size_t i, sc_core::sc_time& delay) { return guest.map(i, delay); });
}
BENCHMARK_CAPTURE(map, hsvm, false)->Iterations(rounds)->UseManualTime();
BENCHMARK_CAPTURE(map, combined, true)->Iterations(rounds)->UseManualTime();

// The look-up that both kinds of check consist of.
void ownership_look_up(benchmark::State& state, bool combined) {
    HsvmPlatform& platform = platform_of(combined);
    Guest guest(platform);
    measure(state, platform,
            [&](std::size_t i, sc_core::sc_time& delay) { return platform.walk(host_vmid, guest.hpa(i), delay).fault == TranslationFault::none; });
}
BENCHMARK_CAPTURE(ownership_look_up, hsvm, false)->Iterations(rounds)->UseManualTime();
BENCHMARK_CAPTURE(ownership_look_up, combined, true)->Iterations(rounds)->UseManualTime();

void guest_walk(benchmark::State& state, bool combined) {
    HsvmPlatform& platform = platform_of(combined);
    Guest guest(platform);
    guest.map_first(rounds);
    measure(state, platform,
            [&](std::size_t i, sc_core::sc_time& delay) { return platform.walk(guest.vmid, guest.gpa(i), delay).fault == TranslationFault::none; });
}
BENCHMARK_CAPTURE(guest_walk, hsvm, false)->Iterations(rounds)->UseManualTime();
BENCHMARK_CAPTURE(guest_walk, combined, true)->Iterations(rounds)->UseManualTime();

// A line of the host's in a page that it touches for the first time, and another one there.
void host_access(benchmark::State& state, bool combined, bool again) {
    HsvmPlatform& platform = platform_of(combined);
    const Guest guest(platform);
    platform.host_mmu.invalidate_frames(0, Guest::pages);
    platform.llc.evict_all(LastLevelCache::Leaving::write_back);
    Block64 data;
    const auto touch_page = [&](std::size_t i) {
        sc_core::sc_time none;
        return !again || platform.host_read(guest.hpa(i) + line_bytes, data.data(), data.size(), none);
    };
    measure(state, platform, touch_page,
            [&](std::size_t i, sc_core::sc_time& delay) { return platform.host_read(guest.hpa(i), data.data(), data.size(), delay); });
}
BENCHMARK_CAPTURE(host_access, hsvm_first, false, false)->Iterations(rounds)->UseManualTime();
BENCHMARK_CAPTURE(host_access, hsvm_again, false, true)->Iterations(rounds)->UseManualTime();
BENCHMARK_CAPTURE(host_access, combined_first, true, false)->Iterations(rounds)->UseManualTime();
BENCHMARK_CAPTURE(host_access, combined_again, true, true)->Iterations(rounds)->UseManualTime();

}  // namespace
}  // namespace coffer

int sc_main(int argc, char* argv[]) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    coffer::hsvm_platform = std::make_unique<coffer::HsvmPlatform>("hsvm", coffer::HsvmPlatformParameters{false});
    coffer::combined_platform = std::make_unique<coffer::HsvmPlatform>("combined", coffer::HsvmPlatformParameters{true});
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    coffer::hsvm_platform->boot();
    coffer::combined_platform->boot();
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
