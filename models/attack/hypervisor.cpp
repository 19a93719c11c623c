#include "attack/hypervisor.h"

#include <array>
#include <stdexcept>

#include "devices/register_table.h"

namespace coffer {

namespace {

using DeviceRegister = devices_registers::Register;
using HsvmRegister = HsvmRequests::Register;

HsvmRequests::Arguments page_arguments(Vmid vmid, Gpn gpn, std::uint64_t frame = 0) {
    return {{HsvmRegister::vmid, vmid}, {HsvmRegister::gpn, gpn}, {HsvmRegister::frame, frame}, {HsvmRegister::flags, 0}};
}

/// `base`: of the device's group, from which its addresses count.
void write_register(tlm_utils::simple_initiator_socket<MachineTlm>& socket, Address base, DeviceRegister name, std::uint64_t value,
                    sc_core::sc_time& delay) {
    std::array<std::uint8_t, 8> bytes;
    store_le64(bytes.data(), value);
    ContextPayload payload;
    tlm::tlm_generic_payload& access = payload.write(devices_registers::entry(name).address_of(0) - base, bytes.data(), bytes.size());
    socket->b_transport(access, delay);
    if (!access.is_response_ok()) throw std::logic_error("a device's registers refuse the hypervisor");
}

/// Waits for the command that was started.
Answer completion(const DeviceTlm& device) {
    wait(device.completed());
    if (device.cause() == DeviceCause::none) return {};
    return {device.cause() == DeviceCause::refused ? "refused by the IOMMU" : "device error"};
}

}  // namespace

Hypervisor::Hypervisor(MachineTlm& machine) : machine_(machine), hsvm_(machine, core) {}

/// First of the frames where the host keeps what it hands over.
std::uint64_t Hypervisor::buffer() {
    if (!buffer_) {
        buffer_ = next_frame_;
        next_frame_ += buffer_pages;
    }
    return *buffer_;
}

Answer Hypervisor::start_vm(const VmOwner& owner, Vmid& vmid) {
    if (machine_.rules().shim) {
        const SealedVector vector = owner.boot_vector();
        return install(owner.vm_key(), Bytes(vector.begin(), vector.end()), vmid);
    }
    if (machine_.rules().ownership) {
        const Answer created =
            hsvm_.carry_out(HsvmOperation::create, {{HsvmRegister::pages, VmOwner::pages}, {HsvmRegister::vcpus, 1}, {HsvmRegister::addr_shim, 0}});
        vmid = static_cast<Vmid>(hsvm_.result(HsvmRegister::result_vmid));
        return created;
    }
    for (vmid = first_guest_vmid; machine_.ept()->tables().has(vmid); ++vmid) {}
    return {machine_.ept()->add(vmid, VmOwner::pages) ? "" : "no room for page tables"};
}

Answer Hypervisor::install(const Bytes& vm_key, const Bytes& vm_vector, Vmid& vmid) {
    const Address key_at = buffer() * page_bytes;
    const Address vector_at = key_at + vm_key.size();
    Bytes with_nodes = vm_vector;
    // Behind a vector that came alone there are none.
    if (with_nodes.size() < InstructionSet::nodes_at) with_nodes.resize(InstructionSet::nodes_at);
    if (const Answer stored = store(key_at, vm_key); !stored.ok()) return stored;
    if (const Answer stored = store(vector_at, with_nodes); !stored.ok()) return stored;
    return answer_of(software().vm_install(key_at, vector_at, vmid));
}

Answer Hypervisor::snapshot(Vmid vmid, Bytes& vm_vector) {
    const Address at = buffer() * page_bytes;
    if (const Answer sealed = answer_of(software().vm_snapshot(vmid, at)); !sealed.ok()) return sealed;
    vm_vector.resize(vm_vector_bytes);
    if (const Answer loaded = load(at, vm_vector); !loaded.ok() || !machine_.rules().ownership) return loaded;
    // With H-SVM the nodes of the tree lie behind the vector.
    vm_vector.resize(InstructionSet::nodes_at);
    if (const Answer loaded = load(at, vm_vector); !loaded.ok()) return loaded;
    vm_vector.resize(InstructionSet::nodes_at + load_le64(vm_vector.data() + InstructionSet::node_count_at));
    return load(at, vm_vector);
}

Answer Hypervisor::end_vm(Vmid vmid) {
    Answer ended;
    if (machine_.rules().shim)
        ended = answer_of(software().vm_uninstall(vmid));
    else if (machine_.rules().ownership)
        ended = hsvm_.carry_out(HsvmOperation::delete_vm, {{HsvmRegister::vmid, vmid}});
    else
        machine_.ept()->remove(vmid);
    if (ended.ok()) forget(vmid);
    return ended;
}

void Hypervisor::forget(Vmid vmid) {
    for (auto mapping = frames_.lower_bound({vmid, 0}); mapping != frames_.end() && mapping->first.first == vmid; mapping = frames_.erase(mapping))
        returned_frames_.push_back(mapping->second);
}

std::vector<Gpn> Hypervisor::pages_of(Vmid vmid) const {
    std::vector<Gpn> pages;
    for (auto mapping = frames_.lower_bound({vmid, 0}); mapping != frames_.end() && mapping->first.first == vmid; ++mapping)
        pages.push_back(mapping->first.second);
    return pages;
}

std::uint64_t Hypervisor::take_frame() {
    if (returned_frames_.empty()) return next_frame_++;
    const std::uint64_t frame = returned_frames_.front();
    returned_frames_.pop_front();
    return frame;
}

Answer Hypervisor::map(Vmid vmid, Gpn gpn, std::uint64_t frame) {
    const Answer mapped = machine_.rules().ownership
                              ? hsvm_.carry_out(HsvmOperation::page_map, page_arguments(vmid, gpn, frame))
                              : ept_store(vmid, gpn, NptEntry::mapped(frame));
    if (mapped.ok()) frames_[{vmid, gpn}] = frame;
    return mapped;
}

Answer Hypervisor::remap(Vmid vmid, Gpn gpn, std::uint64_t frame) {
    const Answer moved = machine_.rules().ownership
                             ? hsvm_.carry_out(HsvmOperation::page_move, page_arguments(vmid, gpn, frame))
                             : ept_store(vmid, gpn, NptEntry::mapped(frame));
    if (moved.ok()) frames_[{vmid, gpn}] = frame;
    return moved;
}

Answer Hypervisor::unmap(Vmid vmid, Gpn gpn) {
    return machine_.rules().ownership ? hsvm_.carry_out(HsvmOperation::page_unmap, page_arguments(vmid, gpn)) : ept_store(vmid, gpn, {});
}

Answer Hypervisor::swap_out(Vmid vmid, Gpn gpn, Bytes& image) {
    if (machine_.rules().ownership) {
        HsvmRequests::Arguments arguments = page_arguments(vmid, gpn);
        arguments.emplace_back(HsvmRegister::buffer_address, buffer() * page_bytes);
        arguments.emplace_back(HsvmRegister::buffer_length, buffer_pages * page_bytes);
        if (const Answer swapped = hsvm_.carry_out(HsvmOperation::swap_out, arguments); !swapped.ok()) return swapped;
        image.resize(hsvm_.result(HsvmRegister::result_length));
        return load(buffer() * page_bytes, image);
    }
    if (const Answer unmapped = unmap(vmid, gpn); !unmapped.ok()) return unmapped;
    // Lines of the host's own would hide what is in memory.
    machine_.settle();
    image.resize(page_bytes);
    return load(frame_of(vmid, gpn) * page_bytes, image);
}

Answer Hypervisor::swap_in(Vmid vmid, Gpn gpn, std::uint64_t frame, const Bytes& image) {
    if (!machine_.rules().ownership) {
        if (const Answer stored = store(frame * page_bytes, image); !stored.ok()) return stored;
        machine_.settle();
        return map(vmid, gpn, frame);
    }
    if (const Answer stored = store(buffer() * page_bytes, image); !stored.ok()) return stored;
    HsvmRequests::Arguments arguments = page_arguments(vmid, gpn, frame);
    arguments.emplace_back(HsvmRegister::buffer_address, buffer() * page_bytes);
    arguments.emplace_back(HsvmRegister::buffer_length, image.size());
    const Answer swapped = hsvm_.carry_out(HsvmOperation::swap_in, arguments);
    if (swapped.ok()) frames_[{vmid, gpn}] = frame;
    return swapped;
}

Answer Hypervisor::load(Address hpa, Bytes& bytes) {
    return {software().load(hpa, bytes.data(), bytes.size()) == MemoryAnswer::ok ? "" : "address error"};
}

Answer Hypervisor::store(Address hpa, ByteView bytes) { return {software().store(hpa, bytes.data, bytes.size) == MemoryAnswer::ok ? "" : "address error"}; }

Answer Hypervisor::dma_copy(Address from, Address to, std::size_t size) {
    // The command starts after the time of all accesses to registers.
    sc_core::sc_time delay;
    const auto write = [&](DeviceRegister name, std::uint64_t value) {
        write_register(machine_.dma_socket, devices_registers::dma_base, name, value, delay);
    };
    write(DeviceRegister::dma_source, from);
    write(DeviceRegister::dma_destination, to);
    write(DeviceRegister::dma_length, size);
    write(DeviceRegister::dma_control, devices_registers::dma_control_start_mask);
    return completion(machine_.dma);
}

Answer Hypervisor::disk_command(std::uint64_t sector, Address buffer, std::uint64_t control) {
    machine_.settle();
    sc_core::sc_time delay;
    const auto write = [&](DeviceRegister name, std::uint64_t value) {
        write_register(machine_.disk_socket, devices_registers::disk_base, name, value, delay);
    };
    write(DeviceRegister::disk_sector, sector);
    write(DeviceRegister::disk_buffer, buffer);
    write(DeviceRegister::disk_control, control);
    const Answer answer = completion(machine_.disk);
    machine_.settle();
    return answer;
}

Answer Hypervisor::read_sector(std::uint64_t sector, Address to) { return disk_command(sector, to, devices_registers::disk_control_start_mask); }

Answer Hypervisor::write_sector(std::uint64_t sector, Address from) {
    return disk_command(sector, from, devices_registers::disk_control_start_mask | devices_registers::disk_control_write_mask);
}

Answer Hypervisor::ept_store(Vmid vmid, Gpn gpn, NptEntry entry) {
    if (machine_.rules().shim) return answer_of(software().ept_st(InstructionSet::ept_address(vmid, gpn), entry.bits));
    const EptStatus status = software().store_entry(vmid, gpn, entry);
    return {status == EptStatus::ok ? "" : std::string(to_string(status))};
}

}  // namespace coffer
