#include "memory/memory_protection_tlm.h"

namespace coffer {

MemoryProtectionTlm::MemoryProtectionTlm(const sc_core::sc_module_name& name, const MemoryProtectionParameters& parameters, LpidSource& lpids)
    : MemoryProtectionTlm(name, parameters,
                          AddressMap(parameters.memory.data_bytes, parameters.memory.chip_bytes, parameters.memory.scheme.tag_bytes), lpids) {}

MemoryProtectionTlm::MemoryProtectionTlm(const sc_core::sc_module_name& name, const MemoryProtectionParameters& parameters, const AddressMap& map,
                                         LpidSource& lpids)
    : sc_module(name),
      violations(parameters.memory.on_violation),
      mpe("mpe",
          {parameters.memory.scheme, parameters.memory.chip.number, parameters.verification, parameters.data_mac_latency, parameters.ghash,
           parameters.cycle},
          map, lpids, violations),
      pad_generator("pad_generator", parameters.pad_generator),
      hash_tree("hash_tree", {parameters.memory.scheme, parameters.node_mac_latency}, map, violations),
      metadata_cache("metadata_cache", {parameters.memory.metadata_cache, parameters.memory.metadata_chip_ways, parameters.metadata_latency}),
      vm_table("vm_table",
               {parameters.memory.vm_table_slots, map.chip_base(), map.chip_bytes(), parameters.memory.chip.fleet_id, parameters.register_latency},
               violations),
      parameters_(parameters),
      map_(map),
      lpids_(lpids),
      trees_(map.tree_base()) {
    parameters.memory.scheme.check(parameters.memory.on_violation);
    mpe.pad_socket.bind(pad_generator.target_socket);
    mpe.counter_socket.bind(hash_tree.target_socket);
    mpe.vm_table_socket.bind(vm_table.target_socket);
    hash_tree.vm_table_socket.bind(vm_table.target_socket);
    hash_tree.metadata_socket.bind(metadata_cache.target_socket);
    metadata_cache.settle_socket.bind(hash_tree.settle_socket);
    metadata_cache.initiator_socket.bind(mpe.metadata_socket);
    vm_table.pad_key_socket.bind(pad_generator.key_socket);
    vm_table.mac_key_socket.bind(mpe.key_socket);
    vm_table.tree_key_socket.bind(hash_tree.key_socket);
    vm_table.memory_socket.bind(mpe.chip_socket);
}

void MemoryProtectionTlm::boot() {
    if (!scheme().encrypt || map_.chip_bytes() == 0) return;
    vm_table.install_chip(chip_entry(parameters_.memory, lpids_.peek(), trees_));
}

void MemoryProtectionTlm::install(const VmInstall& vm) { install_guest(vm_table, vm, scheme(), lpids_.peek(), trees_); }

void MemoryProtectionTlm::uninstall(Vmid vmid) {
    release_tree(vm_table.entry(vmid), scheme(), trees_);
    vm_table.uninstall(vmid);
    violations.forget(vmid);
}

NodeTag MemoryProtectionTlm::flush(Vmid vmid) {
    mpe.flush(vmid);
    const VmEntry* const entry = vm_table.entry(vmid);
    return entry != nullptr ? entry->root : empty_tag;
}

void MemoryProtectionTlm::collect(StatisticsGroup& group) const {
    mpe.collect(group.group("mpe"));
    pad_generator.collect(group.group("pad_generator"));
    hash_tree.collect(group.group("hash_tree"));
    metadata_cache.collect(group.group("metadata_cache"));
    vm_table.collect(group.group("vm_table"));
    group.add("violations", violations.count(), "violations");
}

}  // namespace coffer
