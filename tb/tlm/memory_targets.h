#pragma once

#include <memory>
#include <ostream>

#include "memory/bus_probe_tlm.h"
#include "memory/dram_tlm.h"
#include "memory/last_level_cache_tlm.h"
#include "tlm/page_walks.h"
#include "tlm/initiator_tester.h"
#include "tlm/protocol_checker.h"
#include "vcpu/host_mmu_tlm.h"
#include "vcpu/mmu_tlm.h"

namespace coffer::test {

inline constexpr Address memory_size = 64 * page_bytes;

inline DramTlm make_dram(const char* name, double bandwidth = 0) {
    return DramTlm(name, {memory_size, sc_core::sc_time(10, sc_core::SC_NS), bandwidth}, DramTraffic(AddressMap(memory_size, 0, 16), memory_size));
}

/// Memory that an initiator sees at addresses [0, memory_size), built in several ways.
struct MemorySystem {
    virtual ~MemorySystem() = default;

    InitiatorTester initiator{"initiator"};
    DramTlm dram = make_dram("dram");
};

struct DramSystem : MemorySystem {
    DramSystem() { initiator.initiator_socket.bind(dram.target_socket); }
};

struct ProbeSystem : MemorySystem {
    BusProbeTlm probe{"probe", dram.memory()};
    ProtocolChecker checker{"checker"};

    ProbeSystem() {
        initiator.initiator_socket.bind(probe.target_socket);
        checker.bind_between(probe.initiator_socket, dram.target_socket);
    }
};

inline LastLevelCacheParameters cache_parameters(std::uint64_t size) {
    LastLevelCacheParameters parameters;
    parameters.memory_size = memory_size;
    parameters.size = size;
    parameters.ways = 2;
    parameters.latency = sc_core::sc_time(2, sc_core::SC_NS);
    return parameters;
}

/// So small a cache that lines come and go all the time; or none.
template <std::uint64_t size>
struct CacheSystem : MemorySystem {
    LastLevelCacheTlm cache{"cache", cache_parameters(size)};
    ProtocolChecker checker{"checker"};

    CacheSystem() {
        initiator.initiator_socket.bind(cache.target_socket);
        checker.bind_between(cache.initiator_socket, dram.target_socket);
    }
};

/// Guest pages at machine pages in reverse order, so that neighbours are none.
inline GuestMemoryMap reversed_map() {
    GuestMemoryMap map;
    for (Gpn gpn = 0; gpn < page_of(memory_size); ++gpn) map.add({gpn, memory_size - (gpn + 1) * page_bytes, 1});
    return map;
}

struct MmuSystem : MemorySystem {
    GuestMemoryMap map = reversed_map();
    MmuTlm mmu{"mmu", 2, map};
    ProtocolChecker checker{"checker"};

    MmuSystem() {
        initiator.initiator_socket.bind(mmu.target_socket);
        checker.bind_between(mmu.initiator_socket, dram.target_socket);
    }
};

/// A guest whose pages are found by walks, with so small a TLB that they are walked for all the time.
struct WalkingSystem : MemorySystem {
    MmuTlm mmu{"mmu", {2, 2}};
    PageWalks walks{"walks"};
    ProtocolChecker walk_checker{"walk_checker"};
    ProtocolChecker checker{"checker"};

    WalkingSystem() {
        mmu.set_guest(2);
        walks.end = 0;
        for (Address page = 0; page < memory_size; page += page_bytes) walks.place(page, memory_size - page_bytes - page);
        initiator.initiator_socket.bind(mmu.target_socket);
        walk_checker.bind_between(mmu.walk_socket, walks.target_socket);
        checker.bind_between(mmu.initiator_socket, dram.target_socket);
    }
};

/// The host, or a device, with so small a cache of checked pages that they are asked for all the time.
template <Mode mode>
struct HostSystem : MemorySystem {
    HostMmuTlm mmu{"mmu", {memory_size, mode, {2, 2}}};
    PageWalks walks{"walks"};
    ProtocolChecker walk_checker{"walk_checker"};
    ProtocolChecker checker{"checker"};

    HostSystem() {
        initiator.initiator_socket.bind(mmu.target_socket);
        walk_checker.bind_between(mmu.walk_socket, walks.target_socket);
        checker.bind_between(mmu.initiator_socket, dram.target_socket);
    }
};

struct GuestSystem : MemorySystem {
    GuestMemoryMap map = reversed_map();
    MmuTlm mmu{"mmu", 2, map};
    ProtocolChecker above_cache{"above_cache"};
    LastLevelCacheTlm cache{"cache", cache_parameters(512)};
    ProtocolChecker below_cache{"below_cache"};
    BusProbeTlm probe{"probe", dram.memory()};

    GuestSystem() {
        initiator.initiator_socket.bind(mmu.target_socket);
        above_cache.bind_between(mmu.initiator_socket, cache.target_socket);
        below_cache.bind_between(cache.initiator_socket, probe.target_socket);
        probe.initiator_socket.bind(dram.target_socket);
    }
};

struct MemorySystemKind {
    const char* name;
    std::unique_ptr<MemorySystem> (*make)();
};

inline void PrintTo(const MemorySystemKind& kind, std::ostream* out) { *out << kind.name; }

template <class System>
std::unique_ptr<MemorySystem> make_system() {
    return std::make_unique<System>();
}

inline constexpr MemorySystemKind memory_systems[] = {
    {"Dram", make_system<DramSystem>},
    {"BusProbe", make_system<ProbeSystem>},
    {"Cache", make_system<CacheSystem<512>>},
    {"NoCache", make_system<CacheSystem<0>>},
    {"HostMmu", make_system<HostSystem<Mode::host>>},
    {"Iommu", make_system<HostSystem<Mode::device>>},
    {"Mmu", make_system<MmuSystem>},
    {"WalkingMmu", make_system<WalkingSystem>},
    {"Guest", make_system<GuestSystem>},
};

}  // namespace coffer::test
