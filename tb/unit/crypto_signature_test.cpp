#include <gtest/gtest.h>

#include "common/errors.h"
#include "crypto/signature.h"
#include "unit/test_chips.h"

namespace coffer::crypto {
namespace {

class SignatureTest : public testing::Test {
protected:
    const SigningKey& key = test_chip(1).attest_key();
    const VerifyKey verifier = VerifyKey::from_der(key.public_der());
    const Bytes message{1, 2, 3};
    const Signature signature = key.sign(message);
};

TEST_F(SignatureTest, IsOfItsMessageAndKeyOnly) {
    EXPECT_TRUE(verifier.verify(message, signature));
    EXPECT_FALSE(verifier.verify(Bytes{1, 2, 4}, signature));
    EXPECT_FALSE(verifier.verify(Bytes{1, 2}, signature));
    EXPECT_FALSE(VerifyKey::from_der(test_chip(2).attest_key().public_der()).verify(message, signature));
    EXPECT_TRUE(verifier.verify(ByteView(), key.sign(ByteView()))) << "of no bytes";
}

TEST_F(SignatureTest, EveryChangedByteAndEveryOtherSizeIsRefused) {
    for (std::size_t i = 0; i < signature.size(); ++i) {
        Signature changed = signature;
        changed[i] ^= 1;
        EXPECT_FALSE(verifier.verify(message, changed)) << "byte " << i;
    }
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, signature.size() - 1})
        EXPECT_FALSE(verifier.verify(message, {signature.data(), size})) << size;
    Bytes longer(signature.begin(), signature.end());
    longer.push_back(0);
    EXPECT_FALSE(verifier.verify(message, longer));
    EXPECT_FALSE(verifier.verify(message, Bytes(signature.size(), 0xff))) << "a number beyond the modulus";
    EXPECT_FALSE(verifier.verify(message, Bytes(signature.size(), 0)));
}

TEST_F(SignatureTest, EqualMessagesHaveEqualSignaturesAndSaltsDependOnTheKey) {
    EXPECT_EQ(key.sign(message), signature);
    EXPECT_NE(test_chip(2).attest_key().sign(message), signature);
    EXPECT_NE(key.sign(Bytes{1, 2, 4}), signature);
}

TEST_F(SignatureTest, DerRoundTrip) {
    EXPECT_EQ(SigningKey::from_der(key.der()).sign(message), signature);
    EXPECT_EQ(key.public_der().size(), public_key_bytes);
    EXPECT_THROW((void)SigningKey::from_der(key.public_der()), InputError);
    EXPECT_THROW((void)VerifyKey::from_der(key.der()), InputError);
    EXPECT_THROW((void)VerifyKey::from_der(Bytes{}), InputError);
}

TEST(SigningKeyGeneration, IsDeterministicAndApartFromUnwrapKeys) {
    const SigningKey one = SigningKey::generate(std::string_view("seed"));
    EXPECT_EQ(SigningKey::generate(std::string_view("seed")).der(), one.der());
    const Bytes message{1};
    EXPECT_TRUE(VerifyKey::from_der(one.public_der()).verify(message, one.sign(message)));
}

}  // namespace
}  // namespace coffer::crypto
