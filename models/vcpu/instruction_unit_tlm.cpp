#include "vcpu/instruction_unit_tlm.h"

namespace coffer {

void InstructionUnitTlm::boot(ProtectionConfiguration configuration, const Parts& parts) {
    parts_ = parts;
    InstructionPorts ports;
    ports.lifecycle = parts.lifecycle;
    ports.domains = parts.domains;
    if (parts.ept != nullptr) {
        ports.ept = &parts.ept->tables();
        ports.ept_store = [this](Vmid vmid, Gpn gpn, NptEntry entry) { return store_entry(vmid, gpn, entry); };
    }
    if (parts.hsvm != nullptr) {
        ports.hsvm = &parts.hsvm->controller();
        ports.perform = [this](const InstructionPorts::HsvmOperation& operation) { return parts_.hsvm->perform(*delay_, operation); };
    }
    set_ = std::make_unique<InstructionSet>(configuration, ports);
    runner_ = std::make_unique<VcpuRunner>(*set_, policy_);
    // Of what happens to VMs of H-SVM's, its commands tell the unit, whose cores they switch.
    if (parts.lifecycle != nullptr) parts.lifecycle->follow(*this);
    if (parts.ept != nullptr) parts.ept->tables().follow(*this);
}

void InstructionUnitTlm::take_off(Vmid vmid) {
    if (runner_) runner_->take_off(vmid);
}

void InstructionUnitTlm::forget(Vmid vmid) {
    if (runner_) runner_->forget(vmid);
}

void InstructionUnitTlm::flush(Address hpa, std::uint64_t bytes) {
    if (parts_.cache == nullptr) return;
    for (Address page = page_base(hpa); page < hpa + bytes; page += page_bytes)
        parts_.cache->evict_page(host_vmid, page_of(page), LastLevelCacheTlm::Leaving::write_back);
}

void InstructionUnitTlm::collect(StatisticsGroup& group) const {
    if (!set_) return;
    set_->collect(group.group("instructions"));
    runner_->collect(group.group("shims"));
}

}  // namespace coffer
