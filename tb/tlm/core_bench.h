#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "aise/lpid_allocator.h"
#include "hsvm/hsvm_controller_tlm.h"
#include "hsvm/seeded_key_source.h"
#include "memory/bus_probe_tlm.h"
#include "memory/dram_tlm.h"
#include "memory/last_level_cache_tlm.h"
#include "memory/memory_protection_domains_tlm.h"
#include "memory/memory_protection_tlm.h"
#include "tlm/simulate.h"
#include "unit/test_chips.h"
#include "vcpu/context_page.h"
#include "vcpu/core_tlm.h"
#include "vcpu/host_mmu_tlm.h"
#include "vm_table/nonvolatile.h"
#include "vm_table/vm_lifecycle.h"

namespace coffer::test {

/// Three cores with their MMUs, caches, protected memory and whoever owns the page tables, in one of the four configurations.
class CoreBench : private OrderingPort, private PageSettlePort {
public:
    static constexpr std::uint64_t data_frames = 1024, chip_frames = 64;
    static constexpr std::uint64_t first_ept_frame = 900, ept_frames = 64;
    static constexpr Address vm_key_at = 800 * page_bytes, vm_vector_at = 801 * page_bytes, snapshot_at = 802 * page_bytes;
    static constexpr std::uint64_t vm_pages = 64, vcpus = 2, sectors = 4;
    static constexpr Address addr_shim = 8 * page_bytes;
    static constexpr unsigned core_count = 3, machine_vmids = 8;

    /// What a planted fault leaves out.
    struct Wiring {
        bool stop_lines = true;  ///< MMUs know which VMs are stopped
        bool keepers = true;     ///< cores hear of VMs that are stopped or end
    };

    explicit CoreBench(ProtectionConfiguration configuration, const Wiring& wiring = {true, true})
        : configuration_(configuration),
          wiring_(wiring),
          protection("protection", protection_parameters(configuration), lpids),
          dram("dram", {memory_end, sc_core::sc_time(100, sc_core::SC_NS), 0}, DramTraffic(protection.map(), memory_end)),
          domains_(protection, &cache, machine_vmids) {
        cache.initiator_socket.bind(protection.mpe.target_socket);
        protection.mpe.initiator_socket.bind(probe.target_socket);
        probe.initiator_socket.bind(dram.target_socket);
        if (rules().ownership) {
            HsvmControllerTlm::Parameters parameters;
            parameters.hsvm = {machine_vmids, core_count};
            parameters.fleet_id = fleet();
            HsvmControllerTlm::Parts parts{protection, cache, lpids, keys_};
            parts.gate = &gate;
            parts.cores = &unit;
            hsvm = std::make_unique<HsvmControllerTlm>("hsvm", parameters, parts);
            hsvm->chip_socket.bind(protection.mpe.chip_socket);
            hsvm->control_socket.bind(protection.mpe.control_socket);
            hsvm->memory_socket.bind(cache.target_socket);
        } else {
            OrderingPort& ordering = *this;
            PageSettlePort* const settling = rules().encrypt ? this : nullptr;
            EptTlm::Parameters parameters;
            parameters.tables = {configuration, first_ept_frame, ept_frames};
            ept = std::make_unique<EptTlm>("ept", parameters, protection.map(), ordering, settling);
            ept->memory_socket.bind(cache.target_socket);
        }
        for (unsigned number = 0; number < core_count; ++number) cores_.emplace_back(*this, std::to_string(number));
    }

    /// In a process, before anything else.
    void boot() {
        protection.boot();
        if (hsvm) hsvm->boot();
        if (hsvm && rules().shim) hsvm_domains_ = std::make_unique<HsvmDomains>(hsvm->controller(), hsvm->memory());
        DomainPort& domains = hsvm_domains_ ? static_cast<DomainPort&>(*hsvm_domains_) : domains_;
        if (rules().shim) lifecycle = std::make_unique<VmLifecycle>(domains, gate);
        unit.boot(configuration_, {lifecycle.get(), ept.get(), hsvm.get(), hsvm_domains_.get(), &cache});
        for (Complex& complex : cores_) complex.core.attach(unit);
        if (wiring_.keepers) return;
        if (lifecycle) lifecycle->follow(deaf_);
        if (ept) ept->tables().follow(deaf_);
        if (hsvm) hsvm->controller().follow(deaf_);
    }

    CoreTlm& core(unsigned number) { return cores_.at(number).core; }
    MmuTlm& mmu(unsigned number) { return cores_.at(number).mmu; }
    const ConfigurationRules& rules() const { return rules_of(configuration_); }
    Address entry() const { return rules().shim ? addr_shim : 0; }
    static const crypto::KdfContext& fleet() {
        static const crypto::KdfContext id{1, 2, 3, 4, 5, 6, 7, 8};
        return id;
    }
    static crypto::Key128 owners_key(std::uint8_t number) { return crypto::Key128({0x42, number}); }

    /// The owner's blobs of a VM that never ran, in the host's memory.
    void put_blobs(std::uint8_t key) {
        VmVector vector;
        vector.identity = derive_identity(owners_key(key), fleet());
        vector.pages = vm_pages;
        vector.addr_shim = addr_shim;
        vector.vcpus = vcpus;
        const SealedVector sealed = seal_vector(vector, derive_seal_key(owners_key(key), fleet()), key);
        const Bytes wrapped = wrapped_for(test_chip(1), owners_key(key));
        ASSERT_EQ(core(0).store(vm_key_at, wrapped.data(), wrapped.size()), MemoryAnswer::ok);
        ASSERT_EQ(core(0).store(vm_vector_at, sealed.data(), sealed.size()), MemoryAnswer::ok);
        const std::uint8_t no_nodes[8] = {};
        ASSERT_EQ(core(0).store(vm_vector_at + InstructionSet::node_count_at, no_nodes, sizeof no_nodes), MemoryAnswer::ok);
    }
    bool map(Vmid vmid, Gpn gpn, std::uint64_t frame) {
        const NptEntry entry = NptEntry::mapped(frame);
        if (rules().shim) return core(0).ept_st(InstructionSet::ept_address(vmid, gpn), entry.bits).ok();
        sc_core::sc_time delay;
        if (ept) return ept->store(vmid, gpn, entry, delay) == EptStatus::ok;
        return hsvm->perform(delay, [&](HsvmController& controller) { return controller.page_map(HsvmCaller::host, vmid, gpn, frame); }) == HsvmStatus::ok;
    }
    /// A VM as the configuration begins it, with its first pages at consecutive frames and contexts that begin at RIP 0x1000 + vCPU.
    Vmid start_vm(std::uint8_t key, std::uint64_t first_frame, std::uint64_t mapped = 16) {
        Vmid vmid = 0;
        if (configuration_ == ProtectionConfiguration::none) {
            for (vmid = first_guest_vmid; !ept->add(vmid, vm_pages);) ++vmid;
        } else if (configuration_ == ProtectionConfiguration::hsvm) {
            EXPECT_EQ(hsvm->controller().create(HsvmCaller::host, {vm_pages, vcpus, 0}, vmid), HsvmStatus::ok);
        } else {
            put_blobs(key);
            EXPECT_TRUE(core(0).vm_install(vm_key_at, vm_vector_at, vmid).ok());
        }
        for (Gpn gpn = 0; gpn < mapped; ++gpn) EXPECT_TRUE(map(vmid, gpn, first_frame + gpn));
        for (std::uint64_t vcpu = 0; rules().shim && vcpu < vcpus; ++vcpu) put_context(vmid, vcpu);
        return vmid;
    }
    HypervisorView first_view(std::uint64_t vcpu) const {
        HypervisorView view;
        view.context[Register::rip] = 0x1000 + vcpu;
        return view;
    }
    /// All that was written is in memory, as it is in time.
    void settle(Vmid vmid) {
        cache.evict_all(LastLevelCacheTlm::Leaving::write_back);
        if (rules().encrypt) protection.flush(vmid);
    }

private:
    static constexpr Address memory_end = Address{1} << 32;
    const ProtectionConfiguration configuration_;
    const Wiring wiring_;

    struct Deaf : VmKeeper {
        void take_off(Vmid) override {}
        void forget(Vmid) override {}
    };

    /// A core with its MMUs.
    struct Complex {
        Complex(CoreBench& bench, const std::string& number)
            : mmu(("mmu_" + number).c_str(), TlbParameters{}), host_mmu(("host_mmu_" + number).c_str(), host_parameters()), core(("core_" + number).c_str(), {}, mmu) {
            core.host_socket.bind(host_mmu.target_socket);
            core.guest_socket.bind(mmu.target_socket);
            mmu.initiator_socket.bind(bench.cache.target_socket);
            if (bench.wiring_.stop_lines) mmu.stop_with(bench.protection.violations);
            host_mmu.initiator_socket.bind(bench.cache.target_socket);
            if (bench.hsvm) {
                mmu.walk_socket.bind(bench.hsvm->walk_socket);
                host_mmu.walk_socket.bind(bench.hsvm->walk_socket);
                core.command_socket.bind(bench.hsvm->command_socket);
                bench.hsvm->add(mmu);
                bench.hsvm->add(host_mmu);
            } else {
                mmu.walk_socket.bind(bench.ept->walk_socket);
                host_mmu.walk_socket.bind(bench.ept->walk_socket);
                bench.caches_.insert(bench.caches_.end(), {&mmu, &host_mmu});
            }
        }
        MmuTlm mmu;
        HostMmuTlm host_mmu;
        CoreTlm core;
    };

    static HostMmuParameters host_parameters() {
        HostMmuParameters parameters;
        parameters.memory_size = data_frames * page_bytes;
        return parameters;
    }
    static LastLevelCacheParameters cache_parameters() {
        LastLevelCacheParameters parameters;
        parameters.memory_size = data_frames * page_bytes;
        parameters.size = 64 * 1024;
        return parameters;
    }
    static MemoryProtectionParameters protection_parameters(ProtectionConfiguration configuration) {
        MemoryProtectionParameters parameters;
        parameters.memory.scheme.encrypt = rules_of(configuration).encrypt;
        parameters.memory.data_bytes = data_frames * page_bytes;
        parameters.memory.chip_bytes = chip_frames * page_bytes;
        parameters.memory.chip.fleet_id = fleet();
        return parameters;
    }
    /// What the owner of a VM prepares: here it is stored by a core that stands for the owner's tools.
    void put_context(Vmid vmid, std::uint64_t vcpu) {
        ProcessorCore& state = core(1).state();
        const ProcessorCore before = state;
        state.mode = CoreMode::shim;
        state.vmid = vmid;
        const ContextBytes context = encode_context(first_view(vcpu).context);
        const Block64 header = encode_header({});
        EXPECT_EQ(core(1).store(context_page(addr_shim, vcpu) + line_bytes, context.data(), context.size()), MemoryAnswer::ok);
        EXPECT_EQ(core(1).store(context_page(addr_shim, vcpu), header.data(), header.size()), MemoryAnswer::ok);
        state = before;
    }

    void block_fills(const GuestPages&) override {}
    void evict_lines(const GuestPages& pages, LastLevelCache::Leaving leaving) override {
        for (Gpn gpn = pages.first; gpn < pages.first + pages.count; ++gpn) cache.evict_page(pages.vmid, gpn, leaving);
    }
    void evict_frames(std::uint64_t first_frame, std::uint64_t count, LastLevelCache::Leaving leaving) override {
        for (std::uint64_t frame = first_frame; frame < first_frame + count; ++frame) cache.evict_page(host_vmid, frame, leaving);
    }
    void invalidate_pages(const GuestPages& pages) override {
        for (TranslationCache* const tlb : caches_) tlb->invalidate_pages(pages.vmid, pages.first, pages.count);
    }
    void invalidate_frames(std::uint64_t first_frame, std::uint64_t count) override {
        for (TranslationCache* const tlb : caches_) tlb->invalidate_frames(first_frame, count);
    }
    void complete(const GuestPages&) override {}
    void settle_page(Vmid vmid, Address, Address) override { protection.flush(vmid); }

    Deaf deaf_;
    SeededKeySource keys_{crypto::Key128({7})};
    std::vector<TranslationCache*> caches_;

public:
    MemoryNonVolatile nonvolatile{ChipNumber(1)};
    LpidAllocator lpids{nonvolatile};
    VmGate gate{lpids, nonvolatile, test_chip(1), {}};
    InstructionUnitTlm unit;
    LastLevelCacheTlm cache{"cache", cache_parameters()};
    MemoryProtectionTlm protection;
    DramTlm dram;
    BusProbeTlm probe{"probe", dram.memory()};
    std::unique_ptr<EptTlm> ept;
    std::unique_ptr<HsvmControllerTlm> hsvm;
    std::unique_ptr<VmLifecycle> lifecycle;

private:
    MemoryProtectionDomainsTlm domains_;
    std::unique_ptr<HsvmDomains> hsvm_domains_;  // combined
    std::deque<Complex> cores_;
};

}  // namespace coffer::test
