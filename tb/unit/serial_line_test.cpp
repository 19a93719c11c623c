#include "hsvm/serial_line.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <random>

#include "common/errors.h"
#include "hsvm/serial_frame.h"
#include "hsvm/serial_requester.h"
#include "hsvm/serial_responder.h"

namespace coffer::test {
namespace {

/// The write of docs/formats.md.
SerialRequest example_write() {
    SerialRequest request;
    request.write = true;
    request.caller = HsvmCaller::guest;
    request.sequence = 0x0102;
    request.vmid = 3;
    request.address = 0x40;
    request.count = 8;
    request.data = from_hex("8877665544332211", "data");
    return request;
}

SerialRequest read_of(std::uint32_t address, std::uint8_t count) {
    SerialRequest request;
    request.address = address;
    request.count = count;
    return request;
}

SerialRequest write_of(std::uint32_t address, std::uint64_t value) {
    SerialRequest request;
    request.write = true;
    request.address = address;
    request.count = 8;
    request.data.resize(8);
    store_le64(request.data.data(), value);
    return request;
}

/// Gives a frame the CRC that its other bytes ask for.
Bytes with_crc(Bytes frame) {
    if (frame.size() < 2) return frame;
    const std::uint16_t crc = serial_crc({frame.data(), frame.size() - 2});
    frame[frame.size() - 2] = static_cast<std::uint8_t>(crc >> 8);
    frame[frame.size() - 1] = static_cast<std::uint8_t>(crc);
    return frame;
}

TEST(SerialFrame, TheCrcIsTheOneOfItsName) {
    EXPECT_EQ(serial_crc(std::string_view("123456789")), 0x29b1);  // the check value that catalogues of CRCs list
    EXPECT_EQ(serial_crc(ByteView{}), 0xffff);
}

TEST(SerialFrame, BytesOfTheExamples) {
    EXPECT_EQ(to_hex(encode(example_write())), "0208020002010300400000008877665544332211833b");
    SerialRequest read = read_of(0x48, 8);
    read.sequence = 0x0103;
    EXPECT_EQ(to_hex(encode(read)), "010800000301000048000000be49");
    SerialAnswer answer;
    answer.sequence = 0x0103;
    answer.data = from_hex("0500000000000000", "data");
    EXPECT_EQ(to_hex(encode(answer)), "03080000030105000000000000003dc1");
}

TEST(SerialFrame, ComesBackAsItWas) {
    const SerialRequest request = example_write();
    const auto back = parse_serial_request(encode(request));
    ASSERT_TRUE(back);
    EXPECT_EQ(encode(*back), encode(request));
    EXPECT_EQ(back->caller, request.caller);
    EXPECT_EQ(back->sequence, request.sequence);
    EXPECT_EQ(back->vmid, request.vmid);
    EXPECT_EQ(back->address, request.address);
    EXPECT_EQ(back->data, request.data);
    EXPECT_FALSE(parse_serial_answer(encode(request)));
    for (const auto status : {SerialStatus::ok, SerialStatus::generic_error, SerialStatus::byte_enable_error}) {
        const SerialAnswer answer{7, status, status == SerialStatus::ok ? Bytes(serial_data_limit, 1) : Bytes{}};
        const auto answered = parse_serial_answer(encode(answer));
        ASSERT_TRUE(answered);
        EXPECT_EQ(answered->status, status);
        EXPECT_EQ(answered->data, answer.data);
        EXPECT_FALSE(parse_serial_request(encode(answer)));
    }
}

TEST(SerialFrame, UpToThreeInvertedBitsAreFound) {
    const Bytes good = encode(read_of(0x48, 8));
    const std::size_t bits = 8 * good.size();
    const auto invert = [](Bytes& bytes, std::size_t bit) { bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ 1u << bit % 8); };
    Bytes bad = good;
    for (std::size_t i = 0; i != bits; ++i) {
        invert(bad, i);
        ASSERT_FALSE(parse_serial_request(bad));
        for (std::size_t j = i + 1; j != bits; ++j) {
            invert(bad, j);
            ASSERT_FALSE(parse_serial_request(bad));
            for (std::size_t k = j + 1; k != bits; ++k) {
                invert(bad, k);
                ASSERT_FALSE(parse_serial_request(bad));
                invert(bad, k);
            }
            invert(bad, j);
        }
        invert(bad, i);
    }
}

TEST(SerialFrame, WhatIsNoFrame) {
    const Bytes good = encode(example_write());
    for (std::size_t size = 0; size != good.size(); ++size) {
        EXPECT_FALSE(parse_serial_request({good.data(), size}));
        EXPECT_FALSE(parse_serial_request(with_crc(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)))));
    }
    Bytes longer = good;
    longer.push_back(0);
    EXPECT_FALSE(parse_serial_request(with_crc(longer)));
    const auto with = [&](std::size_t at, std::uint8_t value) {
        Bytes frame = good;
        frame[at] = value;
        return with_crc(frame);
    };
    EXPECT_TRUE(parse_serial_request(with(6, 9)));
    for (const auto& [at, value] : {std::pair{0, 0}, {0, 1}, {0, 3}, {1, 0}, {1, 7}, {1, 65}, {2, 4}, {2, 255}, {3, 1}})
        EXPECT_FALSE(parse_serial_request(with(static_cast<std::size_t>(at), static_cast<std::uint8_t>(value)))) << at << ' ' << value;
    SerialAnswer answer{1, SerialStatus::ok, Bytes(8)};
    Bytes frame = encode(answer);
    frame[2] = 6;
    EXPECT_FALSE(parse_serial_answer(with_crc(frame)));
    answer.data.resize(serial_data_limit + 1);
    EXPECT_FALSE(parse_serial_answer(encode(answer)));
}

/// A controller of which every execution is remembered.
struct Controller : SerialExecutor {
    SerialAnswer execute(const SerialRequest& request) override {
        executed.push_back(request);
        SerialAnswer answer;
        if (!request.write) {
            answer.data.resize(request.count);
            for (std::uint8_t& byte : answer.data) byte = static_cast<std::uint8_t>(random());
        } else if (request.address == 0xdead) {
            answer.status = SerialStatus::address_error;
        }
        answered = answer;
        return answer;
    }

    std::mt19937_64 random{1};
    std::vector<SerialRequest> executed;
    SerialAnswer answered;
};

TEST(SerialResponder, CarriesARequestOutOnce) {
    Controller controller;
    SerialResponder responder(controller);
    SerialRequest request = read_of(0x10, 8);
    EXPECT_FALSE(responder.receive(encode(request))) << "number 0 comes before the first";
    request.sequence = 1;
    const auto answer = responder.receive(encode(request));
    ASSERT_TRUE(answer);
    EXPECT_EQ(responder.receive(encode(request)), answer);
    EXPECT_EQ(controller.executed.size(), 1u);
    request.sequence = 3;
    EXPECT_TRUE(responder.receive(encode(request))) << "number 2 was given up";
    request.sequence = 2;
    EXPECT_FALSE(responder.receive(encode(request))) << "and comes late";
    EXPECT_EQ(controller.executed.size(), 2u);
    EXPECT_EQ(responder.statistics().repeated, 1u);
    EXPECT_EQ(responder.statistics().outdated, 2u);
    EXPECT_FALSE(responder.receive(Bytes(14)));
    EXPECT_EQ(responder.statistics().bad_frames, 1u);
}

TEST(SerialResponder, NumbersBeginAnew) {
    Controller controller;
    SerialResponder responder(controller);
    SerialRequest request = read_of(0x10, 8);
    for (unsigned i = 1; i <= 0x20000; ++i) {
        request.sequence = static_cast<std::uint16_t>(i);
        ASSERT_TRUE(responder.receive(encode(request))) << i;
    }
    EXPECT_EQ(controller.executed.size(), 0x20000u);
    request.sequence = 0xffff;
    EXPECT_FALSE(responder.receive(encode(request)));
    request.sequence = 0x8000;
    EXPECT_FALSE(responder.receive(encode(request)));
    request.sequence = 0x7fff;
    EXPECT_TRUE(responder.receive(encode(request)));
}

bool same(const SerialRequest& a, const SerialRequest& b) {
    return a.write == b.write && a.caller == b.caller && a.vmid == b.vmid && a.address == b.address && a.count == b.count && a.data == b.data;
}

/// A controller behind a line.
struct Link {
    explicit Link(SerialLine& line, unsigned retries = 5) : requester(line, responder, retries) {}

    /// Whether the controller carried out what it may: requests that were given up since the last answer, each once and in their order, then this
    /// one, once; and whether an answer is the one that the controller gave to this one.
    bool is_right(const SerialRequest& request) {
        const std::size_t before = controller.executed.size();
        SerialRequester::Effort effort;
        const auto answer = requester.exchange(request, effort);
        given_up.push_back(request);
        auto candidate = given_up.begin();
        for (std::size_t i = before; i != controller.executed.size(); ++i) {
            while (candidate != given_up.end() && !same(*candidate, controller.executed[i])) ++candidate;
            if (candidate == given_up.end()) return false;
            ++candidate;
        }
        const bool done = candidate == given_up.end();
        given_up.erase(given_up.begin(), answer ? given_up.end() : candidate);
        return !answer || (done && answer->status == controller.answered.status && answer->data == controller.answered.data);
    }

    Controller controller;
    SerialResponder responder{controller};
    SerialRequester requester;
    std::vector<SerialRequest> given_up;  // since the last answer, and not known to be carried out
};

/// Random reads and writes; how many of them were not what they have to be.
int count_wrong(Link& link, int requests) {
    std::mt19937_64 random(7);
    int wrong = 0;
    for (int i = 0; i < requests; ++i) {
        const auto address = static_cast<std::uint32_t>(random() % 8 == 0 ? 0xdead : random() % 0x1000);
        SerialRequest request = random() % 2 == 0 ? write_of(address, random())
                                                  : read_of(address, static_cast<std::uint8_t>(1 + random() % serial_data_limit));
        request.caller = static_cast<HsvmCaller>(random() % 4);
        request.vmid = static_cast<Vmid>(random());
        wrong += !link.is_right(request);
    }
    return wrong;
}

SerialNoise all_noise(std::uint64_t seed) { return {seed, 0.001, 0.05, 0.05, 0.05, 0.05}; }

TEST(SerialLink, AQuietLine) {
    NoisyLine line({});
    Link link(line);
    EXPECT_EQ(count_wrong(link, 1000), 0);
    EXPECT_EQ(link.requester.statistics().retries, 0u);
    EXPECT_EQ(link.requester.statistics().frames, 2000u);
    EXPECT_EQ(link.responder.statistics().executed, 1000u);
}

TEST(SerialLink, NothingIsLostAndNothingDoneTwice) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        NoisyLine line(all_noise(seed));
        Link link(line, 40);
        EXPECT_EQ(count_wrong(link, 5000), 0) << "seed " << seed;
        EXPECT_EQ(link.requester.statistics().given_up, 0u) << "seed " << seed;
        EXPECT_EQ(link.responder.statistics().executed, 5000u) << "seed " << seed;
        EXPECT_GT(link.requester.statistics().retries, 500u);
        EXPECT_GT(link.responder.statistics().repeated, 200u);
        EXPECT_GT(link.responder.statistics().outdated, 5u);
    }
}

TEST(SerialLink, WhatIsGivenUpIsDoneAtMostOnce) {
    SerialNoise noise = all_noise(3);
    noise.loss = 0.5;
    NoisyLine line(noise);
    Link link(line, 1);
    EXPECT_EQ(count_wrong(link, 5000), 0);
    EXPECT_GT(link.requester.statistics().given_up, 1000u);
    EXPECT_LT(link.responder.statistics().executed, 5000u);
}

/// A noisy line with what a fault of its ends would amount to.
class FaultyLine : public SerialLine {
public:
    using Fault = std::function<void(SerialDirection, Bytes&)>;

    FaultyLine(const SerialNoise& noise, Fault fault) : noisy_(noise), fault_(std::move(fault)) {}
    std::vector<Bytes> carry(SerialDirection direction, ByteView frame) override {
        std::vector<Bytes> arrived = noisy_.carry(direction, frame);
        for (Bytes& bytes : arrived) fault_(direction, bytes);
        return arrived;
    }

private:
    NoisyLine noisy_;
    const Fault fault_;
};

/// An end is blind to the CRC where whatever arrives there has the right one.
FaultyLine::Fault blind_to_crc(SerialDirection blind) {
    return [blind](SerialDirection direction, Bytes& bytes) {
        if (direction == blind) bytes = with_crc(bytes);
    };
}

/// The processor is blind to numbers where each answer has the one that was asked for, and the controller where each request has a fresh one.
FaultyLine::Fault blind_to_numbers(bool controller) {
    return [controller, asked = std::uint16_t{0}, fresh = std::uint16_t{0}](SerialDirection direction, Bytes& bytes) mutable {
        if (direction == SerialDirection::to_processor) {
            store_le16(&bytes[4], asked);
        } else {
            asked = load_le16(&bytes[4]);
            if (controller) store_le16(&bytes[4], ++fresh);
        }
        bytes = with_crc(bytes);
    };
}

int count_wrong_over(const SerialNoise& noise, const FaultyLine::Fault& fault, int requests) {
    FaultyLine line(noise, fault);
    Link link(line);
    return count_wrong(link, requests);
}

TEST(SerialLinkPlanted, AnEndThatDoesNotCheckTheCrc) {
    SerialNoise noise;
    noise.bit_error = 0.001;
    for (const auto blind : {SerialDirection::to_controller, SerialDirection::to_processor})
        EXPECT_GT(count_wrong_over(noise, blind_to_crc(blind), 1000), 10);
}

TEST(SerialLinkPlanted, AControllerThatDoesNotCheckTheNumber) {
    SerialNoise noise;
    noise.loss = 0.1;
    EXPECT_GT(count_wrong_over(noise, blind_to_numbers(true), 1000), 50);
}

TEST(SerialLinkPlanted, AProcessorThatDoesNotCheckTheNumber) {
    SerialNoise noise;
    noise.delay = 0.5;
    EXPECT_GT(count_wrong_over(noise, blind_to_numbers(false), 5000), 10);
}

TEST(SerialLink, ADeadLineIsDownForGood) {
    SerialNoise noise;
    noise.loss = 1;
    NoisyLine line(noise);
    Link link(line, 0);
    SerialRequester::Effort effort;
    for (unsigned i = 0; i != SerialRequester::most_unanswered; ++i) ASSERT_FALSE(link.requester.exchange(read_of(0, 8), effort));
    EXPECT_EQ(effort.frames, 1u);
    EXPECT_EQ(effort.timeouts, 1u);
    EXPECT_FALSE(link.requester.exchange(read_of(0, 8), effort));
    EXPECT_EQ(effort.frames, 0u) << "nothing is sent any more";
    EXPECT_TRUE(link.controller.executed.empty());
}

TEST(NoisyLine, TheSameSeedMakesTheSameErrors) {
    NoisyLine a(all_noise(5)), b(all_noise(5)), c(all_noise(6));
    const Bytes frame(100, 0x55);
    bool differs = false;
    for (int i = 0; i < 200; ++i) {
        const auto arrived = a.carry(SerialDirection::to_controller, frame);
        EXPECT_EQ(arrived, b.carry(SerialDirection::to_controller, frame));
        differs |= arrived != c.carry(SerialDirection::to_controller, frame);
    }
    EXPECT_TRUE(differs);
}

TEST(NoisyLine, EveryKindOfError) {
    const Bytes frame(100, 0x55);
    const auto carried = [&](const SerialNoise& noise) { return NoisyLine(noise).carry(SerialDirection::to_processor, frame); };
    EXPECT_EQ(carried({}), std::vector<Bytes>{frame});
    EXPECT_EQ(carried({1, 1}), std::vector<Bytes>{Bytes(100, 0xaa)});
    EXPECT_TRUE(carried({1, 0, 1}).empty());
    ASSERT_EQ(carried({1, 0, 0, 1}).size(), 1u);
    EXPECT_LT(carried({1, 0, 0, 1})[0].size(), 100u);
    EXPECT_EQ(carried({1, 0, 0, 0, 1}), (std::vector<Bytes>{frame, frame}));
    NoisyLine late({1, 0, 0, 0, 0, 1});
    EXPECT_TRUE(late.carry(SerialDirection::to_processor, frame).empty());
    EXPECT_TRUE(late.carry(SerialDirection::to_controller, Bytes{1}).empty());
    EXPECT_EQ(late.carry(SerialDirection::to_processor, Bytes{2}), std::vector<Bytes>{frame});
}

TEST(NoisyLine, WhatIsNoProbability) {
    for (const double value : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
        SerialNoise noise;
        noise.cut = value;
        EXPECT_THROW(NoisyLine{noise}, InputError);
    }
}

}  // namespace
}  // namespace coffer::test
