#include "vcpu/walk_protocol.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace coffer {
namespace {

TEST(WalkProtocol, RequestsArePagesAndABit) {
    EXPECT_EQ(walk::request(0x12fff, false), 0x12000u);
    EXPECT_EQ(walk::request(0x12000, true), 0x12001u);
    EXPECT_TRUE(walk::is_request(0x12001));
    EXPECT_FALSE(walk::is_request(0x12002));
    EXPECT_FALSE(walk::is_request(0x12800));
    EXPECT_TRUE(walk::is_write(0x12001));
    EXPECT_FALSE(walk::is_write(0x12000));
}

TEST(WalkProtocol, AnswersToTheByte) {
    const walk::AnswerBytes mapped = walk::encode({TranslationFault::none, 0x345000, true, true});
    EXPECT_EQ(to_hex(mapped), "07503400000000000000000000000000");
    const walk::AnswerBytes swapped = walk::encode({TranslationFault::swapped, 0x345000, true, true});
    EXPECT_EQ(to_hex(swapped), "00000000000000000500000000000000");
}

RC_GTEST_PROP(WalkProtocol, AnswersSurviveTheirBytes, (std::uint64_t frame, bool raw, bool writable)) {
    const auto fault = static_cast<TranslationFault>(*rc::gen::inRange(0, static_cast<int>(TranslationFault::refused) + 1));
    const Translation sent{fault, frame % (std::uint64_t{1} << 40) * page_bytes, raw, writable};
    const walk::AnswerBytes bytes = walk::encode(sent);
    const Translation got = walk::decode(bytes.data());
    RC_ASSERT(got.fault == fault);
    if (fault != TranslationFault::none) return;
    RC_ASSERT(got.hpa == sent.hpa);
    RC_ASSERT(got.raw == raw);
    RC_ASSERT(got.writable == writable);
}

RC_GTEST_PROP(WalkProtocol, AnyBytesAreATranslationOrAFault, (const walk::AnswerBytes& bytes)) {
    const Translation got = walk::decode(bytes.data());
    RC_ASSERT(got.fault <= TranslationFault::refused);
    const bool present = load_le64(bytes.data()) % 2 == 1 && load_le64(bytes.data() + 8) == 0;
    RC_ASSERT((got.fault == TranslationFault::none) == present);
}

}  // namespace
}  // namespace coffer
