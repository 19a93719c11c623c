#include "vcpu/trace_player_tlm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/errors.h"
#include "tlm/memory_targets.h"
#include "tlm/scripted_target.h"

namespace coffer::test {
namespace {

sc_core::sc_time ns(double value) { return {value, sc_core::SC_NS}; }

class ListSource : public AccessSource {
public:
    ListSource() = default;
    explicit ListSource(std::deque<TraceAccess> accesses) : accesses_(std::move(accesses)) {}
    bool next(TraceAccess& access) override {
        if (accesses_.empty()) return false;
        access = accesses_.front();
        accesses_.pop_front();
        return true;
    }

private:
    std::deque<TraceAccess> accesses_;
};

TracePlayerParameters parameters(std::uint64_t pages = 8) {
    TracePlayerParameters parameters;
    parameters.first_gpn = 2;
    parameters.pages = pages;
    return parameters;
}

/// Plays a list over a target that takes 10 ns and notes what comes when.
class PlayerTest : public testing::Test {
protected:
    struct Seen {
        bool write;
        Address address;
        Bytes data;
        sc_core::sc_time when;
    };

    PlayerTest() {
        below.on_transport = [this](tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
            if (seen.size() == fail_at) payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
            const auto* data = payload.get_data_ptr();
            seen.push_back({payload.is_write(), payload.get_address(), Bytes(data, data + payload.get_data_length()), sc_core::sc_time_stamp() + delay});
            delay += ns(10);
        };
    }
    TracePlayerTlm& play(std::deque<TraceAccess> accesses, const TracePlayerParameters& with = parameters()) {
        source = ListSource(std::move(accesses));
        player.emplace("player", with, source);
        checker.bind_between(player->initiator_socket, below.target_socket);
        sc_core::sc_start();
        return *player;
    }

    ScriptedTarget below{"below"};
    ProtocolChecker checker{"checker"};
    std::vector<Seen> seen;
    std::size_t fail_at = ~std::size_t{0};
    ListSource source;
    std::optional<TracePlayerTlm> player;
};

TEST_F(PlayerTest, ComputesAndAccesses) {
    const TracePlayerTlm& done = play({{0x7f0000001008, 20, 8, false}, {0x400000, 2, 4, true}, {0x7f0000001010, 1, 8, false}});
    ASSERT_EQ(seen.size(), 3u);
    EXPECT_EQ(seen[0].address, 2 * page_bytes + 8);
    EXPECT_EQ(seen[0].when, ns(10));
    EXPECT_EQ(seen[1].address, 3 * page_bytes);
    EXPECT_TRUE(seen[1].write);
    EXPECT_EQ(seen[1].when, ns(21));
    EXPECT_EQ(seen[2].address, 2 * page_bytes + 16);
    EXPECT_EQ(done.stop(), TracePlayerTlm::Stop::end_of_trace);
    EXPECT_EQ(done.finish_time(), ns(41.5));
    EXPECT_EQ(sc_core::sc_time_stamp(), ns(41.5));
    EXPECT_EQ(done.accesses(), 3u);
}

TEST_F(PlayerTest, CutsAtPagesOfTheProcess) {
    const TracePlayerTlm& done = play({{0x400ffc, 0, 8, true}, {0x400ffe, 0, 4, false}});
    ASSERT_EQ(seen.size(), 4u);
    EXPECT_EQ(seen[0].address, 2 * page_bytes + 0xffc);
    EXPECT_EQ(seen[1].address, 3 * page_bytes);
    EXPECT_EQ(seen[1].data.size(), 4u);
    EXPECT_EQ(done.accesses(), 2u);
    StatisticsGroup group("player");
    done.collect(group);
    EXPECT_EQ(std::get<std::uint64_t>(group.values()[2].value), 4u);
    EXPECT_EQ(std::get<std::uint64_t>(group.values()[4].value), 8u);
    EXPECT_EQ(std::get<std::uint64_t>(group.values()[6].value), 2u);
}

TEST_F(PlayerTest, RunsAheadByTheQuantumOnly) {
    tlm_utils::tlm_quantumkeeper::set_global_quantum(ns(100));
    std::vector<sc_core::sc_time> starts;
    auto fast = below.on_transport;
    below.on_transport = [&](tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
        EXPECT_LT(delay, ns(120));
        starts.push_back(sc_core::sc_time_stamp());
        fast(payload, delay);
    };
    play(std::deque<TraceAccess>(100, {0x400000, 20, 8, false}));
    EXPECT_EQ(player->finish_time(), ns(2000));
    EXPECT_EQ(sc_core::sc_time_stamp(), ns(2000));
    starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
    EXPECT_EQ(starts.size(), 20u);
}

TEST_F(PlayerTest, StopsAtTheFirstError) {
    fail_at = 1;
    const TracePlayerTlm& done = play(std::deque<TraceAccess>(5, {0x400010, 0, 8, true}));
    EXPECT_EQ(done.stop(), TracePlayerTlm::Stop::error_response);
    EXPECT_EQ(done.stop_text(), "access 1, a write at GPA 0x2010, was answered TLM_GENERIC_ERROR_RESPONSE");
    EXPECT_EQ(seen.size(), 2u);
    EXPECT_EQ(done.accesses(), 1u);
}

TEST_F(PlayerTest, StopsWhenThePagesAreUsedUp) {
    const TracePlayerTlm& done = play({{0, 0, 8, false}, {4096, 0, 8, false}, {8192, 0, 8, false}}, parameters(2));
    EXPECT_EQ(done.stop(), TracePlayerTlm::Stop::out_of_pages);
    EXPECT_EQ(done.accesses(), 2u);
}

TEST_F(PlayerTest, StopsAfterTheAccessesAskedFor) {
    TracePlayerParameters limited = parameters();
    limited.max_accesses = 3;
    const TracePlayerTlm& done = play(std::deque<TraceAccess>(5, {0, 0, 8, false}), limited);
    EXPECT_EQ(done.stop(), TracePlayerTlm::Stop::max_accesses);
    EXPECT_EQ(seen.size(), 3u);
}

TEST_F(PlayerTest, StopsAtAnAccessOfNoBytes) {
    EXPECT_EQ(play({{0, 0, 0, false}}).stop(), TracePlayerTlm::Stop::bad_source);
    EXPECT_TRUE(seen.empty());
}

TEST(TracePlayer, StopsWhenTheSourceThrows) {
    struct BrokenSource : AccessSource {
        bool next(TraceAccess&) override { throw InputError("trace.ctr byte 17", "a damaged block"); }
    } source;
    ScriptedTarget below("below");
    TracePlayerTlm player("player", parameters(), source);
    player.initiator_socket.bind(below.target_socket);
    sc_core::sc_start();
    EXPECT_EQ(player.stop(), TracePlayerTlm::Stop::bad_source);
    EXPECT_EQ(player.stop_text(), "trace.ctr byte 17: a damaged block");
}

TEST(TracePlayer, TwinsReadTheSameUnlessTheirMemoryLies) {
    std::deque<TraceAccess> accesses;
    for (std::uint64_t i = 0; i < 5000; ++i)
        accesses.push_back({i * 7919 % 30000, static_cast<std::uint32_t>(i % 5), static_cast<std::uint8_t>(1 + i % 64), i % 3 == 0});
    struct Platform {
        Platform(const std::string& name, const std::deque<TraceAccess>& trace, std::uint64_t cache_size, std::uint64_t seed)
            : source(trace), player((name + "_player").c_str(), with(seed), source), mmu((name + "_mmu").c_str(), 2, map),
              cache((name + "_cache").c_str(), cache_parameters(cache_size)), dram(make_dram((name + "_dram").c_str())) {
            player.initiator_socket.bind(mmu.target_socket);
            mmu.initiator_socket.bind(cache.target_socket);
            cache.initiator_socket.bind(dram.target_socket);
        }
        static TracePlayerParameters with(std::uint64_t seed) {
            TracePlayerParameters with = parameters();
            with.seed = seed;
            return with;
        }
        ListSource source;
        GuestMemoryMap map = reversed_map();
        TracePlayerTlm player;
        MmuTlm mmu;
        LastLevelCacheTlm cache;
        DramTlm dram;
    };
    Platform one("one", accesses, 4096, 1), twin("twin", accesses, 0, 1), stranger("stranger", accesses, 4096, 2), liar("liar", accesses, 0, 1);
    const Bytes lie(page_bytes, 1);
    liar.dram.memory().write(memory_size - 3 * page_bytes, lie.data(), lie.size());
    sc_core::sc_start();
    for (const Platform* platform : {&one, &twin, &stranger, &liar}) ASSERT_EQ(platform->player.stop(), TracePlayerTlm::Stop::end_of_trace) << platform->player.stop_text();
    EXPECT_EQ(one.player.digest(), twin.player.digest());
    EXPECT_NE(one.player.digest(), stranger.player.digest());
    EXPECT_NE(one.player.digest(), liar.player.digest());
    EXPECT_GT(one.cache.statistics().write_backs, 0u);
}

TEST(TracePlayer, RefusesParametersThatMakeNoSense) {
    ListSource source;
    const auto refuses = [&](void (*change)(TracePlayerParameters&)) {
        TracePlayerParameters changed = parameters();
        change(changed);
        EXPECT_THROW(TracePlayerTlm("player", changed, source), InputError);
    };
    refuses([](TracePlayerParameters& p) { p.clock_ghz = 0; });
    refuses([](TracePlayerParameters& p) { p.clock_ghz = std::numeric_limits<double>::quiet_NaN(); });
    refuses([](TracePlayerParameters& p) { p.clock_ghz = 1e-300; });
    refuses([](TracePlayerParameters& p) { p.cycles_per_instruction = -1; });
    refuses([](TracePlayerParameters& p) { p.pages = 0; });
    refuses([](TracePlayerParameters& p) { p.first_gpn = ~Gpn{0}; });
}

}  // namespace
}  // namespace coffer::test
