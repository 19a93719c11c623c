#include "platform/platform_tlm.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "bmt/tree_geometry.h"
#include "common/context_payload_tlm.h"
#include "common/errors.h"
#include "memory/tree_allocator.h"
#include "platform/hardware.h"
#include "platform/image_loader.h"
#include "platform/statistics_difference.h"
#include "vm_table/register_table.h"

namespace coffer {

namespace {

sc_core::sc_time cycles(const Configuration& c, double count) { return {count * 1000.0 / c.clock_mhz, sc_core::SC_NS}; }
sc_core::sc_time nanoseconds(double count) { return {count, sc_core::SC_NS}; }

MemoryProtectionParameters protection_parameters(const Configuration& c) {
    MemoryProtectionParameters p;
    p.memory.scheme = c.scheme;
    p.memory.data_bytes = c.memory.data_bytes;
    p.memory.chip_bytes = c.memory.chip_bytes;
    p.memory.metadata_cache = CacheGeometry::of_size("metadata_cache.bytes", c.metadata_cache.bytes, c.metadata_cache.ways);
    p.memory.metadata_chip_ways = c.metadata_chip_ways;
    p.memory.vm_table_slots = c.vm_table_slots;
    p.memory.chip.number = ChipNumber(c.chip_number);
    p.memory.chip.secret = c.chip_secret ? *c.chip_secret : model_key(c.seed, "chip secret");
    p.memory.chip.fleet_id = *c.fleet_id;
    p.memory.on_violation = c.on_violation;
    p.verification = c.verification;
    p.pad_generator.latency = cycles(c, c.pad_latency_cycles);
    p.pad_generator.interval = cycles(c, c.pad_interval_cycles);
    p.cycle = cycles(c, 1);
    p.pad_generator.cycle = p.cycle;
    if (c.scheme.encrypt && c.pad_implementation == Implementation::rtl) p.pad_generator.hardware = make_pad_hardware(c.where("pad_generator.implementation"));
    if (c.scheme.encrypt && c.ghash_implementation == Implementation::rtl) p.ghash = make_ghash_hardware(c.where("ghash.implementation"));
    p.metadata_latency = cycles(c, c.metadata_cache.latency_cycles);
    p.node_mac_latency = cycles(c, c.mac_latency_cycles);
    p.data_mac_latency = cycles(c, c.mac_latency_cycles);
    p.register_latency = cycles(c, 1);
    return p;
}

LastLevelCacheParameters cache_parameters(const Configuration& c) {
    LastLevelCacheParameters p;
    p.memory_size = c.memory.data_bytes;
    p.size = c.llc.bytes;
    p.ways = c.llc.ways;
    p.latency = cycles(c, c.llc.latency_cycles);
    return p;
}

TracePlayerParameters player_parameters(const Configuration& c, const Guest& guest) {
    TracePlayerParameters p;
    p.seed = c.seed + guest.vmid;
    p.clock_ghz = c.clock_mhz / 1000;
    p.cycles_per_instruction = c.cycles_per_instruction;
    p.pages = guest.pages;
    if (guest.max_accesses != 0) p.max_accesses = guest.max_accesses;
    return p;
}

/// Where a tenant's pages are, unless H-SVM's tables say so.
const GuestMemoryMap* fixed_map(const Configuration& c, const Guest& guest) {
    return c.rules().ownership && guest.vmid != host_vmid ? nullptr : &guest.map;
}

std::uint64_t pages_of_vm(const Configuration& c, const Guest& guest) {
    return c.rules().ownership ? HsvmSystemTlm::pages_of_vm(guest, c.scheme.encrypt) : guest.pages;
}

/// First byte above the trees that boot and installs will make room for.
Address end_of_trees(const Configuration& c, const AddressMap& map, const std::vector<Guest>& guests) {
    TreeAllocator trees(map.tree_base());
    const auto allocate = [&](std::uint64_t pages) { (void)trees.allocate(TreeGeometry(pages, c.scheme.node_tag_bytes).bytes()); };
    allocate(c.memory.chip_bytes / page_bytes);
    for (const Guest& guest : guests)
        if (guest.vmid != host_vmid) allocate(pages_of_vm(c, guest));
    return trees.end();
}

DramParameters dram_parameters(const Configuration& c, Address size) { return {size, nanoseconds(c.memory.latency_ns), c.memory.bandwidth_gb_per_s}; }

}  // namespace

bool GuestReaderTlm::read_line(Address gpa, std::uint8_t* data) {
    payload_.set_command(tlm::TLM_READ_COMMAND);
    payload_.set_address(gpa);
    payload_.set_data_ptr(data);
    payload_.set_data_length(line_bytes);
    payload_.set_streaming_width(line_bytes);
    payload_.set_dmi_allowed(false);
    payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    sc_core::sc_time none;
    initiator_socket->b_transport(payload_, none);
    return payload_.is_response_ok();
}

TenantTlm::TenantTlm(const sc_core::sc_module_name& name, const Configuration& configuration, const Guest& guest)
    : TenantTlm(name, configuration, guest, std::make_unique<TraceReader>(guest.trace.string())) {}

TenantTlm::TenantTlm(const sc_core::sc_module_name& name, const Configuration& configuration, const Guest& guest, std::unique_ptr<TraceReader> trace)
    : sc_module(name),
      player("player", player_parameters(configuration, guest), *trace),
      mmu("mmu", guest.vmid, fixed_map(configuration, guest), configuration.tlb),
      reader("reader"),
      reader_mmu("reader_mmu", guest.vmid, fixed_map(configuration, guest), configuration.tlb),
      guest_(guest),
      trace_(std::move(trace)) {
    player.initiator_socket.bind(mmu.target_socket);
    reader.initiator_socket.bind(reader_mmu.target_socket);
}

PlatformTlm::PlatformTlm(const sc_core::sc_module_name& name, const Configuration& configuration, const std::vector<Guest>& guests, LpidSource& lpids)
    : sc_module(name),
      last_level_cache("last_level_cache", cache_parameters(configuration)),
      protection("protection", protection_parameters(configuration), lpids),
      dram("dram", dram_parameters(configuration, end_of_trees(configuration, protection.map(), guests)),
           DramTraffic(protection.map(), end_of_trees(configuration, protection.map(), guests))),
      bus_probe("bus_probe", dram.memory()),
      vm_table_socket("vm_table_socket"),
      image_socket("image_socket"),
      configuration_(configuration),
      guests_(guests),
      lpids_(lpids),
      tenant_waves_(guests.size()) {
    last_level_cache.initiator_socket.bind(protection.mpe.target_socket);
    protection.mpe.initiator_socket.bind(bus_probe.target_socket);
    bus_probe.initiator_socket.bind(dram.target_socket);
    vm_table_socket.bind(protection.vm_table.target_socket);
    if (configuration.rules().ownership) {
        hsvm = std::make_unique<HsvmSystemTlm>("hsvm", configuration, guests, protection, last_level_cache, lpids);
        image_socket.bind(protection.mpe.control_socket);
    }
    for (const Guest& guest : guests) {
        TenantTlm& tenant = *tenants_.emplace_back(std::make_unique<TenantTlm>(fmt::format("tenant_{}", guest.vmid).c_str(), configuration, guest));
        connect(tenant);
    }
}

void PlatformTlm::connect(TenantTlm& tenant) {
    const bool host = tenant.guest().vmid == host_vmid;
    for (MmuTlm* mmu : {&tenant.mmu, &tenant.reader_mmu}) {
        mmu->stop_with(protection.violations);
        if (hsvm && host) {
            mmu->initiator_socket.bind(hsvm->host_mmu.target_socket);
            continue;
        }
        mmu->initiator_socket.bind(last_level_cache.target_socket);
        if (!hsvm) continue;
        mmu->walk_socket.bind(hsvm->controller.walk_socket);
        hsvm->controller.add(*mmu);
    }
}

void PlatformTlm::start_of_simulation() {
    if (configuration_.scheme.encrypt) protection.boot();
    if (hsvm) {
        hsvm->start();
        load_protected_images();
    } else {
        if (configuration_.scheme.encrypt) install_guests();
        load_images();
    }
    collect_memory(before_play_);
    bus_accesses_before_play_ = bus_probe.probe().reads() + bus_probe.probe().writes();
    for (std::size_t i = 0; i != configuration_.tamper.size(); ++i)
        (void)bus_probe.add(tamper_action(configuration_.tamper[i], fmt::format("tamper[{}].", i)));
}

void PlatformTlm::install_guests() {
    for (const Guest& guest : guests_) {
        if (guest.vmid == host_vmid) continue;
        VmInstall vm;
        vm.vmid = guest.vmid;
        vm.k_vm = guest.k_vm;
        vm.pages = guest.pages;
        protection.install(vm);
    }
}

void PlatformTlm::load_images() {
    const std::vector<NodeTag> roots =
        coffer::load_images(protection_parameters(configuration_).memory, guests_, configuration_.seed, dram.memory(), lpids_);
    for (std::size_t i = 0; configuration_.scheme.encrypt && i != guests_.size(); ++i)
        if (guests_[i].vmid != host_vmid) set_root(guests_[i].vmid, roots[i]);
}

/// As the guests would write them, past the last-level cache. The metadata cache is empty again afterwards, as at the start of any run.
void PlatformTlm::load_protected_images() {
    ContextPayload payload;
    for (const Guest& guest : guests_) {
        payload.context.vmid = guest.vmid;
        payload.context.mode = guest.vmid == host_vmid ? Mode::host : Mode::guest;
        for_each_image_line(guest, configuration_.seed, [&](Address gpa, Address hpa, const std::uint8_t* data) {
            payload.context.gpa = gpa;
            sc_core::sc_time none;
            image_socket.b_transport(payload.write(hpa, data, line_bytes), none);
            const auto& violations = protection.violations;
            if (violations.count() != 0) throw std::runtime_error("an image cannot be loaded: " + violations.last().describe());
        });
    }
    if (!configuration_.scheme.encrypt) return;
    for (const Guest& guest : guests_)
        if (guest.vmid != host_vmid) (void)protection.flush(guest.vmid);
    (void)protection.flush(chip_vmid);
}

void PlatformTlm::set_root(Vmid vmid, NodeTag root) {
    using vm_table_registers::Register;
    ContextPayload payload;
    payload.context.mode = Mode::chip;
    const auto transport = [&](tlm::tlm_generic_payload& access) {
        sc_core::sc_time none;
        vm_table_socket->b_transport(access, none);
        if (!access.is_response_ok()) throw std::logic_error("a register of the VM-Table refuses the loader");
    };
    std::array<std::uint8_t, 8> word;
    store_le64(word.data(), vmid);
    transport(payload.write(vm_table_registers::entry(Register::select).address_of(0), word.data(), word.size()));
    transport(payload.read(vm_table_registers::entry(Register::selected).address_of(0), word.data(), word.size()));
    transport(payload.write(vm_table_registers::entry(Register::root).address_of(load_le64(word.data())), root.data(), root.size()));
}

TamperAction PlatformTlm::tamper_action(const TamperConfiguration& tamper, const std::string& key) {
    TamperAction action;
    action.kind = tamper.kind;
    action.after = bus_accesses_before_play_ + tamper.after;
    action.record_after = bus_accesses_before_play_ + tamper.record_after;
    action.blocks = blocks_of(tamper, tamper.place, key);
    if (tamper.kind == TamperKind::flip) {
        action.mask.assign(action.blocks.front().size, 0);
        action.mask[tamper.bit / 8] = static_cast<std::uint8_t>(1u << tamper.bit % 8);
    }
    if (tamper.kind == TamperKind::splice) {
        const std::vector<MemoryBlock> others = blocks_of(tamper, tamper.with, key + "with.");
        std::vector<MemoryBlock> pairs;
        // Two lines of a page share their counter block, and the trees of two VMs may differ in height.
        for (std::size_t i = 0; i != std::min(action.blocks.size(), others.size()); ++i)
            if (action.blocks[i].address != others[i].address) pairs.insert(pairs.end(), {action.blocks[i], others[i]});
        if (pairs.empty()) throw InputError(configuration_.where(key + "with"), "both lines have this part in common", "lines that differ in it");
        action.blocks = std::move(pairs);
    }
    return action;
}

std::vector<MemoryBlock> PlatformTlm::blocks_of(const TamperConfiguration& tamper, const TamperPlace& place, const std::string& key) {
    const auto tenant = std::find_if(tenants_.begin(), tenants_.end(), [&](const auto& t) { return t->guest().name == place.vm; });
    const Guest& guest = (*tenant)->guest();
    if (place.gpn >= guest.pages)
        throw InputError(configuration_.where(key + "gpn"), fmt::format("{} has no page {}", guest.name, place.gpn),
                         fmt::format("0 to {}", guest.pages - 1));
    const Address hpa = *guest.map.hpa_of(place.gpn * page_bytes) + place.line * line_bytes;
    const AddressMap& map = protection.map();
    const bool all = tamper.part == TamperPart::all;

    std::vector<MemoryBlock> blocks;
    if (all || tamper.part == TamperPart::data) blocks.push_back({hpa, line_bytes});
    if (all || tamper.part == TamperPart::tag) blocks.push_back({map.tag_of(hpa), map.tag_bytes()});
    if (all || tamper.part == TamperPart::counter) blocks.push_back({map.counter_of(hpa), line_bytes});
    const bool has_tree = configuration_.scheme.encrypt && configuration_.scheme.integrity == Integrity::bmt;
    if (tamper.part == TamperPart::node && !has_tree)
        throw InputError(configuration_.where(key + "part"), "there is no tree to tamper with", "data, tag, counter, all");
    if (!has_tree || (!all && tamper.part != TamperPart::node)) return blocks;

    const TreeGeometry tree(pages_of_vm(configuration_, guest), configuration_.scheme.node_tag_bytes);
    if (!all && tamper.level > tree.levels())
        throw InputError(configuration_.where(key + "level"), fmt::format("the tree of {} has no level {}", guest.name, tamper.level),
                         fmt::format("1 to {}", tree.levels()));
    const Address base = protection.vm_table.entry(guest.vmid)->tree_base;
    std::uint64_t index = place.gpn;
    for (unsigned level = 1; level <= tree.levels(); ++level) {
        index /= tree.arity();
        if (all || level == tamper.level) blocks.push_back({base + tree.offset_of(level, index), line_bytes});
    }
    return blocks;
}

bool PlatformTlm::done() const {
    return std::all_of(tenants_.begin(), tenants_.end(), [](const auto& tenant) { return tenant->player.stop() != TracePlayerTlm::Stop::running; });
}

std::uint64_t PlatformTlm::accesses() const {
    std::uint64_t sum = 0;
    for (const auto& tenant : tenants_) sum += tenant->player.accesses();
    return sum;
}

std::vector<DumpDomain> PlatformTlm::settle() {
    last_level_cache.evict_all(LastLevelCacheTlm::Leaving::write_back);
    const bool encrypted = configuration_.scheme.encrypt;
    const auto settled = [&](Vmid vmid) {
        (void)protection.flush(vmid);
        return *protection.vm_table.entry(vmid);
    };
    std::vector<DumpDomain> domains;
    for (const Guest& guest : guests_) {
        if (guest.vmid == host_vmid) continue;
        DumpDomain& domain = domains.emplace_back();
        domain.entry.vmid = guest.vmid;
        domain.entry.pages = guest.pages;
        if (hsvm)
            hsvm->describe(guest.vmid, domain);
        else
            domain.map = guest.map.ranges();
        if (encrypted) domain.entry = settled(guest.vmid);
    }
    if (!encrypted) return domains;
    // Last, since guests' entries may go to the chip's memory while others are flushed.
    DumpDomain chip;
    chip.entry = settled(chip_vmid);
    chip.map.push_back({0, protection.map().chip_base(), chip.entry.pages});
    domains.insert(domains.begin(), std::move(chip));
    return domains;
}

std::vector<TamperOutcome> PlatformTlm::tamper_outcomes() const {
    std::vector<TamperOutcome> outcomes = bus_probe.probe().outcomes();
    for (TamperOutcome& outcome : outcomes)
        if (outcome.done) outcome.after -= bus_accesses_before_play_;
    return outcomes;
}

void PlatformTlm::sample() {
    const LastLevelCache::Statistics llc = last_level_cache.statistics();
    wave_.llc_misses = llc.read_misses + llc.write_misses;
    wave_.bus_reads = bus_probe.probe().reads();
    wave_.bus_writes = bus_probe.probe().writes();
    wave_.violations = protection.violations.count();
    for (std::size_t i = 0; i != tenants_.size(); ++i) {
        const TracePlayerTlm& player = tenants_[i]->player;
        tenant_waves_[i].accesses = player.accesses();
        tenant_waves_[i].running = player.stop() == TracePlayerTlm::Stop::running;
        tenant_waves_[i].frozen = protection.violations.frozen(tenants_[i]->guest().vmid);
    }
}

void PlatformTlm::trace(sc_core::sc_trace_file* file) const {
    const std::string prefix = std::string(basename()) + ".";
    sc_core::sc_trace(file, wave_.llc_misses, prefix + "llc_misses");
    sc_core::sc_trace(file, wave_.bus_reads, prefix + "bus_reads");
    sc_core::sc_trace(file, wave_.bus_writes, prefix + "bus_writes");
    sc_core::sc_trace(file, wave_.violations, prefix + "violations");
    for (std::size_t i = 0; i != tenants_.size(); ++i) {
        const std::string tenant = prefix + tenants_[i]->guest().name + ".";
        sc_core::sc_trace(file, tenant_waves_[i].accesses, tenant + "accesses");
        sc_core::sc_trace(file, tenant_waves_[i].running, tenant + "running");
        sc_core::sc_trace(file, tenant_waves_[i].frozen, tenant + "frozen");
    }
}

void PlatformTlm::collect(StatisticsGroup& group) const {
    StatisticsGroup& tenants = group.group("tenants");
    for (const auto& tenant : tenants_) {
        StatisticsGroup& one = tenants.group(tenant->guest().name);
        one.add("vmid", std::uint64_t{tenant->guest().vmid}, "1");
        one.add("memory_pages", tenant->guest().pages, "pages");
        tenant->player.collect(one);
        if (hsvm && tenant->guest().vmid != host_vmid) tenant->mmu.collect(one.group("tlb"));
    }
    last_level_cache.collect(group.group("last_level_cache"));
    StatisticsGroup memory("memory");
    collect_memory(memory);
    add_difference(group, memory, before_play_);
    if (hsvm) hsvm->collect(group.group("hsvm"));
}

/// What loading counts, too.
void PlatformTlm::collect_memory(StatisticsGroup& group) const {
    protection.collect(group.group("protection"));
    bus_probe.collect(group.group("bus_probe"));
    dram.collect(group.group("dram"));
}

}  // namespace coffer
