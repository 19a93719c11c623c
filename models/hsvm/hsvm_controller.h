#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "common/bytes_source.h"
#include "hsvm/chip_frame_pool.h"
#include "hsvm/decisions.h"
#include "hsvm/hsvm_change.h"
#include "hsvm/hsvm_ports.h"
#include "hsvm/nested_page_table.h"
#include "hsvm/ownership_table.h"
#include "hsvm/swap_directory.h"
#include "hsvm/vcpu_contexts.h"
#include "hsvm/vm_blob.h"
#include "hsvm/vm_records.h"
#include "vcpu/context_page.h"
#include "vm_table/domain_port.h"
#include "vm_table/vm_keeper.h"
#include "vm_table/vm_gate.h"
#include "vcpu/translation.h"

namespace coffer {

struct HsvmParameters {
    unsigned vmids = 4096;  ///< VMIDs are below this
    unsigned cores = 4;
};

/// What a VM is created with.
struct VmArguments {
    std::uint64_t pages = 0;   ///< 1 to 2^36
    std::uint64_t vcpus = 1;   ///< 1 to 65536
    /// Where memory is encrypted: GPA of the shim, not 0, a multiple of 4096, with a page of the VM for each vCPU's context behind it. Where it is
    /// plain: 0.
    Address addr_shim = 0;
};

/// The H-SVM controller (Jin et al., MICRO 2011): the hypervisor allocates memory, this alone maps it. Every operation has one answer, which
/// decisions.yaml fixes; unless it is ok, nothing has changed but what an operation that met a violation had done by then. `caller` is what the
/// hardware says of whoever asks; of the guest's operations `vmid` is the caller's own. Buffers are the caller's: nothing of them is read where
/// another row answers before, and never more than the operation can mean. The reference level: no time, no sockets.
class HsvmController : public TranslationPort {
public:
    struct Statistics {
        std::uint64_t operations = 0;
        std::uint64_t refused = 0;               ///< operations with another answer than ok
        std::uint64_t pages_zeroed = 0;          ///< cleared by 64 line writes
        std::uint64_t counter_blocks = 0;        ///< pages cleared by a fresh counter block
        std::uint64_t pages_lost = 0;
        std::uint64_t hash_blocks = 0;           ///< of 64 bytes, through SHA-256, of images that were launched
        std::uint64_t private_key_uses = 0;      ///< reports signed, keys of VMs unwrapped
        std::uint64_t public_key_uses = 0;       ///< certificates checked, keys of VMs wrapped
    };

    /// Guests' memory is encrypted as `memory` says: configuration `combined`, else `hsvm`. Whatever the chip region held is gone. All references
    /// outlive the controller, and `gate`, which may be null: such a chip attests nothing and exchanges no VMs. Throws InputError for a chip region
    /// that is too small, and for no core or VMIDs out of range.
    HsvmController(const HsvmParameters& parameters, HsvmMemory& memory, OrderingPort& ordering, KeySource& keys, VmGate* gate = nullptr);

    /// Who is told of VMs that are stopped or end. It outlives the controller's operations.
    void follow(VmKeeper& keeper) { keeper_ = &keeper; }

    /// Whether the caller's memory takes so many bytes; empty: it does.
    using Room = std::function<bool(std::uint64_t bytes)>;

    // Of the hypervisor.
    HsvmStatus create(HsvmCaller caller, const VmArguments& arguments, Vmid& vmid);
    HsvmStatus delete_vm(HsvmCaller caller, Vmid vmid);
    HsvmStatus page_map(HsvmCaller caller, Vmid vmid, Gpn gpn, std::uint64_t frame, bool large = false);
    HsvmStatus page_unmap(HsvmCaller caller, Vmid vmid, Gpn gpn, bool large = false);
    HsvmStatus page_move(HsvmCaller caller, Vmid vmid, Gpn gpn, std::uint64_t frame);
    /// The image is the hypervisor's to keep: docs/formats.md.
    HsvmStatus swap_out(HsvmCaller caller, Vmid vmid, Gpn gpn, Bytes& image, const Room& room = {});
    HsvmStatus swap_in(HsvmCaller caller, Vmid vmid, Gpn gpn, std::uint64_t frame, const BytesSource& image);
    /// `software`: what runs on the core, where the processor does not ask for itself in VMEnter or VMExit.
    HsvmStatus context_save(HsvmCaller caller, Vmid vmid, std::uint32_t vcpu, unsigned core, const VcpuContext& registers,
                            CoreSoftware software = CoreSoftware::host);
    HsvmStatus context_restore(HsvmCaller caller, Vmid vmid, std::uint32_t vcpu, unsigned core, VcpuContext& registers,
                               CoreSoftware software = CoreSoftware::host);
    /// Copies an image to pages from `first` on, which the VM has, and sets the registers of vCPU 0: once in the life of a VM, before it ever ran.
    /// What is measured: docs/formats.md. `context`: the registers as they are stored.
    HsvmStatus launch(HsvmCaller caller, Vmid vmid, Gpn first, const BytesSource& image, const BytesSource& context);
    HsvmStatus launch(HsvmCaller caller, Vmid vmid, Gpn first, const BytesSource& image, const VcpuContext& registers) {
        const ContextBytes context = encode_context(registers);
        return launch(caller, vmid, first, image, BytesSource(context));
    }
    /// A nonce for one VM to come from another chip.
    HsvmStatus challenge(HsvmCaller caller, Nonce& nonce);
    /// The VM leaves for the chip of the certificate, which made the nonce: `blob` is for that chip, and the VM ends here. Its pages are swapped
    /// out before; their images are for swap_in there.
    HsvmStatus export_vm(HsvmCaller caller, Vmid vmid, const BytesSource& certificate, const Nonce& nonce, Bytes& blob, const Room& room = {});
    HsvmStatus import_vm(HsvmCaller caller, const BytesSource& blob, Vmid& vmid);
    /// The last blob of export_vm once more; no bytes where there was none.
    HsvmStatus read_export(HsvmCaller caller, Bytes& blob, const Room& room = {});

    // Of the guest.
    HsvmStatus release(HsvmCaller caller, Vmid vmid, Gpn gpn, bool large = false);
    HsvmStatus share(HsvmCaller caller, Vmid vmid, Gpn gpn, Vmid sharer, bool writable);
    HsvmStatus unshare(HsvmCaller caller, Vmid vmid, Gpn gpn);
    /// A signed report about the VM: docs/formats.md.
    HsvmStatus attest(HsvmCaller caller, Vmid vmid, const Nonce& nonce, const ReportData& data, Bytes& report, const Room& room = {});

    // For vm_install, vm_snapshot and vm_uninstall, which are no requests of the hypervisor's. They throw ChipRegionFailure.
    bool exists(Vmid vmid) { return find(vmid).has_value(); }
    /// Whether a failed check stopped the VM.
    bool stopped(Vmid vmid) const { return memory_.frozen(vmid); }
    /// A VM whose domain comes from a vector, under the lowest VMID that is free, with an empty page table: what its tree knows is swapped out or
    /// lost. `nodes` are those of the tree, for which the root vouches. Nothing where there is no room.
    std::optional<Vmid> adopt(const VmInstall& domain, const std::vector<TreeNode>& nodes);
    /// Writes the VM's lines back and settles its metadata; nothing for a VM that was stopped, perhaps by this.
    std::optional<SettledTree> flush(Vmid vmid);
    /// The nodes of the VM's tree after a flush, each checked; nothing after a violation.
    std::optional<std::vector<TreeNode>> nodes(Vmid vmid);
    /// What is to be sealed of a VM: no image can be launched in it from here on, since its measurement is part of that. Nothing for an unknown
    /// one, and without a gate.
    std::optional<SealableVm> made_here(Vmid vmid);
    /// The VM ends, but its tree is not touched. Sharers of its pages lose them.
    void disown(Vmid vmid);

    /// The machine page of a guest's access, as its TLB is filled: mappings were checked when they were made.
    Translation translate(Vmid vmid, Address gpa, bool write) override;
    /// Whether the host and its devices may use a machine page, as their TLBs are filled. False after a violation in the chip region.
    bool host_may_access(std::uint64_t frame, bool write) override;
    /// The same for debug accesses, over another way to the chip region that has no effects; nor have these.
    Translation peek(ChipPort& memory, Vmid vmid, Address gpa, bool write);
    bool host_may_access(ChipPort& memory, std::uint64_t frame, bool write);
    /// What the ownership table says of a frame. Throws ChipRegionFailure.
    OwnershipEntry ownership(std::uint64_t frame) { return owners_.entry(frame); }
    /// The entry of a guest page, empty where there is no VM or page, and after a violation in the chip region.
    NptEntry mapping(Vmid vmid, Gpn gpn);
    /// What is known of a VM; nothing for an unknown one, and after a violation in the chip region.
    std::optional<VmRecord> record(Vmid vmid);
    /// Calls f(first GPN, entry, pages) for every entry of the VM's nested page table that is not empty, ascending; pages is 1 or 512. Throws
    /// ChipRegionFailure.
    void visit_pages(Vmid vmid, const NestedPageTable::Visitor& f);
    /// The VM that a core runs; nothing for the host.
    std::optional<Vmid> running(unsigned core) const;

    /// What a VM was launched with: zeros where that is nothing. Throws ChipRegionFailure.
    crypto::Digest measurement(Vmid vmid) { return records_.measurement(vmid); }

    /// Bytes of a swap image.
    std::size_t swap_image_bytes() const { return page_bytes + (encrypted_ ? lines_per_page * memory_.map().tag_bytes() + line_bytes : 0); }
    const ChipRegionLayout& layout() const { return region_.layout(); }
    std::uint64_t free_chip_frames() const { return pool_.available(); }
    const Statistics& statistics() const { return statistics_; }

private:
    struct Vm {
        VmRecord record;
        NestedPageTable table;
    };
    struct OnCore {
        Vmid vmid;
        std::uint32_t vcpu;
    };

    /// Adds to the situation what a decision depends on besides the caller and the VM's state. There may be no such VM.
    using Look = std::function<void(std::optional<Vm>&, HsvmSituation&)>;
    /// Takes from the caller's buffers what the operation needs, and adds to the situation what they hold; false where they are bad.
    using Take = std::function<bool(const std::optional<Vm>&, HsvmSituation&)>;
    using Change = std::function<HsvmStatus(Vm&, const HsvmSituation&)>;

    HsvmStatus guarded(const std::function<HsvmStatus()>& operation);
    /// An operation on a VM: looks, decides, and changes what there is to change if the decision is ok.
    HsvmStatus answer(HsvmOperation operation, HsvmCaller caller, Vmid vmid, const Look& look, const Change& change, const Take& take = {});
    static bool has_room(const Room& room, std::uint64_t bytes) { return !room || room(bytes); }
    static HsvmStatus decide_with_buffers(HsvmOperation operation, const std::optional<Vm>& vm, HsvmSituation& situation, const Take& take);
    void clear_chip_region();

    // What decisions depend on.
    std::optional<Vm> find(Vmid vmid);
    std::optional<Vm> make(VmInstall domain, bool used);
    VmState vm_state(Vmid vmid, const std::optional<Vm>& vm);
    PageState leaf_page_state(Vmid vmid, Gpn gpn);
    PageState page_state(std::optional<Vm>& vm, Gpn gpn);
    PageState pages_state(std::optional<Vm>& vm, Gpn gpn, std::uint64_t count, PageState usual);
    FrameState frame_state(std::optional<Vm>& vm, Gpn gpn, std::uint64_t frame);
    FrameState frames_state(std::optional<Vm>& vm, Gpn gpn, std::uint64_t frame, std::uint64_t count);
    SharerState sharer_state(Vmid vmid, Vmid sharer);
    ArgumentState argument_state(const VmArguments& arguments) const;
    LendingState lending_state(std::optional<Vm>& vm);
    VcpuState vcpu_state(const std::optional<Vm>& vm, std::uint32_t vcpu) const;
    CoreState core_state(Vmid vmid, std::uint32_t vcpu, unsigned core) const;
    ContextPlace context_place(std::optional<Vm>& vm, std::uint32_t vcpu);
    void take_off_cores(Vmid vmid);
    Translation translate(Vm& vm, Address gpa, bool write);

    // Parts of changes.
    using MoveLine = std::function<bool(Address gpa, Address hpa, std::size_t at)>;
    HsvmChange begin_change(Vm& vm, Gpn first, std::uint64_t count, LastLevelCache::Leaving leaving, const std::vector<FrameRange>& frames);
    void give(Vm& vm, Gpn gpn, std::uint64_t frame);
    bool move_context(Vm& vm, std::uint32_t vcpu, const MoveLine& move_line);
    void zero_frame(std::uint64_t frame);
    bool lpids_for(std::uint64_t pages) const;
    void undo_new_pages(Vmid vmid, Gpn gpn, std::uint64_t frame, std::uint64_t count);
    HsvmStatus clear_new_page(Vmid vmid, Gpn gpn, std::uint64_t frame);
    bool give_up(Vmid vmid, Gpn gpn, std::uint64_t frame, bool lost);
    bool set_leaf(Vmid vmid, Gpn gpn, std::uint64_t frame, bool lost);
    HsvmStatus map_private(Vm& vm, Gpn gpn, std::uint64_t frame, std::uint64_t count);
    HsvmStatus map_borrowed(Vm& vm, Gpn gpn, std::uint64_t frame);
    HsvmStatus take_private(Vm& vm, Gpn gpn, std::uint64_t count, bool lost);
    HsvmStatus take_absent(Vm& vm, Gpn gpn, bool lost);
    HsvmStatus take_shared(Vm& vm, Gpn gpn);
    HsvmStatus return_borrowed(Vm& vm, Gpn gpn, bool await_again);
    HsvmStatus share_page(Vm& vm, Gpn gpn, Vmid sharer, bool writable);
    HsvmStatus await_page(Vm& vm, Gpn gpn, NptEntry entry);
    HsvmStatus unshare_page(Vm& vm, Gpn gpn);
    HsvmStatus move(Vm& vm, Gpn gpn, std::uint64_t frame);
    HsvmStatus swap_out_plain(Vm& vm, Gpn gpn, Bytes& image);
    HsvmStatus swap_out_encrypted(Vm& vm, Gpn gpn, Bytes& image);
    HsvmStatus swap_in(Vm& vm, Gpn gpn, std::uint64_t frame, ByteView image);
    bool seal_page(Vmid vmid, Gpn gpn, std::uint64_t frame, std::uint64_t record, Bytes& image);
    bool open_page(Vmid vmid, Gpn gpn, std::uint64_t frame, std::uint64_t record, ByteView image);
    bool copy_in(Vmid vmid, Gpn gpn, std::uint64_t frame, ByteView image);
    bool save(Vm& vm, std::uint32_t vcpu, const ContextBytes& context);
    bool restore(Vm& vm, std::uint32_t vcpu, ContextBytes& context);
    HsvmStatus launch(Vm& vm, Gpn first, ByteView image, const ContextBytes& context);
    bool write_pages(Vm& vm, Gpn first, ByteView bytes);
    bool set_first_context(Vm& vm, const ContextBytes& context);
    void end(Vm& vm);

    // Parts of migrations.
    struct Arrival;
    ResidenceState residence_state(std::optional<Vm>& vm);
    void recall(Vm& vm);
    HsvmStatus collect_nodes(Vmid vmid, NodeTag& root, Bytes& bytes);
    PlainVmState collect_state(Vm& vm);
    SealableVm sealable(const Vm& vm, const VmEntry& domain);
    TargetState target_state(ByteView certificate);
    HsvmStatus depart(Vm& vm, ByteView certificate, const Nonce& nonce, Bytes& bytes);
    std::optional<ArrivalState> open(const BytesSource& bytes, Arrival& arrival);
    bool fits(const VmVector& vector) const;
    std::uint64_t most_body_bytes(std::uint64_t vcpus, std::uint64_t pages) const;
    bool open_body(const VmBlob& blob, Arrival& arrival) const;
    HsvmStatus arrive(const Arrival& arrival, Vmid& vmid);
    void place_nodes(Vmid vmid, const std::vector<TreeNode>& nodes);
    bool place_state(Vm& vm, const PlainVmState& state);
    static Gpn context_gpn(const Vm& vm, std::uint32_t vcpu) { return page_of(context_page(vm.record.addr_shim, vcpu)); }

    HsvmMemory& memory_;
    OrderingPort& ordering_;
    KeySource& keys_;
    VmGate* const gate_;
    VmKeeper* keeper_ = nullptr;
    const bool encrypted_;
    const bool tree_;
    ChipRegion region_;
    ChipFramePool pool_;
    OwnershipTable owners_;
    VmRecords records_;
    VcpuContexts contexts_;
    SwapDirectory swap_;
    std::vector<std::optional<OnCore>> cores_;
    unsigned first_free_vmid_ = first_guest_vmid;  // none below is free
    Bytes exported_;                               // by the last export_vm
    Statistics statistics_;
};

}  // namespace coffer
