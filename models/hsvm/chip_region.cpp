#include "hsvm/chip_region.h"

#include <array>
#include <cstring>

#include <fmt/format.h>

#include "common/errors.h"
#include "hsvm/ownership_entry.h"
#include "hsvm/vm_records.h"

namespace coffer {

ChipRegionLayout::ChipRegionLayout(const AddressMap& map, unsigned vmid_count)
    : vmids(vmid_count),
      data_frames(map.data_bytes() / page_bytes),
      end_frame((map.data_bytes() + map.chip_bytes()) / page_bytes),
      base(map.chip_base()),
      vm_records(base + align_up(vmids * VmTable::entry_bytes, page_bytes)),
      ownership(vm_records + align_up(vmids * VmRecord::stored_bytes, page_bytes)),
      pool(ownership + align_up(data_frames * OwnershipEntry::stored_bytes, page_bytes)),
      end(map.chip_base() + map.chip_bytes()) {
    if (vmids <= first_guest_vmid || vmids > 0x10000) throw InputError("hsvm.vmids", fmt::format("{} VMIDs", vmids), "3 to 65536");
    if (pool >= end)
        throw InputError("memory.chip_bytes", fmt::format("{} bytes leave no frame for nested page tables", map.chip_bytes()),
                         fmt::format("more than {}", pool - base));
}

Block64 ChipRegion::read_line(Address address) {
    Block64 line;
    if (!port_.read_chip(address - layout_.base, line.data(), line.size())) throw ChipRegionFailure();
    return line;
}

void ChipRegion::write_line(Address address, const Block64& line) {
    if (!port_.write_chip(address - layout_.base, line.data(), line.size())) throw ChipRegionFailure();
}

void ChipRegion::read_bytes(Address address, std::uint8_t* data, std::size_t size) {
    const Block64 line = read_line(line_base(address));
    std::memcpy(data, line.data() + address % line_bytes, size);
}

void ChipRegion::write_bytes(Address address, const std::uint8_t* data, std::size_t size) {
    Block64 line = read_line(line_base(address));
    std::memcpy(line.data() + address % line_bytes, data, size);
    write_line(line_base(address), line);
}

std::uint64_t ChipRegion::read_word(Address address) {
    std::uint8_t bytes[8];
    read_bytes(address, bytes, sizeof bytes);
    return load_le64(bytes);
}

void ChipRegion::write_word(Address address, std::uint64_t word) {
    std::uint8_t bytes[8];
    store_le64(bytes, word);
    write_bytes(address, bytes, sizeof bytes);
}

bool ChipRegion::is_clear(std::uint64_t frame) {
    static constexpr std::array<std::uint8_t, page_bytes> zeros{};
    std::array<std::uint8_t, page_bytes> bytes;
    if (!port_.read_chip(frame * page_bytes - layout_.base, bytes.data(), bytes.size())) throw ChipRegionFailure();
    return bytes == zeros;
}

void ChipRegion::clear_frame(std::uint64_t frame) {
    if (!port_.clear_chip_frame(frame * page_bytes - layout_.base)) throw ChipRegionFailure();
}

}  // namespace coffer
