#include "vm_table/chip_certificate.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "unit/test_chips.h"

namespace coffer {
namespace {

/// A certificate of chip 1's unwrap key, and who checks it.
class CertificateTest : public testing::Test {
protected:
    CertificateStatus open(ByteView certificate) { return open_certificate(certificate, fleet_key, test_fleet().id, opened); }
    /// The same bytes with one changed, and signed again by the fleet: what the fleet itself might get wrong.
    SignedCertificate resigned(std::size_t at, std::uint8_t value) const {
        SignedCertificate changed = bytes;
        changed[at] = value;
        const std::size_t body = changed.size() - crypto::Signature{}.size();
        const crypto::Signature signature = test_fleet().key.sign({changed.data(), body});
        std::copy(signature.begin(), signature.end(), changed.begin() + static_cast<std::ptrdiff_t>(body));
        return changed;
    }

    const crypto::VerifyKey fleet_key = crypto::VerifyKey::from_der(test_fleet().key.public_der());
    const SignedCertificate bytes = test_chip(1).certificate(KeyUsage::unwrap);
    ChipCertificate opened;
};

TEST_F(CertificateTest, SaysWhoseKeyItIs) {
    for (const KeyUsage usage : {KeyUsage::unwrap, KeyUsage::attest}) {
        ASSERT_EQ(open(test_chip(2).certificate(usage)), CertificateStatus::ok);
        EXPECT_EQ(opened.usage, usage);
        EXPECT_EQ(opened.chip, ChipNumber(2));
        EXPECT_EQ(opened.fleet_id, test_fleet().id);
    }
    EXPECT_EQ(opened.public_key, test_chip(2).attest_key().public_der());
}

TEST_F(CertificateTest, HasItsFieldsWhereTheFormatSays) {
    EXPECT_EQ(to_hex({bytes.data(), 24}), "43434331010000000100000000000000" "0102030405060708");
    EXPECT_EQ(bytes.size(), 830u);
    EXPECT_EQ(Bytes(bytes.begin() + 24, bytes.begin() + 446), test_chip(1).unwrap_key().public_der());
    EXPECT_TRUE(fleet_key.verify({bytes.data(), 446}, {bytes.data() + 446, 384}));
}

TEST_F(CertificateTest, EveryChangedByteAndEveryOtherLengthIsRefused) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        SignedCertificate changed = bytes;
        changed[i] ^= 4;
        EXPECT_NE(open(changed), CertificateStatus::ok) << "byte " << i;
    }
    for (const std::size_t size : {std::size_t{0}, std::size_t{4}, bytes.size() - 1})
        EXPECT_EQ(open({bytes.data(), size}), CertificateStatus::wrong_length);
    Bytes longer(bytes.begin(), bytes.end());
    longer.push_back(0);
    EXPECT_EQ(open(longer), CertificateStatus::wrong_length);
    EXPECT_TRUE(opened.public_key.empty()) << "a refused certificate leaves nothing behind";
}

TEST_F(CertificateTest, AnotherFleetsIsRefused) {
    const SignedCertificate forged = sign_certificate({KeyUsage::unwrap, ChipNumber(1), test_fleet().id, test_chip(1).unwrap_key().public_der()},
                                                      test_chip(1).attest_key());
    EXPECT_EQ(open(forged), CertificateStatus::not_authentic);
    EXPECT_EQ(open_certificate(bytes, fleet_key, {8, 7, 6, 5, 4, 3, 2, 1}, opened), CertificateStatus::other_fleet);
}

TEST_F(CertificateTest, WhatTheFleetSignedInErrorIsRefused) {
    EXPECT_EQ(open(resigned(4, 1)), CertificateStatus::ok);
    EXPECT_EQ(open(resigned(4, 0)), CertificateStatus::unknown_usage);
    EXPECT_EQ(open(resigned(4, 3)), CertificateStatus::unknown_usage);
    EXPECT_EQ(open(resigned(7, 1)), CertificateStatus::reserved_not_zero);
    EXPECT_EQ(open(resigned(8, 0)), CertificateStatus::invalid_chip);
    EXPECT_EQ(open(resigned(10, 1)), CertificateStatus::invalid_chip);
    EXPECT_EQ(open(resigned(0, 0)), CertificateStatus::wrong_magic);
    EXPECT_THROW((void)sign_certificate({KeyUsage::unwrap, ChipNumber(1), test_fleet().id, Bytes(421)}, test_fleet().key), std::invalid_argument);
}

TEST(ChipIdentity, ManufactureGivesEachChipItsOwnKeys) {
    const ChipIdentity chip = ChipIdentity::manufacture(ChipNumber(3), test_fleet(), std::string_view("seed"));
    ChipCertificate opened;
    ASSERT_EQ(test_chip(1).open(chip.certificate(KeyUsage::unwrap), opened), CertificateStatus::ok);
    EXPECT_EQ(opened.chip, ChipNumber(3));
    EXPECT_EQ(opened.public_key, chip.unwrap_key().public_der());
    EXPECT_NE(chip.unwrap_key().public_der(), chip.attest_key().public_der());
    crypto::Key128 unwrapped;
    EXPECT_TRUE(chip.unwrap_key().unwrap(wrapped_for(chip, crypto::Key128({7})), unwrapped));
    EXPECT_EQ(unwrapped, crypto::Key128({7}));
}

}  // namespace
}  // namespace coffer
