#pragma once

#include <memory>
#include <ostream>

#include "memory/bus_probe_tlm.h"
#include "memory/dram_tlm.h"
#include "tlm/initiator_tester.h"
#include "tlm/protocol_checker.h"

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
};

}  // namespace coffer::test
