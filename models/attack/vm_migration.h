#pragma once

#include <map>

#include "attack/answer.h"
#include "attack/bus_adversary.h"
#include "attack/hsvm_requests.h"
#include "attack/hypervisor.h"
#include "hsvm/vm_blob.h"

namespace coffer {

/// A VM between two machines: what their hypervisors pass on, and may keep.
struct TravellingVm {
    Bytes blob;                   ///< hsvm, combined: what export_vm gave
    Bytes vm_key, vm_vector;      ///< hypercoffer
    Bytes tree;                   ///< hypercoffer: the nodes of its tree, which lay at the vector's Addr_tree
    std::map<Gpn, Bytes> pages;   ///< swap images; without H-SVM frames as they were in memory, with tags and counter blocks in the order of images
};

/// The part of a machine's hypervisor that sends stopped VMs to other machines and takes them in, in the way that the configuration has for it:
/// H-SVM's challenge, export_vm and import_vm; in hypercoffer the chip's VmLifecycle, with somebody at the memory modules, since software does not
/// reach tags, counters and trees; in none nothing but copies. In a process.
class VmMigration {
public:
    /// Both outlive the object.
    VmMigration(MachineTlm& machine, Hypervisor& hypervisor)
        : machine_(machine), hypervisor_(hypervisor), hsvm_(machine, Hypervisor::core), memory_(machine) {}

    /// The chip's, which anybody may have.
    Bytes certificate() const;
    /// A nonce for one VM to come; zeros in none.
    Answer challenge(Nonce& nonce);
    /// The VM leaves, for the chip of a certificate, which gave the nonce; none looks at neither. Where the answer is not ok, pages that were taken
    /// out of memory are in `vm`, for bring_pages.
    Answer send(Vmid vmid, ByteView certificate, const Nonce& nonce, TravellingVm& vm);
    /// A VM comes, with its pages.
    Answer receive(const TravellingVm& vm, Vmid& vmid);
    /// Pages come back into memory, in frames that they get now.
    Answer bring_pages(Vmid vmid, const TravellingVm& vm);

private:
    Answer take_pages(Vmid vmid, TravellingVm& vm);
    Answer request_export(Vmid vmid, ByteView certificate, const Nonce& nonce, Bytes& blob);
    Answer request_import(const Bytes& blob, Vmid& vmid);
    Answer migrate_out(Vmid vmid, ByteView certificate, const Nonce& nonce, TravellingVm& vm);
    Answer install(const TravellingVm& vm, Vmid& vmid);
    Answer bring_page(Vmid vmid, Gpn gpn, const Bytes& page);

    MachineTlm& machine_;
    Hypervisor& hypervisor_;
    HsvmRequests hsvm_;
    BusAdversary memory_;
};

}  // namespace coffer
