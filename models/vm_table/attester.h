#pragma once

#include "vm_table/attestation_report.h"
#include "vm_table/chip_identity.h"
#include "vm_table/vm_log.h"

namespace coffer {

/// Signs what a chip knows of its VMs.
class Attester {
public:
    /// `chip` and `log` outlive the object.
    Attester(const ChipIdentity& chip, const VmLog& log, const ProtectionClaims& claims) : chip_(chip), log_(log), claims_(claims) {}

    /// `measurement`, `nonce` and `data` as they are given; a VM that the log does not know has 0 boots.
    SignedReport report(const VmIdentity& identity, const crypto::Digest& measurement, const Nonce& nonce, const ReportData& data) const {
        return sign_report(
            {chip_.number().value(), claims_, identity, measurement, log_.boots(identity).value_or(0), log_.log_register(), nonce, data},
            chip_.attest_key());
    }

private:
    const ChipIdentity& chip_;
    const VmLog& log_;
    const ProtectionClaims claims_;
};

}  // namespace coffer
