#pragma once

#include <memory>

#include <systemc>

#include "aise/pad_generator_tlm.h"
#include "bmt/hash_tree_tlm.h"
#include "common/statistics.h"
#include "memory/metadata_cache_tlm.h"
#include "memory/mpe_tlm.h"
#include "memory/protected_memory.h"
#include "memory/tree_allocator.h"
#include "vm_table/vm_table_tlm.h"

namespace coffer {

struct MemoryProtectionParameters {
    ProtectedMemoryParameters memory;
    Verification verification = Verification::lazy;
    PadGeneratorTlm::Parameters pad_generator;
    sc_core::sc_time metadata_latency{2, sc_core::SC_NS};  ///< of a metadata cache look-up
    sc_core::sc_time node_mac_latency{40, sc_core::SC_NS};
    sc_core::sc_time data_mac_latency{40, sc_core::SC_NS};
    std::shared_ptr<crypto::GhashHardware> ghash;  ///< makes the data tags instead, if there is one
    sc_core::sc_time cycle{1, sc_core::SC_NS};     ///< of ghash
    sc_core::sc_time register_latency{1, sc_core::SC_NS};
};

/// The memory protection subsystem: the MPE with its pad generator, hash tree, metadata cache and VM-Table, connected. What the chip sees of memory
/// goes in at `mpe.target_socket`, what the adversary sees comes out at `mpe.initiator_socket`.
class MemoryProtectionTlm : public sc_core::sc_module, public StatisticsProvider {
public:
    ViolationLog violations;  // before the modules that raise violations
    MpeTlm mpe;
    PadGeneratorTlm pad_generator;
    HashTreeTlm hash_tree;
    MetadataCacheTlm metadata_cache;
    VmTableTlm vm_table;

    /// Throws InputError for parameters that do not fit together. `lpids` outlives the module.
    MemoryProtectionTlm(const sc_core::sc_module_name& name, const MemoryProtectionParameters& parameters, LpidSource& lpids);

    /// Gives the chip's own domain its key of this boot. After elaboration, before the first VM.
    void boot();
    /// Adds a domain, as ProtectedMemory::install.
    void install(const VmInstall& vm);
    /// Settles and forgets everything of the domain, and frees the room of its tree. Lines in a cache above have to leave before.
    void uninstall(Vmid vmid);
    /// Settles all of a domain's metadata; gives the root.
    NodeTag flush(Vmid vmid);

    const AddressMap& map() const { return map_; }
    const Scheme& scheme() const { return parameters_.memory.scheme; }
    /// First byte above all metadata.
    Address end_of_metadata() const { return trees_.end(); }

    void collect(StatisticsGroup& group) const override;

private:
    MemoryProtectionTlm(const sc_core::sc_module_name& name, const MemoryProtectionParameters& parameters, const AddressMap& map, LpidSource& lpids);

    const MemoryProtectionParameters parameters_;
    const AddressMap map_;
    LpidSource& lpids_;
    TreeAllocator trees_;
};

}  // namespace coffer
