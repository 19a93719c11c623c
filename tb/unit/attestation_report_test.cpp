#include "vm_table/attestation_report.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "unit/test_chips.h"
#include "vm_table/attester.h"

namespace coffer {
namespace {

namespace fs = std::filesystem;

template <std::size_t N>
std::array<std::uint8_t, N> counting_from(std::uint8_t first) {
    std::array<std::uint8_t, N> bytes;
    for (std::uint8_t& byte : bytes) byte = first++;
    return bytes;
}

AttestationReport example() {
    AttestationReport report;
    report.chip = 1;
    report.claims.configuration = ProtectionConfiguration::combined;
    report.claims.scheme.data_mac = MacAlgorithm::hmac_sha256;
    report.claims.scheme.tag_bytes = 32;
    report.claims.verification = Verification::lazy;
    report.claims.on_violation = OnViolation::report;
    report.identity = counting_from<16>(0x10);
    report.measurement = counting_from<32>(0x20);
    report.boots = 2;
    report.log_register = counting_from<32>(0x40);
    report.nonce = counting_from<32>(0x60);
    report.data = counting_from<64>(0x80);
    return report;
}

const crypto::SigningKey& attest_key() { return test_chip(1).attest_key(); }

class ReportTest : public testing::Test {
protected:
    ReportStatus open(ByteView report) { return open_report(report, key, opened); }
    /// The example with one byte changed, and signed again by the chip.
    SignedReport resigned(std::size_t at, std::uint8_t value) const {
        SignedReport changed = bytes;
        changed[at] = value;
        const crypto::Signature signature = attest_key().sign({changed.data(), attestation_body_bytes});
        std::copy(signature.begin(), signature.end(), changed.begin() + attestation_body_bytes);
        return changed;
    }

    const crypto::VerifyKey key = crypto::VerifyKey::from_der(attest_key().public_der());
    const SignedReport bytes = sign_report(example(), attest_key());
    AttestationReport opened;
};

TEST_F(ReportTest, HasItsFieldsWhereTheFormatSays) {
    EXPECT_EQ(bytes.size(), 592u);
    EXPECT_EQ(to_hex({bytes.data(), 208}),
              "43415231" "00000248" "0100000000000000" "03" "02" "03" "01" "20" "10" "01" "01"
              "101112131415161718191a1b1c1d1e1f"
              "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
              "0200000000000000"
              "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
              "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
              "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
              "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf");
}

TEST_F(ReportTest, IsReadBack) {
    ASSERT_EQ(open(bytes), ReportStatus::ok);
    EXPECT_EQ(sign_report(opened, attest_key()), bytes);
    EXPECT_EQ(opened.boots, 2u);
    EXPECT_EQ(opened.claims.configuration, ProtectionConfiguration::combined);
    EXPECT_TRUE(opened.claims.scheme.encrypt);
}

TEST_F(ReportTest, EveryChangedByteAndEveryOtherLengthIsRefused) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        SignedReport changed = bytes;
        changed[i] ^= 1;
        EXPECT_NE(open(changed), ReportStatus::ok) << "byte " << i;
    }
    for (const std::size_t size : {std::size_t{0}, attestation_body_bytes, bytes.size() - 1})
        EXPECT_EQ(open({bytes.data(), size}), ReportStatus::wrong_length);
    EXPECT_EQ(open_report(bytes, crypto::VerifyKey::from_der(test_chip(2).attest_key().public_der()), opened), ReportStatus::not_authentic);
    EXPECT_EQ(opened.chip, 0u) << "a refused report leaves nothing behind";
}

TEST_F(ReportTest, WhatAChipSignedInErrorIsRefused) {
    EXPECT_EQ(open(resigned(16, 2)), ReportStatus::ok);
    EXPECT_EQ(open(resigned(16, 4)), ReportStatus::unknown_code);
    EXPECT_EQ(open(resigned(16, 1)), ReportStatus::unknown_code) << "tags where nothing is encrypted";
    EXPECT_EQ(open(resigned(17, 3)), ReportStatus::unknown_code);
    EXPECT_EQ(open(resigned(18, 4)), ReportStatus::unknown_code);
    EXPECT_EQ(open(resigned(19, 4)), ReportStatus::unknown_code);
    EXPECT_EQ(open(resigned(19, 0)), ReportStatus::invalid_tags) << "gcm is for lines only";
    EXPECT_EQ(open(resigned(20, 33)), ReportStatus::invalid_tags);
    EXPECT_EQ(open(resigned(21, 8)), ReportStatus::invalid_tags) << "short tags do not go with on_violation report";
    EXPECT_EQ(open(resigned(22, 2)), ReportStatus::unknown_code);
    EXPECT_EQ(open(resigned(23, 2)), ReportStatus::unknown_code);
    EXPECT_EQ(open(resigned(8, 0)), ReportStatus::invalid_chip);
    EXPECT_EQ(open(resigned(7, 0)), ReportStatus::wrong_length);
    EXPECT_EQ(open(resigned(0, 0)), ReportStatus::wrong_magic);
    AttestationReport nobodys = example();
    nobodys.chip = 0x10000;
    EXPECT_THROW((void)sign_report(nobodys, attest_key()), std::invalid_argument);
}

TEST_F(ReportTest, WhereNothingIsEncryptedNoSchemeIsClaimed) {
    AttestationReport plain = example();
    plain.claims.configuration = ProtectionConfiguration::hsvm;
    const SignedReport signed_report = sign_report(plain, attest_key());
    EXPECT_EQ(to_hex({signed_report.data() + 16, 8}), "0100000000000101");
    ASSERT_EQ(open(signed_report), ReportStatus::ok);
    EXPECT_FALSE(opened.claims.scheme.encrypt);
}

TEST(Attester, SaysWhatChipAndLogKnow) {
    MemoryNonVolatile nonvolatile{ChipNumber(1)};
    VmLog log(nonvolatile);
    const VmIdentity identity = counting_from<16>(1);
    ASSERT_EQ(log.accept_install(identity, 0, {}, {}), LogStatus::ok);
    const Attester attester(test_chip(1), log, example().claims);
    AttestationReport opened;
    const crypto::VerifyKey key = crypto::VerifyKey::from_der(attest_key().public_der());
    ASSERT_EQ(open_report(attester.report(identity, counting_from<32>(2), counting_from<32>(3), counting_from<64>(4)), key, opened),
              ReportStatus::ok);
    EXPECT_EQ(opened.chip, 1u);
    EXPECT_EQ(opened.boots, 1u);
    EXPECT_EQ(opened.log_register, nonvolatile.log_register());
    EXPECT_EQ(opened.nonce, counting_from<32>(3));
    ASSERT_EQ(open_report(attester.report(counting_from<16>(9), {}, {}, {}), key, opened), ReportStatus::ok);
    EXPECT_EQ(opened.boots, 0u) << "a VM that was never installed";
}

/// The command line tool of OpenSSL, which shares no code with Coffer, over files.
class OpensslTest : public testing::Test {
protected:
    OpensslTest() : directory_(fs::path(testing::TempDir()) / ("coffer_report_" + std::to_string(::getpid()))) { fs::create_directories(directory_); }
    ~OpensslTest() override { fs::remove_all(directory_); }

    void put(const char* name, ByteView bytes) const {
        std::ofstream(directory_ / name, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data), static_cast<std::streamsize>(bytes.size));
    }
    int run(const std::string& arguments) const {
        return std::system(("cd '" + directory_.string() + "' && openssl " + arguments + " >output 2>&1").c_str());
    }
    /// The commands of docs/attestation.md.
    bool verifies(ByteView signed_bytes, const Bytes& public_key) const {
        const std::size_t body = signed_bytes.size - crypto::Signature{}.size();
        put("key.der", public_key);
        put("body", {signed_bytes.data, body});
        put("signature", {signed_bytes.data + body, crypto::Signature{}.size()});
        return run("dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -keyform DER -verify key.der -signature signature body") ==
               0;
    }

private:
    fs::path directory_;
};

TEST_F(OpensslTest, VerifiesAReportAndRefusesAChangedOne) {
    ASSERT_EQ(run("version"), 0) << "the openssl program is missing";
    SignedReport report = sign_report(example(), attest_key());
    const Bytes public_key = attest_key().public_der();
    EXPECT_TRUE(verifies(report, public_key));
    EXPECT_FALSE(verifies(report, test_chip(2).attest_key().public_der()));
    for (const std::size_t byte :
         {std::size_t{16}, std::size_t{72}, std::size_t{112}, attestation_body_bytes - 1, attestation_body_bytes, report.size() - 1}) {
        report[byte] ^= 1;
        EXPECT_FALSE(verifies(report, public_key)) << "byte " << byte;
        report[byte] ^= 1;
    }
    EXPECT_TRUE(verifies(report, public_key));
}

TEST_F(OpensslTest, VerifiesTheCertificateOfTheReportsKey) {
    SignedCertificate certificate = test_chip(1).certificate(KeyUsage::attest);
    EXPECT_TRUE(verifies(certificate, test_fleet().key.public_der()));
    certificate[8] ^= 3;
    EXPECT_FALSE(verifies(certificate, test_fleet().key.public_der())) << "another chip's number";
}

}  // namespace
}  // namespace coffer
