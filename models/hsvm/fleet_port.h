#pragma once

#include <array>
#include <cstdint>

#include "common/bytes.h"
#include "crypto/kdf.h"
#include "crypto/sha256.h"
#include "vm_table/vm_vector.h"

namespace coffer {

/// Bytes that whoever asks for a report or a migration chooses, so that an old answer is none.
using Nonce = std::array<std::uint8_t, 32>;
/// What a guest binds to a report about itself, such as the hash of a key of its own.
using ReportData = std::array<std::uint8_t, 64>;

/// What a chip is to its fleet and to the owners of VMs: keys that the fleet has certified, and the VM log.
class FleetPort {
public:
    virtual ~FleetPort() = default;

    virtual const crypto::KdfContext& fleet_id() const = 0;
    /// A signed attestation report (docs/formats.md): what the chip knows of itself, of the VM's history, and what it is given here.
    virtual Bytes report(const VmIdentity& identity, const crypto::Digest& measurement, const Nonce& nonce, const ReportData& data) = 0;
};

}  // namespace coffer
