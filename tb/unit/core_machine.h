#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "hsvm/hsvm_controller.h"
#include "hsvm/protected_memory_port.h"
#include "hsvm/seeded_key_source.h"
#include "memory/last_level_cache.h"
#include "memory/protected_memory_domains.h"
#include "unit/fixtures.h"
#include "vcpu/instruction_set.h"
#include "vcpu/vcpu_runner.h"

namespace coffer {

struct CoreMachineSettings {
    ProtectionConfiguration configuration = ProtectionConfiguration::hypercoffer;
    Integrity integrity = Integrity::bmt;
    unsigned cores = 2;
};

/// Cores with their instructions over caches, translations and protected memory, in each configuration, without time.
class CoreMachine : private OrderingPort, private PageSettlePort, private LineBus {
public:
    static constexpr std::uint64_t data_frames = 1024;
    static constexpr std::uint64_t chip_frames = 64;
    static constexpr std::uint64_t first_ept_frame = 900;
    static constexpr std::uint64_t ept_frames = 64;
    /// Where the host keeps sealed blobs.
    static constexpr Address vm_key_at = 800 * page_bytes, vm_vector_at = 801 * page_bytes, snapshot_at = 802 * page_bytes;
    static constexpr std::uint64_t vm_pages = 32;
    static constexpr std::uint64_t vcpus = 2;
    static constexpr Address addr_shim = 8 * page_bytes;
    static constexpr Address addr_context = addr_shim + page_bytes;

    explicit CoreMachine(const CoreMachineSettings& settings = {});

    /// A VM of vm_pages pages under a key of its own, as the configuration begins it, with its first `mapped` pages at consecutive frames from
    /// first_frame on, and contexts that begin at RIP 0x1000 + vCPU. Issued by core 0.
    Vmid start_vm(std::uint8_t key, std::uint64_t first_frame, std::uint64_t mapped = 16);
    /// A VM by vm_install, without pages; where there is such an instruction.
    Vmid install_vm(std::uint8_t key);
    /// The boot image's blobs of such a VM, in the host's memory.
    void put_blobs(std::uint8_t key);
    /// Maps a page as the configuration does it.
    bool map(Vmid vmid, Gpn gpn, std::uint64_t frame);
    /// The entry point and registers that a benign hypervisor begins a vCPU with.
    Address entry() const { return rules().shim ? addr_shim : 0; }
    HypervisorView first_view(std::uint64_t vcpu) const;

    const ConfigurationRules& rules() const { return rules_of(settings_.configuration); }
    /// What a VM's pages are in memory, for an owner who prepares them.
    bool write_guest_line(Vmid vmid, Address gpa, const Block64& data);
    /// Forgets everything cached, written back, as caches do in time.
    void write_back() { cache.evict_all(LastLevelCache::Leaving::write_back); }
    std::uint64_t translations(Vmid vmid) const;

private:
    /// The memory of one core.
    class Memory : public CoreMemory {
    public:
        explicit Memory(CoreMachine& machine) : machine_(machine) {}
        bool host_read(Address hpa, std::uint8_t* data, std::size_t size) override;
        bool host_write(Address hpa, const std::uint8_t* data, std::size_t size) override;
        MemoryAnswer guest_read(const ProcessorCore& core, Address gpa, std::uint8_t* data, std::size_t size, GuestAccess access) override;
        MemoryAnswer guest_write(const ProcessorCore& core, Address gpa, const std::uint8_t* data, std::size_t size, GuestAccess access) override;

    private:
        CoreMachine& machine_;
    };
    /// Lines leave the last-level cache before metadata settles.
    class Domains : public ProtectedMemoryDomains {
    public:
        explicit Domains(CoreMachine& machine) : ProtectedMemoryDomains(machine.memory), machine_(machine) {}
        std::optional<SettledTree> flush(Vmid vmid) override;
        void uninstall(Vmid vmid) override;

    private:
        CoreMachine& machine_;
    };

    TranslationPort& tables();
    std::optional<Translation> translate(Vmid vmid, Address gpa, bool write);
    /// Calls use(line tag, offset, bytes done, count, raw) for each line of an access that can be made.
    template <class Use>
    MemoryAnswer for_each_line(Vmid vmid, Address gpa, std::size_t size, bool write, Use&& use);

    void block_fills(const GuestPages&) override {}
    void evict_lines(const GuestPages& pages, LastLevelCache::Leaving leaving) override;
    void evict_frames(std::uint64_t first_frame, std::uint64_t count, LastLevelCache::Leaving leaving) override;
    void invalidate_pages(const GuestPages& pages) override;
    void invalidate_frames(std::uint64_t, std::uint64_t) override {}
    void complete(const GuestPages&) override {}
    void settle_page(Vmid vmid, Address gpa, Address frame) override { memory.settle_page(vmid, gpa, frame); }
    bool read_line(const LineTag& line, std::uint8_t* data) override { return !memory.read_line(line.vmid, line.gpa, line.hpa, data); }
    bool write_line(const LineTag& line, const std::uint8_t* data) override { return !memory.write_line(line.vmid, line.gpa, line.hpa, data); }

    const CoreMachineSettings settings_;
    std::map<std::pair<Vmid, Gpn>, Translation> tlb_;

public:
    TestStore store;
    MemoryNonVolatile nonvolatile{ChipNumber(1)};
    LpidAllocator lpids{nonvolatile};
    ProtectedMemory memory;

private:
    Domains plain_domains_{*this};
    std::unique_ptr<HsvmDomains> hsvm_domains_;  // combined
    ProtectedMemoryPort port_;
    SeededKeySource keys_{numbered_key(77)};

public:
    LastLevelCache cache{CacheGeometry::of_size("last_level_cache.bytes", 16 * 1024, 4), *this};
    std::unique_ptr<VmLifecycle> lifecycle;  // where the configuration has them
    std::unique_ptr<EptMemory> ept;
    std::unique_ptr<HsvmController> hsvm;

private:
    std::deque<Memory> core_memories_;

public:
    std::unique_ptr<InstructionSet> instructions;
    ExitPolicy policy;
    std::unique_ptr<VcpuRunner> runner;
};

}  // namespace coffer
