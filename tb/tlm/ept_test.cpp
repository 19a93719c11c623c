#include "vcpu/ept_tlm.h"

#include <gtest/gtest.h>

#include <random>

#include "memory/dram_tlm.h"
#include "memory/last_level_cache_tlm.h"
#include "tlm/initiator_tester.h"
#include "tlm/simulate.h"
#include "tlm/uncached_order.h"
#include "vcpu/walk_protocol.h"

namespace coffer::test {
namespace {

constexpr std::uint64_t data_frames = 256;
constexpr Address memory_end = Address{1} << 30;
constexpr std::uint64_t first_table = 200;

/// Tables behind a last-level cache and DRAM, and two processors that walk.
struct Bench {
    explicit Bench(std::uint64_t cache_bytes = 0) : cache("cache", cache_of(cache_bytes)) {
        first.initiator_socket.bind(ept.walk_socket);
        second.initiator_socket.bind(ept.walk_socket);
        host.initiator_socket.bind(cache.target_socket);
        ept.memory_socket.bind(cache.target_socket);
        cache.initiator_socket.bind(dram.target_socket);
    }
    static LastLevelCacheParameters cache_of(std::uint64_t bytes) {
        LastLevelCacheParameters parameters;
        parameters.memory_size = data_frames * page_bytes;
        parameters.size = bytes;
        return parameters;
    }
    Translation walk(InitiatorTester& processor, SecurityContext context, Address page, bool write) {
        Bytes answer(walk::answer_bytes);
        processor.set_context(&context);
        EXPECT_OK(processor.read(walk::request(page, write), answer));
        processor.set_context(nullptr);
        return walk::decode(answer.data());
    }
    static SecurityContext context_of(Vmid vmid, Mode mode) {
        SecurityContext context;
        context.vmid = vmid;
        context.mode = mode;
        return context;
    }

    const AddressMap map{data_frames * page_bytes, page_bytes, 16};
    UncachedOrder order;
    EptTlm ept{"ept", {{ProtectionConfiguration::hypercoffer, first_table, 40}, sc_core::sc_time(3, sc_core::SC_NS)}, map, order, nullptr};
    InitiatorTester first{"first"};
    InitiatorTester second{"second"};
    InitiatorTester host{"host"};
    LastLevelCacheTlm cache;
    DramTlm dram{"dram", {memory_end, sc_core::sc_time(10, sc_core::SC_NS), 0}, DramTraffic(map, memory_end)};
};

TEST(Ept, WalksAnswerWhatWasStored) {
    Bench bench;
    simulate([&] {
        sc_core::sc_time delay;
        ASSERT_TRUE(bench.ept.add(2, 64));
        EXPECT_EQ(bench.ept.store(2, 7, NptEntry::mapped(33), delay), EptStatus::ok);
        EXPECT_GT(delay, sc_core::SC_ZERO_TIME);
        const Translation found = bench.walk(bench.first, Bench::context_of(2, Mode::guest), 7 * page_bytes, true);
        EXPECT_EQ(found.fault, TranslationFault::none);
        EXPECT_EQ(found.hpa, 33 * page_bytes);
        EXPECT_TRUE(found.writable);
        EXPECT_FALSE(found.raw);
        EXPECT_EQ(bench.first.last_delay(), sc_core::sc_time(4 * 10 + 3, sc_core::SC_NS)) << "four entries";
        EXPECT_EQ(bench.walk(bench.second, Bench::context_of(2, Mode::shim), 8 * page_bytes, false).fault, TranslationFault::not_mapped);
        EXPECT_EQ(bench.walk(bench.second, Bench::context_of(3, Mode::guest), 7 * page_bytes, false).fault, TranslationFault::unknown_vm);
    });
}

TEST(Ept, HostsAndDevicesAreCheckedByMachinePage) {
    Bench bench;
    simulate([&] {
        for (const Mode mode : {Mode::host, Mode::device}) {
            EXPECT_EQ(bench.walk(bench.first, Bench::context_of(0, mode), 3 * page_bytes, true).fault, TranslationFault::none);
            EXPECT_EQ(bench.walk(bench.first, Bench::context_of(0, mode), first_table * page_bytes, false).fault, TranslationFault::refused);
            EXPECT_EQ(bench.walk(bench.first, Bench::context_of(0, mode), data_frames * page_bytes, false).fault, TranslationFault::refused);
        }
    });
}

TEST(Ept, TheCacheHoldsTablesAsItHoldsTheHostsLines) {
    Bench bench(16 * 1024);
    simulate([&] {
        sc_core::sc_time delay;
        bench.ept.add(2, 64);
        bench.ept.store(2, 7, NptEntry::mapped(33), delay);
        // The host's stores cannot reach tables; this one stands for what a hypervisor without protection does.
        Bytes entry(8);
        const Address leaf = (first_table + 3) * page_bytes + 7 * 8;
        EXPECT_OK(bench.host.read(leaf, entry));
        EXPECT_EQ(load_le64(entry.data()), NptEntry::mapped(33).bits);
        store_le64(entry.data(), NptEntry::mapped(34).bits);
        EXPECT_OK(bench.host.write(leaf, entry));
        EXPECT_EQ(bench.walk(bench.first, Bench::context_of(2, Mode::guest), 7 * page_bytes, false).hpa, 34 * page_bytes);
    });
}

TEST(Ept, TamperedTablesOnTheBusNameNothingProtected) {
    Bench bench;
    simulate([&] {
        sc_core::sc_time delay;
        bench.ept.add(2, 64);
        for (Gpn gpn = 0; gpn < 64; ++gpn) bench.ept.store(2, gpn, NptEntry::mapped(gpn), delay);
        std::mt19937_64 random(3);
        unsigned changed = 0;
        for (unsigned round = 0; round < 3000; ++round) {
            const Address at = first_table * page_bytes + random() % (4 * page_bytes / 8) * 8;
            std::uint8_t bytes[8];
            store_le64(bytes, ((first_table + random() % 8) << 12 | (random() & 0xff)) ^ (random() % 2 == 0 ? random() : 0));
            bench.dram.memory().write(round % 2 == 0 ? (first_table + 3) * page_bytes + random() % 64 * 8 : at, bytes, sizeof bytes);
            const Gpn gpn = random() % 64;
            const Translation found = bench.walk(bench.first, Bench::context_of(2, Mode::guest), gpn * page_bytes, false);
            changed += found.fault != TranslationFault::none || found.hpa != gpn * page_bytes;
            EXPECT_TRUE(found.fault != TranslationFault::none || bench.ept.tables().host_may_access(page_of(found.hpa), false));
        }
        EXPECT_GT(changed, 100u) << "the adversary changed nothing";
    });
}

}  // namespace
}  // namespace coffer::test
