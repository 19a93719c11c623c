#include "memory/memory_protection_domains_tlm.h"

namespace coffer {

std::optional<SettledTree> MemoryProtectionDomainsTlm::flush(Vmid vmid) {
    const std::uint64_t violations = protection_.violations.count();
    if (cache_ != nullptr) cache_->evict_vm(vmid, LastLevelCacheTlm::Leaving::write_back);
    const NodeTag root = protection_.flush(vmid);
    const VmEntry* const entry = protection_.vm_table.entry(vmid);
    if (entry == nullptr || protection_.violations.frozen(vmid) || protection_.violations.count() != violations) return std::nullopt;
    return SettledTree{root, entry->tree_base};
}

void MemoryProtectionDomainsTlm::uninstall(Vmid vmid) {
    if (cache_ != nullptr) cache_->evict_vm(vmid, LastLevelCacheTlm::Leaving::drop);
    protection_.uninstall(vmid);
}

}  // namespace coffer
