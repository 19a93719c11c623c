#include "vm_table/attestation_report.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>

#include "common/errors.h"

namespace coffer {

namespace {

constexpr std::string_view magic = "CAR1";
constexpr std::size_t length_at = 4;
constexpr std::size_t chip_at = 8;
constexpr std::size_t configuration_at = 16;
constexpr std::size_t integrity_at = 17;
constexpr std::size_t data_mac_at = 18;
constexpr std::size_t node_mac_at = 19;
constexpr std::size_t tag_bytes_at = 20;
constexpr std::size_t node_tag_bytes_at = 21;
constexpr std::size_t verification_at = 22;
constexpr std::size_t on_violation_at = 23;
constexpr std::size_t identity_at = 24;
constexpr std::size_t measurement_at = 40;
constexpr std::size_t boots_at = 72;
constexpr std::size_t log_register_at = 80;
constexpr std::size_t nonce_at = 112;
constexpr std::size_t data_at = 144;
static_assert(data_at + ReportData{}.size() == attestation_body_bytes);

template <class Enum>
bool decode(std::uint8_t code, Enum last, Enum& value) {
    if (code > static_cast<std::uint8_t>(last)) return false;
    value = static_cast<Enum>(code);
    return true;
}

ReportStatus check(const AttestationReport& report) {
    if (report.chip == 0 || report.chip > 0xffff) return ReportStatus::invalid_chip;
    try {
        report.claims.scheme.check(report.claims.on_violation);
        return ReportStatus::ok;
    } catch (const InputError&) {
        return ReportStatus::invalid_tags;
    }
}

bool encrypts(const ProtectionClaims& claims) { return rules_of(claims.configuration).encrypt; }

/// Bytes 17 to 21, which are zero where nothing is encrypted.
bool parse_scheme(const std::uint8_t* body, Scheme& scheme) {
    scheme.tag_bytes = body[tag_bytes_at];
    scheme.node_tag_bytes = body[node_tag_bytes_at];
    return decode(body[integrity_at], Integrity::bmt, scheme.integrity) && decode(body[data_mac_at], MacAlgorithm::hmac_sha256, scheme.data_mac) &&
           decode(body[node_mac_at], MacAlgorithm::hmac_sha256, scheme.node_mac);
}

ReportStatus parse(const std::uint8_t* body, AttestationReport& report) {
    if (!std::equal(magic.begin(), magic.end(), body)) return ReportStatus::wrong_magic;
    if (load_be32(body + length_at) != attestation_report_bytes - chip_at) return ReportStatus::wrong_length;
    ProtectionClaims& claims = report.claims;
    if (!decode(body[configuration_at], ProtectionConfiguration::combined, claims.configuration) ||
        !decode(body[verification_at], Verification::lazy, claims.verification) ||
        !decode(body[on_violation_at], OnViolation::report, claims.on_violation))
        return ReportStatus::unknown_code;
    claims.scheme.encrypt = encrypts(claims);
    const bool scheme_is_known =
        claims.scheme.encrypt ? parse_scheme(body, claims.scheme) : all_zero({body + integrity_at, verification_at - integrity_at});
    if (!scheme_is_known) return ReportStatus::unknown_code;
    report.chip = load_le64(body + chip_at);
    std::copy_n(body + identity_at, report.identity.size(), report.identity.begin());
    std::copy_n(body + measurement_at, report.measurement.size(), report.measurement.begin());
    report.boots = load_le64(body + boots_at);
    std::copy_n(body + log_register_at, report.log_register.size(), report.log_register.begin());
    std::copy_n(body + nonce_at, report.nonce.size(), report.nonce.begin());
    std::copy_n(body + data_at, report.data.size(), report.data.begin());
    return check(report);
}

}  // namespace

std::string_view to_string(ReportStatus status) {
    switch (status) {
        case ReportStatus::ok: return "ok";
        case ReportStatus::wrong_length: return "wrong length";
        case ReportStatus::wrong_magic: return "wrong magic";
        case ReportStatus::not_authentic: return "not signed by this key";
        case ReportStatus::unknown_code: return "unknown code";
        case ReportStatus::invalid_tags: return "invalid tag sizes";
        case ReportStatus::invalid_chip: return "invalid chip number";
    }
    return "unknown";
}

ReportBody encode_report(const AttestationReport& report) {
    if (const ReportStatus status = check(report); status != ReportStatus::ok)
        throw std::invalid_argument("attestation report: " + std::string(to_string(status)));
    const ProtectionClaims& claims = report.claims;
    ReportBody bytes{};
    std::copy(magic.begin(), magic.end(), bytes.begin());
    store_be32(&bytes[length_at], attestation_report_bytes - chip_at);
    store_le64(&bytes[chip_at], report.chip);
    bytes[configuration_at] = static_cast<std::uint8_t>(claims.configuration);
    if (encrypts(claims)) {
        bytes[integrity_at] = static_cast<std::uint8_t>(claims.scheme.integrity);
        bytes[data_mac_at] = static_cast<std::uint8_t>(claims.scheme.data_mac);
        bytes[node_mac_at] = static_cast<std::uint8_t>(claims.scheme.node_mac);
        bytes[tag_bytes_at] = static_cast<std::uint8_t>(claims.scheme.tag_bytes);
        bytes[node_tag_bytes_at] = static_cast<std::uint8_t>(claims.scheme.node_tag_bytes);
    }
    bytes[verification_at] = static_cast<std::uint8_t>(claims.verification);
    bytes[on_violation_at] = static_cast<std::uint8_t>(claims.on_violation);
    std::copy(report.identity.begin(), report.identity.end(), bytes.begin() + identity_at);
    std::copy(report.measurement.begin(), report.measurement.end(), bytes.begin() + measurement_at);
    store_le64(&bytes[boots_at], report.boots);
    std::copy(report.log_register.begin(), report.log_register.end(), bytes.begin() + log_register_at);
    std::copy(report.nonce.begin(), report.nonce.end(), bytes.begin() + nonce_at);
    std::copy(report.data.begin(), report.data.end(), bytes.begin() + data_at);
    return bytes;
}

ReportStatus decode_report(ByteView body, AttestationReport& report) {
    if (body.size != attestation_body_bytes) return ReportStatus::wrong_length;
    AttestationReport decoded;
    const ReportStatus status = parse(body.data, decoded);
    if (status == ReportStatus::ok) report = decoded;
    return status;
}

SignedReport sign_report(const AttestationReport& report, const crypto::SigningKey& attest_key) {
    const ReportBody body = encode_report(report);
    const crypto::Signature signature = attest_key.sign(body);
    SignedReport bytes;
    std::copy(signature.begin(), signature.end(), std::copy(body.begin(), body.end(), bytes.begin()));
    return bytes;
}

ReportStatus open_report(ByteView bytes, const crypto::VerifyKey& attest_key, AttestationReport& report) {
    if (bytes.size != attestation_report_bytes) return ReportStatus::wrong_length;
    const ByteView body{bytes.data, attestation_body_bytes};
    if (!attest_key.verify(body, {body.end(), bytes.size - body.size})) return ReportStatus::not_authentic;
    return decode_report(body, report);
}

}  // namespace coffer
