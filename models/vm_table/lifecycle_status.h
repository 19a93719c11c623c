#pragma once

#include <cstdint>
#include <string_view>

#include "common/units.h"
#include "vm_table/vm_log.h"
#include "vm_table/vm_vector.h"

namespace coffer {

/// Why a VM is not installed, or not sealed.
enum class LifecycleStatus : std::uint8_t {
    ok,
    bad_key,          ///< the vm_key blob does not unwrap
    bad_vector,       ///< see vector_status
    other_scheme,     ///< the vector was made under MACs or tag sizes that this memory does not have
    refused,          ///< by the VM log: see log_status
    no_vmid,          ///< all VMIDs that the VM-Table has room for are in use
    bad_tree,         ///< the tree base is taken, or no multiple of 4096 behind the tags
    unknown_vmid,
    violated,         ///< a check failed: what the root stands for is not what the VM wrote
    exhausted,        ///< no LPID is left for the IV of the vector
    bad_certificate,  ///< not the certificate of another chip's unwrap key in this fleet
    other_chip,       ///< the vector of a migration to another chip
    bad_nonce,        ///< the vector of a migration that this chip does not await: used, of another boot, or never made
};

std::string_view to_string(LifecycleStatus status);

/// The answer to an install, snapshot, migration, uninstall or attestation.
struct LifecycleResult {
    LifecycleStatus status = LifecycleStatus::ok;
    VectorStatus vector_status = VectorStatus::ok;
    LogStatus log_status = LogStatus::ok;
    Vmid vmid = 0;  ///< of the VM, where the status is ok

    bool ok() const { return status == LifecycleStatus::ok; }

    static LifecycleResult done(Vmid vmid) { return {LifecycleStatus::ok, VectorStatus::ok, LogStatus::ok, vmid}; }
    static LifecycleResult fail(LifecycleStatus status) { return {status, VectorStatus::ok, LogStatus::ok, 0}; }
    static LifecycleResult bad_vector(VectorStatus status) { return {LifecycleStatus::bad_vector, status, LogStatus::ok, 0}; }
    /// ok, or refused by the log.
    static LifecycleResult of_log(LogStatus status) {
        return {status == LogStatus::ok ? LifecycleStatus::ok : LifecycleStatus::refused, VectorStatus::ok, status, 0};
    }
};

}  // namespace coffer
