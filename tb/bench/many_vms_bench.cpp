// 4,096 VMs on 64 GiB of configured memory: how much of the host's memory that takes. See docs/benchmarks.md and scripts/bench. A program of its own,
// since a process has one peak only.

#include <benchmark/benchmark.h>

#include <sys/resource.h>

#include <memory>

#include "hsvm_platform.h"

namespace coffer {
namespace {

constexpr std::uint64_t vms = 4096;
constexpr Address configured_bytes = Address{64} << 30;
constexpr std::uint64_t vm_pages = configured_bytes / page_bytes / vms;
constexpr std::uint64_t used_pages = 16;  // of each VM: mapped, and written from end to end

std::unique_ptr<HsvmPlatform> platform;

std::uint64_t peak_bytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

Block64 pattern(Vmid vmid, Address gpa) {
    Block64 line{};
    store_le64(line.data(), gpa);
    store_le16(line.data() + 8, vmid);
    return line;
}

/// Accesses all lines of the pages that a VM uses, which lie at the start of its share of memory.
bool access_all(tlm::tlm_command command, Vmid vmid, std::uint64_t number) {
    for (Address gpa = 0; gpa != used_pages * page_bytes; gpa += line_bytes) {
        const Block64 expected = pattern(vmid, gpa);
        Block64 line = expected;
        if (command == tlm::TLM_READ_COMMAND) line = {};
        sc_core::sc_time delay;
        const Address hpa = number * vm_pages * page_bytes + gpa;
        if (!platform->guest_access(command, vmid, gpa, hpa, line.data(), line.size(), delay) || line != expected) return false;
    }
    return true;
}

bool make_vm(std::uint64_t number, Vmid& vmid) {
    HsvmController& controller = platform->hsvm.controller();
    if (controller.create(HsvmCaller::host, {vm_pages, 1, (vm_pages - 2) * page_bytes}, vmid) != HsvmStatus::ok) return false;
    for (std::uint64_t page = 0; page != used_pages; ++page)
        if (controller.page_map(HsvmCaller::host, vmid, page, number * vm_pages + page) != HsvmStatus::ok) return false;
    return access_all(tlm::TLM_WRITE_COMMAND, vmid, number);
}

void many_vms(benchmark::State& state) {
    for (auto _ : state) {
        std::vector<Vmid> made(vms);
        for (std::uint64_t i = 0; i != vms; ++i)
            if (!make_vm(i, made[i])) return state.SkipWithError("a VM cannot be made");
        for (std::uint64_t i = 0; i != vms; ++i)
            if (!access_all(tlm::TLM_READ_COMMAND, made[i], i)) return state.SkipWithError("a VM does not read what it wrote");
    }
    state.counters["vms"] = static_cast<double>(vms);
    state.counters["configured_bytes"] = static_cast<double>(configured_bytes);
    state.counters["written_bytes"] = static_cast<double>(vms * used_pages * page_bytes);
    state.counters["peak_bytes"] = static_cast<double>(peak_bytes());
}
BENCHMARK(many_vms)->Iterations(1)->Unit(benchmark::kSecond);

}  // namespace
}  // namespace coffer

int sc_main(int argc, char* argv[]) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    coffer::HsvmPlatformParameters parameters;
    parameters.data_bytes = coffer::configured_bytes;
    parameters.chip_bytes = coffer::Address{384} << 20;
    parameters.vmids = coffer::vms + coffer::first_guest_vmid;
    coffer::platform = std::make_unique<coffer::HsvmPlatform>("platform", parameters);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    coffer::platform->boot();
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
