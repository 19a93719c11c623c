#pragma once

#include <memory>

#include "memory/protected_memory_domains.h"
#include "unit/fixtures.h"
#include "unit/test_chips.h"
#include "vm_table/vm_lifecycle.h"

namespace coffer {

/// A small chip's parameters: 64 data frames, and one guest's register set, so that entries go to memory and come back.
inline ProtectedMemoryParameters bench_memory(const ChipIdentity& chip) {
    ProtectedMemoryParameters p = small_memory();
    p.chip.number = chip.number();
    p.chip.fleet_id = chip.fleet_id();
    p.vm_table_slots = 2;
    return p;
}

/// One boot of a chip over memory and non-volatile state that outlive it.
struct ChipBoot {
    ChipBoot(const ChipIdentity& chip, ByteStore& store, NonVolatile& nonvolatile, unsigned vmids = max_vmids)
        : lpids(nonvolatile), memory(bench_memory(chip), store, lpids), domains(memory, vmids), vms(domains, lpids, nonvolatile, chip) {}

    /// Lines of one byte and zeros, at frame GPN + `shift` / 4096.
    bool write(Vmid vmid, Address gpa, std::uint8_t value, Address shift = 0) {
        const Block64 data{value};
        return !memory.write_line(vmid, gpa, gpa + shift, data.data());
    }
    /// -1 after a violation.
    int read(Vmid vmid, Address gpa, Address shift = 0) {
        Block64 data;
        return memory.read_line(vmid, gpa, gpa + shift, data.data()) ? -1 : data[0];
    }

    LpidAllocator lpids;
    ProtectedMemory memory;
    ProtectedMemoryDomains domains;
    VmLifecycle vms;
};

/// A chip with memory and non-volatile state of its own.
struct ChipBench {
    explicit ChipBench(unsigned number = 1) : identity(test_chip(number)) {}

    void reset() {
        boot.reset();
        boot = std::make_unique<ChipBoot>(identity, store, nonvolatile);
    }

    const ChipIdentity& identity;
    TestStore store;
    MemoryNonVolatile nonvolatile{identity.number()};
    std::unique_ptr<ChipBoot> boot = std::make_unique<ChipBoot>(identity, store, nonvolatile);
};

/// What an owner ships: a VM that never ran, sealed by the offline image tool (chip number 0).
inline VmVector boot_vector(const crypto::Key128& k_vm) {
    VmVector vector;
    vector.identity = derive_identity(k_vm, test_fleet().id);
    vector.pages = 8;
    return vector;
}
inline SealedVector sealed(const VmVector& vector, const crypto::Key128& k_vm, Lpid lpid = 1) {
    return seal_vector(vector, derive_seal_key(k_vm, test_fleet().id), lpid);
}

}  // namespace coffer
