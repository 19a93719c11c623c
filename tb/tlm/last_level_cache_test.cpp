#include "memory/last_level_cache_tlm.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "common/errors.h"
#include "tlm/memory_targets.h"
#include "tlm/scripted_target.h"
#include "tlm/simulate.h"

namespace coffer::test {
namespace {

sc_core::sc_time ns(double value) { return {value, sc_core::SC_NS}; }

SecurityContext guest(Vmid vmid, Address gpa) {
    SecurityContext context;
    context.vmid = vmid;
    context.mode = Mode::guest;
    context.gpa = gpa;
    return context;
}

/// What the cache asked of the MPE.
struct Transfer {
    bool write;
    Vmid vmid;
    Mode mode;
    Address gpa;
    Address hpa;
    unsigned size;
    bool raw;

    bool operator==(const Transfer& other) const {
        return write == other.write && vmid == other.vmid && mode == other.mode && gpa == other.gpa && hpa == other.hpa && size == other.size && raw == other.raw;
    }
};

void PrintTo(const Transfer& transfer, std::ostream* out) {
    *out << (transfer.write ? "write" : "read") << " VMID " << transfer.vmid << " mode " << int(transfer.mode) << " GPA " << transfer.gpa << " HPA " << transfer.hpa << " size "
         << transfer.size << (transfer.raw ? " raw" : "");
}

/// A cache over a target that keeps each VM's bytes apart, takes 10 ns and writes down what it was asked.
class CacheTest : public testing::Test {
protected:
    explicit CacheTest(const LastLevelCacheParameters& parameters = cache_parameters(4096)) : cache("cache", parameters) {
        initiator.initiator_socket.bind(cache.target_socket);
        checker.bind_between(cache.initiator_socket, below.target_socket);
        below.on_transport = [this](tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
            const auto* context = payload.get_extension<SecurityContext>();
            const Vmid vmid = context == nullptr ? host_vmid : context->vmid;
            const Mode mode = context == nullptr ? Mode::host : context->mode;
            const Address gpa = context == nullptr ? 0 : context->gpa;
            transfers.push_back({payload.is_write(), vmid, mode, gpa, payload.get_address(), payload.get_data_length(), context != nullptr && context->raw});
            delay += ns(10);
            payload.set_response_status(answer);
            if (answer == tlm::TLM_OK_RESPONSE) access(vmid, payload);
        };
        below.on_debug = [this](tlm::tlm_generic_payload& payload) {
            const auto* context = payload.get_extension<SecurityContext>();
            debug_contexts.push_back(context == nullptr ? SecurityContext() : *context);
            access(context == nullptr ? host_vmid : context->vmid, payload);
            return payload.get_data_length();
        };
    }
    void access(Vmid vmid, tlm::tlm_generic_payload& payload) {
        for (unsigned i = 0; i < payload.get_data_length(); ++i) {
            std::uint8_t& byte = memory[{vmid, payload.get_address() + i}];
            if (payload.is_write()) {
                byte = payload.get_data_ptr()[i];
            } else {
                payload.get_data_ptr()[i] = byte;
            }
        }
    }
    std::uint64_t read_as(SecurityContext* context, Address hpa) {
        initiator.set_context(context);
        std::uint64_t value = ~std::uint64_t{0};
        EXPECT_OK(initiator.read64(hpa, value));
        return value;
    }
    void write_as(SecurityContext* context, Address hpa, std::uint64_t value) {
        initiator.set_context(context);
        EXPECT_OK(initiator.write64(hpa, value));
    }
    std::uint64_t debug_read_as(SecurityContext* context, Address hpa) {
        initiator.set_context(context);
        std::uint8_t bytes[8];
        EXPECT_EQ(initiator.debug_read(hpa, bytes, 8), 8u);
        return load_le64(bytes);
    }

    InitiatorTester initiator{"initiator"};
    LastLevelCacheTlm cache;
    ProtocolChecker checker{"checker"};
    ScriptedTarget below{"below"};
    std::vector<Transfer> transfers;
    std::vector<SecurityContext> debug_contexts;
    std::map<std::pair<Vmid, Address>, std::uint8_t> memory;
    tlm::tlm_response_status answer = tlm::TLM_OK_RESPONSE;
    using Transfers = std::vector<Transfer>;
};

TEST_F(CacheTest, LinesCarryTheirOwnersContext) {
    SecurityContext two = guest(2, 0x1048), three = guest(3, 0x5008);
    simulate([&] {
        write_as(&two, 0x8048, 7);
        EXPECT_EQ(transfers, (Transfers{{false, 2, Mode::guest, 0x1040, 0x8040, 64, false}}));
        read_as(&three, 0x9008);
        read_as(nullptr, 0xa010);
        transfers.clear();
        cache.evict_all(LastLevelCache::Leaving::write_back);
        EXPECT_EQ(transfers, (Transfers{{true, 2, Mode::guest, 0x1040, 0x8040, 64, false}}));
    });
}

TEST_F(CacheTest, HostLinesAreLinesOfVmidZeroAtTheirMachineAddress) {
    SecurityContext device;
    device.mode = Mode::device;
    device.gpa = 0x7777;  // a device may leave anything here
    simulate([&] {
        write_as(nullptr, 0x8000, 5);
        EXPECT_EQ(read_as(&device, 0x8000), 5u);
        EXPECT_EQ(transfers, (Transfers{{false, 0, Mode::host, 0x8000, 0x8000, 64, false}}));
    });
}

TEST_F(CacheTest, VmsDoNotSeeEachOthersLines) {
    SecurityContext two = guest(2, 0x1000), three = guest(3, 0x1000), elsewhere = guest(2, 0x2000);
    simulate([&] {
        write_as(&two, 0x8000, 7);
        EXPECT_EQ(read_as(&three, 0x8000), 0u);
        EXPECT_EQ(read_as(nullptr, 0x8000), 0u);
        EXPECT_EQ(read_as(&two, 0x8000), 7u);
        EXPECT_EQ(debug_read_as(&two, 0x8000), 7u);
        EXPECT_EQ(debug_read_as(&three, 0x8000), 0u);
        EXPECT_EQ(debug_read_as(nullptr, 0x8000), 0u);
        // The same frame under another GPN is another line too.
        EXPECT_EQ(read_as(&elsewhere, 0x8000), 0u);
        EXPECT_EQ(transfers.back(), (Transfer{false, 2, Mode::guest, 0x2000, 0x8000, 64, false}));
    });
}

TEST_F(CacheTest, DebugAccessPassesTheInitiatorsContextOn) {
    SecurityContext two = guest(2, 0x1030);
    simulate([&] {
        initiator.set_context(&two);
        Bytes bytes(40);
        EXPECT_EQ(initiator.debug_read(0x8030, bytes.data(), 40), 40u);
        ASSERT_EQ(debug_contexts.size(), 2u);
        EXPECT_EQ(debug_contexts[0].vmid, 2);
        EXPECT_EQ(debug_contexts[0].gpa, 0x1030u);
        EXPECT_EQ(debug_contexts[1].gpa, 0x1040u);
        EXPECT_TRUE(transfers.empty());
        EXPECT_EQ(cache.statistics().read_misses, 0u);
    });
}

TEST_F(CacheTest, DebugWriteChangesTheCachedLine) {
    simulate([&] {
        EXPECT_EQ(read_as(nullptr, 0x8000), 0u);
        const std::uint8_t byte = 9;
        EXPECT_EQ(initiator.debug_write(0x8001, &byte, 1), 1u);
        EXPECT_EQ(read_as(nullptr, 0x8000), 0x900u);
        cache.evict_all(LastLevelCache::Leaving::write_back);
        EXPECT_EQ((memory[{host_vmid, 0x8001}]), 9);
    });
}

TEST_F(CacheTest, TimeOfHitsMissesAndPostedWriteBacks) {
    simulate([&] {
        read_as(nullptr, 0x8000);
        EXPECT_EQ(initiator.last_delay(), ns(12));
        read_as(nullptr, 0x8008);
        EXPECT_EQ(initiator.last_delay(), ns(2));
        EXPECT_OK(initiator.write(0x9000, Bytes(64, 1)));
        EXPECT_EQ(initiator.last_delay(), ns(2));
        // Across two lines, one of them cached.
        read_as(nullptr, 0x803c);
        EXPECT_EQ(initiator.last_delay(), ns(14));
        for (Address address = 0x9000; address < 0x9000 + 3 * 2048; address += 2048) EXPECT_OK(initiator.write(address, Bytes(64, 1)));
        EXPECT_EQ(cache.statistics().write_backs, 1u);
        EXPECT_EQ(initiator.last_delay(), ns(2));
    });
}

class WaitingCacheTest : public CacheTest {
protected:
    static LastLevelCacheParameters parameters() {
        LastLevelCacheParameters parameters = cache_parameters(4096);
        parameters.posted_write_backs = false;
        return parameters;
    }
    WaitingCacheTest() : CacheTest(parameters()) {}
};

TEST_F(WaitingCacheTest, WriteBacksAreChargedWhereTheyAreNotPosted) {
    simulate([&] {
        for (Address address = 0x9000; address < 0x9000 + 3 * 2048; address += 2048) EXPECT_OK(initiator.write(address, Bytes(64, 1)));
        EXPECT_EQ(cache.statistics().write_backs, 1u);
        EXPECT_EQ(initiator.last_delay(), ns(12));
    });
}

TEST_F(CacheTest, ErrorsFromBelowComeBackAndLeaveNoLine) {
    SecurityContext two = guest(2, 0x1000);
    initiator.set_context(&two);
    simulate([&] {
        std::uint64_t value;
        for (const auto error : {tlm::TLM_GENERIC_ERROR_RESPONSE, tlm::TLM_ADDRESS_ERROR_RESPONSE}) {
            answer = error;
            EXPECT_EQ(initiator.read64(0x8000, value), error);
            EXPECT_EQ(initiator.write64(0x8000, value), error);
        }
        answer = tlm::TLM_OK_RESPONSE;
        transfers.clear();
        EXPECT_OK(initiator.read64(0x8000, value));
        EXPECT_EQ(transfers.size(), 1u);
        EXPECT_EQ(cache.statistics().failed_fills, 4u);
    });
}

TEST_F(CacheTest, FailedWriteBackDoesNotFailTheAccess) {
    simulate([&] {
        EXPECT_OK(initiator.write(0x9000, Bytes(64, 1)));
        answer = tlm::TLM_GENERIC_ERROR_RESPONSE;
        EXPECT_OK(initiator.write(0x9800, Bytes(64, 1)));
        EXPECT_OK(initiator.write(0xa000, Bytes(64, 1)));
        EXPECT_EQ(cache.statistics().failed_write_backs, 1u);
    });
}

TEST_F(CacheTest, GpaAndHpaThatDifferWithinThePageAreAnAddressError) {
    SecurityContext two = guest(2, 0x1008);
    initiator.set_context(&two);
    simulate([&] {
        std::uint64_t value;
        EXPECT_EQ(initiator.read64(0x8000, value), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        std::uint8_t byte;
        EXPECT_EQ(initiator.debug_read(0x8000, &byte, 1), 0u);
        EXPECT_TRUE(transfers.empty());
    });
}

TEST_F(CacheTest, RawAccessesBypassAfterTheOwnAndTheHostsCopy) {
    SecurityContext two = guest(2, 0x1000), raw = two;
    raw.raw = true;
    simulate([&] {
        write_as(&two, 0x8000, 7);
        write_as(nullptr, 0x8008, 8);
        transfers.clear();
        read_as(&raw, 0x8000);
        EXPECT_EQ(transfers, (Transfers{{true, 2, Mode::guest, 0x1000, 0x8000, 64, false},
                                        {true, 0, Mode::host, 0x8000, 0x8000, 64, false},
                                        {false, 2, Mode::guest, 0x1000, 0x8000, 8, true}}));
        transfers.clear();
        EXPECT_EQ(read_as(nullptr, 0x8008), 8u);
        EXPECT_TRUE(transfers.empty());
        write_as(&raw, 0x8000, 9);
        EXPECT_EQ(transfers, (Transfers{{true, 2, Mode::guest, 0x1000, 0x8000, 8, true}}));
        transfers.clear();
        read_as(nullptr, 0x8008);
        read_as(&two, 0x8000);
        EXPECT_EQ(transfers.size(), 2u);
    });
}

TEST_F(CacheTest, RawDebugAccessSeesTheHostsCopy) {
    SecurityContext raw = guest(2, 0x1000);
    raw.raw = true;
    simulate([&] {
        write_as(nullptr, 0x8000, 8);
        EXPECT_EQ(debug_read_as(&raw, 0x8000), 8u);
    });
}

TEST_F(CacheTest, ChipAccessesAreTheMpesBusiness) {
    SecurityContext chip = guest(chip_vmid, 0x1000);
    simulate([&] {
        write_as(&chip, 0x8000, 7);
        EXPECT_EQ(transfers, (Transfers{{true, 1, Mode::guest, 0x1000, 0x8000, 8, false}}));
    });
}

TEST_F(CacheTest, EvictionsLeaveNothingBehind) {
    SecurityContext two = guest(2, 0x1000), three = guest(3, 0x1040);
    const auto write_both = [&] {
        write_as(&two, 0x8000, 7);
        write_as(&three, 0x9040, 8);
        transfers.clear();
    };
    using Leaving = LastLevelCache::Leaving;
    simulate([&] {
        write_both();
        cache.evict_vm(2, Leaving::drop);
        EXPECT_TRUE(transfers.empty());
        EXPECT_EQ(read_as(&two, 0x8000), 0u);
        write_both();
        cache.evict_page(3, 1, Leaving::write_back);
        EXPECT_EQ(transfers, (Transfers{{true, 3, Mode::guest, 0x1040, 0x9040, 64, false}}));
        write_both();
        cache.evict_frame(0x8fff, Leaving::write_back);
        EXPECT_EQ(transfers, (Transfers{{true, 2, Mode::guest, 0x1000, 0x8000, 64, false}}));
        EXPECT_EQ(sc_core::sc_time_stamp(), ns(0));
    });
}

TEST_F(CacheTest, ASecondInitiatorWaitsWhileTheFirstIsBelow) {
    auto fast = below.on_transport;
    below.on_transport = [&](tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
        wait(ns(10));
        fast(payload, delay);
    };
    int done = 0;
    const auto hammer = [&](unsigned first) {
        // Two threads through one socket: their tester keeps one delay, so payloads are made by hand.
        for (unsigned i = 0; i < 200; ++i) {
            std::uint8_t bytes[8];
            store_le64(bytes, first + i);
            for (const tlm::tlm_command command : {tlm::TLM_WRITE_COMMAND, tlm::TLM_READ_COMMAND}) {
                tlm::tlm_generic_payload payload;
                InitiatorTester::fill(payload, command, (first + i) * 64 % memory_size, bytes, 8);
                sc_core::sc_time delay;
                initiator.initiator_socket->b_transport(payload, delay);
                EXPECT_TRUE(payload.is_response_ok());
            }
            EXPECT_EQ(load_le64(bytes), first + i);
        }
        ++done;
    };
    simulate([&] {
        auto other = sc_core::sc_spawn([&] { hammer(1000); });
        hammer(100);
        if (!other.terminated()) sc_core::wait(other.terminated_event());
    });
    EXPECT_EQ(done, 2);
}

class UncachedRangeTest : public CacheTest {
protected:
    static LastLevelCacheParameters parameters() {
        LastLevelCacheParameters parameters = cache_parameters(4096);
        parameters.uncached_base = 0x2000;
        parameters.uncached_bytes = 0x1000;
        return parameters;
    }
    UncachedRangeTest() : CacheTest(parameters()) {
        below.on_dmi = [](tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
            static unsigned char page[4096];
            dmi.set_dmi_ptr(page);
            dmi.set_start_address(page_base(payload.get_address()));
            dmi.set_end_address(page_base(payload.get_address()) + 4095);
            dmi.allow_read_write();
            return true;
        };
    }
};

TEST_F(UncachedRangeTest, HostAccessesGoThroughThereAndMayUseDmi) {
    SecurityContext two = guest(2, 0x2000);
    simulate([&] {
        write_as(nullptr, 0x2000, 1);
        write_as(nullptr, 0x2ff8, 1);
        EXPECT_EQ(transfers.size(), 2u);
        EXPECT_EQ(transfers[0].size, 8u);
        EXPECT_TRUE(initiator.request_dmi(0x2000));
        EXPECT_FALSE(initiator.request_dmi(0x1fff));
        EXPECT_FALSE(initiator.request_dmi(0x3000));
        initiator.set_context(&two);
        EXPECT_FALSE(initiator.request_dmi(0x2000));
        // A guest's lines are cached wherever they lie.
        write_as(&two, 0x2000, 7);
        EXPECT_EQ(transfers.back().size, 64u);
        below.target_socket->invalidate_direct_mem_ptr(0x2000, 0x2fff);
        EXPECT_EQ(initiator.withdrawn().size(), 1u);
    });
}

TEST_F(UncachedRangeTest, AccessAcrossItsEdgeLeavesTheCacheRight) {
    simulate([&] {
        EXPECT_OK(initiator.write(0x1ff8, Bytes(8, 1)));
        EXPECT_OK(initiator.write(0x1ffc, Bytes(8, 2)));
        Bytes bytes(12);
        EXPECT_OK(initiator.read(0x1ff8, bytes));
        EXPECT_EQ(bytes, (Bytes{1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2}));
        EXPECT_OK(initiator.write(0x3000, Bytes(8, 3)));
        EXPECT_OK(initiator.write(0x2ffc, Bytes(8, 4)));
        Bytes after(8);
        EXPECT_OK(initiator.read(0x3000, after));
        EXPECT_EQ(after, (Bytes{4, 4, 4, 4, 3, 3, 3, 3}));
    });
}

TEST(LastLevelCacheTlm, RefusesShapesThatAreNoCache) {
    EXPECT_THROW(LastLevelCacheTlm("cache", cache_parameters(100)), InputError);
    LastLevelCacheParameters parameters = cache_parameters(4096);
    parameters.uncached_bytes = 100;
    EXPECT_THROW(LastLevelCacheTlm("cache", parameters), InputError);
}

}  // namespace
}  // namespace coffer::test
