#include "unit/hsvm_machine.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace coffer {

ProtectedMemoryParameters HsvmMachine::memory_parameters(const HsvmMachineSettings& settings) {
    ProtectedMemoryParameters p;
    p.scheme.encrypt = settings.encrypt;
    p.scheme.integrity = settings.integrity;
    p.data_bytes = settings.data_frames * page_bytes;
    p.chip_bytes = settings.chip_frames * page_bytes;
    p.on_violation = settings.on_violation;
    p.chip.number = test_chip(settings.chip).number();
    p.chip.fleet_id = test_fleet().id;
    p.vm_table_slots = 4;  // fewer than VMs, so that entries come and go
    return p;
}

HsvmMachine::Port::Port(HsvmMachine& machine, const HsvmMachineSettings& settings)
    : ProtectedMemoryPort(machine.memory, machine.store, machine.lpids, test_fleet().id),
      machine_(machine),
      fault_(settings.fault),
      layout_(machine.memory.map(), vmids) {}

bool HsvmMachine::Port::write_chip(Address offset, const std::uint8_t* data, std::size_t size) {
    machine_.note("change");
    const Address address = layout_.base + offset;
    const bool record = address >= layout_.vm_records && address < layout_.ownership;
    if (fault_ == HsvmFault::unmeasured && record && (address - layout_.vm_records) % VmRecord::stored_bytes != 0) return true;
    if (fault_ == HsvmFault::ownership_unseen && address >= layout_.ownership && address < layout_.pool) return true;
    if (fault_ != HsvmFault::never_lost || address < layout_.pool) return ProtectedMemoryPort::write_chip(offset, data, size);
    Bytes bytes(data, data + size);
    for (std::size_t i = 0; i < size; i += 8) store_le64(bytes.data() + i, load_le64(bytes.data() + i) & ~NptEntry::lost_bit);
    return ProtectedMemoryPort::write_chip(offset, bytes.data(), size);
}

MaybeViolation HsvmMachine::Port::release_page(Vmid vmid, Address gpa, Address frame) {
    return fault_ == HsvmFault::leaf_unchanged ? std::nullopt : ProtectedMemoryPort::release_page(vmid, gpa, frame);
}

MaybeViolation HsvmMachine::Port::lose_page(Vmid vmid, Address gpa, Address frame) {
    return fault_ == HsvmFault::leaf_unchanged ? std::nullopt : ProtectedMemoryPort::lose_page(vmid, gpa, frame);
}

void HsvmMachine::Port::settle_page(Vmid vmid, Address gpa, Address frame) {
    machine_.note("settle");
    ProtectedMemoryPort::settle_page(vmid, gpa, frame);
}

bool HsvmMachine::Port::verify_page(Vmid vmid, Address gpa, Address frame) {
    return fault_ == HsvmFault::swap_unchecked || ProtectedMemoryPort::verify_page(vmid, gpa, frame);
}

void HsvmMachine::Port::write_raw(Address address, const std::uint8_t* data, std::size_t size) {
    if (fault_ == HsvmFault::tree_left_behind && address >= map().tree_base()) return;
    if (fault_ != HsvmFault::no_zeroing || !all_zero({data, size})) ProtectedMemoryPort::write_raw(address, data, size);
}

HsvmMachine::HsvmMachine(const HsvmMachineSettings& settings)
    : cores(settings.cores),
      settings_(settings),
      memory(memory_parameters(settings), store, lpids),
      port_(*this, settings),
      hsvm({vmids, settings.cores}, port_, *this, keys_, &gate) {
    hsvm.follow(*this);
}

void HsvmMachine::take_off(Vmid vmid) {
    if (settings_.fault != HsvmFault::cores_kept) std::replace(cores.begin(), cores.end(), std::optional<Vmid>(vmid), std::optional<Vmid>());
}

void HsvmMachine::block_fills(const GuestPages&) {
    note("block");
    ++blocked_;
}

void HsvmMachine::evict_lines(const GuestPages& pages, LastLevelCache::Leaving leaving) {
    note("evict");
    if (settings_.fault == HsvmFault::stale_cache) return;
    if (pages.count > large_pages) return cache.evict_vm(pages.vmid, leaving);
    for (Gpn gpn = pages.first; gpn < pages.first + pages.count; ++gpn) cache.evict_page(pages.vmid, gpn, leaving);
}

void HsvmMachine::evict_frames(std::uint64_t first_frame, std::uint64_t count, LastLevelCache::Leaving leaving) {
    note("evict");
    if (settings_.fault == HsvmFault::stale_cache) return;
    // Of the host's lines the guest page is the frame.
    for (std::uint64_t frame = first_frame; frame < first_frame + count; ++frame) cache.evict_page(host_vmid, frame, leaving);
}

void HsvmMachine::invalidate_pages(const GuestPages& pages) {
    note("invalidate");
    if (settings_.fault == HsvmFault::stale_tlb) return;
    tlb_.erase(tlb_.lower_bound({pages.vmid, pages.first}), tlb_.lower_bound({pages.vmid, pages.first + pages.count}));
}

void HsvmMachine::invalidate_frames(std::uint64_t first_frame, std::uint64_t count) {
    note("invalidate");
    if (settings_.fault == HsvmFault::stale_tlb) return;
    host_tlb_.erase(host_tlb_.lower_bound({first_frame, false}), host_tlb_.lower_bound({first_frame + count, false}));
}

void HsvmMachine::complete(const GuestPages&) {
    note("complete");
    --blocked_;
}

bool HsvmMachine::read_line(const LineTag& line, std::uint8_t* data) {
    if (blocked_ != 0) throw std::logic_error("a line was fetched while fills were blocked");
    return !memory.read_line(line.vmid, line.gpa, line.hpa, data);
}

bool HsvmMachine::write_line(const LineTag& line, const std::uint8_t* data) { return !memory.write_line(line.vmid, line.gpa, line.hpa, data); }

std::uint64_t HsvmMachine::chip_word(Address address) {
    Block64 line;
    if (memory.read_line(chip_vmid, line_base(address) - memory.map().chip_base(), line_base(address), line.data()))
        throw std::logic_error("the chip region fails its check");
    return load_le64(line.data() + address % line_bytes);
}

std::uint64_t HsvmMachine::npt_bits(Vmid vmid, Gpn gpn) {
    const Address record = hsvm.layout().vm_records + Address{128} * vmid;
    if ((chip_word(record) >> 16 & 0xff) != 1) return 0;
    std::uint64_t bits = chip_word(record + 16) << 12 | 1;
    for (unsigned shift = 27; bits != 0; shift -= 9) {
        bits = chip_word((bits & 0xffffffffff000) + (gpn >> shift & 511) * 8);
        if (shift == 9 && (bits & 0x80) != 0) return (bits & ~std::uint64_t{0x80}) + ((bits & 1) != 0 ? (gpn & 511) << 12 : 0);
        if (shift == 0) break;
    }
    return bits;
}

std::optional<Translation> HsvmMachine::fill(Vmid vmid, Address gpa) {
    const auto cached = tlb_.find({vmid, page_of(gpa)});
    if (cached != tlb_.end()) return cached->second;
    const Translation translation = hsvm.translate(vmid, page_base(gpa), false);
    if (translation.fault != TranslationFault::none) return std::nullopt;
    tlb_[{vmid, page_of(gpa)}] = translation;
    return translation;
}

HsvmMachine::Access HsvmMachine::guest_read(Vmid vmid, Address gpa, Block64& data) {
    if (stopped(vmid)) return Access::violated;
    const std::uint64_t violations = memory.violations().count();
    const auto translation = fill(vmid, gpa);
    if (!translation) return memory.violations().count() != violations ? Access::violated : Access::fault;
    const LineTag line{vmid, gpa, translation->hpa + gpa % page_bytes};
    if (translation->raw) {
        cache.before_raw_access(line, false);
        return memory.read_line(host_vmid, line.hpa, line.hpa, data.data()) ? Access::violated : Access::done;
    }
    return cache.read(line, 0, data.data(), line_bytes) ? Access::done : Access::violated;
}

HsvmMachine::Access HsvmMachine::guest_write(Vmid vmid, Address gpa, const Block64& data) {
    if (stopped(vmid)) return Access::violated;
    const std::uint64_t violations = memory.violations().count();
    const auto translation = fill(vmid, gpa);
    if (!translation) return memory.violations().count() != violations ? Access::violated : Access::fault;
    if (!translation->writable) return Access::fault;
    const LineTag line{vmid, gpa, translation->hpa + gpa % page_bytes};
    if (translation->raw) {
        cache.before_raw_access(line, true);
        return memory.write_line(host_vmid, line.hpa, line.hpa, data.data()) ? Access::violated : Access::done;
    }
    return cache.write(line, 0, data.data(), line_bytes) ? Access::done : Access::violated;
}

bool HsvmMachine::host_filled(std::uint64_t frame, bool write) {
    const auto cached = host_tlb_.find({frame, write});
    if (cached != host_tlb_.end()) return cached->second;
    return host_tlb_[{frame, write}] = hsvm.host_may_access(frame, write);
}

HsvmMachine::Access HsvmMachine::host_read(Address hpa, Block64& data) {
    if (!host_filled(page_of(hpa), false)) return Access::fault;
    return cache.read({host_vmid, hpa, hpa}, 0, data.data(), line_bytes) ? Access::done : Access::violated;
}

HsvmMachine::Access HsvmMachine::host_write(Address hpa, const Block64& data) {
    if (!host_filled(page_of(hpa), true)) return Access::fault;
    return cache.write({host_vmid, hpa, hpa}, 0, data.data(), line_bytes) ? Access::done : Access::violated;
}

}  // namespace coffer
