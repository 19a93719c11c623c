#include "unit/core_machine.h"

#include <algorithm>

#include "unit/test_chips.h"
#include "vcpu/context_page.h"

namespace coffer {

namespace {

const crypto::KdfContext fleet_id{1, 2, 3, 4, 5, 6, 7, 8};
constexpr unsigned machine_vmids = 8;

ProtectedMemoryParameters parameters_of(const CoreMachineSettings& settings) {
    ProtectedMemoryParameters p;
    p.scheme.encrypt = rules_of(settings.configuration).encrypt;
    p.scheme.integrity = settings.integrity;
    p.data_bytes = CoreMachine::data_frames * page_bytes;
    p.chip_bytes = CoreMachine::chip_frames * page_bytes;
    p.chip.fleet_id = fleet_id;
    p.vm_table_slots = 3;
    return p;
}

crypto::Key128 owners_key(std::uint8_t number) { return crypto::Key128({0x42, number}); }

}  // namespace

CoreMachine::CoreMachine(const CoreMachineSettings& settings)
    : settings_(settings), memory(parameters_of(settings), store, lpids), port_(memory, store, lpids, fleet_id) {
    OrderingPort& ordering = *this;
    PageSettlePort* const settling = rules().encrypt ? this : nullptr;
    if (rules().ownership)
        hsvm = std::make_unique<HsvmController>(HsvmParameters{machine_vmids, settings.cores}, port_, ordering, keys_);
    else
        ept = std::make_unique<EptMemory>(EptParameters{settings.configuration, first_ept_frame, ept_frames}, memory.map(), store, ordering, settling);
    if (rules().ownership && rules().shim) hsvm_domains_ = std::make_unique<HsvmDomains>(*hsvm, port_);
    DomainPort& domains = hsvm_domains_ ? static_cast<DomainPort&>(*hsvm_domains_) : plain_domains_;
    if (rules().shim) lifecycle = std::make_unique<VmLifecycle>(domains, lpids, nonvolatile, test_chip(1));
    InstructionPorts ports;
    ports.lifecycle = lifecycle.get();
    ports.ept = ept.get();
    ports.hsvm = hsvm.get();
    ports.domains = hsvm_domains_.get();
    instructions = std::make_unique<InstructionSet>(settings.configuration, ports);
    for (unsigned core = 0; core < settings.cores; ++core) instructions->add_core(core_memories_.emplace_back(*this));
    runner = std::make_unique<VcpuRunner>(*instructions, policy);
    if (lifecycle) lifecycle->follow(*runner);
    if (ept) ept->follow(*runner);
    if (hsvm) hsvm->follow(*runner);
}

std::optional<SettledTree> CoreMachine::Domains::flush(Vmid vmid) {
    machine_.cache.evict_vm(vmid, LastLevelCache::Leaving::write_back);
    return ProtectedMemoryDomains::flush(vmid);
}

void CoreMachine::Domains::uninstall(Vmid vmid) {
    machine_.cache.evict_vm(vmid, LastLevelCache::Leaving::drop);
    ProtectedMemoryDomains::uninstall(vmid);
}

void CoreMachine::put_blobs(std::uint8_t key) {
    const crypto::Key128 k_vm = owners_key(key);
    VmVector vector;
    vector.identity = derive_identity(k_vm, fleet_id);
    vector.pages = vm_pages;
    vector.addr_shim = addr_shim;
    vector.vcpus = vcpus;
    const Bytes wrapped = wrapped_for(test_chip(1), k_vm);
    const SealedVector sealed = seal_vector(vector, derive_seal_key(k_vm, fleet_id), key);
    core_memories_.front().host_write(vm_key_at, wrapped.data(), wrapped.size());
    core_memories_.front().host_write(vm_vector_at, sealed.data(), sealed.size());
    // A VM that never ran has no tree.
    const std::uint8_t no_nodes[8] = {};
    core_memories_.front().host_write(vm_vector_at + InstructionSet::node_count_at, no_nodes, sizeof no_nodes);
}

Vmid CoreMachine::install_vm(std::uint8_t key) {
    Vmid vmid = 0;
    put_blobs(key);
    instructions->vm_install(0, vm_key_at, vm_vector_at, vmid);
    return vmid;
}

Vmid CoreMachine::start_vm(std::uint8_t key, std::uint64_t first_frame, std::uint64_t mapped) {
    Vmid vmid = 0;
    if (settings_.configuration == ProtectionConfiguration::none) {
        for (vmid = first_guest_vmid; !ept->add(vmid, vm_pages);) ++vmid;
    } else if (settings_.configuration == ProtectionConfiguration::hsvm) {
        hsvm->create(HsvmCaller::host, {vm_pages, vcpus, 0}, vmid);
    } else {
        vmid = install_vm(key);
    }
    for (Gpn gpn = 0; gpn < mapped; ++gpn) map(vmid, gpn, first_frame + gpn);
    for (std::uint64_t vcpu = 0; rules().shim && vcpu < vcpus; ++vcpu) {
        const ContextBytes context = encode_context(first_view(vcpu).context);
        const Address page = context_page(addr_shim, vcpu);
        write_guest_line(vmid, page, encode_header({}));
        for (std::size_t i = 0; i < context.size(); i += line_bytes) {
            Block64 line;
            std::copy_n(context.begin() + static_cast<std::ptrdiff_t>(i), line.size(), line.begin());
            write_guest_line(vmid, page + line_bytes + i, line);
        }
    }
    return vmid;
}

HypervisorView CoreMachine::first_view(std::uint64_t vcpu) const {
    HypervisorView view;
    view.context[Register::rip] = 0x1000 + vcpu;
    return view;
}

bool CoreMachine::map(Vmid vmid, Gpn gpn, std::uint64_t frame) {
    const NptEntry entry = NptEntry::mapped(frame);
    if (rules().shim) return instructions->ept_st(0, InstructionSet::ept_address(vmid, gpn), entry.bits).ok();
    if (rules().ownership) return hsvm->page_map(HsvmCaller::host, vmid, gpn, frame) == HsvmStatus::ok;
    return ept->store(vmid, gpn, entry) == EptStatus::ok;
}

bool CoreMachine::write_guest_line(Vmid vmid, Address gpa, const Block64& data) {
    const auto translation = translate(vmid, gpa, true);
    return translation && cache.write({vmid, gpa, translation->hpa}, 0, data.data(), line_bytes);
}

std::uint64_t CoreMachine::translations(Vmid vmid) const {
    return static_cast<std::uint64_t>(std::count_if(tlb_.begin(), tlb_.end(), [&](const auto& entry) { return entry.first.first == vmid; }));
}

TranslationPort& CoreMachine::tables() { return hsvm ? static_cast<TranslationPort&>(*hsvm) : *ept; }

std::optional<Translation> CoreMachine::translate(Vmid vmid, Address gpa, bool write) {
    const auto cached = tlb_.find({vmid, page_of(gpa)});
    const Translation page = cached != tlb_.end() ? cached->second : tables().translate(vmid, page_base(gpa), false);
    if (page.fault != TranslationFault::none || (write && !page.writable)) return std::nullopt;
    tlb_[{vmid, page_of(gpa)}] = page;
    Translation translation = page;
    translation.hpa += gpa % page_bytes;
    return translation;
}

template <class Use>
MemoryAnswer CoreMachine::for_each_line(Vmid vmid, Address gpa, std::size_t size, bool write, Use&& use) {
    for (std::size_t done = 0; done < size;) {
        const Address at = gpa + done;
        const std::size_t count = std::min(size - done, line_bytes - at % line_bytes);
        const auto translation = translate(vmid, at, write);
        if (!translation) return MemoryAnswer::not_mapped;
        const LineTag line{vmid, line_base(at), line_base(translation->hpa)};
        if (!use(line, static_cast<unsigned>(at % line_bytes), done, static_cast<unsigned>(count), translation->raw)) return MemoryAnswer::violated;
        done += count;
    }
    return MemoryAnswer::ok;
}

bool CoreMachine::Memory::host_read(Address hpa, std::uint8_t* data, std::size_t size) {
    for (std::size_t done = 0; done < size;) {
        const Address at = hpa + done;
        const std::size_t count = std::min(size - done, line_bytes - at % line_bytes);
        if (!machine_.tables().host_may_access(page_of(at), false)) return false;
        if (!machine_.cache.read({host_vmid, line_base(at), line_base(at)}, at % line_bytes, data + done, static_cast<unsigned>(count))) return false;
        done += count;
    }
    return true;
}

bool CoreMachine::Memory::host_write(Address hpa, const std::uint8_t* data, std::size_t size) {
    for (std::size_t done = 0; done < size;) {
        const Address at = hpa + done;
        const std::size_t count = std::min(size - done, line_bytes - at % line_bytes);
        if (!machine_.tables().host_may_access(page_of(at), true)) return false;
        if (!machine_.cache.write({host_vmid, line_base(at), line_base(at)}, at % line_bytes, data + done, static_cast<unsigned>(count))) return false;
        done += count;
    }
    return true;
}

MemoryAnswer CoreMachine::Memory::guest_read(const ProcessorCore& core, Address gpa, std::uint8_t* data, std::size_t size, GuestAccess access) {
    return machine_.for_each_line(core.vmid, gpa, size, false, [&](const LineTag& line, unsigned offset, std::size_t done, unsigned count, bool raw) {
        if (access == GuestAccess::usual && !raw) return machine_.cache.read(line, offset, data + done, count);
        machine_.cache.before_raw_access(line, false);
        Block64 bytes;
        const MaybeViolation violation = access == GuestAccess::decrypted ? machine_.memory.decrypt_line(line.vmid, line.gpa, line.hpa, bytes.data())
                                                                          : machine_.memory.read_line(host_vmid, line.hpa, line.hpa, bytes.data());
        std::copy_n(bytes.begin() + offset, count, data + done);
        return !violation;
    });
}

MemoryAnswer CoreMachine::Memory::guest_write(const ProcessorCore& core, Address gpa, const std::uint8_t* data, std::size_t size, GuestAccess access) {
    return machine_.for_each_line(core.vmid, gpa, size, true, [&](const LineTag& line, unsigned offset, std::size_t done, unsigned count, bool raw) {
        if (access == GuestAccess::usual && !raw) return machine_.cache.write(line, offset, data + done, count);
        machine_.cache.before_raw_access(line, true);
        Block64 bytes;
        if (machine_.memory.read_line(host_vmid, line.hpa, line.hpa, bytes.data())) return false;
        std::copy_n(data + done, count, bytes.begin() + offset);
        return !machine_.memory.write_line(host_vmid, line.hpa, line.hpa, bytes.data());
    });
}

void CoreMachine::evict_lines(const GuestPages& pages, LastLevelCache::Leaving leaving) {
    if (pages.count > large_pages) return cache.evict_vm(pages.vmid, leaving);
    for (Gpn gpn = pages.first; gpn < pages.first + pages.count; ++gpn) cache.evict_page(pages.vmid, gpn, leaving);
}

void CoreMachine::evict_frames(std::uint64_t first_frame, std::uint64_t count, LastLevelCache::Leaving leaving) {
    for (std::uint64_t frame = first_frame; frame < first_frame + count; ++frame) cache.evict_page(host_vmid, frame, leaving);
}

void CoreMachine::invalidate_pages(const GuestPages& pages) {
    tlb_.erase(tlb_.lower_bound({pages.vmid, pages.first}), tlb_.lower_bound({pages.vmid, pages.first + pages.count}));
}

}  // namespace coffer
