// What every module that passes for memory has to do with any payload that IEEE 1666-2011 allows, and with those that it does not.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "tlm/memory_targets.h"
#include "tlm/simulate.h"

namespace coffer::test {
namespace {

Bytes counting(std::size_t size, unsigned first = 1) {
    Bytes bytes(size);
    std::iota(bytes.begin(), bytes.end(), static_cast<std::uint8_t>(first));
    return bytes;
}

class MemoryTarget : public testing::TestWithParam<MemorySystemKind> {
protected:
    /// What the initiator sees by debug access.
    Bytes debug_bytes(Address address, unsigned size) {
        Bytes bytes(size);
        EXPECT_EQ(initiator.debug_read(address, bytes.data(), size), size);
        return bytes;
    }

    std::unique_ptr<MemorySystem> system = GetParam().make();
    InitiatorTester& initiator = system->initiator;
};

INSTANTIATE_TEST_SUITE_P(Systems, MemoryTarget, testing::ValuesIn(memory_systems), [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(MemoryTarget, GivesBackWhatWasWritten) {
    simulate([&] {
        for (const unsigned size : {1u, 2u, 4u, 8u, 63u, 64u, 65u, 200u, 4096u, 5000u}) {
            Bytes bytes(size);
            EXPECT_OK(initiator.write(37 * size, counting(size, size)));
            EXPECT_OK(initiator.read(37 * size, bytes));
            EXPECT_EQ(bytes, counting(size, size));
        }
    });
}

TEST_P(MemoryTarget, StartsAsZeros) {
    simulate([&] {
        Bytes bytes(100, 1);
        EXPECT_OK(initiator.read(memory_size - 100, bytes));
        EXPECT_TRUE(all_zero(bytes));
    });
}

TEST_P(MemoryTarget, LastByteIsMemoryAndTheNextIsNot) {
    simulate([&] {
        std::uint8_t byte = 9;
        EXPECT_OK(initiator.write(memory_size - 1, &byte, 1));
        EXPECT_OK(initiator.read(memory_size - 1, &byte, 1));
        EXPECT_EQ(byte, 9);
        EXPECT_EQ(initiator.write(memory_size, &byte, 1), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(initiator.read(memory_size, &byte, 1), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(initiator.read(~Address{0}, &byte, 1), tlm::TLM_ADDRESS_ERROR_RESPONSE);
    });
}

TEST_P(MemoryTarget, AccessAcrossTheEndChangesNothing) {
    simulate([&] {
        const Bytes before = counting(16);
        EXPECT_OK(initiator.write(memory_size - 16, before));
        EXPECT_EQ(initiator.write(memory_size - 16, Bytes(17, 0xff)), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(debug_bytes(memory_size - 16, 16), before);
        Bytes bytes(17);
        EXPECT_EQ(initiator.read(memory_size - 16, bytes), tlm::TLM_ADDRESS_ERROR_RESPONSE);
    });
}

TEST_P(MemoryTarget, AccessThatWrapsIsAnAddressError) {
    simulate([&] {
        Bytes bytes(64);
        EXPECT_EQ(initiator.read(~Address{0} - 31, bytes), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(initiator.write(~Address{0} - 31, bytes), tlm::TLM_ADDRESS_ERROR_RESPONSE);
    });
}

TEST_P(MemoryTarget, HugeLengthIsRefusedUnread) {
    simulate([&] {
        std::uint8_t byte = 0;
        EXPECT_EQ(initiator.read(0, &byte, ~0u), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(initiator.write(0, &byte, ~0u), tlm::TLM_ADDRESS_ERROR_RESPONSE);
    });
}

TEST_P(MemoryTarget, NoLengthIsABurstError) {
    simulate([&] {
        std::uint8_t byte = 0;
        EXPECT_EQ(initiator.read(0, &byte, 0), tlm::TLM_BURST_ERROR_RESPONSE);
        EXPECT_EQ(initiator.write(0, &byte, 0), tlm::TLM_BURST_ERROR_RESPONSE);
    });
}

TEST_P(MemoryTarget, NoStreamingWidthIsABurstError) {
    simulate([&] {
        Bytes bytes(8);
        tlm::tlm_generic_payload payload;
        InitiatorTester::fill(payload, tlm::TLM_WRITE_COMMAND, 0, bytes.data(), 8);
        payload.set_streaming_width(0);
        EXPECT_EQ(initiator.transport(payload), tlm::TLM_BURST_ERROR_RESPONSE);
    });
}

TEST_P(MemoryTarget, NoDataArrayIsAnError) {
    simulate([&] {
        EXPECT_EQ(initiator.read(0, nullptr, 8), tlm::TLM_GENERIC_ERROR_RESPONSE);
        EXPECT_EQ(initiator.write(0, nullptr, 8), tlm::TLM_GENERIC_ERROR_RESPONSE);
    });
}

TEST_P(MemoryTarget, IgnoredCommandIsOkAndDoesNothing) {
    simulate([&] {
        const Bytes before = counting(8);
        EXPECT_OK(initiator.write(64, before));
        Bytes bytes(8, 0xaa);
        tlm::tlm_generic_payload payload;
        InitiatorTester::fill(payload, tlm::TLM_IGNORE_COMMAND, 64, bytes.data(), 8);
        EXPECT_OK(initiator.transport(payload));
        EXPECT_EQ(bytes, Bytes(8, 0xaa));
        EXPECT_EQ(debug_bytes(64, 8), before);
        EXPECT_EQ(initiator.debug(tlm::TLM_IGNORE_COMMAND, 64, bytes.data(), 8), 0u);
    });
}

TEST_P(MemoryTarget, WritesEnabledBytesOnly) {
    simulate([&] {
        EXPECT_OK(initiator.write(60, counting(8)));
        Bytes bytes(8, 0xee);
        // An array shorter than the data is used again from its start.
        std::array<unsigned char, 3> enables{0xff, 0, 0};
        tlm::tlm_generic_payload payload;
        InitiatorTester::fill(payload, tlm::TLM_WRITE_COMMAND, 60, bytes.data(), 8);
        payload.set_byte_enable_ptr(enables.data());
        payload.set_byte_enable_length(3);
        EXPECT_OK(initiator.transport(payload));
        EXPECT_EQ(debug_bytes(60, 8), (Bytes{0xee, 2, 3, 0xee, 5, 6, 0xee, 8}));
    });
}

TEST_P(MemoryTarget, ReadsEnabledBytesOnly) {
    simulate([&] {
        EXPECT_OK(initiator.write(60, counting(8)));
        Bytes bytes(8, 0xee);
        std::array<unsigned char, 8> enables{0, 0xff, 0xff, 0, 0, 0, 0, 0xff};
        tlm::tlm_generic_payload payload;
        InitiatorTester::fill(payload, tlm::TLM_READ_COMMAND, 60, bytes.data(), 8);
        payload.set_byte_enable_ptr(enables.data());
        payload.set_byte_enable_length(8);
        EXPECT_OK(initiator.transport(payload));
        EXPECT_EQ(bytes, (Bytes{0xee, 2, 3, 0xee, 0xee, 0xee, 0xee, 8}));
    });
}

TEST_P(MemoryTarget, WrongByteEnablesAreAByteEnableError) {
    simulate([&] {
        Bytes bytes(8, 0xee);
        std::array<unsigned char, 2> enables{0xff, 1};
        tlm::tlm_generic_payload payload;
        InitiatorTester::fill(payload, tlm::TLM_WRITE_COMMAND, 0, bytes.data(), 8);
        payload.set_byte_enable_ptr(enables.data());
        payload.set_byte_enable_length(2);
        EXPECT_EQ(initiator.transport(payload), tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
        payload.set_byte_enable_length(0);
        EXPECT_EQ(initiator.transport(payload), tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
        EXPECT_TRUE(all_zero(debug_bytes(0, 8)));
    });
}

TEST_P(MemoryTarget, StreamingStaysAtItsAddresses) {
    simulate([&] {
        Bytes bytes = counting(10);
        tlm::tlm_generic_payload payload;
        InitiatorTester::fill(payload, tlm::TLM_WRITE_COMMAND, 62, bytes.data(), 10);
        payload.set_streaming_width(4);
        EXPECT_OK(initiator.transport(payload));
        EXPECT_EQ(debug_bytes(62, 5), (Bytes{9, 10, 7, 8, 0}));
        payload.set_read();
        EXPECT_OK(initiator.transport(payload));
        EXPECT_EQ(bytes, (Bytes{9, 10, 7, 8, 9, 10, 7, 8, 9, 10}));
        // The last address that streaming reaches is what counts, not the length of the data.
        payload.set_address(memory_size - 4);
        EXPECT_OK(initiator.transport(payload));
        payload.set_address(memory_size - 3);
        EXPECT_EQ(initiator.transport(payload), tlm::TLM_ADDRESS_ERROR_RESPONSE);
    });
}

TEST_P(MemoryTarget, DebugSeesWhatWasWrittenAndWritesWhatIsRead) {
    simulate([&] {
        Address address = 4090;
        for (const unsigned size : {1u, 2u, 4u, 8u, 100u}) {
            const Bytes bytes = counting(size, size);
            EXPECT_OK(initiator.write(address, bytes));
            EXPECT_EQ(debug_bytes(address, size), bytes);
            const Bytes others = counting(size, size + 100);
            EXPECT_EQ(initiator.debug_write(address, others.data(), size), size);
            Bytes now(size);
            EXPECT_OK(initiator.read(address, now));
            EXPECT_EQ(now, others);
            address += size + 60;
        }
    });
}

TEST_P(MemoryTarget, DebugCountsTheBytesWithin) {
    simulate([&] {
        Bytes bytes(8);
        EXPECT_EQ(initiator.debug_read(memory_size - 3, bytes.data(), 8), 3u);
        EXPECT_EQ(initiator.debug_write(memory_size - 3, bytes.data(), 8), 3u);
        EXPECT_EQ(initiator.debug_read(memory_size, bytes.data(), 8), 0u);
        EXPECT_EQ(initiator.debug_read(~Address{0} - 3, bytes.data(), 8), 0u);
        EXPECT_EQ(initiator.debug_read(0, bytes.data(), 0), 0u);
        EXPECT_EQ(initiator.debug_read(0, nullptr, 8), 0u);
    });
}

TEST_P(MemoryTarget, GrantsNoDirectAccessUnasked) {
    simulate([&] {
        EXPECT_OK(initiator.write64(0, 1));
        EXPECT_FALSE(initiator.last_dmi_hint());
        EXPECT_FALSE(initiator.request_dmi(0));
        EXPECT_FALSE(initiator.request_dmi(memory_size));
    });
}

TEST_P(MemoryTarget, TimeIsAddedToTheDelay) {
    simulate([&] {
        EXPECT_OK(initiator.write(0, counting(64)));
        const sc_core::sc_time alone = initiator.last_delay();
        initiator.set_delay(sc_core::sc_time(1, sc_core::SC_US));
        EXPECT_OK(initiator.write(0, counting(64)));
        EXPECT_LE(initiator.last_delay(), alone);
        EXPECT_EQ(sc_core::sc_time_stamp(), sc_core::SC_ZERO_TIME);
    });
}

/// A payload to try, legal or not.
struct Attempt {
    tlm::tlm_command command;
    Address address;
    unsigned length;
    unsigned width;
    Bytes enables;  // empty: no byte enables
};

void showValue(const Attempt& attempt, std::ostream& out) {
    out << "command " << attempt.command << " address " << attempt.address << " length " << attempt.length << " width " << attempt.width << " enables " << to_hex(attempt.enables);
}

rc::Gen<Attempt> attempts() {
    const auto near = [](Address first) { return rc::gen::map(rc::gen::inRange<Address>(0, 300), [first](Address a) { return first + a; }); };
    const auto address = rc::gen::weightedOneOf<Address>(
        {{4, near(0)}, {4, near(2 * page_bytes - 100)}, {4, near(memory_size - 200)}, {1, rc::gen::arbitrary<Address>()}});
    const auto length = rc::gen::weightedOneOf<unsigned>({{6, rc::gen::inRange<unsigned>(0, 300)}, {1, rc::gen::element<unsigned>(64, 128, 4096, ~0u, 1u << 31)}});
    const auto width = rc::gen::weightedOneOf<unsigned>({{2, rc::gen::just(~0u)}, {1, rc::gen::inRange<unsigned>(0, 300)}});
    const auto right = rc::gen::element<std::uint8_t>(0xff, 0xff, 0);
    const auto enables = rc::gen::weightedOneOf<Bytes>({{4, rc::gen::just(Bytes{})}, {4, rc::gen::container<Bytes>(right)}, {1, rc::gen::arbitrary<Bytes>()}});
    return rc::gen::construct<Attempt>(rc::gen::weightedElement<tlm::tlm_command>({{5, tlm::TLM_READ_COMMAND}, {5, tlm::TLM_WRITE_COMMAND}, {1, tlm::TLM_IGNORE_COMMAND}}), address,
                                       length, width, enables);
}

bool is_legal(const Attempt& attempt) {
    for (const std::uint8_t enable : attempt.enables)
        if (enable != 0 && enable != 0xff) return false;
    if (attempt.length == 0 || attempt.width == 0) return false;
    const Address reach = std::min(attempt.length, attempt.width);
    return attempt.address < memory_size && reach <= memory_size - attempt.address;
}

/// The meaning of a legal read or write, byte by byte as the standard words it.
void apply(const Attempt& attempt, Bytes& memory, Bytes& data) {
    for (unsigned i = 0; i < attempt.length; ++i) {
        if (!attempt.enables.empty() && attempt.enables[i % attempt.enables.size()] == 0) continue;
        std::uint8_t& byte = memory[attempt.address + i % attempt.width];
        if (attempt.command == tlm::TLM_WRITE_COMMAND) {
            byte = data[i];
        } else {
            data[i] = byte;
        }
    }
}

TEST_P(MemoryTarget, SurvivesAnyPayload) {
    simulate([&] {
        Bytes memory(memory_size);
        std::uint8_t fill = 0;
        int carried_out = 0;
        const auto make = [&](Attempt attempt) {
            const std::size_t size = attempt.length <= 4096 ? attempt.length : 1;
            const bool legal = is_legal(attempt);
            if (legal && size != attempt.length) return;  // there is no array of 2 GiB to stream from
            Bytes data = counting(size, ++fill);
            Bytes expected = data;
            tlm::tlm_generic_payload payload;
            InitiatorTester::fill(payload, attempt.command, attempt.address, data.empty() ? &fill : data.data(), attempt.length);
            payload.set_streaming_width(attempt.width);
            if (!attempt.enables.empty()) payload.set_byte_enable_ptr(attempt.enables.data());
            payload.set_byte_enable_length(static_cast<unsigned>(attempt.enables.size()));
            const bool ignored = attempt.command == tlm::TLM_IGNORE_COMMAND;
            const tlm::tlm_response_status status = initiator.transport(payload);
            RC_ASSERT((status == tlm::TLM_OK_RESPONSE) == (legal || ignored));
            if (legal && !ignored) {
                apply(attempt, memory, expected);
                ++carried_out;
            }
            if (status == tlm::TLM_OK_RESPONSE) RC_ASSERT(data == expected);
        };
        const bool good = rc::check("any payload has the effect that the standard gives it", [&] {
            for (const Attempt& attempt : *rc::gen::container<std::vector<Attempt>>(50, attempts())) make(attempt);
            RC_ASSERT(debug_bytes(0, memory_size) == memory);
        });
        EXPECT_TRUE(good);
        EXPECT_GT(carried_out, 1000) << "too few legal payloads to show anything";
    });
}

}  // namespace
}  // namespace coffer::test
