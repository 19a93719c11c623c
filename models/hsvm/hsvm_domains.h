#pragma once

#include <optional>
#include <vector>

#include "common/bytes_source.h"
#include "hsvm/hsvm_controller.h"
#include "vm_table/domain_port.h"

namespace coffer {

/// The nodes that travel beside a vector cannot be read where they should be.
struct UnreadableTree {};

/// Serves the life cycle of VMs where H-SVM runs and memory is encrypted: each domain is a VM of the controller's, and nodes of trees, which the
/// host cannot reach, travel beside the vector.
class HsvmDomains : public DomainPort {
public:
    /// Both outlive the object.
    HsvmDomains(HsvmController& hsvm, HsvmMemory& memory) : hsvm_(hsvm), memory_(memory) {}

    /// The nodes of the VM that is installed next, as encode_nodes gives them. Any bytes, read by the install, and not before the vector has said
    /// how many there can be.
    void bring_tree(const BytesSource& nodes) { brought_ = nodes; }
    /// The nodes of a VM's tree, for whoever keeps its snapshot: after the flush that gave the root, before the VM runs again. Nothing for a VM
    /// that was stopped, perhaps by this.
    std::optional<Bytes> tree(Vmid vmid);

    const Scheme& scheme() const override { return memory_.scheme(); }
    unsigned vmids() const override { return hsvm_.layout().vmids; }
    /// True for any VMID after a violation in the chip region: none is free.
    bool installed(Vmid vmid) const override;
    bool frozen(Vmid vmid) const override { return memory_.frozen(vmid); }
    /// Throws InputError for a VM without shim, where the tree that was brought is none of its size, or missing, and where there is no room. Where
    /// the vector says that the tree lies is not looked at. Throws UnreadableTree, having changed nothing.
    void install(const VmInstall& vm) override;
    std::optional<SettledTree> flush(Vmid vmid) override;
    /// Nothing for an unknown VM, without a gate, and after a violation in the chip region.
    std::optional<SealableVm> made_here(Vmid vmid) override;
    void uninstall(Vmid vmid) override;

private:
    std::vector<TreeNode> read_nodes(const BytesSource& brought, const VmInstall& vm) const;

    HsvmController& hsvm_;
    HsvmMemory& memory_;
    std::optional<BytesSource> brought_;
};

}  // namespace coffer
