#pragma once

#include "aise/chip_number.h"
#include "crypto/kdf.h"
#include "crypto/key_wrap.h"
#include "crypto/signature.h"
#include "vm_table/chip_certificate.h"

namespace coffer {

/// Whoever makes the chips of a fleet, and vouches for their keys.
struct FleetAuthority {
    crypto::KdfContext id{};
    crypto::SigningKey key;
};

/// What a chip leaves the factory with: its number, its two pairs of keys, and the fleet's certificates of them.
class ChipIdentity {
public:
    ChipIdentity(ChipNumber number, const FleetAuthority& fleet, crypto::UnwrapKey unwrap_key, crypto::SigningKey attest_key);
    /// With fresh pairs, deterministic in `seed`. Takes seconds.
    static ChipIdentity manufacture(ChipNumber number, const FleetAuthority& fleet, ByteView seed);

    ChipNumber number() const { return number_; }
    const crypto::KdfContext& fleet_id() const { return fleet_id_; }
    const crypto::UnwrapKey& unwrap_key() const { return unwrap_key_; }
    const crypto::SigningKey& attest_key() const { return attest_key_; }
    const SignedCertificate& certificate(KeyUsage usage) const { return usage == KeyUsage::unwrap ? unwrap_certificate_ : attest_certificate_; }

    /// Opens what should be a certificate of this fleet: any bytes.
    CertificateStatus open(ByteView certificate, ChipCertificate& opened) const {
        return open_certificate(certificate, fleet_key_, fleet_id_, opened);
    }

private:
    ChipNumber number_;
    crypto::KdfContext fleet_id_;
    crypto::VerifyKey fleet_key_;
    crypto::UnwrapKey unwrap_key_;
    crypto::SigningKey attest_key_;
    SignedCertificate unwrap_certificate_;
    SignedCertificate attest_certificate_;
};

}  // namespace coffer
