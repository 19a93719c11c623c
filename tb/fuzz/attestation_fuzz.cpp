// Certificates and reports over any bytes: refused, or what would be made of them again is the same bytes.
//
// The first byte of an input chooses what the rest is:
//   c, r  a signed certificate or report
//   C, R  the body of one, whoever signed it, so that mutations get past the signature; cut or filled with zeros to its size

#include <algorithm>

#include "fuzz_target.h"
#include "unit/test_chips.h"
#include "vm_table/attestation_report.h"

namespace coffer::fuzz {
namespace {

bool begins_with(ByteView bytes, ByteView beginning) {
    return bytes.size >= beginning.size && std::equal(beginning.begin(), beginning.end(), bytes.begin());
}

/// Nobody but the fleet and its chips makes signatures, so that a mutation is either refused or is none.
void open_signed_certificate(ByteView bytes) {
    ChipCertificate opened;
    if (test_chip(1).open(bytes, opened) != CertificateStatus::ok) {
        require(opened.public_key.empty(), "a refused certificate left something behind");
        return;
    }
    const SignedCertificate& own = test_chip(opened.chip.value()).certificate(opened.usage);
    require(begins_with(bytes, own), "a certificate that the fleet never signed");
}

void open_signed_report(ByteView bytes) {
    static const crypto::VerifyKey key = crypto::VerifyKey::from_der(test_chip(1).attest_key().public_der());
    AttestationReport opened;
    if (open_report(bytes, key, opened) != ReportStatus::ok) {
        require(opened.chip == 0, "a refused report left something behind");
        return;
    }
    require(begins_with(bytes, encode_report(opened)), "a byte of an accepted report is ignored");
}

template <std::size_t N>
std::array<std::uint8_t, N> sized(ByteView bytes) {
    std::array<std::uint8_t, N> body{};
    std::copy_n(bytes.begin(), std::min(bytes.size, N), body.begin());
    return body;
}

void decode_certificate_body(ByteView bytes) {
    const auto body = sized<certificate_body_bytes>(bytes);
    ChipCertificate decoded;
    if (decode_certificate(body, decoded) == CertificateStatus::ok)
        require(encode_certificate(decoded) == body, "a byte of a certificate is ignored");
}

void decode_report_body(ByteView bytes) {
    const auto body = sized<attestation_body_bytes>(bytes);
    AttestationReport decoded;
    if (decode_report(body, decoded) == ReportStatus::ok) require(encode_report(decoded) == body, "a byte of a report is ignored");
}

}  // namespace
}  // namespace coffer::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace coffer::fuzz;
    read_chosen({data, size}, {{'c', open_signed_certificate}, {'r', open_signed_report}, {'C', decode_certificate_body}, {'R', decode_report_body}});
    return 0;
}
