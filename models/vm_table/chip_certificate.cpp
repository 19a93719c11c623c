#include "vm_table/chip_certificate.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace coffer {

namespace {

constexpr std::string_view magic = "CCC1";
constexpr std::size_t usage_at = 4;
constexpr std::size_t reserved_at = 5;
constexpr std::size_t chip_at = 8;
constexpr std::size_t fleet_at = 16;
constexpr std::size_t key_at = 24;

}  // namespace

std::string_view to_string(CertificateStatus status) {
    switch (status) {
        case CertificateStatus::ok: return "ok";
        case CertificateStatus::wrong_length: return "wrong length";
        case CertificateStatus::wrong_magic: return "wrong magic";
        case CertificateStatus::not_authentic: return "not signed by the fleet";
        case CertificateStatus::unknown_usage: return "unknown usage";
        case CertificateStatus::reserved_not_zero: return "reserved bytes are not zero";
        case CertificateStatus::invalid_chip: return "invalid chip number";
        case CertificateStatus::other_fleet: return "another fleet's";
    }
    return "unknown";
}

CertificateBody encode_certificate(const ChipCertificate& certificate) {
    if (certificate.public_key.size() != public_key_bytes) throw std::invalid_argument("certificate: not the public half of an RSA-3072 key");
    CertificateBody body{};
    std::copy(magic.begin(), magic.end(), body.begin());
    body[usage_at] = static_cast<std::uint8_t>(certificate.usage);
    store_le64(&body[chip_at], certificate.chip.value());
    std::copy(certificate.fleet_id.begin(), certificate.fleet_id.end(), body.begin() + fleet_at);
    std::copy(certificate.public_key.begin(), certificate.public_key.end(), body.begin() + key_at);
    return body;
}

CertificateStatus decode_certificate(ByteView body, ChipCertificate& certificate) {
    if (body.size != certificate_body_bytes) return CertificateStatus::wrong_length;
    if (!std::equal(magic.begin(), magic.end(), body.data)) return CertificateStatus::wrong_magic;
    const std::uint8_t usage = body.data[usage_at];
    if (usage != static_cast<std::uint8_t>(KeyUsage::unwrap) && usage != static_cast<std::uint8_t>(KeyUsage::attest))
        return CertificateStatus::unknown_usage;
    if (!all_zero({body.data + reserved_at, chip_at - reserved_at})) return CertificateStatus::reserved_not_zero;
    const std::uint64_t chip = load_le64(body.data + chip_at);
    if (chip == 0 || chip > 0xffff) return CertificateStatus::invalid_chip;
    certificate.usage = static_cast<KeyUsage>(usage);
    certificate.chip = ChipNumber(chip);
    std::copy_n(body.data + fleet_at, certificate.fleet_id.size(), certificate.fleet_id.begin());
    certificate.public_key.assign(body.data + key_at, body.end());
    return CertificateStatus::ok;
}

SignedCertificate sign_certificate(const ChipCertificate& certificate, const crypto::SigningKey& fleet_key) {
    const CertificateBody body = encode_certificate(certificate);
    const crypto::Signature signature = fleet_key.sign(body);
    SignedCertificate bytes;
    std::copy(signature.begin(), signature.end(), std::copy(body.begin(), body.end(), bytes.begin()));
    return bytes;
}

CertificateStatus open_certificate(ByteView bytes, const crypto::VerifyKey& fleet_key, const crypto::KdfContext& fleet_id,
                                   ChipCertificate& certificate) {
    if (bytes.size != chip_certificate_bytes) return CertificateStatus::wrong_length;
    const ByteView body{bytes.data, certificate_body_bytes};
    if (!fleet_key.verify(body, {body.end(), bytes.size - body.size})) return CertificateStatus::not_authentic;
    ChipCertificate opened;
    if (const CertificateStatus status = decode_certificate(body, opened); status != CertificateStatus::ok) return status;
    if (opened.fleet_id != fleet_id) return CertificateStatus::other_fleet;
    certificate = std::move(opened);
    return CertificateStatus::ok;
}

}  // namespace coffer
