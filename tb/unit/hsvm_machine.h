#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "hsvm/hsvm_controller.h"
#include "hsvm/protected_memory_port.h"
#include "hsvm/seeded_key_source.h"
#include "memory/last_level_cache.h"
#include "unit/fixtures.h"
#include "unit/test_chips.h"

namespace coffer {

/// A mistake that a machine is built with, to see that it is noticed.
enum class HsvmFault {
    none,
    no_zeroing,        ///< frames are not overwritten
    leaf_unchanged,    ///< pages leave, but their leaves stay
    ownership_unseen,  ///< the ownership table is never written, so that every frame looks free
    never_lost,        ///< the bit that says lost is never written
    stale_tlb,         ///< translations are not invalidated
    stale_cache,       ///< lines stay in the last-level cache
    swap_unchecked,    ///< any swap image is good
    unmeasured,        ///< measurements are never written
    tree_left_behind,  ///< nodes of a tree that comes from elsewhere are not written
    stop_unseen,       ///< nobody asks whether a VM was stopped before TLBs and caches
    cores_kept,        ///< cores do not hear of VMs that are stopped or end
};

struct HsvmMachineSettings {
    bool encrypt = true;
    Integrity integrity = Integrity::bmt;
    OnViolation on_violation = OnViolation::freeze;
    std::uint64_t data_frames = 2048;
    std::uint64_t chip_frames = 128;
    unsigned cores = 4;
    unsigned chip = 1;  ///< which of the fleet's chips, 1 or 2
    HsvmFault fault = HsvmFault::none;
};

/// Protected memory, last-level cache, TLBs and the H-SVM controller, as a processor has them, without time.
class HsvmMachine : private OrderingPort, private LineBus, private VmKeeper {
public:
    explicit HsvmMachine(const HsvmMachineSettings& settings);

    static constexpr unsigned vmids = 16;
    static ProtectedMemoryParameters memory_parameters(const HsvmMachineSettings& settings);

    /// violated: a check failed, or stopped the VM before.
    enum class Access { done, fault, violated };
    /// One line of a guest, at a GPA that is a multiple of 64.
    Access guest_read(Vmid vmid, Address gpa, Block64& data);
    Access guest_write(Vmid vmid, Address gpa, const Block64& data);
    /// One line of the hypervisor or a device; fault where the fill-time check refuses it.
    Access host_read(Address hpa, Block64& data);
    Access host_write(Address hpa, const Block64& data);
    /// The page's entry as a processor that walks the bytes would find it, that of a page within 2 MiB as if it were alone; 0 for a VM that does not
    /// exist. Has no effect.
    std::uint64_t npt_bits(Vmid vmid, Gpn gpn);

    /// Steps of the order, as they came: "block", "evict", "invalidate", "complete", and "change" for each write to the chip region.
    std::vector<std::string> order;
    bool record_order = false;
    /// What the processor's cores run, of which H-SVM knows what it restored: a test says so.
    std::vector<std::optional<Vmid>> cores;

private:
    class Port : public ProtectedMemoryPort {
    public:
        Port(HsvmMachine& machine, const HsvmMachineSettings& settings);
        bool write_chip(Address offset, const std::uint8_t* data, std::size_t size) override;
        MaybeViolation release_page(Vmid vmid, Address gpa, Address frame) override;
        MaybeViolation lose_page(Vmid vmid, Address gpa, Address frame) override;
        void settle_page(Vmid vmid, Address gpa, Address frame) override;
        bool verify_page(Vmid vmid, Address gpa, Address frame) override;
        void write_raw(Address address, const std::uint8_t* data, std::size_t size) override;

    private:
        HsvmMachine& machine_;
        const HsvmFault fault_;
        const ChipRegionLayout layout_;
    };

    void block_fills(const GuestPages& pages) override;
    void evict_lines(const GuestPages& pages, LastLevelCache::Leaving leaving) override;
    void evict_frames(std::uint64_t first_frame, std::uint64_t count, LastLevelCache::Leaving leaving) override;
    void invalidate_pages(const GuestPages& pages) override;
    void invalidate_frames(std::uint64_t first_frame, std::uint64_t count) override;
    void complete(const GuestPages& pages) override;
    bool read_line(const LineTag& line, std::uint8_t* data) override;
    bool write_line(const LineTag& line, const std::uint8_t* data) override;

    void take_off(Vmid vmid) override;
    void forget(Vmid) override {}

    bool stopped(Vmid vmid) { return settings_.fault != HsvmFault::stop_unseen && memory.violations().frozen(vmid); }
    std::uint64_t chip_word(Address address);
    std::optional<Translation> fill(Vmid vmid, Address gpa);
    bool host_filled(std::uint64_t frame, bool write);
    void note(const char* step) {
        if (record_order) order.emplace_back(step);
    }

    const HsvmMachineSettings settings_;
    std::map<std::pair<Vmid, Gpn>, Translation> tlb_;
    std::map<std::pair<std::uint64_t, bool>, bool> host_tlb_;
    unsigned blocked_ = 0;

public:
    TestStore store;
    MemoryNonVolatile nonvolatile{test_chip(settings_.chip).number()};
    LpidAllocator lpids{nonvolatile};
    ProtectedMemory memory;

private:
    Port port_;
    SeededKeySource keys_{numbered_key(76 + settings_.chip)};

public:
    VmGate gate{lpids, nonvolatile, test_chip(settings_.chip), {}};
    LastLevelCache cache{CacheGeometry::of_size("last_level_cache.bytes", 16 * 1024, 4), *this};
    HsvmController hsvm;
};

}  // namespace coffer
