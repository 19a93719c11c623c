#include "vm_table/vm_vector.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <functional>
#include <ostream>
#include <stdexcept>
#include <utility>
#include <vector>

#include "crypto/aes_gcm.h"
#include "crypto/kdf.h"

namespace coffer {

std::ostream& operator<<(std::ostream& out, VectorStatus status) { return out << to_string(status); }

namespace {

constexpr Lpid fresh_lpid = 0x0001'0000'0000'0018;
constexpr std::size_t box_at = 28;

crypto::Key256 seal_key() {
    crypto::Key128 k_vm;
    for (std::size_t i = 0; i < k_vm.size(); ++i) k_vm.data()[i] = static_cast<std::uint8_t>(i);
    return crypto::derive_256(k_vm, "coffer seal", {1, 2, 3, 4, 5, 6, 7, 8});
}

template <std::size_t N>
std::array<std::uint8_t, N> bytes_of(std::string_view hex) {
    const Bytes bytes = from_hex(hex, "test");
    std::array<std::uint8_t, N> field{};
    std::copy(bytes.begin(), bytes.end(), field.begin());
    return field;
}

VmVector example() {
    VmVector vector;
    vector.kind = VectorKind::snapshot;
    vector.identity = bytes_of<16>("bd17bac79dd4fab6b6a5bdd97c3bc6b5");
    vector.sequence = 3;
    vector.pages = 5;
    vector.addr_shim = 0x1000;
    vector.vcpus = 2;
    vector.root = bytes_of<32>("97ddf18b88f17ade73d004f819fc5124");
    for (std::size_t i = 0; i < vector.measurement.size(); ++i) vector.measurement[i] = static_cast<std::uint8_t>(0x20 + i);
    vector.addr_tree = 0x30000;
    return vector;
}

// Made with python3-cryptography from the layout alone: KDF from CMAC, sealing from AESGCM.
constexpr std::string_view example_blob =
    "43565631000000c40000030000000000180000000000010000000000ba0f05cdf831e3190ac5824a8483dee5538a9c2f4b156f573a91ad33be7906eaec66155c85aa820b9faa02"
    "bcad40580f6c57f4a152764c463e292ffc30c316b3adf81ff88771a58625ebadb14e3988124161c928f00327ebdde9c8fcc7a133d145d60b47b77f401f502195a0acdbb7feb8c8"
    "b230dadba2a54b5e417a65d92fec23e7b55b0b3462505f1d5e1b7eea0a9180b57884135aa5e46d6a7b10ef37339486490244a998db19140e6f20c0291439";

TEST(VmVector, SealsTheExampleByteForByte) {
    EXPECT_EQ(to_hex(seal_key().view()), "101a44a0135e167225ef4f64ca33d6965cc7797f20d688fda87aeb12422431fe");
    EXPECT_EQ(to_hex(seal_vector(example(), seal_key(), fresh_lpid)), example_blob);
}

TEST(VmVector, OpensTheExample) {
    VmVector opened;
    ASSERT_EQ(open_vector(from_hex(example_blob, "test"), seal_key(), opened), VectorStatus::ok);
    EXPECT_EQ(opened, example());
}

TEST(VmVector, AnotherKeyDoesNotOpenIt) {
    VmVector opened;
    EXPECT_EQ(open_vector(from_hex(example_blob, "test"), crypto::Key256{}, opened), VectorStatus::not_authentic);
    EXPECT_EQ(opened, VmVector{});
}

TEST(VmVector, OnlyTheHintCanChangeUnnoticed) {
    const Bytes blob = from_hex(example_blob, "test");
    for (std::size_t bit = 0; bit < 8 * blob.size(); ++bit) {
        Bytes changed = blob;
        changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ 1u << bit % 8);
        VmVector opened;
        const VectorStatus status = open_vector(changed, seal_key(), opened);
        const bool in_hint = bit / 8 >= 8 && bit / 8 < 16;
        if (!in_hint) {
            EXPECT_NE(status, VectorStatus::ok) << "bit " << bit;
            EXPECT_EQ(opened, VmVector{}) << "bit " << bit;
        } else if (status == VectorStatus::ok) {
            VmVector expected = example();
            expected.addr_tree ^= std::uint64_t{1} << (bit - 64);
            EXPECT_EQ(opened, expected) << "bit " << bit;
        } else {
            EXPECT_EQ(status, VectorStatus::invalid_tree_base) << "bit " << bit;
            EXPECT_LT(bit - 64, 12u) << "only a base within a page is refused";
        }
    }
}

TEST(VmVector, SaysWhatIsWrongOutsideTheSeal) {
    const auto status_after = [](std::size_t at, std::uint8_t value) {
        Bytes blob = from_hex(example_blob, "test");
        blob[at] = value;
        VmVector opened;
        return open_vector(blob, seal_key(), opened);
    };
    EXPECT_EQ(status_after(0, 'X'), VectorStatus::wrong_magic);
    EXPECT_EQ(status_after(7, 0xc5), VectorStatus::wrong_length);
    EXPECT_EQ(status_after(8, 1), VectorStatus::invalid_tree_base);
    EXPECT_EQ(status_after(24, 1), VectorStatus::invalid_iv);
    EXPECT_EQ(status_after(16, 0x19), VectorStatus::not_authentic);
    Bytes lpid_zero = from_hex(example_blob, "test");
    std::fill_n(lpid_zero.begin() + 16, 8, std::uint8_t{0});
    VmVector opened;
    EXPECT_EQ(open_vector(lpid_zero, seal_key(), opened), VectorStatus::invalid_iv);
}

TEST(VmVector, AnyOtherSizeIsRefused) {
    Bytes blob = from_hex(example_blob, "test");
    VmVector opened;
    for (std::size_t size = 0; size < blob.size(); ++size)
        EXPECT_EQ(open_vector({blob.data(), size}, seal_key(), opened), VectorStatus::wrong_length);
    blob.push_back(0);
    EXPECT_EQ(open_vector(blob, seal_key(), opened), VectorStatus::wrong_length);
}

/// A blob whose sealer did not keep to the rules: the example with `change` applied to its plaintext.
Bytes sealed_with(const std::function<void(Bytes&)>& change) {
    Bytes blob = from_hex(example_blob, "test");
    crypto::Iv iv;
    std::copy_n(blob.begin() + 16, iv.size(), iv.begin());
    Bytes plaintext;
    EXPECT_TRUE(crypto::gcm_open(seal_key().view(), iv, std::string_view("CVV1"), {blob.data() + box_at, blob.size() - box_at}, plaintext));
    change(plaintext);
    const Bytes box = crypto::gcm_seal(seal_key().view(), iv, std::string_view("CVV1"), plaintext);
    std::copy(box.begin(), box.end(), blob.begin() + box_at);
    return blob;
}

VectorStatus status_of_plaintext(const std::function<void(Bytes&)>& change) {
    VmVector opened;
    const VectorStatus status = open_vector(sealed_with(change), seal_key(), opened);
    EXPECT_TRUE(status == VectorStatus::ok || opened == VmVector{});
    return status;
}

VectorStatus status_with_byte(std::size_t at, std::uint8_t value) {
    return status_of_plaintext([=](Bytes& plaintext) { plaintext[at] = value; });
}

VectorStatus status_with_number(std::size_t at, std::uint64_t value) {
    return status_of_plaintext([=](Bytes& plaintext) { store_le64(&plaintext[at], value); });
}

TEST(VmVector, SealedFieldsAreChecked) {
    EXPECT_EQ(status_of_plaintext([](Bytes&) {}), VectorStatus::ok);
    EXPECT_EQ(status_with_byte(0, 3), VectorStatus::unknown_kind);
    EXPECT_EQ(status_with_byte(1, 4), VectorStatus::invalid_scheme);
    EXPECT_EQ(status_with_byte(2, 0), VectorStatus::invalid_scheme) << "gcm makes no node tags";
    EXPECT_EQ(status_with_byte(2, 255), VectorStatus::invalid_scheme);
    for (const int size : {0, 1, 15, 32, 64, 255}) {
        EXPECT_EQ(status_with_byte(3, static_cast<std::uint8_t>(size)), VectorStatus::invalid_scheme) << size;
        EXPECT_EQ(status_with_byte(4, static_cast<std::uint8_t>(size)), VectorStatus::invalid_scheme) << size;
    }
    for (const std::size_t at : {5u, 6u, 7u}) EXPECT_EQ(status_with_byte(at, 1), VectorStatus::reserved_not_zero);
    EXPECT_EQ(status_with_byte(0, 0), VectorStatus::invalid_sequence);
    EXPECT_EQ(status_with_number(24, 0), VectorStatus::invalid_sequence);
    EXPECT_EQ(status_with_number(32, 0), VectorStatus::invalid_pages);
    EXPECT_EQ(status_with_number(32, max_vm_pages), VectorStatus::ok);
    EXPECT_EQ(status_with_number(32, max_vm_pages + 1), VectorStatus::invalid_pages);
    EXPECT_EQ(status_with_number(32, ~std::uint64_t{0}), VectorStatus::invalid_pages);
    EXPECT_EQ(status_with_number(40, 0), VectorStatus::ok);
    EXPECT_EQ(status_with_number(40, 0x1001), VectorStatus::invalid_shim);
    EXPECT_EQ(status_with_number(40, 0x2000), VectorStatus::ok) << "pages 2, 3, 4 of 5";
    EXPECT_EQ(status_with_number(40, 0x3000), VectorStatus::invalid_shim);
    EXPECT_EQ(status_with_number(40, 0xffff'ffff'ffff'f000), VectorStatus::invalid_shim);
    EXPECT_EQ(status_with_number(48, 0), VectorStatus::invalid_vcpus);
    EXPECT_EQ(status_with_number(48, 3), VectorStatus::ok);
    EXPECT_EQ(status_with_number(48, 4), VectorStatus::invalid_shim);
    EXPECT_EQ(status_with_number(48, max_vcpus + 1), VectorStatus::invalid_vcpus);
    EXPECT_EQ(status_with_byte(72, 1), VectorStatus::invalid_root) << "a root of 16 bytes";
    EXPECT_EQ(status_with_byte(87, 1), VectorStatus::invalid_root);
    EXPECT_EQ(status_with_number(120, 1), VectorStatus::invalid_target);
    EXPECT_EQ(status_with_byte(159, 1), VectorStatus::invalid_target) << "a nonce";
    EXPECT_EQ(status_with_byte(0, 2), VectorStatus::invalid_target) << "a migration needs a target";
    const auto migrate_to = [](std::uint64_t chip) {
        return status_of_plaintext([=](Bytes& plaintext) {
            plaintext[0] = 2;
            plaintext[130] = 1;
            store_le64(&plaintext[120], chip);
        });
    };
    EXPECT_EQ(migrate_to(65535), VectorStatus::ok);
    EXPECT_EQ(migrate_to(65536), VectorStatus::invalid_target);
}

TEST(VmVector, SealingKeepsToTheRulesToo) {
    VmVector vector = example();
    vector.pages = 0;
    EXPECT_THROW((void)seal_vector(vector, seal_key(), fresh_lpid), std::invalid_argument);
    EXPECT_THROW((void)seal_vector(example(), seal_key(), 0), std::invalid_argument);
}

TEST(VmVector, StatusesHaveNamesOfTheirOwn) {
    std::vector<std::string_view> names;
    for (int code = 0; code <= static_cast<int>(VectorStatus::invalid_target); ++code) names.push_back(to_string(static_cast<VectorStatus>(code)));
    std::sort(names.begin(), names.end());
    EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
    EXPECT_EQ(std::find(names.begin(), names.end(), "unknown"), names.end());
    EXPECT_EQ(to_string(VectorKind::snapshot), "snapshot");
}

template <std::size_t N>
rc::Gen<std::array<std::uint8_t, N>> any_bytes() {
    return rc::gen::container<std::array<std::uint8_t, N>>(rc::gen::arbitrary<std::uint8_t>());
}

VmVector any_vector() {
    VmVector vector;
    vector.kind = *rc::gen::element(VectorKind::boot_image, VectorKind::snapshot, VectorKind::migrate);
    vector.data_mac = *rc::gen::element(MacAlgorithm::gcm, MacAlgorithm::cmac, MacAlgorithm::hmac_sha1, MacAlgorithm::hmac_sha256);
    vector.node_mac = *rc::gen::element(MacAlgorithm::cmac, MacAlgorithm::hmac_sha1, MacAlgorithm::hmac_sha256);
    vector.tag_bytes = vector.data_mac == MacAlgorithm::hmac_sha256 ? *rc::gen::element(4u, 8u, 16u, 32u) : *rc::gen::element(4u, 8u, 16u);
    vector.node_tag_bytes = vector.node_mac == MacAlgorithm::hmac_sha256 ? *rc::gen::element(4u, 8u, 16u, 32u) : *rc::gen::element(4u, 8u, 16u);
    vector.identity = *any_bytes<16>();
    vector.sequence = vector.kind == VectorKind::boot_image ? 0 : *rc::gen::positive<std::uint64_t>();
    vector.vcpus = *rc::gen::inRange<std::uint64_t>(1, max_vcpus + 1);
    vector.pages = *rc::gen::inRange<std::uint64_t>(vector.vcpus + 2, max_vm_pages + 1);
    vector.addr_shim = page_bytes * *rc::gen::inRange<std::uint64_t>(0, vector.pages - vector.vcpus);
    vector.root = *any_bytes<32>();
    std::fill(vector.root.begin() + vector.node_tag_bytes, vector.root.end(), std::uint8_t{0});
    vector.measurement = *any_bytes<32>();
    if (vector.kind == VectorKind::migrate) {
        vector.target_chip = *rc::gen::inRange<std::uint64_t>(1, 0x10000);
        vector.nonce = *any_bytes<32>();
    }
    vector.addr_tree = page_base(*rc::gen::arbitrary<Address>());
    return vector;
}

RC_GTEST_PROP(VmVector, WhatIsSealedOpensAsItWas, ()) {
    const VmVector vector = any_vector();
    const auto lpid = *rc::gen::positive<Lpid>();
    VmVector opened;
    RC_ASSERT(open_vector(seal_vector(vector, seal_key(), lpid), seal_key(), opened) == VectorStatus::ok);
    RC_ASSERT(opened == vector);
}

RC_GTEST_PROP(VmVector, NoByteOfAnAcceptedPlaintextIsIgnored, ()) {
    const auto changes = *rc::gen::container<std::vector<std::pair<std::size_t, std::uint8_t>>>(
        rc::gen::pair(rc::gen::inRange<std::size_t>(0, 160), rc::gen::arbitrary<std::uint8_t>()));
    const Bytes blob = sealed_with([&](Bytes& plaintext) {
        for (const auto& [at, value] : changes) plaintext[at] = value;
    });
    VmVector opened;
    const bool accepted = open_vector(blob, seal_key(), opened) == VectorStatus::ok;
    RC_CLASSIFY(accepted, "accepted");
    if (!accepted) return;
    const SealedVector again = seal_vector(opened, seal_key(), fresh_lpid);
    RC_ASSERT(Bytes(again.begin(), again.end()) == blob);
}

}  // namespace
}  // namespace coffer
