#include "common/bytes.h"

#include <gtest/gtest.h>

#include "common/errors.h"

namespace coffer {
namespace {

TEST(Bytes, HexRoundTrip) {
    const Bytes bytes{0x00, 0x7f, 0x80, 0xff};
    EXPECT_EQ(to_hex(bytes), "007f80ff");
    EXPECT_EQ(from_hex("007F80ff", "test"), bytes);
}

TEST(Bytes, HexRejectsWhatIsNoByte) {
    EXPECT_THROW((void)from_hex("abc", "test"), InputError);
    EXPECT_THROW((void)from_hex("zz", "test"), InputError);
}

TEST(Bytes, StandardsOrderIsBigEndian) {
    std::uint8_t p[8];
    store_be64(p, 0x0102030405060708);
    EXPECT_EQ(to_hex({p, 8}), "0102030405060708");
    store_le32(p, 0x01020304);
    EXPECT_EQ(to_hex({p, 4}), "04030201");
    EXPECT_EQ(load_be32(p), 0x04030201u);
}

}  // namespace
}  // namespace coffer
