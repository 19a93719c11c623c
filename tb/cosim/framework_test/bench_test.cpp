#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cosim/framework/bench.h"
#include "cosim/framework/cosim_block.h"
#include "cosim/framework_test/faulty_buffer.h"

namespace coffer::cosim {

void add_blocks(std::vector<CosimBlock>&) {}

namespace {

using testing::HasSubstr;

/// The byte comes out as it went in.
class BufferScoreboard : public Scoreboard {
public:
    std::optional<std::vector<Bits>> predict(const Transfer& accepted) override { return accepted.fields; }
};

Traffic bytes(unsigned count) {
    Traffic traffic;
    for (unsigned i = 0; i < count; ++i) {
        Transfer transfer;
        transfer.channel = "in";
        transfer.fields = {Bits(8, 4 * i)};
        traffic.push_back(transfer);
    }
    return traffic;
}

std::string failure_of(Misbehaviour misbehaviour, const Scenario& scenario, double reset_per_cycle = 0) {
    FaultyDevice device(misbehaviour);
    Bench bench(device);
    BufferScoreboard scoreboard;
    Random random{1};
    bench.run(bytes(10), scenario, scoreboard, random, reset_per_cycle);
    return bench.failure();
}

const Scenario stalled{"stalled", 0, 0.8, 0, false};
const Scenario patient{"patient", 0, 0, 0, true};

TEST(Bench, PassesABufferThatKeepsTheRules) { EXPECT_EQ(failure_of(Misbehaviour::none, stalled, 0.1), ""); }
TEST(Bench, FindsAWithdrawnValid) { EXPECT_THAT(failure_of(Misbehaviour::withdraws_valid, stalled), HasSubstr("out_valid was withdrawn")); }
TEST(Bench, FindsAChangedPayload) { EXPECT_THAT(failure_of(Misbehaviour::changes_payload, stalled), HasSubstr("the payload of out changed")); }
TEST(Bench, FindsALostTransfer) { EXPECT_THAT(failure_of(Misbehaviour::loses_transfer, stalled), HasSubstr("wrong result on out_byte: 0c")); }
TEST(Bench, FindsASecondAnswer) { EXPECT_THAT(failure_of(Misbehaviour::answers_twice, stalled), HasSubstr("to nothing that was accepted")); }
TEST(Bench, FindsATransferInAReset) {
    EXPECT_THAT(failure_of(Misbehaviour::accepts_in_reset, stalled, 0.1), HasSubstr("to nothing that was accepted"));
}
TEST(Bench, FindsAValidThatWaitsForReady) { EXPECT_THAT(failure_of(Misbehaviour::waits_for_ready, patient), HasSubstr("stuck: 3 transfers")); }

TEST(Bench, RepeatsASessionThatAResetHasTorn) {
    FaultyDevice device(Misbehaviour::none);
    Bench bench(device);
    BufferScoreboard scoreboard;
    Random random{1};
    Traffic traffic = bytes(40);
    for (std::size_t i = 0; i < traffic.size(); ++i) traffic[i].continues = i % 4 != 0;
    const Observed observed = bench.run(traffic, stalled, scoreboard, random, 0.02);
    EXPECT_EQ(bench.failure(), "");
    EXPECT_GT(observed.resets, 2u);
    EXPECT_GT(observed.accepted, 40u);
}

TEST(Bench, FindsAReferenceThatDiffersFromTheVector) {
    FaultyDevice device(Misbehaviour::none);
    Bench bench(device);
    BufferScoreboard scoreboard;
    Random random{1};
    Traffic traffic = bytes(3);
    traffic[2].expected = {Bits(8, 0xff)};
    bench.run(traffic, stalled, scoreboard, random);
    EXPECT_THAT(bench.failure(), HasSubstr("the reference level differs from the standard's vector"));
}

TEST(Bits, TheFirstByteIsTheMostSignificantUnlessLittleEndian) {
    const Bytes two{0x12, 0x34};
    EXPECT_EQ(Bits::from_bytes(two).to_u64(), 0x1234u);
    EXPECT_EQ(Bits::from_little_endian(two).to_u64(), 0x3412u);
    EXPECT_EQ(Bits::from_bytes(two).to_bytes(), two);
    EXPECT_EQ(Bits::from_bytes(two).hex(), "1234");
    EXPECT_EQ(Bits(7, 0x5a).hex(), "5a");
    EXPECT_THROW(Bits(7, 0x80), std::invalid_argument);
}

}  // namespace
}  // namespace coffer::cosim
