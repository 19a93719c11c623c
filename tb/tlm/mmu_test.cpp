#include "vcpu/mmu_tlm.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "tlm/initiator_tester.h"
#include "tlm/protocol_checker.h"
#include "tlm/scripted_target.h"
#include "tlm/simulate.h"
#include "vcpu/walk_protocol.h"

namespace coffer::test {
namespace {

class MmuTest : public testing::Test {
protected:
    struct Seen {
        Vmid vmid;
        Mode mode;
        Address gpa;
        Address hpa;
        unsigned size;
        bool raw;
    };

    MmuTest() {
        map.add({0, 0x8000, 1});
        map.add({1, 0x3000, 1});
        map.add({5, 0x10000, 2});
        initiator.initiator_socket.bind(mmu.target_socket);
        checker.bind_between(mmu.initiator_socket, below.target_socket);
        below.on_transport = [this](tlm::tlm_generic_payload& payload, sc_core::sc_time&) {
            note(payload);
            payload.set_response_status(answer);
            payload.set_dmi_allowed(true);
        };
        below.on_debug = [this](tlm::tlm_generic_payload& payload) {
            note(payload);
            return payload.get_data_length();
        };
        below.on_dmi = [](tlm::tlm_generic_payload&, tlm::tlm_dmi&) {
            ADD_FAILURE() << "a guest's request for direct access came through";
            return false;
        };
    }
    void note(tlm::tlm_generic_payload& payload) {
        const auto* context = payload.get_extension<SecurityContext>();
        ASSERT_NE(context, nullptr);
        seen.push_back({context->vmid, context->mode, context->gpa, payload.get_address(), payload.get_data_length(), context->raw});
    }

    GuestMemoryMap map;
    InitiatorTester initiator{"initiator"};
    MmuTlm mmu{"mmu", 7, map};
    ProtocolChecker checker{"checker"};
    ScriptedTarget below{"below"};
    std::vector<Seen> seen;
    tlm::tlm_response_status answer = tlm::TLM_OK_RESPONSE;
};

TEST_F(MmuTest, TranslatesAndSaysWhoItIs) {
    simulate([&] {
        EXPECT_OK(initiator.write64(0x1010, 1));
        ASSERT_EQ(seen.size(), 1u);
        EXPECT_EQ(seen[0].vmid, 7);
        EXPECT_EQ(seen[0].mode, Mode::guest);
        EXPECT_EQ(seen[0].gpa, 0x1010u);
        EXPECT_EQ(seen[0].hpa, 0x3010u);
        EXPECT_FALSE(initiator.last_dmi_hint());
        EXPECT_FALSE(initiator.request_dmi(0x1010));
    });
}

TEST_F(MmuTest, ReplacesWhateverContextComesIn) {
    SecurityContext forged;
    forged.vmid = 3;
    forged.mode = Mode::host;
    forged.raw = true;
    forged.gpa = 0x5000;
    initiator.set_context(&forged);
    simulate([&] {
        std::uint8_t bytes[8] = {};
        EXPECT_OK(initiator.write64(0x10, 1));
        EXPECT_EQ(initiator.debug_read(0x10, bytes, 8), 8u);
        EXPECT_OK(initiator.write64(0xffc, 1));
        ASSERT_EQ(seen.size(), 4u);
        for (const Seen& access : seen) {
            EXPECT_EQ(access.vmid, 7);
            EXPECT_EQ(access.mode, Mode::guest);
            EXPECT_FALSE(access.raw);
            EXPECT_NE(access.gpa, 0x5000u);
        }
        EXPECT_EQ(forged.vmid, 3);
    });
}

TEST_F(MmuTest, CutsAtPages) {
    simulate([&] {
        EXPECT_OK(initiator.write64(0xffc, 1));
        ASSERT_EQ(seen.size(), 2u);
        EXPECT_EQ(seen[0].hpa, 0x8ffcu);
        EXPECT_EQ(seen[0].size, 4u);
        EXPECT_EQ(seen[1].gpa, 0x1000u);
        EXPECT_EQ(seen[1].hpa, 0x3000u);
        EXPECT_EQ(seen[1].size, 4u);
    });
}

TEST_F(MmuTest, UnmappedPagesAreAddressErrorsAndNothingIsDone) {
    simulate([&] {
        std::uint8_t bytes[8] = {};
        EXPECT_EQ(initiator.write64(0x2000, 1), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(initiator.write64(0x1ffc, 1), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(initiator.write64(0x7000, 1), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(initiator.debug_read(0x2000, bytes, 8), 0u);
        EXPECT_TRUE(seen.empty());
        EXPECT_EQ(initiator.debug_read(0x1ffc, bytes, 8), 4u);
    });
}

TEST_F(MmuTest, ErrorsFromBelowComeBack) {
    simulate([&] {
        answer = tlm::TLM_GENERIC_ERROR_RESPONSE;
        EXPECT_EQ(initiator.write64(0, 1), tlm::TLM_GENERIC_ERROR_RESPONSE);
        EXPECT_EQ(initiator.write64(0xffc, 1), tlm::TLM_GENERIC_ERROR_RESPONSE);
        EXPECT_EQ(seen.size(), 2u);
    });
}

TEST_F(MmuTest, NewRangesCountFromTheNextAccess) {
    simulate([&] {
        EXPECT_EQ(initiator.write64(0x2000, 1), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        map.add({2, 0x20000, 1});
        EXPECT_OK(initiator.write64(0x2000, 1));
        EXPECT_EQ(seen.back().hpa, 0x20000u);
    });
}

/// An MMU whose tables are a map of the test's, VMID 7.
class MmuWalkTest : public testing::Test {
protected:
    struct Walk {
        Vmid vmid;
        Mode mode;
        Address page;
        bool write;
    };

    MmuWalkTest() {
        initiator.initiator_socket.bind(mmu.target_socket);
        checker.bind_between(mmu.initiator_socket, below.target_socket);
        walk_checker.bind_between(mmu.walk_socket, tables.target_socket);
        mmu.set_guest(7);
        pages[0] = {TranslationFault::none, 0x8000, false, true};
        pages[1] = {TranslationFault::none, 0x3000, false, true};
        pages[4] = {TranslationFault::none, 0x9000, false, false};
        pages[5] = {TranslationFault::none, 0xa000, true, true};
        tables.on_transport = [this](tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
            answer(payload, true);
            delay += sc_core::sc_time(70, sc_core::SC_NS);
            payload.set_response_status(walk_answer);
            if (during_walk) std::exchange(during_walk, nullptr)();
        };
        tables.on_debug = [this](tlm::tlm_generic_payload& payload) {
            answer(payload, false);
            return static_cast<unsigned>(walk::answer_bytes);
        };
        below.on_transport = [this](tlm::tlm_generic_payload& payload, sc_core::sc_time&) {
            note(payload);
            payload.set_response_status(tlm::TLM_OK_RESPONSE);
        };
        below.on_debug = [this](tlm::tlm_generic_payload& payload) {
            note(payload);
            return payload.get_data_length();
        };
    }
    void answer(tlm::tlm_generic_payload& payload, bool count) {
        const auto* context = payload.get_extension<SecurityContext>();
        ASSERT_NE(context, nullptr);
        ASSERT_TRUE(walk::is_request(payload.get_address()));
        ASSERT_EQ(payload.get_data_length(), walk::answer_bytes);
        const bool write = walk::is_write(payload.get_address());
        if (count) walks.push_back({context->vmid, context->mode, page_base(payload.get_address()), write});
        const auto found = pages.find(page_of(payload.get_address()));
        Translation translation{TranslationFault::not_mapped, 0, false, false};
        if (found != pages.end()) translation = found->second;
        if (translation.fault == TranslationFault::none && write && !translation.writable) translation.fault = TranslationFault::read_only;
        const walk::AnswerBytes bytes = walk::encode(translation);
        std::copy(bytes.begin(), bytes.end(), payload.get_data_ptr());
    }
    void note(tlm::tlm_generic_payload& payload) {
        const auto* context = payload.get_extension<SecurityContext>();
        ASSERT_NE(context, nullptr);
        seen.push_back(*context);
        places.push_back(payload.get_address());
    }
    std::uint64_t statistic(const std::string& name) {
        StatisticsGroup group("mmu");
        mmu.collect(group);
        for (const Statistic& value : group.values())
            if (value.name == name) return std::get<std::uint64_t>(value.value);
        ADD_FAILURE() << "no statistic " << name;
        return 0;
    }

    InitiatorTester initiator{"initiator"};
    MmuTlm mmu{"mmu", TlbParameters{8, 2}};
    ProtocolChecker checker{"checker"}, walk_checker{"walk_checker"};
    ScriptedTarget below{"below"}, tables{"tables"};
    std::map<Gpn, Translation> pages;
    std::vector<Walk> walks;
    std::vector<SecurityContext> seen;
    std::vector<Address> places;
    std::function<void()> during_walk;
    tlm::tlm_response_status walk_answer = tlm::TLM_OK_RESPONSE;
};

TEST_F(MmuWalkTest, WalksOnceAndRemembers) {
    simulate([&] {
        EXPECT_OK(initiator.write64(0x1010, 1));
        EXPECT_EQ(initiator.last_delay(), sc_core::sc_time(70, sc_core::SC_NS));
        EXPECT_OK(initiator.write64(0x1ff8, 1));
        EXPECT_EQ(initiator.last_delay(), sc_core::SC_ZERO_TIME);
        ASSERT_EQ(walks.size(), 1u);
        EXPECT_EQ(walks[0].vmid, 7);
        EXPECT_EQ(walks[0].mode, Mode::guest);
        EXPECT_EQ(walks[0].page, 0x1000u);
        EXPECT_TRUE(walks[0].write);
        EXPECT_EQ(places, (std::vector<Address>{0x3010, 0x3ff8}));
        EXPECT_EQ(seen[0].gpa, 0x1010u);
        EXPECT_EQ(seen[0].vmid, 7);
        EXPECT_FALSE(seen[0].raw);
        EXPECT_EQ(statistic("hits"), 1u);
        EXPECT_EQ(statistic("misses"), 1u);
    });
}

TEST_F(MmuWalkTest, FaultsAreAddressErrorsWithAReason) {
    simulate([&] {
        std::uint64_t value = 0;
        EXPECT_EQ(initiator.read64(0x2000, value), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(mmu.fault(), TranslationFault::not_mapped);
        EXPECT_OK(initiator.read64(0x4000, value));
        EXPECT_EQ(initiator.write64(0x4000, 1), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(mmu.fault(), TranslationFault::read_only);
        pages[9].fault = TranslationFault::lost;
        EXPECT_EQ(initiator.read64(0x9000, value), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(mmu.fault(), TranslationFault::lost);
        EXPECT_EQ(initiator.read64(Address{1} << 48, value), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(statistic("walk_faults"), 3u);
        EXPECT_EQ(seen.size(), 1u);
        // A fault is not remembered.
        pages[2] = {TranslationFault::none, 0xb000, false, true};
        EXPECT_OK(initiator.read64(0x2000, value));
    });
}

TEST_F(MmuWalkTest, AFailedWalkIsAGenericError) {
    simulate([&] {
        walk_answer = tlm::TLM_GENERIC_ERROR_RESPONSE;
        EXPECT_EQ(initiator.write64(0x1000, 1), tlm::TLM_GENERIC_ERROR_RESPONSE);
        EXPECT_TRUE(seen.empty());
    });
}

TEST_F(MmuWalkTest, PagesAreAllFoundBeforeAnyIsChanged) {
    simulate([&] {
        EXPECT_EQ(initiator.write64(0x1ffc, 1), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_TRUE(seen.empty());
        EXPECT_OK(initiator.write64(0xffc, 1));
        EXPECT_EQ(places, (std::vector<Address>{0x8ffc, 0x3000}));
    });
}

TEST_F(MmuWalkTest, SharedPagesAreRaw) {
    simulate([&] {
        EXPECT_OK(initiator.write64(0x5000, 1));
        EXPECT_OK(initiator.write64(0x1000, 1));
        EXPECT_OK(initiator.write64(0x5008, 1));
        ASSERT_EQ(seen.size(), 3u);
        EXPECT_TRUE(seen[0].raw);
        EXPECT_FALSE(seen[1].raw);
        EXPECT_TRUE(seen[2].raw) << "from the TLB";
        mmu.set_raw(true, true);
        EXPECT_OK(initiator.write64(0x1000, 1));
        EXPECT_TRUE(seen[3].raw);
        EXPECT_TRUE(seen[3].decrypt);
        mmu.set_raw(false);
        EXPECT_OK(initiator.write64(0x1000, 1));
        EXPECT_FALSE(seen[4].raw);
        EXPECT_FALSE(seen[4].decrypt);
    });
}

TEST_F(MmuWalkTest, SwitchesBetweenVmsAndModesForgetNothing) {
    simulate([&] {
        EXPECT_OK(initiator.write64(0x1000, 1));
        mmu.set_guest(8, Mode::shim);
        EXPECT_OK(initiator.write64(0x1000, 1));
        EXPECT_EQ(seen[1].vmid, 8);
        EXPECT_EQ(seen[1].mode, Mode::shim);
        EXPECT_EQ(walks[1].mode, Mode::shim);
        mmu.set_guest(7);
        EXPECT_OK(initiator.write64(0x1000, 1));
        EXPECT_EQ(walks.size(), 2u);
    });
}

TEST_F(MmuWalkTest, InvalidationMakesItWalkAgain) {
    simulate([&] {
        EXPECT_OK(initiator.write64(0x1000, 1));
        mmu.invalidate_pages(8, 0, 100);
        mmu.invalidate_frames(4, 100);
        EXPECT_OK(initiator.write64(0x1000, 1));
        EXPECT_EQ(walks.size(), 1u);
        mmu.invalidate_pages(7, 1, 1);
        pages[1].hpa = 0xc000;
        EXPECT_OK(initiator.write64(0x1000, 1));
        EXPECT_EQ(places.back(), 0xc000u);
        mmu.invalidate_frames(0xc, 1);
        pages.erase(1);
        EXPECT_EQ(initiator.write64(0x1000, 1), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(statistic("invalidated"), 2u);
    });
}

TEST_F(MmuWalkTest, AnAnswerThatAChangeOvertookIsAskedForAgain) {
    simulate([&] {
        during_walk = [&] {
            pages[1].hpa = 0xd000;
            mmu.invalidate_pages(7, 1, 1);
        };
        EXPECT_OK(initiator.write64(0x1000, 1));
        EXPECT_EQ(walks.size(), 2u);
        EXPECT_EQ(places.back(), 0xd000u);
    });
}

TEST_F(MmuWalkTest, DebugAccessKeepsNothing) {
    simulate([&] {
        std::uint8_t bytes[8] = {};
        EXPECT_EQ(initiator.debug_read(0x1ff8, bytes, 8), 8u);
        EXPECT_EQ(places.back(), 0x3ff8u);
        EXPECT_EQ(initiator.debug_read(0x2000, bytes, 8), 0u);
        EXPECT_EQ(initiator.debug_write(0x4000, bytes, 8), 0u) << "read-only";
        EXPECT_EQ(initiator.debug_read(0x4000, bytes, 8), 8u);
        EXPECT_TRUE(walks.empty());
        EXPECT_EQ(statistic("misses"), 0u);
    });
}

TEST_F(MmuWalkTest, ByteEnablesAndStreamsGoThrough) {
    simulate([&] {
        tlm::tlm_generic_payload payload;
        Bytes data(8, 1), enables{0xff, 0};
        InitiatorTester::fill(payload, tlm::TLM_WRITE_COMMAND, 0x5010, data.data(), 8);
        payload.set_byte_enable_ptr(enables.data());
        payload.set_byte_enable_length(2);
        EXPECT_OK(initiator.transport(payload));
        EXPECT_EQ(places.back(), 0xa010u);
        EXPECT_TRUE(seen.back().raw);
        EXPECT_EQ(seen.back().vmid, 7);
    });
}

}  // namespace
}  // namespace coffer::test
