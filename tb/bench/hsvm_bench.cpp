// What H-SVM's checks and clearing pages cost in simulated time: see docs/benchmarks.md and scripts/bench. The times that the benchmarks print are the simulation's, not the host's.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "hsvm_platform.h"

namespace coffer {
namespace {

constexpr double cycles_per_second = 2e9;
constexpr std::uint64_t vm_pages = 8192;
constexpr std::int64_t rounds = 512;
const Block64 zeros{};

// Modules can be made before the simulation starts only.
std::unique_ptr<HsvmPlatform> hsvm_platform;
std::unique_ptr<HsvmPlatform> combined_platform;

HsvmPlatform& platform_of(bool combined) { return combined ? *combined_platform : *hsvm_platform; }

void require(bool condition, const char* what) {
    if (!condition) throw std::runtime_error(what);
}

/// A VM, and machine pages for it in an order that no cache likes.
class Guest {
public:
    explicit Guest(HsvmPlatform& platform) : platform_(platform) {
        const Address addr_shim = platform.combined ? (vm_pages - 2) * page_bytes : 0;
        require(platform.hsvm.controller().create(HsvmCaller::host, {vm_pages, 1, addr_shim}, vmid) == HsvmStatus::ok, "the VM cannot be made");
        std::mt19937_64 random(vmid);
        for (std::uint64_t i = 0; i != vm_pages - 2; ++i) gpns_.push_back(i);
        frames_ = gpns_;
        std::shuffle(gpns_.begin(), gpns_.end(), random);
        std::shuffle(frames_.begin(), frames_.end(), random);
    }
    ~Guest() { platform_.hsvm.controller().delete_vm(HsvmCaller::host, vmid); }
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;

    Address gpa(std::size_t i) const { return gpns_[i] * page_bytes; }
    Address hpa(std::size_t i) const { return frames_[i] * page_bytes; }
    bool map(std::size_t i, sc_core::sc_time& delay) {
        return platform_.hsvm.perform(delay, [&](HsvmController& h) { return h.page_map(HsvmCaller::host, vmid, gpns_[i], frames_[i]); }) == HsvmStatus::ok;
    }
    void map_all() {
        sc_core::sc_time none;
        for (std::size_t i = 0; i != rounds; ++i) require(map(i, none), "a page cannot be mapped");
    }

    Vmid vmid = 0;

private:
    HsvmPlatform& platform_;
    std::vector<Gpn> gpns_;
    std::vector<std::uint64_t> frames_;
};

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

/// Sends the time of page commands to one delay.
class Charge {
public:
    Charge(HsvmMemoryTlm& memory, sc_core::sc_time& delay) : memory_(memory), outer_(memory.charge_to(delay)) {}
    ~Charge() { memory_.charge_to(outer_); }
    Charge(const Charge&) = delete;
    Charge& operator=(const Charge&) = delete;

private:
    HsvmMemoryTlm& memory_;
    sc_core::sc_time& outer_;
};

// (b) Clearing a page, everything up to the tree in memory: a fresh counter block and its leaf, or 64 lines of zeros.

void clear_by_counter_block(benchmark::State& state) {
    HsvmPlatform& platform = platform_of(true);
    Guest guest(platform);
    guest.map_all();
    measure(state, platform, [&](std::size_t i, sc_core::sc_time& delay) {
        const Charge charge(platform.memory, delay);
        const bool cleared = !platform.memory.shred_page(guest.vmid, guest.gpa(i), guest.hpa(i));
        platform.memory.settle_page(guest.vmid, guest.gpa(i), guest.hpa(i));
        return cleared;
    });
}
BENCHMARK(clear_by_counter_block)->Iterations(rounds)->UseManualTime();

void clear_by_encrypted_lines(benchmark::State& state) {
    HsvmPlatform& platform = platform_of(true);
    Guest guest(platform);
    guest.map_all();
    measure(state, platform, [&](std::size_t i, sc_core::sc_time& delay) {
        const Charge charge(platform.memory, delay);
        bool cleared = true;
        for (Address line = 0; line != page_bytes; line += line_bytes) cleared &= platform.memory.write_line(guest.vmid, guest.gpa(i) + line, guest.hpa(i) + line, zeros.data());
        platform.memory.settle_page(guest.vmid, guest.gpa(i), guest.hpa(i));
        return cleared;
    });
}
BENCHMARK(clear_by_encrypted_lines)->Iterations(rounds)->UseManualTime();

void clear_by_plain_lines(benchmark::State& state) {
    HsvmPlatform& platform = platform_of(false);
    Guest guest(platform);
    guest.map_all();
    measure(state, platform, [&](std::size_t i, sc_core::sc_time& delay) {
        const Charge charge(platform.memory, delay);
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
    measure(state, platform, [&](std::size_t i, sc_core::sc_time& delay) { return platform.walk(host_vmid, guest.hpa(i), delay).fault == TranslationFault::none; });
}
BENCHMARK_CAPTURE(ownership_look_up, hsvm, false)->Iterations(rounds)->UseManualTime();
BENCHMARK_CAPTURE(ownership_look_up, combined, true)->Iterations(rounds)->UseManualTime();

void guest_walk(benchmark::State& state, bool combined) {
    HsvmPlatform& platform = platform_of(combined);
    Guest guest(platform);
    guest.map_all();
    measure(state, platform, [&](std::size_t i, sc_core::sc_time& delay) { return platform.walk(guest.vmid, guest.gpa(i), delay).fault == TranslationFault::none; });
}
BENCHMARK_CAPTURE(guest_walk, hsvm, false)->Iterations(rounds)->UseManualTime();
BENCHMARK_CAPTURE(guest_walk, combined, true)->Iterations(rounds)->UseManualTime();

// A line of the host's in a page that it touches for the first time, and another one there.
void host_access(benchmark::State& state, bool combined, bool again) {
    HsvmPlatform& platform = platform_of(combined);
    const Guest guest(platform);
    platform.host_mmu.invalidate_frames(0, vm_pages);
    platform.llc.evict_all(LastLevelCache::Leaving::write_back);
    Block64 data;
    const auto touch_page = [&](std::size_t i) {
        sc_core::sc_time none;
        return !again || platform.host_read(guest.hpa(i) + line_bytes, data.data(), data.size(), none);
    };
    measure(state, platform, touch_page, [&](std::size_t i, sc_core::sc_time& delay) { return platform.host_read(guest.hpa(i), data.data(), data.size(), delay); });
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
