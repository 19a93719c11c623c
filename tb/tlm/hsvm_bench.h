#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "aise/lpid_allocator.h"
#include "hsvm/hsvm_controller_tlm.h"
#include "hsvm/seeded_key_source.h"
#include "memory/dram_tlm.h"
#include "memory/last_level_cache_tlm.h"
#include "memory/memory_protection_tlm.h"
#include "tlm/initiator_tester.h"
#include "unit/hsvm_machine.h"
#include "unit/test_chips.h"
#include "vcpu/walk_protocol.h"
#include "vm_table/nonvolatile.h"

namespace coffer::test {

/// What HsvmMachine is at the reference level, from modules: memory protection, last-level cache and H-SVM controller, with initiators for guests,
/// host and walks. The bench stands for the TLBs.
class HsvmBench : private TranslationCache {
public:
    using Access = HsvmMachine::Access;

    /// `cores` may be null. `change`: what is different about the controller.
    explicit HsvmBench(const HsvmMachineSettings& settings = {}, const std::string& name = "bench", CoreRegisters* cores = nullptr,
                       const std::function<void(HsvmControllerTlm::Parameters&)>& change = {})
        : settings_(settings),
          protection((name + "_protection").c_str(), parameters_of(settings), lpids),
          cache((name + "_cache").c_str(), cache_parameters(settings)),
          dram((name + "_dram").c_str(), {memory_end, sc_core::sc_time(100, sc_core::SC_NS), 0}, DramTraffic(protection.map(), memory_end)),
          hsvm((name + "_hsvm").c_str(), hsvm_parameters(settings, change), {protection, cache, lpids, keys, &gate, cores}),
          initiator((name + "_initiator").c_str()),
          walker((name + "_walker").c_str()),
          commander((name + "_commander").c_str()) {
        initiator.initiator_socket.bind(cache.target_socket);
        cache.initiator_socket.bind(protection.mpe.target_socket);
        protection.mpe.initiator_socket.bind(dram.target_socket);
        hsvm.chip_socket.bind(protection.mpe.chip_socket);
        hsvm.control_socket.bind(protection.mpe.control_socket);
        hsvm.memory_socket.bind(cache.target_socket);
        walker.initiator_socket.bind(hsvm.walk_socket);
        commander.initiator_socket.bind(hsvm.command_socket);
        hsvm.add(*this);
    }

    /// After elaboration.
    void boot() {
        protection.boot();
        hsvm.boot();
    }
    HsvmController& controller() { return hsvm.controller(); }

    Access guest_read(Vmid vmid, Address gpa, Block64& data) { return guest_access(tlm::TLM_READ_COMMAND, vmid, gpa, data); }
    Access guest_write(Vmid vmid, Address gpa, Block64 data) { return guest_access(tlm::TLM_WRITE_COMMAND, vmid, gpa, data); }
    Access host_read(Address hpa, Block64& data) { return host_access(tlm::TLM_READ_COMMAND, hpa, data); }
    Access host_write(Address hpa, Block64 data) { return host_access(tlm::TLM_WRITE_COMMAND, hpa, data); }

    /// The answer on the walk socket.
    Translation walk(Mode mode, Vmid vmid, Address page, bool write) {
        SecurityContext context;
        context.mode = mode;
        context.vmid = vmid;
        walker.set_context(&context);
        Bytes answer(walk::answer_bytes);
        EXPECT_OK(walker.read(walk::request(page, write), answer));
        walker.set_context(nullptr);
        return walk::decode(answer.data());
    }

    /// Lines and metadata go to memory, in the order of the VMIDs.
    void flush() {
        cache.evict_all(LastLevelCache::Leaving::write_back);
        for (unsigned vmid = first_guest_vmid; vmid < controller().layout().vmids; ++vmid)
            if (protection.vm_table.installed(static_cast<Vmid>(vmid))) protection.flush(static_cast<Vmid>(vmid));
        if (protection.vm_table.installed(chip_vmid)) protection.flush(chip_vmid);
    }

    static constexpr Address memory_end = Address{1} << 40;
    /// Two frames for buffers of operations.
    static constexpr std::uint64_t buffer_frame = 2040;

private:
    const HsvmMachineSettings settings_;

public:
    MemoryNonVolatile nonvolatile{test_chip(settings_.chip).number()};
    LpidAllocator lpids{nonvolatile};
    SeededKeySource keys{numbered_key(76 + settings_.chip)};
    VmGate gate{lpids, nonvolatile, test_chip(settings_.chip), {}};
    MemoryProtectionTlm protection;
    LastLevelCacheTlm cache;
    DramTlm dram;
    HsvmControllerTlm hsvm;
    InitiatorTester initiator;
    InitiatorTester walker;
    InitiatorTester commander;

private:
    static MemoryProtectionParameters parameters_of(const HsvmMachineSettings& settings) {
        MemoryProtectionParameters parameters;
        parameters.memory = HsvmMachine::memory_parameters(settings);
        return parameters;
    }
    static LastLevelCacheParameters cache_parameters(const HsvmMachineSettings& settings) {
        LastLevelCacheParameters parameters;
        parameters.memory_size = settings.data_frames * page_bytes;
        parameters.size = 16 * 1024;
        parameters.ways = 4;
        // Buffers do not displace lines, so that the cache does what it does without them.
        parameters.uncached_base = buffer_frame * page_bytes;
        parameters.uncached_bytes = 2 * page_bytes;
        return parameters;
    }
    static HsvmControllerTlm::Parameters hsvm_parameters(const HsvmMachineSettings& settings,
                                                         const std::function<void(HsvmControllerTlm::Parameters&)>& change) {
        HsvmControllerTlm::Parameters parameters;
        parameters.hsvm = {HsvmMachine::vmids, settings.cores};
        parameters.fleet_id = HsvmMachine::memory_parameters(settings).chip.fleet_id;
        if (change) change(parameters);
        return parameters;
    }

    void invalidate_pages(Vmid vmid, Gpn first, std::uint64_t count) override {
        tlb_.erase(tlb_.lower_bound({vmid, first}), tlb_.lower_bound({vmid, first + count}));
    }
    void invalidate_frames(std::uint64_t first, std::uint64_t count) override {
        host_tlb_.erase(host_tlb_.lower_bound({first, false}), host_tlb_.lower_bound({first + count, false}));
    }

    Access send(tlm::tlm_command command, Address hpa, Block64& data, SecurityContext* context) {
        initiator.set_context(context);
        const bool read = command == tlm::TLM_READ_COMMAND;
        const auto status = read ? initiator.read(hpa, data.data(), line_bytes) : initiator.write(hpa, data.data(), line_bytes);
        initiator.set_context(nullptr);
        return status == tlm::TLM_OK_RESPONSE ? Access::done : Access::violated;
    }

    Access guest_access(tlm::tlm_command command, Vmid vmid, Address gpa, Block64& data) {
        if (protection.violations.frozen(vmid)) return Access::violated;
        const std::uint64_t violations = protection.violations.count();
        const auto cached = tlb_.find({vmid, page_of(gpa)});
        const Translation translation = cached != tlb_.end() ? cached->second : walk(Mode::guest, vmid, page_base(gpa), false);
        if (translation.fault != TranslationFault::none) return protection.violations.count() != violations ? Access::violated : Access::fault;
        tlb_[{vmid, page_of(gpa)}] = translation;
        if (command == tlm::TLM_WRITE_COMMAND && !translation.writable) return Access::fault;
        SecurityContext context;
        context.vmid = vmid;
        context.mode = Mode::guest;
        context.gpa = gpa;
        context.raw = translation.raw;
        return send(command, translation.hpa + gpa % page_bytes, data, &context);
    }

    Access host_access(tlm::tlm_command command, Address hpa, Block64& data) {
        const bool write = command == tlm::TLM_WRITE_COMMAND;
        const std::pair<std::uint64_t, bool> key{page_of(hpa), write};
        auto cached = host_tlb_.find(key);
        if (cached == host_tlb_.end())
            cached = host_tlb_.emplace(key, walk(Mode::host, host_vmid, page_base(hpa), write).fault == TranslationFault::none).first;
        return cached->second ? send(command, hpa, data, nullptr) : Access::fault;
    }

    std::map<std::pair<Vmid, Gpn>, Translation> tlb_;
    std::map<std::pair<std::uint64_t, bool>, bool> host_tlb_;
};

}  // namespace coffer::test
