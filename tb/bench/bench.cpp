// Cost of one protected line at every level, in one run: see docs/benchmarks.md and scripts/bench, which prints the ratios.

#include <benchmark/benchmark.h>

#include <malloc.h>

#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include <systemc>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include "aise/counter_block.h"
#include "aise/lpid_allocator.h"
#include "common/initiator_socket_tlm.h"
#include "crypto/aes_gcm.h"
#include "crypto/line_cipher.h"
#include "memory/bus_probe_tlm.h"
#include "memory/dram_tlm.h"
#include "memory/last_level_cache_tlm.h"
#include "memory/memory_protection_tlm.h"
#include "memory/protected_memory.h"
#include "memory/sparse_memory.h"
#include "vcpu/guest_memory_map.h"
#include "vcpu/mmu_tlm.h"
#include "vm_table/nonvolatile.h"

namespace coffer {
namespace {

// The warm set: all its counter blocks are in the metadata cache, and it is so small that the host's caches hold whatever it takes to read it.
constexpr std::size_t warm_pages = 4;
constexpr std::size_t warm_lines = warm_pages * lines_per_page;

crypto::Key128 some_key() { return crypto::Key128({1, 2, 3, 4, 5, 6, 7, 8}); }

ProtectedMemoryParameters parameters_for(Address data_bytes) {
    ProtectedMemoryParameters parameters;
    parameters.data_bytes = data_bytes;
    return parameters;
}

VmInstall vm_for(Address data_bytes) {
    VmInstall vm;
    vm.k_vm = some_key();
    vm.pages = data_bytes / page_bytes;
    return vm;
}

/// Time per line is what all of these report.
void count_lines(benchmark::State& state, std::size_t lines) { state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * lines)); }

// (a) Pads, exclusive or, GHASH and tag comparison of a line, as its decryption needs them: nothing else.
void crypto_primitives(benchmark::State& state) {
    const crypto::PadCipher cipher(some_key());
    const crypto::LineGhash ghash(some_key());
    std::vector<std::uint8_t> ciphertext(warm_lines * line_bytes, 0x5a);
    std::vector<std::uint8_t> plaintext(line_bytes);
    std::vector<std::uint8_t> tags(warm_lines * chunk_bytes);
    std::uint64_t mismatches = 0;
    for (auto _ : state) {
        for (std::size_t i = 0; i < warm_lines; ++i) {
            const crypto::Iv iv = make_iv(0x0001000000000005 + i / lines_per_page, 1, i % lines_per_page);
            std::array<std::uint8_t, pad_bytes> pad;
            cipher.generate(&iv, 1, pad.data());
            const std::uint8_t* const line = ciphertext.data() + i * line_bytes;
            const crypto::LineGhash::Words hash = ghash.hash(crypto::LineGhash::Words{i / lines_per_page, 0}, line);
            for (std::size_t b = 0; b < line_bytes; b += 8) store_le64(plaintext.data() + b, load_le64(line + b) ^ load_le64(pad.data() + b));
            const std::uint8_t* const tag = tags.data() + i * chunk_bytes;
            const std::uint64_t low = hash.low ^ load_le64(pad.data() + line_bytes) ^ load_le64(tag);
            const std::uint64_t high = hash.high ^ load_le64(pad.data() + line_bytes + 8) ^ load_le64(tag + 8);
            mismatches += (low | high) != 0;
            benchmark::DoNotOptimize(plaintext.data());
        }
        benchmark::DoNotOptimize(mismatches);
    }
    count_lines(state, warm_lines);
}
BENCHMARK(crypto_primitives);

/// Everything a reference-level run needs, over memory of a size.
struct ReferencePlatform {
    explicit ReferencePlatform(Address data_bytes) : lpids(nonvolatile), memory(parameters_for(data_bytes), store, lpids) {
        memory.install(vm_for(data_bytes));
        const Block64 data{1, 2, 3};
        for (std::size_t i = 0; i < warm_lines; ++i) (void)memory.write_line(first_guest_vmid, i * line_bytes, i * line_bytes, data.data());
    }
    MemoryNonVolatile nonvolatile{ChipNumber(1)};
    LpidAllocator lpids;
    SparseMemory store;
    ProtectedMemory memory;
};

// (b) Reads of warm lines through the reference level; the argument is the configured memory in MiB.
void protected_memory(benchmark::State& state) {
    ReferencePlatform platform(static_cast<Address>(state.range(0)) << 20);
    Block64 data;
    for (auto _ : state)
        for (std::size_t i = 0; i < warm_lines; ++i) {
            if (platform.memory.read_line(first_guest_vmid, i * line_bytes, i * line_bytes, data.data())) state.SkipWithError("violation");
            benchmark::DoNotOptimize(data);
        }
    count_lines(state, warm_lines);
}
BENCHMARK(protected_memory)->Arg(1)->Arg(1 << 10)->Arg(1 << 20);

// (d) The library's AES-GCM on the same lines, keyed once, one call a line.
void library_gcm(benchmark::State& state) {
    crypto::LineGcm gcm(some_key());
    std::vector<std::uint8_t> ciphertext(warm_lines * line_bytes);
    std::vector<std::uint8_t> tags(warm_lines * chunk_bytes);
    const auto iv_of = [](std::size_t i) { return make_iv(0x0001000000000005 + i / lines_per_page, 1, i % lines_per_page); };
    const auto additional_data_of = [](std::size_t i) {
        Block16 additional_data{};
        store_le64(additional_data.data(), i / lines_per_page);
        return additional_data;
    };
    Block64 plaintext{1, 2, 3};
    for (std::size_t i = 0; i < warm_lines; ++i)
        gcm.encrypt(iv_of(i), additional_data_of(i), plaintext.data(), ciphertext.data() + i * line_bytes, tags.data() + i * chunk_bytes);
    for (auto _ : state)
        for (std::size_t i = 0; i < warm_lines; ++i) {
            if (!gcm.decrypt(iv_of(i), additional_data_of(i), ciphertext.data() + i * line_bytes, tags.data() + i * chunk_bytes, plaintext.data()))
                state.SkipWithError("tag");
            benchmark::DoNotOptimize(plaintext);
        }
    count_lines(state, warm_lines);
}
BENCHMARK(library_gcm);

/// With the standard library's socket, or the one that vCPUs have.
template <template <class> class Socket>
struct Initiator : sc_core::sc_module {
    explicit Initiator(const sc_core::sc_module_name& name) : sc_module(name), initiator_socket("initiator_socket") {}
    Socket<Initiator> initiator_socket;
};

template <class Module>
using StandardSocket = tlm_utils::simple_initiator_socket<Module>;

/// Memory with nothing around it.
struct BareTarget : sc_core::sc_module {
    explicit BareTarget(const sc_core::sc_module_name& name) : sc_module(name), target_socket("target_socket"), bytes(warm_lines * line_bytes) {
        target_socket.register_b_transport(this, &BareTarget::b_transport);
    }
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time&) {
        std::uint8_t* const here = bytes.data() + payload.get_address();
        if (payload.is_read())
            std::memcpy(payload.get_data_ptr(), here, payload.get_data_length());
        else
            std::memcpy(here, payload.get_data_ptr(), payload.get_data_length());
        payload.set_response_status(tlm::TLM_OK_RESPONSE);
    }
    tlm_utils::simple_target_socket<BareTarget> target_socket;
    std::vector<std::uint8_t> bytes;
};

/// The whole path of a guest's access, with everything on: MMU, last-level cache, MPE with all its parts, bus probe, DRAM. The cache is half as large
/// as the warm set, so that every access goes all the way.
struct TlmPlatform {
    explicit TlmPlatform(Address data_bytes)
        : size(data_bytes),
          lpids(nonvolatile),
          initiator(sc_core::sc_gen_unique_name("initiator")),
          mmu(sc_core::sc_gen_unique_name("mmu"), first_guest_vmid, guest_memory),
          llc(sc_core::sc_gen_unique_name("llc"), llc_parameters_of(data_bytes)),
          protection(sc_core::sc_gen_unique_name("protection"), parameters_of(data_bytes), lpids),
          dram(sc_core::sc_gen_unique_name("dram"), {dram_bytes, sc_core::sc_time(100, sc_core::SC_NS), 12.8},
               DramTraffic(protection.map(), dram_bytes)),
          probe(sc_core::sc_gen_unique_name("probe"), dram.memory()) {
        guest_memory.add({0, 0, data_bytes / page_bytes});
        initiator.initiator_socket.bind(mmu.target_socket);
        mmu.initiator_socket.bind(llc.target_socket);
        mmu.stop_with(protection.violations);
        llc.initiator_socket.bind(protection.mpe.target_socket);
        protection.mpe.initiator_socket.bind(probe.target_socket);
        probe.initiator_socket.bind(dram.target_socket);
    }
    static MemoryProtectionParameters parameters_of(Address data_bytes) {
        MemoryProtectionParameters parameters;
        parameters.memory = parameters_for(data_bytes);
        return parameters;
    }
    static LastLevelCacheParameters llc_parameters_of(Address data_bytes) {
        LastLevelCacheParameters parameters;
        parameters.memory_size = data_bytes;
        parameters.size = warm_lines * line_bytes / 2;
        return parameters;
    }
    void boot() {
        protection.boot();
        protection.install(vm_for(size));
    }

    static constexpr Address dram_bytes = Address{1} << 62;

    Address size;
    MemoryNonVolatile nonvolatile{ChipNumber(1)};
    LpidAllocator lpids;
    GuestMemoryMap guest_memory;
    Initiator<InitiatorSocket> initiator;
    MmuTlm mmu;
    LastLevelCacheTlm llc;
    MemoryProtectionTlm protection;
    DramTlm dram;
    BusProbeTlm probe;
};

// Modules can be made before the simulation starts only: one platform for every size, by MiB.
std::map<std::int64_t, std::unique_ptr<TlmPlatform>> tlm_platforms;
constexpr std::int64_t sizes_mib[] = {1, 1 << 10, 1 << 20};

// (c) Reads of warm lines through the TLM modules, from the vCPU's socket; the argument is the configured memory in MiB.
void full_tlm_path(benchmark::State& state) {
    TlmPlatform& platform = *tlm_platforms.at(state.range(0));
    ContextPayload payload;
    Block64 data{1, 2, 3};
    sc_core::sc_time delay;
    auto& socket = platform.initiator.initiator_socket;
    for (std::size_t i = 0; i < warm_lines; ++i) socket.b_transport(payload.write(i * line_bytes, data.data(), line_bytes), delay);
    const std::uint64_t before = platform.protection.mpe.statistics().lines_read;
    std::uint64_t reads = 0;
    for (auto _ : state) {
        for (std::size_t i = 0; i < warm_lines; ++i) {
            tlm::tlm_generic_payload& transaction = payload.read(i * line_bytes, data.data(), line_bytes);
            delay = sc_core::SC_ZERO_TIME;
            socket.b_transport(transaction, delay);
            if (!transaction.is_response_ok()) state.SkipWithError("violation");
            benchmark::DoNotOptimize(data);
        }
        reads += warm_lines;
    }
    if (platform.protection.mpe.statistics().lines_read - before != reads) state.SkipWithError("not every read reached the MPE");
    count_lines(state, warm_lines);
}
BENCHMARK(full_tlm_path)->Arg(sizes_mib[0])->Arg(sizes_mib[1])->Arg(sizes_mib[2]);

// Start-up of the reference level with 1 TiB, one VM over all of it.
void start_up_tebibyte(benchmark::State& state) {
    for (auto _ : state) {
        MemoryNonVolatile nonvolatile{ChipNumber(1)};
        LpidAllocator lpids(nonvolatile);
        SparseMemory store;
        ProtectedMemory memory(parameters_for(Address{1} << 40), store, lpids);
        memory.install(vm_for(Address{1} << 40));
        benchmark::DoNotOptimize(memory.end_of_metadata());
    }
}
BENCHMARK(start_up_tebibyte);

// Host memory beyond the data itself, per line, when whole pages are written: the counter `bytes_per_line`.
void host_memory(benchmark::State& state) {
    constexpr std::size_t pages = 16 * 1024;
    double beyond = 0;
    for (auto _ : state) {
        const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
        MemoryNonVolatile nonvolatile{ChipNumber(1)};
        LpidAllocator lpids(nonvolatile);
        SparseMemory store;
        ProtectedMemory memory(parameters_for(Address{1} << 40), store, lpids);
        memory.install(vm_for(Address{1} << 40));
        const Block64 data{1, 2, 3};
        for (std::size_t i = 0; i < pages * lines_per_page; ++i)
            (void)memory.write_line(first_guest_vmid, i * line_bytes, i * line_bytes, data.data());
        memory.flush(first_guest_vmid);
        const std::size_t used = mallinfo2().uordblks + mallinfo2().hblkhd - before;
        beyond = (static_cast<double>(used) - static_cast<double>(pages * page_bytes)) / static_cast<double>(pages * lines_per_page);
    }
    state.counters["bytes_per_line"] = beyond;
}
BENCHMARK(host_memory)->Iterations(1);

struct BarePlatform {
    BarePlatform() : initiator("bare_initiator"), target("bare_target") { initiator.initiator_socket.bind(target.target_socket); }
    Initiator<StandardSocket> initiator;
    BareTarget target;
};

std::unique_ptr<BarePlatform> bare_platform;

// (e) One b_transport of 64 bytes to memory with nothing around it.
void bare_b_transport(benchmark::State& state) {
    ContextPayload payload;
    Block64 data;
    sc_core::sc_time delay;
    auto& socket = bare_platform->initiator.initiator_socket;
    for (auto _ : state)
        for (std::size_t i = 0; i < warm_lines; ++i) {
            tlm::tlm_generic_payload& transaction = payload.read(i * line_bytes, data.data(), line_bytes);
            delay = sc_core::SC_ZERO_TIME;
            socket->b_transport(transaction, delay);
            if (!transaction.is_response_ok()) state.SkipWithError("no answer");
            benchmark::DoNotOptimize(data);
        }
    count_lines(state, warm_lines);
}
BENCHMARK(bare_b_transport);

}  // namespace
}  // namespace coffer

int sc_main(int argc, char* argv[]) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    for (const std::int64_t mib : coffer::sizes_mib)
        coffer::tlm_platforms[mib] = std::make_unique<coffer::TlmPlatform>(static_cast<coffer::Address>(mib) << 20);
    coffer::bare_platform = std::make_unique<coffer::BarePlatform>();
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    for (auto& [mib, platform] : coffer::tlm_platforms) platform->boot();
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
