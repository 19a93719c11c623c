// Every rule of the protocol monitor, broken once: a checker that nothing can fail would check nothing.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tlm/initiator_tester.h"
#include "tlm/protocol_checker.h"
#include "tlm/scripted_target.h"
#include "tlm/simulate.h"

namespace coffer::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class ProtocolMonitorTest : public testing::Test {
protected:
    ProtocolMonitorTest() { checker.bind_between(initiator.initiator_socket, target.target_socket); }

    // Faults are seen twice, by the initiator's monitor and by the checker module: both are collected.
    std::vector<std::string> faults;
    ProtocolMonitor::Report collect = [this](const std::string& fault) { faults.push_back(fault); };
    InitiatorTester initiator{"initiator", collect};
    ProtocolChecker checker{"checker", collect};
    ScriptedTarget target{"target"};
};

TEST_F(ProtocolMonitorTest, ContentWithARightTarget) {
    simulate([&] {
        std::uint64_t value;
        EXPECT_OK(initiator.read64(0, value));
        initiator.debug_read(0, reinterpret_cast<std::uint8_t*>(&value), 8);
        initiator.request_dmi(0);
        EXPECT_THAT(faults, IsEmpty());
    });
}

TEST_F(ProtocolMonitorTest, SeesEveryFaultOfATransport) {
    struct Fault {
        const char* text;
        std::function<void(tlm::tlm_generic_payload&, sc_core::sc_time&)> make;
    };
    static SecurityContext others_context;
    const std::vector<Fault> planted{
        {"comes out INCOMPLETE", [](auto& payload, auto&) { payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE); }},
        {"backwards", [](auto&, auto& delay) { delay = sc_core::SC_ZERO_TIME; }},
        {"command", [](auto& payload, auto&) { payload.set_read(); }},
        {"address", [](auto& payload, auto&) { payload.set_address(payload.get_address() + 64); }},
        {"data array", [](auto& payload, auto&) { payload.set_data_length(4); }},
        {"data array", [](auto& payload, auto&) { payload.set_data_ptr(nullptr); }},
        {"streaming width", [](auto& payload, auto&) { payload.set_streaming_width(1); }},
        {"byte enable array", [](auto& payload, auto&) { payload.set_byte_enable_length(1); }},
        {"extension", [](auto& payload, auto&) { payload.set_extension(&others_context); }},
        {"data of a write", [](auto& payload, auto&) { payload.get_data_ptr()[3] ^= 1; }},
        {"byte enables were changed", [](auto& payload, auto&) { payload.get_byte_enable_ptr()[0] = 0; }},
    };
    simulate([&] {
        initiator.set_delay(sc_core::sc_time(5, sc_core::SC_NS));
        for (const Fault& fault : planted) {
            faults.clear();
            target.on_transport = fault.make;
            Bytes bytes(8);
            unsigned char enable = 0xff;
            tlm::tlm_generic_payload payload;
            InitiatorTester::fill(payload, tlm::TLM_WRITE_COMMAND, 0, bytes.data(), 8);
            payload.set_byte_enable_ptr(&enable);
            payload.set_byte_enable_length(1);
            if (std::string(fault.text) == "byte enable array") payload.set_byte_enable_length(2), payload.set_byte_enable_ptr(bytes.data());
            initiator.transport(payload);
            payload.clear_extension(&others_context);
            EXPECT_THAT(faults, testing::SizeIs(2)) << fault.text;
            EXPECT_THAT(faults, testing::Each(HasSubstr(fault.text)));
        }
    });
}

TEST_F(ProtocolMonitorTest, SeesAnInitiatorsFaults) {
    simulate([&] {
        tlm::tlm_generic_payload payload;
        std::uint8_t byte = 0;
        InitiatorTester::fill(payload, tlm::TLM_READ_COMMAND, 0, &byte, 1);
        payload.set_dmi_allowed(true);
        payload.set_response_status(tlm::TLM_OK_RESPONSE);
        sc_core::sc_time delay;
        initiator.initiator_socket->b_transport(payload, delay);
        EXPECT_THAT(faults, Contains(HasSubstr("goes in as something else")));
        EXPECT_THAT(faults, Contains(HasSubstr("hint goes in set")));
    });
}

TEST_F(ProtocolMonitorTest, SeesATransportFromOutsideAThread) {
    std::uint64_t value;
    initiator.read64(0, value);
    EXPECT_THAT(faults, Contains(HasSubstr("outside a thread")));
}

TEST_F(ProtocolMonitorTest, SeesDebugThatTakesTimeOrCountsTooMuch) {
    simulate([&] {
        std::uint8_t byte = 0;
        target.on_debug = [](auto&) { return 2u; };
        initiator.debug_read(0, &byte, 1);
        EXPECT_THAT(faults, Contains(HasSubstr("more bytes than asked for")));
        faults.clear();
        target.on_debug = [](auto&) { return wait(1, sc_core::SC_NS), 1u; };
        initiator.debug_read(0, &byte, 1);
        EXPECT_THAT(faults, Contains(HasSubstr("debug access: time passed")));
        faults.clear();
        target.on_debug = [](auto&) { return wait(sc_core::SC_ZERO_TIME), 1u; };
        initiator.debug_read(0, &byte, 1);
        EXPECT_THAT(faults, Contains(HasSubstr("debug access: time passed")));
    });
}

TEST_F(ProtocolMonitorTest, SeesWrongDirectAccess) {
    simulate([&] {
        target.on_dmi = [](auto&, tlm::tlm_dmi& dmi) { return dmi.allow_read_write(), true; };
        initiator.request_dmi(0);
        EXPECT_THAT(faults, Contains(HasSubstr("without a pointer")));
        faults.clear();
        target.on_dmi = [](auto&, tlm::tlm_dmi& dmi) {
            static unsigned char bytes[64];
            dmi.set_dmi_ptr(bytes);
            dmi.set_start_address(64);
            dmi.set_end_address(127);
            return dmi.allow_read(), true;
        };
        initiator.request_dmi(0);
        EXPECT_THAT(faults, Contains(HasSubstr("range without the address")));
        faults.clear();
        target.target_socket->invalidate_direct_mem_ptr(64, 63);
        EXPECT_THAT(faults, Contains(HasSubstr("ends before it begins")));
    });
}

}  // namespace
}  // namespace coffer::test
