#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "common/protection_configuration.h"
#include "common/statistics.h"
#include "hsvm/hsvm_controller.h"
#include "hsvm/hsvm_domains.h"
#include "vcpu/core_memory.h"
#include "vcpu/processor_core.h"
#include "vcpu/ept_memory.h"
#include "vcpu/instruction_table.h"
#include "vcpu/shim_memory.h"
#include "vm_table/vm_lifecycle.h"

namespace coffer {

/// How an instruction ended.
struct InstructionResult {
    InstructionFault fault = InstructionFault::none;
    InstructionStatus status = InstructionStatus::ok;
    HsvmStatus hsvm = HsvmStatus::ok;  ///< with refused_by_hsvm

    bool ok() const { return fault == InstructionFault::none && status == InstructionStatus::ok; }
};

/// What the instructions of a configuration work on; null where it has no such thing.
struct InstructionPorts {
    VmLifecycle* lifecycle = nullptr;  ///< hypercoffer, combined
    EptMemory* ept = nullptr;          ///< none, hypercoffer
    HsvmController* hsvm = nullptr;    ///< hsvm, combined
    HsvmDomains* domains = nullptr;    ///< combined: what `lifecycle` works on, which wants the nodes of trees beside vectors

    using HsvmOperation = std::function<HsvmStatus(HsvmController&)>;
    /// Carry out an operation of `hsvm` and a store to `ept`, where these take their time; empty where they do not.
    std::function<HsvmStatus(const HsvmOperation&)> perform = {};
    std::function<EptStatus(Vmid, Gpn, NptEntry)> ept_store = {};
};

/// The instructions that tell host, shim and guest apart (docs/instructions.md), for all cores of a chip. instruction_table says who may issue what; a
/// core in another mode gets a fault, and nothing has happened then. VM-Shim itself is software: VcpuRunner. The reference level: no time, no sockets.
class InstructionSet : public StatisticsProvider {
public:
    static constexpr std::size_t vm_key_bytes = 384;
    /// In `combined` the nodes of a VM's tree are in the host's memory behind its vector: their number of bytes, 8 bytes, then they themselves. Behind the
    /// nodes vm_snapshot leaves a vm_key.
    static constexpr std::size_t node_count_at = 208, nodes_at = 216;

    /// The ports outlive the object. Throws std::invalid_argument where the configuration needs one that is null.
    InstructionSet(ProtectionConfiguration configuration, const InstructionPorts& ports);

    /// Adds a core, in mode host; gives its number. `memory` outlives the object.
    unsigned add_core(CoreMemory& memory);
    /// What runs on a core. Its software may change the registers, or in mode host the view.
    ProcessorCore& core(unsigned core) { return cores_.at(core).state; }
    const ProcessorCore& core(unsigned core) const { return cores_.at(core).state; }
    /// Brings every core that runs the VM back to the host, without its registers; those that the chip keeps of it go too.
    void take_off(Vmid vmid);
    /// The guest's registers as the chip keeps them between VMExit and H-SVM's context save: no software reaches them.
    VcpuContext& latched(unsigned core) { return cores_.at(core).latched; }

    /// Whether the core may issue the instruction now.
    InstructionFault check(unsigned core, Instruction instruction) const;

    // The instructions, in the order of the table. `core` issues them.
    InstructionResult vm_install(unsigned core, Address vm_key, Address vm_vector, Vmid& vmid);
    InstructionResult vm_uninstall(unsigned core, Vmid vmid);
    InstructionResult vm_snapshot(unsigned core, Vmid vmid, Address address);
    InstructionResult ept_st(unsigned core, std::uint64_t address, std::uint64_t value);
    /// The registers that the hypervisor gives are in the core's view.
    InstructionResult vm_enter(unsigned core, Vmid vmid, std::uint64_t vcpu, Address entry);
    /// The processor reports `event`; one that no processor reports throws std::invalid_argument.
    InstructionResult vm_exit(unsigned core, const ExitEvent& event);
    /// `view`: the registers that the shim left.
    InstructionResult shim_to_host(unsigned core, const HypervisorView& view);
    InstructionResult shim_to_guest(unsigned core);
    InstructionResult raw_st(unsigned core, Address gpa, const std::uint8_t* data, std::size_t size);
    InstructionResult raw_ld(unsigned core, bool enc_on, Address gpa, std::uint8_t* data, std::size_t size);

    /// Ordinary loads and stores of the VM that runs; not mapped in mode host.
    MemoryAnswer load(unsigned core, Address gpa, std::uint8_t* data, std::size_t size);
    MemoryAnswer store(unsigned core, Address gpa, const std::uint8_t* data, std::size_t size);

    ProtectionConfiguration configuration() const { return configuration_; }
    /// What a VM is that has a shim; nothing for an unknown one.
    std::optional<ShimMemory> shim_memory(Vmid vmid) const;
    /// The address of a page's entry in the EPT window.
    static constexpr std::uint64_t ept_address(Vmid vmid, Gpn gpn) { return std::uint64_t{vmid} << 48 | gpn << 3; }

    void collect(StatisticsGroup& group) const override;

private:
    struct Core {
        CoreMemory* memory = nullptr;
        ProcessorCore state;
        VcpuContext latched;
    };
    struct Count {
        std::uint64_t issued = 0;
        std::uint64_t faults = 0;
        std::uint64_t refused = 0;
    };

    const ConfigurationRules& rules() const { return rules_of(configuration_); }
    template <class Execute>
    InstructionResult issue(unsigned core, Instruction instruction, Execute&& execute);
    bool bring_tree(CoreMemory& memory, Address vm_vector);
    void store_vector(CoreMemory& memory, Address address, Vmid vmid, const SealedVector& vector);
    bool stopped(Vmid vmid);
    bool runs(Vmid vmid) const;
    bool runs(Vmid vmid, std::uint64_t vcpu) const;
    InstructionStatus judge_entry(Vmid vmid, std::uint64_t vcpu, Address entry);
    HsvmStatus perform(const InstructionPorts::HsvmOperation& operation);
    EptStatus store_entry(Vmid vmid, Gpn gpn, NptEntry entry);
    InstructionResult map_with_hsvm(Vmid vmid, Gpn gpn, NptEntry entry);
    InstructionResult restore(unsigned core, Vmid vmid, std::uint64_t vcpu);
    InstructionResult save(unsigned core);
    void leave(ProcessorCore& state, const HypervisorView& view);

    const ProtectionConfiguration configuration_;
    const InstructionPorts ports_;
    std::vector<Core> cores_;
    std::array<Count, instruction_count> counts_{};
};

}  // namespace coffer
