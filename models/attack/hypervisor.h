#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "attack/answer.h"
#include "attack/hsvm_requests.h"
#include "attack/vm_owner.h"
#include "common/bytes.h"
#include "platform/machine_tlm.h"

namespace coffer {

/// The host's software: it does the same things in each configuration, in the way that the configuration has for them. It may be hostile, but has no
/// other means than these. In a process.
class Hypervisor {
public:
    /// Where it runs.
    static constexpr unsigned core = 0;

    /// `machine` outlives the object.
    explicit Hypervisor(MachineTlm& machine);

    // VMs.
    /// Starts a VM, by its owner's blobs where there are instructions for that. Its pages are mapped by map().
    Answer start_vm(const VmOwner& owner, Vmid& vmid);
    Answer install(const Bytes& vm_key, const Bytes& vm_vector, Vmid& vmid);
    /// None of its vCPUs may be on a core.
    Answer end_vm(Vmid vmid);
    /// Its frames are free: the VM has gone.
    void forget(Vmid vmid);
    /// Seals a stopped VM's vector.
    Answer snapshot(Vmid vmid, Bytes& vm_vector);
    /// Gives a guest page a frame of its own, where it has none.
    Answer map(Vmid vmid, Gpn gpn, std::uint64_t frame);
    /// The page's mapping goes to another frame. With H-SVM it moves with its contents, elsewhere it does not.
    Answer remap(Vmid vmid, Gpn gpn, std::uint64_t frame);
    Answer unmap(Vmid vmid, Gpn gpn);
    /// The frame that the hypervisor gave to a page last.
    std::uint64_t frame_of(Vmid vmid, Gpn gpn) const { return frames_.at({vmid, gpn}); }
    /// The guest pages that it gave frames to, ascending.
    std::vector<Gpn> pages_of(Vmid vmid) const;
    Address hpa_of(Vmid vmid, Address gpa) const { return frame_of(vmid, page_of(gpa)) * page_bytes + gpa % page_bytes; }
    /// A frame that nobody has; one that a VM had before rather than one that nobody ever had.
    std::uint64_t take_frame();

    // Swapping. The image is the hypervisor's to keep: with H-SVM what it gives out, elsewhere the bytes of the frame.
    Answer swap_out(Vmid vmid, Gpn gpn, Bytes& image);
    Answer swap_in(Vmid vmid, Gpn gpn, std::uint64_t frame, const Bytes& image);

    // Machine memory, through the host's MMU: an address error is all that can go wrong.
    Answer load(Address hpa, Bytes& bytes);
    Answer store(Address hpa, ByteView bytes);

    // Machine memory, through devices.
    Answer dma_copy(Address from, Address to, std::size_t size);
    Answer read_sector(std::uint64_t sector, Address to);
    Answer write_sector(std::uint64_t sector, Address from);

private:
    CoreTlm& software() { return machine_.core(core); }
    Answer ept_store(Vmid vmid, Gpn gpn, NptEntry entry);
    std::uint64_t buffer();
    Answer disk_command(std::uint64_t sector, Address buffer, std::uint64_t control);

    MachineTlm& machine_;
    HsvmRequests hsvm_;
    std::map<std::pair<Vmid, Gpn>, std::uint64_t> frames_;
    std::deque<std::uint64_t> returned_frames_;
    std::uint64_t next_frame_ = 64;
    static constexpr std::uint64_t buffer_pages = 2;
    std::optional<std::uint64_t> buffer_;
};

}  // namespace coffer
