#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "bmt/node_mac.h"
#include "common/bytes.h"
#include "common/scheme.h"
#include "common/units.h"
#include "crypto/keys.h"
#include "crypto/sha256.h"

namespace coffer {

/// What a VM is known by: derived from its K_vm, so the same wherever and whenever it runs.
using VmIdentity = Block16;
/// Bytes that whoever asks for a report or awaits a VM chooses, so that an old answer is none.
using Nonce = std::array<std::uint8_t, 32>;

/// What a vm_vector was made for. The values are the codes in the blob.
enum class VectorKind : std::uint8_t {
    boot_image = 0,  ///< a VM as its owner prepared it: sequence 0
    snapshot = 1,
    migrate = 2,  ///< for one other chip
};

/// Why a vm_vector is not accepted.
enum class VectorStatus : std::uint8_t {
    ok,
    wrong_length,       ///< other than vm_vector_bytes, or the length field says so
    wrong_magic,
    invalid_tree_base,  ///< Addr_tree is no multiple of the page size
    invalid_iv,         ///< LPID 0, or bytes after the LPID that are not zero
    not_authentic,      ///< not sealed under this key, or changed since
    unknown_kind,
    invalid_scheme,     ///< MAC codes or tag sizes
    reserved_not_zero,
    invalid_sequence,   ///< 0 for anything but a boot image, or not 0 for one
    invalid_pages,
    invalid_shim,       ///< Addr_shim is no page of the VM, or the pages of the vCPUs behind it are not
    invalid_vcpus,
    invalid_root,       ///< bytes behind the tag that are not zero
    invalid_target,     ///< a chip number or nonce where there is none, or no chip number for a migration
};

std::string_view to_string(VectorKind kind);
std::string_view to_string(VectorStatus status);

/// Everything about a VM that vm_snapshot seals and vm_install takes back; K_vm and the memory itself travel beside it.
struct VmVector {
    VectorKind kind = VectorKind::boot_image;
    MacAlgorithm data_mac = MacAlgorithm::gcm;
    MacAlgorithm node_mac = MacAlgorithm::cmac;
    unsigned tag_bytes = 16;
    unsigned node_tag_bytes = 16;
    VmIdentity identity{};
    std::uint64_t sequence = 0;  ///< snapshots of this VM so far
    std::uint64_t pages = 0;     ///< 1 to max_vm_pages
    Address addr_shim = 0;       ///< GPA of the shim's page, with one page for each vCPU behind it; 0 where the VM has no shim
    std::uint64_t vcpus = 1;     ///< 1 to max_vcpus
    NodeTag root{};
    crypto::Digest measurement{};
    std::uint64_t target_chip = 0;  ///< migrate only
    Nonce nonce{};                  ///< migrate only
    Address addr_tree = 0;          ///< untrusted hint where the tree lies; not sealed

    /// The first rule that the fields break, or ok.
    VectorStatus check() const;
    bool operator==(const VmVector& other) const;
};

/// Guest physical addresses have at most 52 bits.
inline constexpr std::uint64_t max_vm_pages = std::uint64_t{1} << 40;
inline constexpr std::uint64_t max_vcpus = 65536;
/// Size of a sealed vector.
inline constexpr std::size_t vm_vector_bytes = 204;
using SealedVector = std::array<std::uint8_t, vm_vector_bytes>;

/// Seals under the `coffer seal` key with an LPID that was never used before. Throws std::invalid_argument where check() is not ok or the LPID is 0.
SealedVector seal_vector(const VmVector& vector, const crypto::Key256& seal_key, Lpid fresh_lpid);

/// Opens any bytes. Where the answer is not ok, `vector` is left as it was.
VectorStatus open_vector(ByteView blob, const crypto::Key256& seal_key, VmVector& vector);

/// What the VM log remembers of a vector: SHA-256 of all that is sealed (IV, ciphertext, tag), so that the hint may still change.
crypto::Digest vector_hash(const SealedVector& blob);

}  // namespace coffer
