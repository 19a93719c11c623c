#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "common/byte_store.h"
#include "common/protection_configuration.h"
#include "common/statistics.h"
#include "hsvm/hsvm_ports.h"
#include "hsvm/npt_entry.h"
#include "memory/address_map.h"
#include "vcpu/translation.h"
#include "vm_table/vm_keeper.h"

namespace coffer {

/// Why an entry is not stored, or is.
enum class EptStatus : std::uint8_t {
    ok,
    unknown_vm,
    page_beyond,      ///< the VM has no such page
    bad_entry,        ///< bits that mean nothing here, or a 2 MiB entry that is not aligned
    frame_protected,  ///< EPT memory, the chip region, metadata, or no memory at all
    no_room,          ///< EPT memory has no frame left for a table
};

std::string_view to_string(EptStatus status);

struct EptParameters {
    ProtectionConfiguration configuration = ProtectionConfiguration::hypercoffer;  ///< or none
    std::uint64_t first_frame = 0;  ///< of EPT memory, which takes data frames
    std::uint64_t frames = 0;       ///< at least 1
};

/// What a change of a mapping does to protected memory.
class PageSettlePort {
public:
    virtual ~PageSettlePort() = default;
    /// Writes the page's counter block back and its tag up the tree.
    virtual void settle_page(Vmid vmid, Address gpa, Address frame) = 0;
};

/// Page tables where nobody checks them (configurations `none` and `hypercoffer`): four levels for each VM, in a range of data frames. The hypervisor
/// writes entries with ept_st, of 4 KiB or 2 MiB. The tables are plain bytes on the bus and may hold anything: a walk goes only through frames that the
/// chip has given to this VM's tables of the level that it has reached, and ends at machine pages that software may use. Which frame belongs to whom,
/// and where each VM's tables begin, is on the chip.
class EptMemory : public TranslationPort, public StatisticsProvider {
public:
    struct Statistics {
        std::uint64_t new_mappings = 0;  ///< entries stored where nothing was mapped: nothing had to be invalidated
        std::uint64_t changes = 0;       ///< mappings changed or removed
        std::uint64_t unchanged = 0;     ///< stores that changed no mapping
        std::uint64_t refused = 0;
        std::uint64_t walks = 0;
        std::uint64_t entries_read = 0;  ///< by walks
    };

    /// All references outlive the object; `settling` may be null where memory is plain. Throws InputError for a configuration where H-SVM has the
    /// tables, and for frames that are no data frames.
    EptMemory(const EptParameters& parameters, const AddressMap& map, ByteStore& memory, OrderingPort& ordering, PageSettlePort* settling);

    /// Who is told of VMs whose tables end. It outlives the object's operations.
    void follow(VmKeeper& keeper) { keeper_ = &keeper; }

    /// Begins a VM's tables, empty. False where it has some already, or where no frame is left.
    bool add(Vmid vmid, std::uint64_t pages);
    bool has(Vmid vmid) const { return vms_.count(vmid) != 0; }
    /// Ends a VM's tables: its lines leave the caches, written back, its translations go, its frames are free.
    void remove(Vmid vmid);

    /// The store of ept_st: the entry of one page, or with bit 7 of 512. An entry that is not present removes the mapping. If an existing mapping
    /// changes, then first its lines are written back, its metadata is settled, and translations are invalidated; a new mapping is stored, no more.
    EptStatus store(Vmid vmid, Gpn gpn, NptEntry entry);

    Translation translate(Vmid vmid, Address gpa, bool write) override;
    bool host_may_access(std::uint64_t frame, bool write) override;

    /// Frames that tables do not use.
    std::uint64_t free_frames() const { return free_frames_; }
    const Statistics& statistics() const { return statistics_; }
    void collect(StatisticsGroup& group) const override;

private:
    struct Vm {
        std::uint64_t pages = 0;
        std::uint64_t root = 0;  // frame
    };
    /// Where an entry lies, and what a processor reads there.
    struct Place {
        Address address = 0;
        NptEntry entry;
    };
    /// A frame of EPT memory.
    struct Table {
        Vmid owner = host_vmid;  // host_vmid: free
        std::uint8_t level = 0;
    };
    struct Mapping {
        Gpn gpn = 0;
        std::uint64_t frame = 0;
    };

    bool may_name(std::uint64_t frame, std::uint64_t count) const;
    EptStatus judge(const Vm& vm, Gpn gpn, NptEntry entry) const;
    EptStatus store_entry(Vmid vmid, const Vm& vm, Gpn gpn, NptEntry entry);
    NptEntry read(Address address);
    void write(Address address, NptEntry entry);
    bool is_table(Vmid vmid, unsigned level, NptEntry entry) const;
    bool is_page(NptEntry entry, std::uint64_t pages) const;
    std::optional<std::uint64_t> make_table(Vmid vmid, unsigned level);
    std::optional<std::uint64_t> split(Vmid vmid, NptEntry large);
    void free_table(Table& table);
    std::optional<Place> find(Vmid vmid, const Vm& vm, Gpn gpn, unsigned level);
    std::optional<Place> find_or_make(Vmid vmid, const Vm& vm, Gpn gpn, unsigned level);
    std::vector<Mapping> mapped_at(Vmid vmid, Gpn gpn, unsigned level, NptEntry entry);
    void order(Vmid vmid, Gpn first, std::uint64_t count, const std::vector<Mapping>& old);

    const EptParameters parameters_;
    const std::uint64_t software_frames_;  // frames below are data frames, or in `none` also the chip region
    ByteStore& memory_;
    OrderingPort& ordering_;
    PageSettlePort* const settling_;
    VmKeeper* keeper_ = nullptr;
    std::vector<Table> tables_;  // one for each frame of EPT memory
    std::uint64_t free_frames_;
    std::map<Vmid, Vm> vms_;
    Statistics statistics_;
};

}  // namespace coffer
