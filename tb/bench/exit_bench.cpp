// Exits of a vCPU and its returns, with the shim and without: see docs/benchmarks.md and scripts/bench.

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>

#include "aise/lpid_allocator.h"
#include "memory/protected_memory.h"
#include "memory/sparse_memory.h"
#include "vcpu/guest_memory_map.h"
#include "vcpu/protected_guest_memory.h"
#include "vcpu/vm_shim.h"
#include "vm_table/nonvolatile.h"

namespace coffer {
namespace {

constexpr std::uint64_t vm_pages = 16;
constexpr Address addr_shim = 0x4000;

/// A chip with one VM whose pages lie where its GPAs say.
struct Chip {
    Chip() : memory({}, dram, lpids) {
        VmInstall vm;
        vm.pages = vm_pages;
        memory.install(vm);
        map.add({0, 0, vm_pages});
    }

    SparseMemory dram;
    MemoryNonVolatile nonvolatile{ChipNumber(1)};
    LpidAllocator lpids{nonvolatile};
    ProtectedMemory memory;
    GuestMemoryMap map;
    ProtectedGuestMemory guest{memory, first_guest_vmid, map};
};

VcpuContext some_context() {
    VcpuContext context;
    for (std::size_t i = 0; i < register_count; ++i) context.registers[i] = 0x0123'4567'89ab'cdef * (i + 1);
    return context;
}

ExitEvent event_of(ExitReason reason) {
    ExitEvent event;
    event.reason = reason;
    event.instruction_bytes = find_exit(exit_table, reason)->instruction ? 2 : 0;
    return event;
}

void count_exits(benchmark::State& state) { state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations())); }

// The shim saves the context in protected memory, scrubs, and restores it.
void exit_with_shim(benchmark::State& state, ExitReason reason) {
    Chip chip;
    const ExitPolicy policy;
    VmShim shim(addr_shim, 1, chip.guest, policy);
    store_context_page(chip.guest, context_page(addr_shim, 0), {}, some_context());
    VmShim::Entry vcpu = shim.enter(0, addr_shim, {});
    const ExitEvent event = event_of(reason);
    for (auto _ : state) {
        VmShim::Exit exit = shim.exit(0, event, vcpu.context);
        exit.view.context[Register::rax] = 1;
        vcpu = shim.enter(0, addr_shim, exit.view);
        if (vcpu.status != ShimStatus::ok) state.SkipWithError("the vCPU cannot go on");
        benchmark::DoNotOptimize(vcpu);
    }
    count_exits(state);
}
BENCHMARK_CAPTURE(exit_with_shim, cpuid, ExitReason::cpuid);
BENCHMARK_CAPTURE(exit_with_shim, timer, ExitReason::timer);

// As a processor without protection does it: the same registers to a control block in plain memory, which the hypervisor changes, and back.
void exit_without_shim(benchmark::State& state) {
    SparseMemory dram;
    VcpuContext context = some_context();
    for (auto _ : state) {
        ContextBytes bytes = encode_context(context);
        dram.write(addr_shim, bytes.data(), bytes.size());
        const std::uint64_t answer = 1;
        dram.write(addr_shim, reinterpret_cast<const std::uint8_t*>(&answer), sizeof answer);
        dram.read(addr_shim, bytes.data(), bytes.size());
        context = decode_context(bytes);
        benchmark::DoNotOptimize(context);
    }
    count_exits(state);
}
BENCHMARK(exit_without_shim);

// What the protected lines of an exit and a return cost by themselves: the first line read twice and written twice, all others written and read.
void protected_lines_of_an_exit(benchmark::State& state) {
    Chip chip;
    const Address page = context_page(addr_shim, 0);
    ContextBytes bytes = encode_context(some_context());
    Block64 first{};
    for (auto _ : state) {
        chip.guest.read_line(page, first.data());
        write_guest(chip.guest, page + line_bytes, bytes.data(), bytes.size());
        chip.guest.write_line(page, first.data());
        chip.guest.read_line(page, first.data());
        read_guest(chip.guest, page + line_bytes, bytes.data(), bytes.size());
        chip.guest.write_line(page, first.data());
        benchmark::DoNotOptimize(bytes);
    }
    count_exits(state);
}
BENCHMARK(protected_lines_of_an_exit);

}  // namespace
}  // namespace coffer

BENCHMARK_MAIN();
