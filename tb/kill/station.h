#pragma once

#include <array>
#include <filesystem>
#include <optional>

#include "aise/lpid_allocator.h"
#include "kill/file_memory.h"
#include "kill/shared_facts.h"
#include "kill/staged_nonvolatile.h"
#include "kill/vm_storage.h"
#include "memory/protected_memory_domains.h"
#include "vm_table/vm_lifecycle.h"

namespace coffer::kill {

/// A VM of the campaign. Another one with a new number takes its place when it is lost.
struct CampaignVm {
    std::uint64_t number = 0;
    unsigned home = 0;               ///< the chip that it is on, from 0
    std::array<bool, chips> visited{};
    std::array<Bytes, chips> vm_key;

    crypto::Key128 k_vm() const;
};

/// The VM as its owner ships it: sequence 0.
StoredVm boot_image(const CampaignVm& vm);

/// LPIDs that are on record before anybody has them.
class NotedLpids : public LpidSource {
public:
    /// Few LPIDs a batch: kills fall on reservations, too.
    static constexpr std::uint64_t batch = 16;

    NotedLpids(NonVolatile& nonvolatile, SharedFacts& facts) : allocator_(nonvolatile, lpid_count_end, batch), facts_(facts) {}
    std::optional<Lpid> next() override {
        const std::optional<Lpid> lpid = allocator_.next();
        if (lpid) facts_.note(*lpid);
        return lpid;
    }
    Lpid peek() const override { return allocator_.peek(); }

private:
    LpidAllocator allocator_;
    SharedFacts& facts_;
};

/// One boot of a chip over its files, and its operator, who keeps snapshots with the memory that belongs to them. VMs are named by their place in the
/// campaign. What must not fail throws std::runtime_error.
class Station {
public:
    Station(const std::filesystem::path& directory, unsigned index, SharedFacts& facts, Fault fault);

    /// What the chip would say to an install, without doing it.
    LifecycleResult ask(const CampaignVm& vm, const StoredVm& stored);
    /// Installs a VM with the memory that was stored with it.
    void install(unsigned place, const CampaignVm& vm, const StoredVm& stored);
    /// Whether a VM that runs holds what it should.
    bool holds_what_it_should(unsigned place);
    void write(unsigned place, unsigned line, std::uint8_t value);
    void shred(unsigned place, unsigned page);
    void snapshot(unsigned place, const CampaignVm& vm, const VmStorage& storage);
    void uninstall(unsigned place);
    void move_out(unsigned place, const CampaignVm& vm, const VmStorage& storage, ByteView certificate, const Nonce& nonce);

    VmLifecycle& lifecycle() { return lifecycle_; }
    bool runs(unsigned place) const { return vmid_[place] != 0; }

private:
    static Address frame(unsigned place, unsigned page) { return (16 * place + page) * page_bytes; }
    Address tree_slot(unsigned place) const { return memory_.map().tree_base() + (64 + 4 * place) * page_bytes; }
    StoredVm keep(unsigned place, const SealedVector& vector);
    void put_back(unsigned place, StoredVm& stored);
    template <class Function>
    void each_part(unsigned place, Address tree, Function&& function) const;

    SharedFacts& facts_;
    const unsigned index_;
    FileMemory bytes_;
    StagedNonVolatile nonvolatile_;
    NotedLpids lpids_;
    ProtectedMemory memory_;
    ProtectedMemoryDomains domains_;
    VmLifecycle lifecycle_;
    std::array<Vmid, vms> vmid_{};
    std::array<Content, vms> content_{};
};

}  // namespace coffer::kill
