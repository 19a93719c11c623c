#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>

#include "common/errors.h"
#include "common/units.h"
#include "crypto/aes.h"
#include "crypto/aes_gcm.h"
#include "crypto/kdf.h"
#include "crypto/key_wrap.h"
#include "crypto/line_cipher.h"
#include "crypto/mac.h"
#include "crypto/sha256.h"
#include "unit/kat_file.h"

namespace coffer::kat {
namespace {

using crypto::Iv;
using crypto::Key128;

template <std::size_t N>
std::array<std::uint8_t, N> array_of(const Bytes& bytes) {
    if (bytes.size() != N) throw InputError("vector", std::to_string(bytes.size()) + " bytes", std::to_string(N));
    std::array<std::uint8_t, N> array;
    std::copy(bytes.begin(), bytes.end(), array.begin());
    return array;
}

Key128 key_128(const Record& record) { return Key128(array_of<16>(record.at("Key"))); }

bool is_prefix(const Bytes& expected, ByteView actual) {
    return !expected.empty() && expected.size() <= actual.size && std::equal(expected.begin(), expected.end(), actual.begin());
}

Bytes concatenated(const Bytes& a, const Bytes& b) {
    Bytes both = a;
    both.insert(both.end(), b.begin(), b.end());
    return both;
}

// Each check tells whether the library agrees with one record.

bool check_aes(const Record& record) {
    return crypto::aes_encrypt_block(record.at("Key"), array_of<16>(record.at("PT"))) == array_of<16>(record.at("CT"));
}

/// The pads of a line are the key stream of GCM; without plaintext and additional data the tag is the tag mask alone.
bool check_pads(const Record& record) {
    const Iv iv = array_of<12>(record.at("IV"));
    const Bytes& plaintext = record.at("PT");
    const Bytes& ciphertext = record.at("CT");
    std::array<std::uint8_t, pad_bytes> pads;
    crypto::PadCipher(key_128(record)).generate(&iv, 1, pads.data());
    for (std::size_t i = 0; i < plaintext.size(); ++i)
        if ((plaintext[i] ^ pads[i]) != ciphertext.at(i)) return false;
    const bool tag_is_mask = plaintext.empty() && record.at("AAD").empty();
    return !tag_is_mask || is_prefix(record.at("Tag"), {pads.data() + line_bytes, chunk_bytes});
}

bool check_gcm_encryption(const Record& record) {
    const Bytes sealed = crypto::gcm_seal(record.at("Key"), array_of<12>(record.at("IV")), record.at("AAD"), record.at("PT"));
    const bool is_line_key = record.at("Key").size() == 16 && record.at("PT").size() <= line_bytes;
    return sealed == concatenated(record.at("CT"), record.at("Tag")) && (!is_line_key || check_pads(record));
}

bool check_gcm_decryption(const Record& record) {
    Bytes plaintext;
    const bool genuine = crypto::gcm_open(record.at("Key"), array_of<12>(record.at("IV")), record.at("AAD"),
                                          concatenated(record.at("CT"), record.at("Tag")), plaintext);
    return record.at("Genuine") == Bytes{genuine} && plaintext == (genuine ? record.at("PT") : Bytes{});
}

bool check_line(const Record& record) {
    const crypto::LineGhash ghash(key_128(record));
    const Block16 hash = ghash.hash(array_of<16>(record.at("AAD")), array_of<64>(record.at("CT")).data());
    const Iv iv = array_of<12>(record.at("IV"));
    std::array<std::uint8_t, pad_bytes> pads;
    crypto::PadCipher(key_128(record)).generate(&iv, 1, pads.data());
    Block16 tag;
    for (std::size_t i = 0; i < tag.size(); ++i) tag[i] = hash[i] ^ pads[line_bytes + i];
    return check_gcm_encryption(record) && tag == array_of<16>(record.at("Tag"));
}

bool check_mac(MacAlgorithm algorithm, const Record& record) {
    const crypto::Mac mac(algorithm, ByteView(record.at("Key")));
    const crypto::MacValue value = mac.compute({record.at("Msg")});
    return is_prefix(record.at("Mac"), {value.data(), mac_bytes(algorithm)});
}
bool check_cmac(const Record& record) { return check_mac(MacAlgorithm::cmac, record); }
bool check_hmac_sha1(const Record& record) { return check_mac(MacAlgorithm::hmac_sha1, record); }
bool check_hmac_sha256(const Record& record) { return check_mac(MacAlgorithm::hmac_sha256, record); }

bool check_sha256(const Record& record) {
    return crypto::sha256({message_of(record)}) == array_of<32>(record.at("MD"));
}

bool check_kdf(const Record& record) {
    const Bytes& expected = record.at("Output");
    Bytes derived(expected.size());
    crypto::derive(key_128(record), record.at("FixedInput"), derived.data(), derived.size());
    return !expected.empty() && derived == expected;
}

bool check_key_wrap(const Record& record) {
    const auto unwrap_key = crypto::UnwrapKey::from_der(record.at("Key"));
    Key128 key;
    return unwrap_key.public_der() == record.at("Public") && unwrap_key.unwrap(record.at("CT"), key) &&
           key == Key128(array_of<16>(record.at("Msg")));
}

struct VectorFile {
    const char* name;
    std::size_t records;
    bool (*check)(const Record&);
    const char* answer;  ///< the field that a record's other fields determine
};

void PrintTo(const VectorFile& file, std::ostream* stream) { *stream << file.name; }

/// Places of the records that the library does not agree with.
std::vector<std::string> disagreements(const std::vector<Record>& records, bool (*check)(const Record&)) {
    std::vector<std::string> places;
    for (const Record& record : records)
        if (!check(record)) places.push_back(record.where);
    return places;
}

class KnownAnswers : public testing::TestWithParam<VectorFile> {};

TEST_P(KnownAnswers, AllAgree) {
    const std::vector<Record> records = load(GetParam().name);
    EXPECT_EQ(records.size(), GetParam().records);
    EXPECT_EQ(disagreements(records, GetParam().check), std::vector<std::string>{});
}

TEST_P(KnownAnswers, AFlippedBitIsFoundInEveryRecord) {
    std::vector<Record> records = load(GetParam().name);
    std::vector<std::string> places;
    std::size_t bit = 0;
    for (Record& record : records) {
        Bytes& answer = record.fields.at(GetParam().answer);
        if (answer.empty()) continue;
        answer[bit / 8 % answer.size()] ^= static_cast<std::uint8_t>(1u << bit % 8);
        bit += 13;
        places.push_back(record.where);
    }
    EXPECT_FALSE(places.empty());
    EXPECT_EQ(disagreements(records, GetParam().check), places);
}

INSTANTIATE_TEST_SUITE_P(Vectors, KnownAnswers,
                         testing::Values(VectorFile{"aes_fips197.rsp", 3, check_aes, "CT"},  //
                                         VectorFile{"aes_aesavs.rsp", 689, check_aes, "CT"},
                                         VectorFile{"gcm_spec.rsp", 8, check_gcm_encryption, "Tag"},
                                         VectorFile{"gcm_encrypt.rsp", 750, check_gcm_encryption, "Tag"},
                                         VectorFile{"gcm_decrypt.rsp", 750, check_gcm_decryption, "Genuine"},
                                         VectorFile{"line_openssl.rsp", 64, check_line, "Tag"},
                                         VectorFile{"cmac_sp800_38b.rsp", 4, check_cmac, "Mac"},
                                         VectorFile{"cmac_node.rsp", 1, check_cmac, "Mac"},
                                         VectorFile{"hmac_sha1_rfc2202.rsp", 7, check_hmac_sha1, "Mac"},
                                         VectorFile{"hmac_sha256_rfc4231.rsp", 7, check_hmac_sha256, "Mac"},
                                         VectorFile{"sha256_fips180.rsp", 3, check_sha256, "MD"},
                                         VectorFile{"sha256_shavs.rsp", 65, check_sha256, "MD"},
                                         VectorFile{"kdf_sp800_108.rsp", 40, check_kdf, "Output"},
                                         VectorFile{"rsa_oaep_openssl.rsp", 3, check_key_wrap, "Msg"}),
                         [](const testing::TestParamInfo<VectorFile>& parameter) {
                             const std::string name = parameter.param.name;
                             return name.substr(0, name.find('.'));
                         });

TEST(KnownAnswerFile, ReadsRecords) {
    const std::vector<Record> records = parse("# heading\n\nKey = 0a\nMsg =\n\n\n# comment\nKey = 0b\n", "f");
    ASSERT_EQ(records.size(), 2u);
    EXPECT_EQ(records[0].at("Key"), Bytes{0x0a});
    EXPECT_EQ(records[0].at("Msg"), Bytes{});
    EXPECT_EQ(records[0].where, "f:3");
    EXPECT_EQ(records[1].at("Key"), Bytes{0x0b});
    EXPECT_EQ(records[1].where, "f:8");
    EXPECT_FALSE(records[1].has("Msg"));
    EXPECT_THROW((void)records[1].at("Msg"), InputError);
}

TEST(KnownAnswerFile, RefusesWhatHoldsNoVectors) {
    for (const char* text : {"", "\n\n", "# only a comment\n", "Key\n", "Key 0a\n", "= 0a\n", "Key=0a\n", "K y = 0a\n", "Key = 0\n", "Key = 0g\n",
                             "Key =  0a\n", "Key = 0a \n", "Key = 0a\r\n", "Key = 0a\nKey = 0a\n", "[PTlen = 0]\n"})
        EXPECT_THROW((void)parse(text, "f"), InputError) << text;
    EXPECT_THROW((void)load("no_such_file.rsp"), InputError);
}

}  // namespace
}  // namespace coffer::kat
