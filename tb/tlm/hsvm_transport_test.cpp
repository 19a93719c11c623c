#include "hsvm/hsvm_transport_tlm.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "common/errors.h"
#include "tlm/initiator_tester.h"
#include "tlm/protocol_checker.h"
#include "tlm/scripted_target.h"
#include "tlm/simulate.h"

namespace coffer::test {
namespace {

constexpr Address operation_register = 0x80;
const sc_core::sc_time work(100, sc_core::SC_NS);  // of the controller, each access

struct Seen {
    bool write;
    Address address;
    std::uint64_t value;
    Vmid vmid;
    Mode mode;
};

/// A processor, a transport and a controller that remembers.
struct Bench {
    explicit Bench(const HsvmTransportParameters& parameters, SerialLine* line = nullptr) : transport("transport", parameters, line) {
        processor.initiator_socket.bind(transport.target_socket);
        checker.bind_between(transport.initiator_socket, controller.target_socket);
        controller.on_transport = [this](tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
            const auto* context = payload.get_extension<SecurityContext>();
            const std::uint64_t value = payload.is_write() && payload.get_data_length() == 8 ? load_le64(payload.get_data_ptr()) : 0;
            seen.push_back({payload.is_write(), payload.get_address(), value, context != nullptr ? context->vmid : host_vmid, context != nullptr ? context->mode : Mode::host});
            if (payload.is_read() && payload.get_data_length() == 8) store_le64(payload.get_data_ptr(), 0xabcd);
            delay += work;
            payload.set_response_status(response);
            payload.set_dmi_allowed(true);
        };
        controller.on_debug = [](tlm::tlm_generic_payload& payload) { return payload.get_data_length(); };
    }

    InitiatorTester processor{"processor"};
    HsvmTransportTlm transport;
    ProtocolChecker checker{"checker"};
    ScriptedTarget controller{"controller"};
    std::vector<Seen> seen;
    tlm::tlm_response_status response = tlm::TLM_OK_RESPONSE;
};

HsvmTransportParameters parameters(HsvmTransport kind) {
    HsvmTransportParameters p;
    p.kind = kind;
    p.operation_register = operation_register;
    return p;
}

class HsvmTransportTest : public testing::TestWithParam<HsvmTransport> {
protected:
    Bench bench{parameters(GetParam())};
};

std::string name_of(const testing::TestParamInfo<HsvmTransport>& kind) {
    constexpr const char* names[] = {"Microcode", "Smm", "Usart"};
    return names[static_cast<std::size_t>(kind.param)];
}

INSTANTIATE_TEST_SUITE_P(Transports, HsvmTransportTest, testing::Values(HsvmTransport::microcode, HsvmTransport::smm, HsvmTransport::usart), name_of);

TEST_P(HsvmTransportTest, AccessesArriveAsTheyAre) {
    SecurityContext context;
    context.vmid = 7;
    context.mode = Mode::guest;
    simulate([&] {
        EXPECT_OK(bench.processor.write64(0x40, 0x1122));
        bench.processor.set_context(&context);
        std::uint64_t value = 0;
        EXPECT_OK(bench.processor.read64(0x48, value));
        EXPECT_EQ(value, 0xabcdu);
        ASSERT_EQ(bench.seen.size(), 2u);
        EXPECT_TRUE(bench.seen[0].write);
        EXPECT_EQ(bench.seen[0].address, 0x40u);
        EXPECT_EQ(bench.seen[0].value, 0x1122u);
        EXPECT_EQ(bench.seen[0].vmid, host_vmid);
        EXPECT_EQ(bench.seen[0].mode, Mode::host);
        EXPECT_FALSE(bench.seen[1].write);
        EXPECT_EQ(bench.seen[1].address, 0x48u);
        EXPECT_EQ(bench.seen[1].vmid, 7);
        EXPECT_EQ(bench.seen[1].mode, Mode::guest);
    });
}

TEST_P(HsvmTransportTest, ErrorsComeBackAsTheyAre) {
    simulate([&] {
        std::uint64_t value = 5;
        for (const auto response : {tlm::TLM_GENERIC_ERROR_RESPONSE, tlm::TLM_ADDRESS_ERROR_RESPONSE, tlm::TLM_COMMAND_ERROR_RESPONSE, tlm::TLM_BURST_ERROR_RESPONSE,
                                    tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE}) {
            bench.response = response;
            EXPECT_EQ(bench.processor.read64(0x48, value), response);
            EXPECT_EQ(bench.processor.write64(0x48, 1), response);
        }
        EXPECT_EQ(bench.seen.size(), 10u);
    });
}

TEST_P(HsvmTransportTest, NeitherDebugNorDirectAccessTakesAnything) {
    simulate([&] {
        std::uint8_t bytes[8];
        EXPECT_EQ(bench.processor.debug_read(0x40, bytes, 8), 8u);
        EXPECT_FALSE(bench.processor.request_dmi(0x40));
        EXPECT_OK(bench.processor.write64(0x40, 1));
        EXPECT_FALSE(bench.processor.last_dmi_hint());
        EXPECT_EQ(bench.seen.size(), 1u);
    });
}

TEST_P(HsvmTransportTest, RegistersHaveAddressesBelowFourGibibytes) {
    simulate([&] {
        EXPECT_OK(bench.processor.write64((Address{1} << 32) - 8, 1));
        EXPECT_EQ(bench.processor.write64(Address{1} << 32, 1), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(bench.seen.size(), 1u);
    });
}

TEST(HsvmTransport, MicrocodeTakesAFewCycles) {
    Bench bench(parameters(HsvmTransport::microcode));
    simulate([&] {
        bench.processor.write64(operation_register, 1);
        EXPECT_EQ(bench.processor.last_delay(), work + sc_core::sc_time(2, sc_core::SC_NS));
        bench.processor.write64(0x40, 1);
        EXPECT_EQ(bench.processor.last_delay(), work + sc_core::sc_time(2, sc_core::SC_NS));
    });
}

TEST(HsvmTransport, SmmSwitchesWorldsOnceForAnOperation) {
    Bench bench(parameters(HsvmTransport::smm));
    simulate([&] {
        std::uint64_t value = 0;
        bench.processor.write64(0x40, 1);
        EXPECT_EQ(bench.processor.last_delay(), work + sc_core::sc_time(2, sc_core::SC_NS));
        bench.processor.write64(operation_register, 1);
        EXPECT_EQ(bench.processor.last_delay(), work + sc_core::sc_time(1002, sc_core::SC_NS));
        bench.processor.read64(operation_register, value);
        EXPECT_EQ(bench.processor.last_delay(), work + sc_core::sc_time(2, sc_core::SC_NS));
        StatisticsGroup group("transport");
        bench.transport.collect(group);
        ASSERT_EQ(group.values().size(), 10u);
        EXPECT_EQ(std::get<std::uint64_t>(group.values()[0].value), 3u);
        EXPECT_EQ(group.values()[1].name, "world_switches");
        EXPECT_EQ(std::get<std::uint64_t>(group.values()[1].value), 1u);
    });
}

HsvmTransportParameters slow_line() {
    HsvmTransportParameters p = parameters(HsvmTransport::usart);
    p.baud = 1000000;  // 10 us a byte
    p.retries = 2;
    p.answer_timeout = sc_core::sc_time(1, sc_core::SC_MS);
    return p;
}

TEST(HsvmTransport, AUsartTakesTheTimeOfItsBytes) {
    Bench bench(slow_line());
    simulate([&] {
        const sc_core::sc_time byte(10, sc_core::SC_US);
        std::uint64_t value = 0;
        bench.processor.write64(0x40, 1);
        EXPECT_EQ(bench.processor.last_delay(), work + (22 + 8 + 2 * 4) * byte);
        bench.processor.read64(0x40, value);
        EXPECT_EQ(bench.processor.last_delay(), work + (14 + 16 + 2 * 4) * byte);
    });
}

/// Delivers nothing, or everything, or frames without their answers, as the test says.
struct ScriptedLine : SerialLine {
    std::vector<Bytes> carry(SerialDirection direction, ByteView frame) override {
        unsigned& losses = lose[static_cast<std::size_t>(direction)];
        if (losses == 0) return {Bytes(frame.begin(), frame.end())};
        --losses;
        return {};
    }
    unsigned lose[2] = {};
};

TEST(HsvmTransport, LostFramesAreSentAgain) {
    ScriptedLine line;
    Bench bench(slow_line(), &line);
    simulate([&] {
        const sc_core::sc_time byte(10, sc_core::SC_US);
        const sc_core::sc_time timeout(1, sc_core::SC_MS);
        line.lose[0] = 1;
        EXPECT_OK(bench.processor.write64(operation_register, 5));
        EXPECT_EQ(bench.processor.last_delay(), work + timeout + (22 + 22 + 8 + 3 * 4) * byte);
        line.lose[1] = 2;
        EXPECT_OK(bench.processor.write64(operation_register, 6));
        EXPECT_EQ(bench.processor.last_delay(), work + 2 * timeout + (3 * 22 + 3 * 8 + 6 * 4) * byte);
        ASSERT_EQ(bench.seen.size(), 2u) << "each was carried out once";
        EXPECT_EQ(bench.seen[1].value, 6u);
        EXPECT_EQ(bench.transport.line_statistics().retries, 3u);
        EXPECT_EQ(bench.transport.controller_statistics().repeated, 2u);
    });
}

TEST(HsvmTransport, WithoutAnswerTheAccessIsAGenericError) {
    ScriptedLine line;
    Bench bench(slow_line(), &line);
    simulate([&] {
        std::uint64_t value = 0x77;
        line.lose[0] = 3;
        EXPECT_EQ(bench.processor.write64(operation_register, 5), tlm::TLM_GENERIC_ERROR_RESPONSE);
        EXPECT_TRUE(bench.seen.empty());
        line.lose[1] = 3;
        EXPECT_EQ(bench.processor.write64(operation_register, 6), tlm::TLM_GENERIC_ERROR_RESPONSE);
        EXPECT_EQ(bench.seen.size(), 1u) << "carried out, and nobody knows";
        EXPECT_EQ(bench.transport.line_statistics().given_up, 2u);
        EXPECT_OK(bench.processor.read64(operation_register, value));
        EXPECT_EQ(value, 0xabcdu) << "the line works again";
        EXPECT_EQ(bench.seen.size(), 2u) << "what was given up is not carried out later";
    });
}

TEST(HsvmTransport, WhatAFrameCannotCarry) {
    Bench bench(parameters(HsvmTransport::usart));
    SecurityContext chip;
    chip.mode = Mode::chip;
    chip.vmid = chip_vmid;
    simulate([&] {
        Bytes bytes(65);
        EXPECT_EQ(bench.processor.write(0x40, bytes), tlm::TLM_BURST_ERROR_RESPONSE);
        bytes.resize(64);
        EXPECT_OK(bench.processor.write(0x40, bytes));
        EXPECT_OK(bench.processor.read(0x40, bytes));
        tlm::tlm_generic_payload payload;
        std::uint8_t enables[1] = {0xff};
        InitiatorTester::fill(payload, tlm::TLM_WRITE_COMMAND, 0x40, bytes.data(), 8);
        payload.set_byte_enable_ptr(enables);
        payload.set_byte_enable_length(1);
        EXPECT_EQ(bench.processor.transport(payload), tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
        InitiatorTester::fill(payload, tlm::TLM_WRITE_COMMAND, 0x40, bytes.data(), 8);
        payload.set_streaming_width(4);
        EXPECT_EQ(bench.processor.transport(payload), tlm::TLM_BURST_ERROR_RESPONSE);
        bench.processor.set_context(&chip);
        EXPECT_EQ(bench.processor.write64(0x40, 1), tlm::TLM_COMMAND_ERROR_RESPONSE) << "nobody on the line is the chip";
        EXPECT_EQ(bench.seen.size(), 2u);
    });
}

TEST(HsvmTransport, NothingIsLostOrDoneTwiceOnANoisyLine) {
    HsvmTransportParameters noisy = slow_line();
    noisy.retries = 12;
    noisy.noise = {11, 0.001, 0.05, 0.05, 0.05, 0.05};
    Bench bench(noisy);
    simulate([&] {
        for (std::uint64_t i = 1; i <= 3000; ++i) {
            std::uint64_t value = 0;
            ASSERT_OK(bench.processor.write64(operation_register, i));
            ASSERT_OK(bench.processor.read64(0x48, value));
            ASSERT_EQ(value, 0xabcdu);
            ASSERT_EQ(bench.seen.size(), 2 * i);
            ASSERT_EQ(bench.seen[2 * i - 2].value, i);
        }
        EXPECT_GT(bench.transport.line_statistics().retries, 500u);
        EXPECT_EQ(bench.transport.line_statistics().given_up, 0u);
    });
}

TEST(HsvmTransport, ParametersThatCannotBe) {
    HsvmTransportParameters p = parameters(HsvmTransport::usart);
    p.baud = 0;
    EXPECT_THROW(HsvmTransportTlm("still", p), InputError);
    p.baud = 1;
    p.noise.loss = 2;
    EXPECT_THROW(HsvmTransportTlm("loud", p), InputError);
}

}  // namespace
}  // namespace coffer::test
