#include "vm_table/chip_certificate.h"

#include <algorithm>
#include <stdexcept>

namespace coffer {

namespace {

constexpr std::string_view magic = "CCC1";
constexpr std::size_t usage_at = 4;
constexpr std::size_t reserved_at = 5;
constexpr std::size_t chip_at = 8;
constexpr std::size_t fleet_at = 16;
constexpr std::size_t key_at = 24;
constexpr std::size_t signature_at = key_at + public_key_bytes;

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

SignedCertificate sign_certificate(const ChipCertificate& certificate, const crypto::SigningKey& fleet_key) {
    if (certificate.public_key.size() != public_key_bytes) throw std::invalid_argument("certificate: not the public half of an RSA-3072 key");
    SignedCertificate bytes{};
    std::copy(magic.begin(), magic.end(), bytes.begin());
    bytes[usage_at] = static_cast<std::uint8_t>(certificate.usage);
    store_le64(&bytes[chip_at], certificate.chip.value());
    std::copy(certificate.fleet_id.begin(), certificate.fleet_id.end(), bytes.begin() + fleet_at);
    std::copy(certificate.public_key.begin(), certificate.public_key.end(), bytes.begin() + key_at);
    const crypto::Signature signature = fleet_key.sign({bytes.data(), signature_at});
    std::copy(signature.begin(), signature.end(), bytes.begin() + signature_at);
    return bytes;
}

CertificateStatus open_certificate(ByteView bytes, const crypto::VerifyKey& fleet_key, const crypto::KdfContext& fleet_id, ChipCertificate& certificate) {
    if (bytes.size != chip_certificate_bytes) return CertificateStatus::wrong_length;
    if (!std::equal(magic.begin(), magic.end(), bytes.data)) return CertificateStatus::wrong_magic;
    if (!fleet_key.verify({bytes.data, signature_at}, {bytes.data + signature_at, bytes.size - signature_at})) return CertificateStatus::not_authentic;
    const std::uint8_t usage = bytes.data[usage_at];
    if (usage != static_cast<std::uint8_t>(KeyUsage::unwrap) && usage != static_cast<std::uint8_t>(KeyUsage::attest)) return CertificateStatus::unknown_usage;
    if (!all_zero({bytes.data + reserved_at, chip_at - reserved_at})) return CertificateStatus::reserved_not_zero;
    const std::uint64_t chip = load_le64(bytes.data + chip_at);
    if (chip == 0 || chip > 0xffff) return CertificateStatus::invalid_chip;
    if (!std::equal(fleet_id.begin(), fleet_id.end(), bytes.data + fleet_at)) return CertificateStatus::other_fleet;
    certificate.usage = static_cast<KeyUsage>(usage);
    certificate.chip = ChipNumber(chip);
    certificate.fleet_id = fleet_id;
    certificate.public_key.assign(bytes.data + key_at, bytes.data + signature_at);
    return CertificateStatus::ok;
}

}  // namespace coffer
