#include <gtest/gtest.h>

#include "crypto/aes.h"
#include "crypto/aes_gcm.h"

namespace coffer::crypto {
namespace {

class Box : public testing::TestWithParam<std::size_t> {
protected:
    /// Whether `box` opens, and to what was sealed. What does not open must leave nothing behind.
    bool opens(const Bytes& with_key, const Iv& with_iv, std::string_view with_data, const Bytes& box) const {
        Bytes opened{1, 2, 3};
        const bool genuine = gcm_open(with_key, with_iv, with_data, box, opened);
        EXPECT_EQ(opened, genuine ? plaintext : Bytes{});
        return genuine;
    }

    static void flip(std::uint8_t& byte, std::size_t bit) { byte ^= static_cast<std::uint8_t>(1u << bit % 8); }

    const Bytes key = Bytes(GetParam(), 0x5a);
    const Iv iv{1, 2, 3};
    const std::string_view data = "CVV1";
    const Bytes plaintext = Bytes(37, 0xc3);
    const Bytes sealed = gcm_seal(key, iv, data, plaintext);
};

TEST_P(Box, Opens) {
    EXPECT_EQ(sealed.size(), plaintext.size() + 16);
    EXPECT_TRUE(opens(key, iv, data, sealed));
}

TEST_P(Box, RefusesEveryFlippedBit) {
    for (std::size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
        Bytes tampered = sealed;
        flip(tampered[bit / 8], bit);
        EXPECT_FALSE(opens(key, iv, data, tampered)) << "bit " << bit;
    }
}

TEST_P(Box, RefusesAnotherKeyIvOrAdditionalData) {
    for (std::size_t bit = 0; bit < 8 * key.size(); ++bit) {
        Bytes other = key;
        flip(other[bit / 8], bit);
        EXPECT_FALSE(opens(other, iv, data, sealed)) << "bit " << bit;
    }
    for (std::size_t bit = 0; bit < 8 * iv.size(); ++bit) {
        Iv other = iv;
        flip(other[bit / 8], bit);
        EXPECT_FALSE(opens(key, other, data, sealed)) << "bit " << bit;
    }
    EXPECT_FALSE(opens(key, iv, "CVV2", sealed));
    EXPECT_FALSE(opens(key, iv, "", sealed));
}

TEST_P(Box, RefusesEveryOtherLength) {
    for (std::size_t size = 0; size < sealed.size(); ++size)
        EXPECT_FALSE(opens(key, iv, data, Bytes(sealed.begin(), sealed.begin() + static_cast<std::ptrdiff_t>(size)))) << size;
    Bytes longer = sealed;
    longer.push_back(0);
    EXPECT_FALSE(opens(key, iv, data, longer));
}

TEST_P(Box, HoldsNothingAsWellAsSomething) {
    const Bytes empty = gcm_seal(key, iv, {}, {});
    EXPECT_EQ(empty.size(), 16u);
    Bytes opened;
    EXPECT_TRUE(gcm_open(key, iv, {}, empty, opened));
    EXPECT_TRUE(opened.empty());
}

INSTANTIATE_TEST_SUITE_P(KeyBytes, Box, testing::Values(16, 32));

TEST(KeySize, IsChecked) {
    Bytes opened;
    for (std::size_t size : {0, 15, 17, 24, 33}) {
        const Bytes key(size);
        EXPECT_THROW((void)gcm_seal(key, Iv{}, {}, {}), std::invalid_argument) << size;
        EXPECT_THROW((void)gcm_open(key, Iv{}, {}, Bytes(16), opened), std::invalid_argument) << size;
        EXPECT_THROW((void)aes_encrypt_block(key, Block16{}), std::invalid_argument) << size;
    }
}

}  // namespace
}  // namespace coffer::crypto
