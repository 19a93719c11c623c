#pragma once

#include "common/bytes.h"
#include "crypto/kdf.h"
#include "vm_table/attestation_report.h"

namespace coffer {

/// What a chip is to its fleet and to the owners of VMs: keys that the fleet has certified, and the VM log.
class FleetPort {
public:
    virtual ~FleetPort() = default;

    virtual const crypto::KdfContext& fleet_id() const = 0;
    /// A signed attestation report (docs/formats.md): what the chip knows of itself, of the VM's history, and what it is given here.
    virtual Bytes report(const VmIdentity& identity, const crypto::Digest& measurement, const Nonce& nonce, const ReportData& data) = 0;
};

}  // namespace coffer
