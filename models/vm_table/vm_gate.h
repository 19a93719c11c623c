#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>

#include "aise/lpid_source.h"
#include "vm_table/attester.h"
#include "vm_table/chip_identity.h"
#include "vm_table/domain_port.h"
#include "vm_table/lifecycle_status.h"
#include "vm_table/sealable_vm.h"
#include "vm_table/vm_log.h"
#include "vm_table/vm_vector.h"

namespace coffer {

/// Which VMs may come to a chip and go from it: its keys, its VM log, the nonces of migrations to it, and the VMs that were let in, without any
/// memory. Crashes at any moment are covered by the log's order of writes.
class VmGate {
public:
    /// Stores a sealed vector durably, in untrusted storage.
    using WriteVector = std::function<void(const SealedVector&)>;
    /// Takes what a migration releases: vm_key and vm_vector for the target.
    using Release = std::function<void(const Bytes&, const SealedVector&)>;
    /// Migrations that a chip awaits at a time.
    static constexpr std::size_t max_imports = 16;

    /// All references outlive the object. Throws InputError where the log does not match its register.
    VmGate(LpidSource& lpids, NonVolatile& nonvolatile, const ChipIdentity& chip, const ProtectionClaims& claims);

    /// A VM that has been opened, and may be installed.
    struct Arrival {
        SealableVm vm;
        crypto::Digest hash{};
        bool import = false;  ///< from another chip, and not seen before
    };
    /// Opens K_vm under the chip's unwrap key, and the vector: ok where the VM may be installed. Changes nothing.
    LifecycleResult open(ByteView vm_key, ByteView vm_vector, Arrival& arrival) const;
    /// The install is on record from here on, and the nonce of an import used up: before the VM runs.
    LifecycleResult admit(Vmid vmid, const Arrival& arrival);
    /// The same for a VM that this chip made itself: with sequence 0, though no vector of it exists yet.
    LifecycleResult enroll(Vmid vmid, const SealableVm& vm);
    /// A VM that was let in and has not gone since; null for any other.
    const SealableVm* vm(Vmid vmid) const;

    /// K_vm of a VM that was let in, under the unwrap key of this chip alone: for whoever keeps a vector of it. Throws std::out_of_range for any other.
    Bytes vm_key(Vmid vmid) const;
    /// Seals a VM that was let in, which stands still with memory settled under `tree`, with the next sequence. It is the latest once `write` has
    /// returned and the log has committed.
    LifecycleResult seal_snapshot(Vmid vmid, const SettledTree& tree, const WriteVector& write);
    /// A nonce for one VM to come from another chip, good until it is used or the chip is reset. Nothing where as many are awaited already, or LPIDs
    /// are exhausted.
    std::optional<Nonce> begin_import();
    /// Whether it is the certificate of another chip's unwrap key, which is opened.
    bool is_target(ByteView certificate, ChipCertificate& target) const;
    /// Seals a VM as seal_snapshot does, for the chip of `certificate`, which made `nonce`, and commits that it moved: it must never run again here.
    /// What is to be released then is in `vm_key` and `vm_vector`.
    LifecycleResult seal_move(Vmid vmid, const SettledTree& tree, ByteView certificate, const Nonce& nonce, Bytes& vm_key, SealedVector& vm_vector);
    /// A VM that was let in ends, with `root`; without one, of a VM that was stopped, with the root that was sealed last.
    LifecycleResult end(Vmid vmid, const std::optional<NodeTag>& root);

    SignedReport report(const VmIdentity& identity, const crypto::Digest& measurement, const Nonce& nonce, const ReportData& data) const {
        return attester_.report(identity, measurement, nonce, data);
    }

    const VmLog& log() const { return log_; }
    const ChipIdentity& chip() const { return chip_; }

private:
    bool is_import(const VmVector& vector, const crypto::Digest& hash) const;
    LifecycleResult describe(const SealableVm& vm, const SettledTree& tree, VmVector& next, Lpid& lpid);
    SealedVector seal(const SealableVm& vm, const VmVector& vector, Lpid lpid) const;

    LpidSource& lpids_;
    const ChipIdentity& chip_;
    VmLog log_;
    const Attester attester_;
    std::set<Nonce> awaited_;
    std::map<Vmid, SealableVm> vms_;
};

/// The keys of a VM that only its lifecycle uses, from its K_vm.
VmIdentity derive_identity(const crypto::Key128& k_vm, const crypto::KdfContext& fleet_id);
crypto::Key256 derive_seal_key(const crypto::Key128& k_vm, const crypto::KdfContext& fleet_id);

}  // namespace coffer
