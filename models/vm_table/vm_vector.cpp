#include "vm_table/vm_vector.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>

#include "common/errors.h"
#include "crypto/aes_gcm.h"

namespace coffer {

namespace {

constexpr std::string_view magic = "CVV1";
constexpr std::size_t gcm_tag_bytes = 16;
using Plaintext = std::array<std::uint8_t, 160>;

// Offsets in the blob.
constexpr std::size_t length_at = 4;
constexpr std::size_t tree_at = 8;
constexpr std::size_t iv_at = 16;
constexpr std::size_t box_at = 28;
static_assert(box_at + sizeof(Plaintext) + gcm_tag_bytes == vm_vector_bytes);

// Offsets in the plaintext.
constexpr std::size_t reserved_at = 5;
constexpr std::size_t identity_at = 8;
constexpr std::size_t sequence_at = 24;
constexpr std::size_t pages_at = 32;
constexpr std::size_t shim_at = 40;
constexpr std::size_t vcpus_at = 48;
constexpr std::size_t root_at = 56;
constexpr std::size_t measurement_at = 88;
constexpr std::size_t target_at = 120;
constexpr std::size_t nonce_at = 128;
static_assert(nonce_at + 32 == sizeof(Plaintext));

template <std::size_t N>
void put(Plaintext& plaintext, std::size_t at, const std::array<std::uint8_t, N>& field) {
    std::copy(field.begin(), field.end(), plaintext.begin() + at);
}

template <std::size_t N>
void get(const Bytes& plaintext, std::size_t at, std::array<std::uint8_t, N>& field) {
    std::copy_n(plaintext.begin() + static_cast<std::ptrdiff_t>(at), N, field.begin());
}

std::optional<MacAlgorithm> mac_of_code(std::uint8_t code) {
    if (code > static_cast<std::uint8_t>(MacAlgorithm::hmac_sha256)) return std::nullopt;
    return static_cast<MacAlgorithm>(code);
}

Plaintext to_plaintext(const VmVector& vector) {
    Plaintext plaintext{static_cast<std::uint8_t>(vector.kind), static_cast<std::uint8_t>(vector.data_mac),
                        static_cast<std::uint8_t>(vector.node_mac), static_cast<std::uint8_t>(vector.tag_bytes),
                        static_cast<std::uint8_t>(vector.node_tag_bytes)};
    put(plaintext, identity_at, vector.identity);
    store_le64(&plaintext[sequence_at], vector.sequence);
    store_le64(&plaintext[pages_at], vector.pages);
    store_le64(&plaintext[shim_at], vector.addr_shim);
    store_le64(&plaintext[vcpus_at], vector.vcpus);
    put(plaintext, root_at, vector.root);
    put(plaintext, measurement_at, vector.measurement);
    store_le64(&plaintext[target_at], vector.target_chip);
    put(plaintext, nonce_at, vector.nonce);
    return plaintext;
}

VectorStatus from_plaintext(const Bytes& plaintext, VmVector& vector) {
    if (plaintext[0] > static_cast<std::uint8_t>(VectorKind::migrate)) return VectorStatus::unknown_kind;
    const auto data_mac = mac_of_code(plaintext[1]);
    const auto node_mac = mac_of_code(plaintext[2]);
    if (!data_mac || !node_mac) return VectorStatus::invalid_scheme;
    if (!all_zero({&plaintext[reserved_at], identity_at - reserved_at})) return VectorStatus::reserved_not_zero;
    vector.kind = static_cast<VectorKind>(plaintext[0]);
    vector.data_mac = *data_mac;
    vector.node_mac = *node_mac;
    vector.tag_bytes = plaintext[3];
    vector.node_tag_bytes = plaintext[4];
    get(plaintext, identity_at, vector.identity);
    vector.sequence = load_le64(&plaintext[sequence_at]);
    vector.pages = load_le64(&plaintext[pages_at]);
    vector.addr_shim = load_le64(&plaintext[shim_at]);
    vector.vcpus = load_le64(&plaintext[vcpus_at]);
    get(plaintext, root_at, vector.root);
    get(plaintext, measurement_at, vector.measurement);
    vector.target_chip = load_le64(&plaintext[target_at]);
    get(plaintext, nonce_at, vector.nonce);
    return vector.check();
}

bool scheme_is_valid(const VmVector& vector) {
    try {
        Scheme scheme;
        scheme.data_mac = vector.data_mac;
        scheme.node_mac = vector.node_mac;
        scheme.tag_bytes = vector.tag_bytes;
        scheme.node_tag_bytes = vector.node_tag_bytes;
        scheme.check(OnViolation::freeze);  // the least that is asked of tag sizes
        return true;
    } catch (const InputError&) {
        return false;
    }
}

bool shim_is_valid(const VmVector& vector) {
    if (vector.addr_shim == 0) return true;
    const std::uint64_t page = page_of(vector.addr_shim);
    return vector.addr_shim % page_bytes == 0 && page < vector.pages && vector.vcpus < vector.pages - page;
}

}  // namespace

std::string_view to_string(VectorKind kind) {
    switch (kind) {
        case VectorKind::boot_image: return "boot image";
        case VectorKind::snapshot: return "snapshot";
        case VectorKind::migrate: return "migrate";
    }
    return "unknown";
}

std::string_view to_string(VectorStatus status) {
    switch (status) {
        case VectorStatus::ok: return "ok";
        case VectorStatus::wrong_length: return "wrong length";
        case VectorStatus::wrong_magic: return "wrong magic";
        case VectorStatus::invalid_tree_base: return "invalid tree base";
        case VectorStatus::invalid_iv: return "invalid IV";
        case VectorStatus::not_authentic: return "not authentic";
        case VectorStatus::unknown_kind: return "unknown kind";
        case VectorStatus::invalid_scheme: return "invalid MAC or tag size";
        case VectorStatus::reserved_not_zero: return "reserved bytes are not zero";
        case VectorStatus::invalid_sequence: return "sequence does not fit the kind";
        case VectorStatus::invalid_pages: return "invalid number of pages";
        case VectorStatus::invalid_shim: return "invalid shim address";
        case VectorStatus::invalid_vcpus: return "invalid number of vCPUs";
        case VectorStatus::invalid_root: return "bytes behind the root are not zero";
        case VectorStatus::invalid_target: return "target chip or nonce do not fit the kind";
    }
    return "unknown";
}

VectorStatus VmVector::check() const {
    if (addr_tree % page_bytes != 0) return VectorStatus::invalid_tree_base;
    if (!scheme_is_valid(*this)) return VectorStatus::invalid_scheme;
    if ((kind == VectorKind::boot_image) != (sequence == 0)) return VectorStatus::invalid_sequence;
    if (pages == 0 || pages > max_vm_pages) return VectorStatus::invalid_pages;
    if (vcpus == 0 || vcpus > max_vcpus) return VectorStatus::invalid_vcpus;
    if (!shim_is_valid(*this)) return VectorStatus::invalid_shim;
    if (!all_zero({root.data() + node_tag_bytes, root.size() - node_tag_bytes})) return VectorStatus::invalid_root;
    const bool target_is_valid = kind == VectorKind::migrate ? target_chip >= 1 && target_chip <= 0xffff : target_chip == 0 && all_zero(nonce);
    return target_is_valid ? VectorStatus::ok : VectorStatus::invalid_target;
}

bool VmVector::operator==(const VmVector& other) const {
    const auto fields = [](const VmVector& v) {
        return std::tie(v.kind, v.data_mac, v.node_mac, v.tag_bytes, v.node_tag_bytes, v.identity, v.sequence, v.pages, v.addr_shim, v.vcpus, v.root,
                        v.measurement, v.target_chip, v.nonce, v.addr_tree);
    };
    return fields(*this) == fields(other);
}

SealedVector seal_vector(const VmVector& vector, const crypto::Key256& seal_key, Lpid fresh_lpid) {
    if (const VectorStatus status = vector.check(); status != VectorStatus::ok)
        throw std::invalid_argument(fmt::format("vm_vector: {}", to_string(status)));
    if (fresh_lpid == 0) throw std::invalid_argument("vm_vector: LPID 0 is invalid");
    crypto::Iv iv{};
    store_le64(iv.data(), fresh_lpid);
    const Bytes box = crypto::gcm_seal(seal_key.view(), iv, magic, to_plaintext(vector));

    SealedVector blob{};
    std::copy(magic.begin(), magic.end(), blob.begin());
    store_be32(&blob[length_at], vm_vector_bytes - tree_at);
    store_le64(&blob[tree_at], vector.addr_tree);
    std::copy(iv.begin(), iv.end(), blob.begin() + iv_at);
    std::copy(box.begin(), box.end(), blob.begin() + box_at);
    return blob;
}

VectorStatus open_vector(ByteView blob, const crypto::Key256& seal_key, VmVector& vector) {
    if (blob.size != vm_vector_bytes) return VectorStatus::wrong_length;
    if (!std::equal(magic.begin(), magic.end(), blob.begin(), [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; }))
        return VectorStatus::wrong_magic;
    if (load_be32(blob.data + length_at) != vm_vector_bytes - tree_at) return VectorStatus::wrong_length;
    VmVector opened;
    opened.addr_tree = load_le64(blob.data + tree_at);
    if (opened.addr_tree % page_bytes != 0) return VectorStatus::invalid_tree_base;
    crypto::Iv iv;
    std::copy_n(blob.data + iv_at, iv.size(), iv.begin());
    if (load_le64(iv.data()) == 0 || load_le32(iv.data() + sizeof(Lpid)) != 0) return VectorStatus::invalid_iv;
    Bytes plaintext;
    if (!crypto::gcm_open(seal_key.view(), iv, magic, {blob.data + box_at, blob.size - box_at}, plaintext)) return VectorStatus::not_authentic;
    const VectorStatus status = from_plaintext(plaintext, opened);
    if (status == VectorStatus::ok) vector = opened;
    return status;
}

crypto::Digest vector_hash(const SealedVector& blob) { return crypto::sha256({{&blob[iv_at], blob.size() - iv_at}}); }

}  // namespace coffer
