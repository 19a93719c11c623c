#include "platform/hsvm_system_tlm.h"

#include <stdexcept>

#include "common/errors.h"

namespace coffer {

namespace {

sc_core::sc_time cycles(const Configuration& c, double count) { return {count * 1000.0 / c.clock_mhz, sc_core::SC_NS}; }

HsvmControllerTlm::Parameters controller_parameters(const Configuration& c) {
    HsvmControllerTlm::Parameters p;
    p.hsvm.vmids = c.hsvm_vmids;
    p.fleet_id = *c.fleet_id;
    p.register_latency = cycles(c, 1);
    p.operation_latency = cycles(c, 40);
    p.walk_latency = cycles(c, 4);
    p.hash_block_latency = cycles(c, 65);
    return p;
}

HsvmTransportParameters transport_parameters(const Configuration& c) {
    HsvmTransportParameters p;
    p.kind = c.hsvm_transport;
    p.cycle = cycles(c, 1);
    p.operation_register = hsvm_registers::entry(hsvm_registers::Register::operation).address;
    return p;
}

HostMmuParameters host_parameters(const Configuration& c) {
    HostMmuParameters p;
    p.memory_size = c.memory.data_bytes;
    p.tlb = c.tlb;
    return p;
}

}  // namespace

HsvmSystemTlm::Keys::Keys(const std::vector<Guest>& guests) {
    for (const Guest& guest : guests)
        if (guest.vmid != host_vmid) keys_.push_back(guest.k_vm);
}

crypto::Key128 HsvmSystemTlm::Keys::next() { return keys_.at(next_++); }

HsvmSystemTlm::HsvmSystemTlm(const sc_core::sc_module_name& name, const Configuration& configuration, const std::vector<Guest>& guests,
                             MemoryProtectionTlm& protection, LastLevelCacheTlm& cache, LpidSource& lpids)
    : sc_module(name),
      keys_(guests),
      controller("controller", controller_parameters(configuration), {protection, cache, lpids, keys_}),
      transport("transport", transport_parameters(configuration)),
      hypervisor("hypervisor"),
      host_mmu("host_mmu", host_parameters(configuration)),
      configuration_(configuration),
      guests_(guests) {
    controller.chip_socket.bind(protection.mpe.chip_socket);
    controller.control_socket.bind(protection.mpe.control_socket);
    controller.memory_socket.bind(cache.target_socket);
    hypervisor.command_socket.bind(transport.target_socket);
    transport.initiator_socket.bind(controller.command_socket);
    host_mmu.walk_socket.bind(controller.walk_socket);
    host_mmu.initiator_socket.bind(cache.target_socket);
    controller.add(host_mmu);
}

void HsvmSystemTlm::start() {
    controller.boot();
    const bool encrypted = configuration_.scheme.encrypt;
    for (const Guest& guest : guests_) {
        if (guest.vmid == host_vmid) continue;
        // The shim lies behind the guest's pages.
        const Vmid made = hypervisor.make_vm(guest, pages_of_vm(guest, encrypted), encrypted ? guest.pages * page_bytes : 0);
        if (made != guest.vmid) throw std::logic_error("VMIDs are not given out in their order");
    }
}

void HsvmSystemTlm::describe(Vmid vmid, DumpDomain& domain) {
    controller.controller().visit_pages(vmid, [&](Gpn gpn, NptEntry entry, std::uint64_t pages) { domain.add(gpn, entry, pages); });
}

void HsvmSystemTlm::collect(StatisticsGroup& group) const {
    controller.collect(group);
    group.add("setup_operations", hypervisor.operations(), "operations");
    group.add("setup_time", hypervisor.time() / sc_core::sc_time(1, sc_core::SC_NS), "ns");
    transport.collect(group.group("transport"));
    host_mmu.collect(group.group("host_mmu"));
}

}  // namespace coffer
