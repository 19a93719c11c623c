#pragma once

#include <optional>
#include <utility>
#include <vector>

#include <systemc>
#include <tlm>

#include "common/initiator_socket_tlm.h"
#include "common/statistics.h"
#include "common/target_socket_tlm.h"
#include "common/tlm_exclusive.h"
#include "hsvm/hsvm_commands.h"
#include "hsvm/hsvm_controller.h"
#include "hsvm/hsvm_memory_tlm.h"
#include "memory/last_level_cache_tlm.h"
#include "vcpu/translation.h"

namespace coffer {

/// The H-SVM controller as a module: the reference level's decisions and changes over sockets, and the time that they take.
///
/// `command_socket`: the registers of docs/registers_hsvm.md, for any number of initiators; debug too. Mode and VMID of the SecurityContext say who
/// asks; an access without one is the host's. An operation is carried out within the write that starts it, one at a time. `walk_socket`: page walks
/// and fill-time checks (vcpu/walk_protocol.h), for several initiators; debug too. `chip_socket`: the chip region, through the MPE. `control_socket`:
/// the MPE's commands for pages. `memory_socket`: buffers of callers, through the last-level cache.
class HsvmControllerTlm : public sc_core::sc_module, public StatisticsProvider, private OrderingPort, private RequesterMemory, private CoreRegisters {
public:
    TargetSocket<HsvmControllerTlm, 0, sc_core::SC_ZERO_OR_MORE_BOUND> command_socket;
    TargetSocket<HsvmControllerTlm, 0, sc_core::SC_ZERO_OR_MORE_BOUND> walk_socket;
    InitiatorSocket<HsvmControllerTlm> chip_socket;
    InitiatorSocket<HsvmControllerTlm> control_socket;
    InitiatorSocket<HsvmControllerTlm> memory_socket;

    struct Parameters {
        HsvmParameters hsvm;
        crypto::KdfContext fleet_id{};
        sc_core::sc_time register_latency{1, sc_core::SC_NS};    ///< of each access to a register
        sc_core::sc_time operation_latency{20, sc_core::SC_NS};  ///< of each operation, beside its accesses to memory
        sc_core::sc_time walk_latency{2, sc_core::SC_NS};        ///< of each walk, beside its accesses to memory
        /// Of each block of 64 bytes that launch hashes: 65 cycles, as crypto/sha256_synth.h takes.
        sc_core::sc_time hash_block_latency{32500, sc_core::SC_PS};
        // Of RSA-3072. There are no figures for a controller: 0 unless somebody has one.
        sc_core::sc_time private_key_latency;  ///< of a signature (attest), and of unwrapping a key (import)
        sc_core::sc_time public_key_latency;   ///< of the check of a certificate, and of wrapping a key (export: both)
    };

    /// What the controller works on; all outlive it. The LPID source is that of `protection`.
    struct Parts {
        MemoryProtectionTlm& protection;
        LastLevelCacheTlm& cache;
        LpidSource& lpids;
        KeySource& keys;
        VmGate* gate = nullptr;          ///< null: the chip attests nothing and exchanges no VMs
        CoreRegisters* cores = nullptr;  ///< null: contexts are saved from, and restored to, registers of the module's own
    };

    HsvmControllerTlm(const sc_core::sc_module_name& name, const Parameters& parameters, const Parts& parts);

    /// Makes the controller, with an empty chip region. After elaboration and MemoryProtectionTlm::boot, once. Throws InputError as HsvmController
    /// does.
    void boot();
    /// Adds a TLB that changes are told to. It outlives the module.
    void add(TranslationCache& cache) { caches_.push_back(&cache); }

    /// The reference level's controller, whose operations take no time here. After boot.
    HsvmController& controller() { return *controller_; }
    const HsvmController& controller() const { return *controller_; }
    /// What the controller works on, for those who work with it. Their accesses take no time.
    HsvmMemory& memory() { return memory_; }
    /// Carries out an operation of the controller, one at a time, and adds its time to `delay`.
    template <class Operation>
    auto perform(sc_core::sc_time& delay, Operation&& operation) {
        const Exclusive::Hold hold(exclusive_);
        const Charge charge = memory_.charge(delay);
        delay += parameters_.operation_latency;
        const HsvmController::Statistics before = controller_->statistics();
        const auto result = operation(*controller_);
        delay += cryptography_since(before);
        return result;
    }

    void collect(StatisticsGroup& group) const override;

private:
    void command_b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    unsigned command_transport_dbg(tlm::tlm_generic_payload& payload);
    void walk_b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    unsigned walk_transport_dbg(tlm::tlm_generic_payload& payload);

    void block_fills(const GuestPages& pages) override;
    void evict_lines(const GuestPages& pages, LastLevelCache::Leaving leaving) override;
    void evict_frames(std::uint64_t first_frame, std::uint64_t count, LastLevelCache::Leaving leaving) override;
    void invalidate_pages(const GuestPages& pages) override;
    void invalidate_frames(std::uint64_t first_frame, std::uint64_t count) override;
    void complete(const GuestPages& pages) override;

    bool allows(const HsvmRequester& requester, Address address, std::uint64_t bytes, bool write) override;
    bool read(const HsvmRequester& requester, Address address, std::uint8_t* data, std::size_t bytes) override;
    bool write(const HsvmRequester& requester, Address address, const std::uint8_t* data, std::size_t bytes) override;
    bool transfer(const HsvmRequester& requester, tlm::tlm_command command, Address address, std::uint8_t* data, std::size_t bytes);
    /// Time of hashes and keys that were used since then.
    sc_core::sc_time cryptography_since(const HsvmController::Statistics& before) const;
    /// Where a page of the caller's lies; a fault where it has none.
    Translation locate(const HsvmRequester& requester, Address page, bool write);
    VcpuContext& context(unsigned core) override { return own_registers_.at(core); }
    void take_off(Vmid vmid) override;

    const Parameters parameters_;
    Parts parts_;
    HsvmMemoryTlm memory_;
    std::optional<HsvmController> controller_;
    std::optional<HsvmCommands> commands_;
    std::vector<VcpuContext> own_registers_;
    ContextPayload buffer_payload_;
    std::vector<TranslationCache*> caches_;
    Exclusive exclusive_;
    std::uint64_t walks_ = 0;
    sc_core::sc_time walk_time_;
};

}  // namespace coffer
