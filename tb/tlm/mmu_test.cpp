#include "vcpu/mmu_tlm.h"

#include <gtest/gtest.h>

#include <vector>

#include "tlm/initiator_tester.h"
#include "tlm/protocol_checker.h"
#include "tlm/scripted_target.h"
#include "tlm/simulate.h"

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

}  // namespace
}  // namespace coffer::test
