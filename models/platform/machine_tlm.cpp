#include "platform/machine_tlm.h"

#include <fmt/format.h>

#include "common/errors.h"
#include "hsvm/register_table.h"
#include "platform/guests.h"
#include "platform/machine_chips.h"

namespace coffer {

namespace {

/// Chips with different numbers are different chips: none of their secrets are equal.
crypto::Key128 chip_key(const MachineParameters& machine, ChipNumber chip, std::string_view use) {
    return model_key(machine.seed, fmt::format("{} of chip {}", use, chip.value()));
}

const ChipIdentity& identity_of(const MachineParameters& machine, const NonVolatile& nonvolatile) {
    const ChipNumber number(chip_of(nonvolatile.gpc()));
    if (machine.chip == nullptr) return machine_chip(number);
    if (machine.chip->number() != number) throw InputError("machine", "keys of another chip than the registers", "those of its number");
    return *machine.chip;
}

Scheme scheme_of(const MachineParameters& machine) {
    Scheme scheme;
    scheme.encrypt = rules_of(machine.configuration).encrypt;
    scheme.integrity = machine.integrity;
    return scheme;
}

MemoryProtectionParameters protection_parameters(const MachineParameters& machine, const ChipIdentity& chip) {
    MemoryProtectionParameters p;
    p.memory.scheme = scheme_of(machine);
    p.memory.data_bytes = machine.data_bytes;
    p.memory.chip_bytes = machine.chip_bytes;
    p.memory.chip.secret = chip_key(machine, chip.number(), "secret");
    p.memory.chip.fleet_id = chip.fleet_id();
    return p;
}

ProtectionClaims claims_of(const MachineParameters& machine) {
    ProtectionClaims claims;
    claims.configuration = machine.configuration;
    claims.scheme = scheme_of(machine);
    return claims;
}

LastLevelCacheParameters cache_parameters(const MachineParameters& machine) {
    LastLevelCacheParameters p;
    p.memory_size = machine.data_bytes;
    p.size = 64 << 10;
    return p;
}

/// Room for the trees of every VM that fits into memory.
Address memory_bytes(const AddressMap& map) { return map.tree_base() + 2 * (map.data_bytes() + map.chip_bytes()); }

HostMmuParameters host_parameters(const MachineParameters& machine, Mode mode) {
    HostMmuParameters p;
    p.memory_size = machine.data_bytes;
    p.mode = mode;
    return p;
}

EptTlm::Parameters ept_parameters(const MachineParameters& machine) {
    EptTlm::Parameters p;
    p.tables.configuration = machine.configuration;
    p.tables.first_frame = page_of(machine.data_bytes) - machine.ept_frames;
    p.tables.frames = machine.ept_frames;
    return p;
}

HsvmControllerTlm::Parameters hsvm_parameters(const MachineParameters& machine, const ChipIdentity& chip) {
    HsvmControllerTlm::Parameters p;
    p.hsvm.vmids = machine.vmids;
    p.hsvm.cores = machine.cores;
    p.fleet_id = chip.fleet_id();
    return p;
}

}  // namespace

MachineTlm::CoreWithMmus::CoreWithMmus(unsigned number, const HostMmuParameters& host)
    : mmu(fmt::format("mmu_{}", number).c_str(), TlbParameters()),
      host_mmu(fmt::format("host_mmu_{}", number).c_str(), host),
      core(fmt::format("core_{}", number).c_str(), {}, mmu) {
    core.host_socket.bind(host_mmu.target_socket);
    core.guest_socket.bind(mmu.target_socket);
}

MachineTlm::MachineTlm(const sc_core::sc_module_name& name, const MachineParameters& parameters, NonVolatile& nonvolatile)
    : sc_module(name),
      allocator_(nonvolatile),
      lpids_(parameters.lpids != nullptr ? *parameters.lpids : allocator_),
      keys_(chip_key(parameters, identity_of(parameters, nonvolatile).number(), "random numbers")),
      last_level_cache("last_level_cache", cache_parameters(parameters)),
      protection("protection", protection_parameters(parameters, identity_of(parameters, nonvolatile)), lpids_),
      dram("dram", {memory_bytes(protection.map()), sc_core::sc_time(100, sc_core::SC_NS), 0},
           DramTraffic(protection.map(), memory_bytes(protection.map()))),
      bus_probe("bus_probe", dram.memory()),
      iommu("iommu", host_parameters(parameters, Mode::device)),
      dma("dma"),
      disk("disk", {parameters.sectors, sc_core::sc_time(10, sc_core::SC_NS), sc_core::sc_time(1, sc_core::SC_US)}, medium_),
      dma_socket("dma_socket"),
      disk_socket("disk_socket"),
      control_socket("control_socket"),
      parameters_(parameters),
      gate_(lpids_, nonvolatile, identity_of(parameters, nonvolatile), claims_of(parameters)),
      domains_(protection, &last_level_cache, parameters.vmids) {
    last_level_cache.initiator_socket.bind(protection.mpe.target_socket);
    protection.mpe.initiator_socket.bind(bus_probe.target_socket);
    bus_probe.initiator_socket.bind(dram.target_socket);
    dma_socket.bind(dma.target_socket);
    disk_socket.bind(disk.target_socket);
    dma.initiator_socket.bind(iommu.target_socket);
    disk.initiator_socket.bind(iommu.target_socket);
    iommu.initiator_socket.bind(last_level_cache.target_socket);
    control_socket.bind(protection.mpe.control_socket);
    caches_ = {&iommu};
    for (unsigned number = 0; number != parameters.cores; ++number) {
        CoreWithMmus& added = *cores_.emplace_back(std::make_unique<CoreWithMmus>(number, host_parameters(parameters, Mode::host)));
        added.mmu.initiator_socket.bind(last_level_cache.target_socket);
        added.mmu.stop_with(protection.violations);
        added.host_mmu.initiator_socket.bind(last_level_cache.target_socket);
        caches_.insert(caches_.end(), {&added.mmu, &added.host_mmu});
    }
    if (rules().ownership)
        connect_hsvm();
    else
        connect_page_tables();
}

void MachineTlm::connect_hsvm() {
    const HsvmControllerTlm::Parts parts{protection, last_level_cache, lpids_, keys_, &gate_, &unit_};
    hsvm_ = std::make_unique<HsvmControllerTlm>("hsvm", hsvm_parameters(parameters_, chip()), parts);
    hsvm_->chip_socket.bind(protection.mpe.chip_socket);
    hsvm_->control_socket.bind(protection.mpe.control_socket);
    hsvm_->memory_socket.bind(last_level_cache.target_socket);
    iommu.walk_socket.bind(hsvm_->walk_socket);
    for (TranslationCache* const cache : caches_) hsvm_->add(*cache);
    HsvmTransportParameters transport;
    transport.kind = parameters_.transport;
    transport.operation_register = hsvm_registers::entry(hsvm_registers::Register::operation).address;
    transport_ = std::make_unique<HsvmTransportTlm>("transport", transport);
    transport_->initiator_socket.bind(hsvm_->command_socket);
    for (const auto& core : cores_) {
        core->mmu.walk_socket.bind(hsvm_->walk_socket);
        core->host_mmu.walk_socket.bind(hsvm_->walk_socket);
        core->core.command_socket.bind(transport_->target_socket);
    }
}

void MachineTlm::connect_page_tables() {
    OrderingPort& ordering = *this;
    PageSettlePort* const settling = rules().encrypt ? this : nullptr;
    ept_ = std::make_unique<EptTlm>("ept", ept_parameters(parameters_), protection.map(), ordering, settling);
    ept_->memory_socket.bind(last_level_cache.target_socket);
    iommu.walk_socket.bind(ept_->walk_socket);
    for (const auto& core : cores_) {
        core->mmu.walk_socket.bind(ept_->walk_socket);
        core->host_mmu.walk_socket.bind(ept_->walk_socket);
    }
}

void MachineTlm::boot() {
    protection.boot();
    if (hsvm_) hsvm_->boot();
    if (hsvm_ && rules().shim) hsvm_domains_.emplace(hsvm_->controller(), hsvm_->memory());
    if (rules().shim) lifecycle_ = std::make_unique<VmLifecycle>(hsvm_domains_ ? static_cast<DomainPort&>(*hsvm_domains_) : domains_, gate_);
    unit_.boot(parameters_.configuration, {lifecycle_.get(), ept_.get(), hsvm_.get(), hsvm_domains_ ? &*hsvm_domains_ : nullptr, &last_level_cache});
    for (const auto& added : cores_) (void)added->core.attach(unit_);
}

void MachineTlm::settle() {
    last_level_cache.evict_all(LastLevelCacheTlm::Leaving::write_back);
    if (!rules().encrypt) return;
    // The chip's last, since guests' entries may go to its memory while others are flushed.
    for (unsigned vmid = parameters_.vmids - 1; vmid >= chip_vmid; --vmid)
        if (protection.vm_table.installed(static_cast<Vmid>(vmid))) (void)protection.flush(static_cast<Vmid>(vmid));
}

/// Nothing: page tables are behind the cache too, and nobody waits between the steps of a change, so that no fill can come between them.
void MachineTlm::block_fills(const GuestPages&) {}

void MachineTlm::evict_lines(const GuestPages& pages, LastLevelCache::Leaving leaving) {
    for (Gpn gpn = pages.first; gpn != pages.first + pages.count; ++gpn) last_level_cache.evict_page(pages.vmid, gpn, leaving);
}

void MachineTlm::evict_frames(std::uint64_t first_frame, std::uint64_t count, LastLevelCache::Leaving leaving) {
    for (std::uint64_t frame = first_frame; frame != first_frame + count; ++frame) last_level_cache.evict_frame(frame * page_bytes, leaving);
}

void MachineTlm::invalidate_pages(const GuestPages& pages) {
    for (TranslationCache* const cache : caches_) cache->invalidate_pages(pages.vmid, pages.first, pages.count);
}

void MachineTlm::invalidate_frames(std::uint64_t first_frame, std::uint64_t count) {
    for (TranslationCache* const cache : caches_) cache->invalidate_frames(first_frame, count);
}

void MachineTlm::complete(const GuestPages&) {}

void MachineTlm::settle_page(Vmid vmid, Address gpa, Address frame) {
    tlm::tlm_generic_payload& payload = control_payload_.prepare(tlm::TLM_IGNORE_COMMAND, frame, nullptr, 0);
    control_payload_.context.vmid = vmid;
    control_payload_.context.mode = Mode::guest;
    control_payload_.context.gpa = gpa;
    control_payload_.context.page = PageCommand::settle;
    control_socket.b_transport(payload, uncharged_);
}

void MachineTlm::collect(StatisticsGroup& group) const {
    last_level_cache.collect(group.group("last_level_cache"));
    protection.collect(group.group("protection"));
    bus_probe.collect(group.group("bus_probe"));
    dram.collect(group.group("dram"));
    iommu.collect(group.group("iommu"));
    dma.collect(group.group("dma"));
    disk.collect(group.group("disk"));
    if (ept_) ept_->collect(group.group("ept"));
    if (hsvm_) hsvm_->collect(group.group("hsvm"));
    if (transport_) transport_->collect(group.group("transport"));
    for (std::size_t i = 0; i != cores_.size(); ++i) {
        cores_[i]->core.collect(group.group(fmt::format("core_{}", i)));
        cores_[i]->mmu.collect(group.group(fmt::format("mmu_{}", i)));
        cores_[i]->host_mmu.collect(group.group(fmt::format("host_mmu_{}", i)));
    }
    unit_.collect(group);
}

}  // namespace coffer
