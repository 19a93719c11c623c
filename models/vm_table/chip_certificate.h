#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "aise/chip_number.h"
#include "common/bytes.h"
#include "crypto/kdf.h"
#include "crypto/signature.h"

namespace coffer {

/// What a chip's key is for. The values are the codes in the certificate.
enum class KeyUsage : std::uint8_t {
    unwrap = 1,  ///< keys of VMs are wrapped for it
    attest = 2,  ///< it signs reports
};

/// Why a certificate is not accepted.
enum class CertificateStatus : std::uint8_t {
    ok,
    wrong_length,  ///< other than chip_certificate_bytes (a body: certificate_body_bytes)
    wrong_magic,
    not_authentic,  ///< not signed by this fleet, or changed since
    unknown_usage,
    reserved_not_zero,
    invalid_chip,  ///< no chip number
    other_fleet,   ///< another fleet id under the same key
};

std::string_view to_string(CertificateStatus status);

/// The fleet's word that a public key is the one of a chip.
struct ChipCertificate {
    KeyUsage usage = KeyUsage::unwrap;
    ChipNumber chip{1};
    crypto::KdfContext fleet_id{};
    Bytes public_key;  ///< SubjectPublicKeyInfo in DER, public_key_bytes of an RSA-3072 key
};

/// DER of an RSA-3072 public key with exponent 65537.
inline constexpr std::size_t public_key_bytes = 422;
/// What is signed, before the signature.
inline constexpr std::size_t certificate_body_bytes = 24 + public_key_bytes;
using CertificateBody = std::array<std::uint8_t, certificate_body_bytes>;
inline constexpr std::size_t chip_certificate_bytes = certificate_body_bytes + crypto::Signature{}.size();
using SignedCertificate = std::array<std::uint8_t, chip_certificate_bytes>;

/// Throws std::invalid_argument for a public key of another size.
CertificateBody encode_certificate(const ChipCertificate& certificate);
/// Reads any bytes, whoever signed them. Where the answer is not ok, `certificate` is left as it was.
CertificateStatus decode_certificate(ByteView body, ChipCertificate& certificate);

/// Signs with the fleet's key. Throws as encode_certificate does.
SignedCertificate sign_certificate(const ChipCertificate& certificate, const crypto::SigningKey& fleet_key);

/// Opens any bytes, signature first. Where the answer is not ok, `certificate` is left as it was.
CertificateStatus open_certificate(ByteView bytes, const crypto::VerifyKey& fleet_key, const crypto::KdfContext& fleet_id,
                                   ChipCertificate& certificate);

}  // namespace coffer
