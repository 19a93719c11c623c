#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "common/bytes.h"
#include "common/protection_configuration.h"
#include "common/scheme.h"
#include "crypto/sha256.h"
#include "crypto/signature.h"
#include "vm_table/nonvolatile.h"
#include "vm_table/vm_vector.h"

namespace coffer {

/// What a guest binds to a report about itself, such as the hash of a key of its own.
using ReportData = std::array<std::uint8_t, 64>;

/// How a chip protects its VMs, as its reports say.
struct ProtectionClaims {
    ProtectionConfiguration configuration = ProtectionConfiguration::hypercoffer;
    Scheme scheme;  ///< in `none` and `hsvm` nothing is encrypted, and only the configuration counts
    Verification verification = Verification::precise;
    OnViolation on_violation = OnViolation::freeze;
};

/// What a chip says of a VM, under its attest key.
struct AttestationReport {
    std::uint64_t chip = 0;
    ProtectionClaims claims;
    VmIdentity identity{};
    crypto::Digest measurement{};
    std::uint64_t boots = 0;  ///< installs since the latest snapshot: more than one shows that the VM was set back
    LogRegister log_register{};
    Nonce nonce{};            ///< whoever asks chooses it, so that an old report is no answer
    ReportData data{};
};

/// Why a report is not accepted.
enum class ReportStatus : std::uint8_t {
    ok,
    wrong_length,  ///< other than attestation_report_bytes (a body: attestation_body_bytes), or the length field says so
    wrong_magic,
    not_authentic,  ///< not signed by this key, or changed since
    unknown_code,   ///< configuration, integrity, MACs, verification or on_violation
    invalid_tags,   ///< tag sizes that do not fit the MACs
    invalid_chip,
};

std::string_view to_string(ReportStatus status);

/// What is signed, before the signature.
inline constexpr std::size_t attestation_body_bytes = 208;
using ReportBody = std::array<std::uint8_t, attestation_body_bytes>;
inline constexpr std::size_t attestation_report_bytes = attestation_body_bytes + crypto::Signature{}.size();
using SignedReport = std::array<std::uint8_t, attestation_report_bytes>;

/// Throws std::invalid_argument for a report that would not be accepted.
ReportBody encode_report(const AttestationReport& report);
/// Reads any bytes, whoever signed them. Where the answer is not ok, `report` is left as it was.
ReportStatus decode_report(ByteView body, AttestationReport& report);

/// Signs with the chip's attest key. Throws as encode_report does.
SignedReport sign_report(const AttestationReport& report, const crypto::SigningKey& attest_key);

/// Opens any bytes, signature first. Where the answer is not ok, `report` is left as it was.
ReportStatus open_report(ByteView bytes, const crypto::VerifyKey& attest_key, AttestationReport& report);

}  // namespace coffer
