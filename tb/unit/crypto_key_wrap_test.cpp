#include <gtest/gtest.h>

#include "common/errors.h"
#include "crypto/key_wrap.h"
#include "unit/kat_file.h"

namespace coffer::crypto {
namespace {

/// Generation takes most of a second, so that all but its own test use the stored key.
class KeyWrap : public testing::Test {
protected:
    bool unwraps(const Bytes& wrapped) const {
        Key128 unwrapped;
        return chip.unwrap(wrapped, unwrapped);
    }

    const kat::Record stored = kat::load("rsa_oaep_openssl.rsp").front();
    const UnwrapKey chip = UnwrapKey::from_der(stored.at("Key"));
    const Key128 k_vm{{1, 2, 3, 4}};
    const Bytes blob = wrap_key(chip.public_der(), k_vm, std::string_view("seed"));
};

TEST_F(KeyWrap, RoundTrip) {
    EXPECT_EQ(blob.size(), 384u);
    Key128 unwrapped;
    EXPECT_TRUE(chip.unwrap(blob, unwrapped));
    EXPECT_EQ(unwrapped, k_vm);
}

TEST_F(KeyWrap, PaddingDependsOnSeedAndKeyOnly) {
    EXPECT_EQ(wrap_key(chip.public_der(), k_vm, std::string_view("seed")), blob);
    EXPECT_NE(wrap_key(chip.public_der(), k_vm, std::string_view("other seed")), blob);
    EXPECT_NE(wrap_key(chip.public_der(), Key128({9}), std::string_view("seed")), blob);
}

TEST_F(KeyWrap, RefusesATamperedBlob) {
    for (std::size_t i = 0; i < blob.size(); ++i) {
        Bytes tampered = blob;
        tampered[i] ^= 0x10;
        EXPECT_FALSE(unwraps(tampered)) << "byte " << i;
    }
}

TEST_F(KeyWrap, RefusesAnotherSizeOrANumberBeyondTheModulus) {
    EXPECT_FALSE(unwraps({}));
    EXPECT_FALSE(unwraps(Bytes(blob.begin(), blob.end() - 1)));
    Bytes longer = blob;
    longer.push_back(0);
    EXPECT_FALSE(unwraps(longer));
    EXPECT_FALSE(unwraps(Bytes(blob.size(), 0xff)));
    EXPECT_FALSE(unwraps(Bytes(blob.size(), 0x00)));
}

TEST_F(KeyWrap, GenerationIsDeterministicAndItsPairsAreDistinct) {
    const UnwrapKey one = UnwrapKey::generate(std::string_view("chip 1"));
    EXPECT_EQ(UnwrapKey::generate(std::string_view("chip 1")).der(), one.der());
    EXPECT_NE(UnwrapKey::generate(std::string_view("chip 2")).der(), one.der());

    Key128 unwrapped;
    EXPECT_FALSE(one.unwrap(blob, unwrapped)) << "another chip's blob";
    EXPECT_TRUE(one.unwrap(wrap_key(one.public_der(), k_vm, std::string_view("seed")), unwrapped));
    EXPECT_EQ(unwrapped, k_vm);
}

TEST_F(KeyWrap, DerRoundTrip) {
    EXPECT_EQ(chip.der(), stored.at("Key"));
    EXPECT_EQ(chip.public_der(), stored.at("Public"));
}

TEST_F(KeyWrap, RefusesTruncatedOrExtendedKeys) {
    const Bytes private_der = chip.der();
    const Bytes public_der = chip.public_der();
    for (std::size_t size = 0; size < private_der.size(); ++size)
        EXPECT_THROW((void)UnwrapKey::from_der({private_der.data(), size}), InputError) << size;
    for (std::size_t size = 0; size < public_der.size(); ++size)
        EXPECT_THROW((void)wrap_key({public_der.data(), size}, k_vm, {}), InputError) << size;

    Bytes longer = private_der;
    longer.push_back(0);
    EXPECT_THROW((void)UnwrapKey::from_der(longer), InputError);
    EXPECT_THROW((void)UnwrapKey::from_der(public_der), InputError);
    EXPECT_THROW((void)wrap_key(private_der, k_vm, {}), InputError);
}

TEST_F(KeyWrap, SurvivesEveryCorruptedByteOfAKey) {
    const Bytes private_der = chip.der();
    std::size_t refused = 0;
    for (std::size_t i = 0; i < private_der.size(); ++i) {
        Bytes corrupted = private_der;
        corrupted[i] ^= 0x01;
        try {
            // What is accepted in spite of the change must be the same pair: then the byte carries no part of it.
            EXPECT_EQ(UnwrapKey::from_der(corrupted).public_der(), chip.public_der()) << "byte " << i;
        } catch (const InputError&) {
            ++refused;
        }
    }
    EXPECT_GT(refused, private_der.size() * 9 / 10);
}

}  // namespace
}  // namespace coffer::crypto
