#include "vm_table/vm_lifecycle.h"

#include <gtest/gtest.h>

#include "aise/lpid_allocator.h"
#include "memory/dram_tlm.h"
#include "memory/memory_protection_domains_tlm.h"
#include "tlm/initiator_tester.h"
#include "tlm/simulate.h"
#include "unit/test_chips.h"
#include "vm_table/nonvolatile.h"

namespace coffer {
namespace {

using test::InitiatorTester;
using test::simulate;

const crypto::KdfContext& fleet_id = test_fleet().id;

MemoryProtectionParameters protection_parameters() {
    MemoryProtectionParameters parameters;
    parameters.memory.data_bytes = 64 * page_bytes;
    parameters.memory.chip_bytes = page_bytes;
    parameters.memory.chip.fleet_id = fleet_id;
    parameters.memory.vm_table_slots = 2;
    return parameters;
}

LastLevelCacheParameters cache_parameters() {
    LastLevelCacheParameters parameters;
    parameters.memory_size = Address{1} << 40;
    parameters.size = 4096;
    return parameters;
}

/// An initiator, the last-level cache, the protection subsystem and DRAM, and the life cycle over them.
struct Bench {
    Bench()
        : initiator("initiator"),
          cache("cache", cache_parameters()),
          protection("protection", protection_parameters(), lpids),
          dram("dram", {Address{1} << 40, sc_core::sc_time(100, sc_core::SC_NS), 0}, DramTraffic(protection.map(), Address{1} << 40)),
          domains(protection, &cache),
          vms(domains, lpids, nonvolatile, test_chip(1)) {
        initiator.initiator_socket.bind(cache.target_socket);
        cache.initiator_socket.bind(protection.mpe.target_socket);
        protection.mpe.initiator_socket.bind(dram.target_socket);
    }
    VmLifecycle::Result boot_vm(const crypto::Key128& key) {
        VmVector vector;
        vector.identity = derive_identity(key, fleet_id);
        vector.pages = 8;
        return vms.install(wrapped_for(test_chip(1), key), seal_vector(vector, derive_seal_key(key, fleet_id), 1));
    }
    void as_guest(Vmid vmid, Address gpa) {
        context.vmid = vmid;
        context.mode = Mode::guest;
        context.gpa = gpa;
        initiator.set_context(&context);
    }
    tlm::tlm_response_status write(Vmid vmid, Address at, std::uint64_t value) {
        as_guest(vmid, at);
        return initiator.write64(at, value);
    }
    tlm::tlm_response_status read(Vmid vmid, Address at, std::uint64_t& value) {
        as_guest(vmid, at);
        return initiator.read64(at, value);
    }

    MemoryNonVolatile nonvolatile{ChipNumber(1)};
    LpidAllocator lpids{nonvolatile};
    SecurityContext context;
    InitiatorTester initiator;
    LastLevelCacheTlm cache;
    MemoryProtectionTlm protection;
    DramTlm dram;
    MemoryProtectionDomainsTlm domains;
    VmLifecycle vms;
};

const crypto::Key128 first_key({1});
const crypto::Key128 second_key({2});

TEST(VmLifecycleTlm, ASnapshotHoldsWhatWasOnlyInTheCache) {
    Bench bench;
    simulate([&] {
        bench.protection.boot();
        const Vmid vmid = bench.boot_vm(first_key).vmid;
        ASSERT_EQ(vmid, 2);
        ASSERT_EQ(bench.write(vmid, 0x1000, 7), tlm::TLM_OK_RESPONSE);
        SealedVector snapshot{};
        ASSERT_TRUE(bench.vms.snapshot(vmid, [&](const SealedVector& blob) { snapshot = blob; }).ok());
        ASSERT_TRUE(bench.vms.uninstall(vmid).ok());
        EXPECT_FALSE(bench.domains.installed(vmid));
        const auto restored = bench.vms.install(wrapped_for(test_chip(1), first_key), snapshot);
        ASSERT_TRUE(restored.ok()) << to_string(restored.log_status);
        std::uint64_t value = 0;
        EXPECT_EQ(bench.read(restored.vmid, 0x1000, value), tlm::TLM_OK_RESPONSE);
        EXPECT_EQ(value, 7u);
    });
}

TEST(VmLifecycleTlm, NothingOfAVmIsLeftUnderItsVmid) {
    Bench bench;
    simulate([&] {
        bench.protection.boot();
        const Vmid vmid = bench.boot_vm(first_key).vmid;
        ASSERT_EQ(bench.write(vmid, 0x1000, 7), tlm::TLM_OK_RESPONSE);
        const Address trees_end = bench.protection.end_of_metadata();
        ASSERT_TRUE(bench.vms.uninstall(vmid).ok());
        ASSERT_EQ(bench.boot_vm(second_key).vmid, vmid);
        EXPECT_EQ(bench.protection.end_of_metadata(), trees_end) << "the room of the first tree serves the second";
        std::uint64_t value = 1;
        EXPECT_EQ(bench.read(vmid, 0x1000, value), tlm::TLM_OK_RESPONSE);
        EXPECT_EQ(value, 0u) << "an empty leaf reads as zeros";
    });
}

TEST(VmLifecycleTlm, AVmThatWasStoppedHasNoSnapshotAndItsVmidServesAgain) {
    Bench bench;
    simulate([&] {
        bench.protection.boot();
        const Vmid vmid = bench.boot_vm(first_key).vmid;
        ASSERT_EQ(bench.write(vmid, 0x1000, 7), tlm::TLM_OK_RESPONSE);
        bench.cache.evict_vm(vmid, LastLevelCacheTlm::Leaving::write_back);
        *bench.dram.memory().frame(1) ^= 1;
        std::uint64_t value = 0;
        EXPECT_EQ(bench.read(vmid, 0x1000, value), tlm::TLM_GENERIC_ERROR_RESPONSE);
        bool written = false;
        EXPECT_EQ(bench.vms.snapshot(vmid, [&](const SealedVector&) { written = true; }).status, LifecycleStatus::violated);
        EXPECT_FALSE(written);
        ASSERT_TRUE(bench.vms.uninstall(vmid).ok());
        ASSERT_EQ(bench.boot_vm(second_key).vmid, vmid);
        EXPECT_EQ(bench.write(vmid, 0x1000, 9), tlm::TLM_OK_RESPONSE);
        EXPECT_EQ(bench.read(vmid, 0x1000, value), tlm::TLM_OK_RESPONSE);
        EXPECT_EQ(value, 9u);
    });
}

}  // namespace
}  // namespace coffer
