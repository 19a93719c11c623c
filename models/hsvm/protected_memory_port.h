#pragma once

#include "hsvm/hsvm_ports.h"
#include "memory/protected_memory.h"

namespace coffer {

/// Serves the H-SVM controller from ProtectedMemory.
class ProtectedMemoryPort : public HsvmMemory {
public:
    /// All references outlive the object; `bus` and `lpids` are those of `memory`.
    ProtectedMemoryPort(ProtectedMemory& memory, ByteStore& bus, LpidSource& lpids, const crypto::KdfContext& fleet_id)
        : memory_(memory), bus_(bus), lpids_(lpids), fleet_id_(fleet_id) {}

    bool read_chip(Address offset, std::uint8_t* data, std::size_t size) override;
    bool write_chip(Address offset, const std::uint8_t* data, std::size_t size) override;
    bool clear_chip_frame(Address offset) override;

    const AddressMap& map() const override { return memory_.map(); }
    const Scheme& scheme() const override { return memory_.scheme(); }
    const crypto::KdfContext& fleet_id() const override { return fleet_id_; }
    bool install(const VmInstall& vm) override;
    std::optional<NodeTag> flush(Vmid vmid) override;
    void uninstall(Vmid vmid) override { memory_.uninstall(vmid); }
    VmEntry entry(Vmid vmid) override;
    crypto::Key128 swap_key(Vmid vmid) override;
    bool frozen(Vmid vmid) override { return memory_.violations().frozen(vmid); }
    void raise(const Violation& violation) override { memory_.violations().raise(violation); }
    bool fresh_lpid(Lpid& lpid) override;
    std::uint64_t lpids_left() const override { return lpids_.left(); }
    MaybeViolation shred_page(Vmid vmid, Address gpa, Address frame) override { return memory_.shred_page(vmid, gpa, frame); }
    MaybeViolation release_page(Vmid vmid, Address gpa, Address frame) override { return memory_.release_page(vmid, gpa, frame); }
    MaybeViolation lose_page(Vmid vmid, Address gpa, Address frame) override { return memory_.lose_page(vmid, gpa, frame); }
    MaybeViolation move_page(Vmid vmid, Address gpa, Address from, Address to) override { return memory_.move_page(vmid, gpa, from, to); }
    MaybeViolation leaf_state(Vmid vmid, Address gpa, LeafState& state) override { return memory_.leaf_state(vmid, gpa, state); }
    void settle_page(Vmid vmid, Address gpa, Address frame) override { memory_.settle_page(vmid, gpa, frame); }
    bool verify_page(Vmid vmid, Address gpa, Address frame) override { return memory_.verify_page(vmid, gpa, frame); }
    bool read_line(Vmid vmid, Address gpa, Address hpa, std::uint8_t* data) override { return !memory_.read_line(vmid, gpa, hpa, data); }
    bool write_line(Vmid vmid, Address gpa, Address hpa, const std::uint8_t* data) override { return !memory_.write_line(vmid, gpa, hpa, data); }
    void read_raw(Address address, std::uint8_t* data, std::size_t size) override { bus_.read(address, data, size); }
    void write_raw(Address address, const std::uint8_t* data, std::size_t size) override { bus_.write(address, data, size); }

private:
    ProtectedMemory& memory_;
    ByteStore& bus_;
    LpidSource& lpids_;
    const crypto::KdfContext fleet_id_;
};

}  // namespace coffer
