#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string_view>

#include "aise/lpid_source.h"
#include "vm_table/attester.h"
#include "vm_table/chip_identity.h"
#include "vm_table/domain_port.h"
#include "vm_table/vm_log.h"
#include "vm_table/vm_vector.h"

namespace coffer {

/// Why a VM is not installed, or not sealed.
enum class LifecycleStatus : std::uint8_t {
    ok,
    bad_key,       ///< the vm_key blob does not unwrap
    bad_vector,    ///< see vector_status
    other_scheme,  ///< the vector was made under MACs or tag sizes that this memory does not have
    refused,       ///< by the VM log: see log_status
    no_vmid,       ///< all VMIDs that the VM-Table has room for are in use
    bad_tree,      ///< the tree base is taken, or no multiple of 4096 behind the tags
    unknown_vmid,
    violated,      ///< a check failed: what the root stands for is not what the VM wrote
    exhausted,     ///< no LPID is left for the IV of the vector
};

std::string_view to_string(LifecycleStatus status);

/// vm_install, vm_snapshot and vm_uninstall (HyperCoffer, HPCA 2013): sealed vectors in and out of protected memory, with the VM log against
/// rollback. Crashes at any moment are covered by the log's order of writes.
class VmLifecycle {
public:
    struct Result {
        LifecycleStatus status = LifecycleStatus::ok;
        VectorStatus vector_status = VectorStatus::ok;
        LogStatus log_status = LogStatus::ok;
        Vmid vmid = 0;  ///< of the installed VM

        bool ok() const { return status == LifecycleStatus::ok; }
    };
    /// Stores a sealed vector durably, in untrusted storage.
    using WriteVector = std::function<void(const SealedVector&)>;

    /// All references outlive the object. `claims` are for reports; their scheme is that of `domains`. Throws InputError where the log does not match
    /// its register.
    VmLifecycle(DomainPort& domains, LpidSource& lpids, NonVolatile& nonvolatile, const ChipIdentity& chip, const ProtectionClaims& claims = {});

    /// K_vm under the chip's unwrap key, and the vector: the VM runs from here on. Nothing changes unless the result is ok.
    Result install(ByteView vm_key, ByteView vm_vector);
    /// Flushes the VM, which does not run meanwhile, and seals its vector with the next sequence.
    Result snapshot(Vmid vmid, const WriteVector& write_vector);
    /// Takes the VM from the VM-Table; its latest vector can be installed again, with the memory of that moment.
    Result uninstall(Vmid vmid);
    /// A signed report about a running VM.
    Result attest(Vmid vmid, const Nonce& nonce, const ReportData& data, SignedReport& report) const;

    const VmLog& log() const { return log_; }

private:
    struct Running {
        crypto::Key128 k_vm;
        VmVector vector;
    };

    std::optional<Vmid> free_vmid() const;
    Result fail(LifecycleStatus status) const { return {status, VectorStatus::ok, LogStatus::ok, 0}; }

    DomainPort& domains_;
    LpidSource& lpids_;
    const ChipIdentity& chip_;
    VmLog log_;
    const Attester attester_;
    std::map<Vmid, Running> running_;
};

/// The keys of a VM that only its lifecycle uses, from its K_vm.
VmIdentity derive_identity(const crypto::Key128& k_vm, const crypto::KdfContext& fleet_id);
crypto::Key256 derive_seal_key(const crypto::Key128& k_vm, const crypto::KdfContext& fleet_id);

}  // namespace coffer
