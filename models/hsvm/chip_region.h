#pragma once

#include <stdexcept>

#include "common/bytes.h"
#include "common/units.h"
#include "memory/address_map.h"
#include "vm_table/vm_table.h"

namespace coffer {

/// The memory of VMID 1 as the H-SVM controller uses it: lines, and whole frames that are cleared.
class ChipPort : public ChipMemory {
public:
    /// Makes a frame of the chip region read as zeros; `offset` from its start, a multiple of 4096. False after a violation.
    virtual bool clear_chip_frame(Address offset) = 0;
};

/// Where the parts of the chip region lie, as machine addresses; each begins with a frame.
struct ChipRegionLayout {
    /// `vmids`: VMIDs are below this. Throws InputError where the region has no frame left for page tables.
    ChipRegionLayout(const AddressMap& map, unsigned vmids);

    unsigned vmids;
    std::uint64_t data_frames;  ///< frames below are data frames
    std::uint64_t end_frame;    ///< frames from here on are metadata
    Address base;               ///< the chip region, and the VM-Table at its start
    Address vm_records;         ///< 128 bytes for each VMID
    Address ownership;          ///< 16 bytes for each data frame
    Address pool;               ///< page tables, contexts, swap directory
    Address end;
};

/// A check failed in the chip region: VMID 1 is stopped, and nothing that depends on its memory goes on.
class ChipRegionFailure : public std::runtime_error {
public:
    ChipRegionFailure() : std::runtime_error("a check failed in the chip region") {}
};

/// Words and lines of the chip region, by machine address. All functions throw ChipRegionFailure.
class ChipRegion {
public:
    ChipRegion(ChipPort& port, const ChipRegionLayout& layout) : port_(port), layout_(layout) {}

    const ChipRegionLayout& layout() const { return layout_; }

    Block64 read_line(Address address);
    void write_line(Address address, const Block64& line);
    /// `address` is a multiple of 8.
    std::uint64_t read_word(Address address);
    void write_word(Address address, std::uint64_t word);
    /// `size` bytes within one line.
    void read_bytes(Address address, std::uint8_t* data, std::size_t size);
    void write_bytes(Address address, const std::uint8_t* data, std::size_t size);
    /// Whether all bytes of a frame read as zeros.
    bool is_clear(std::uint64_t frame);
    void clear_frame(std::uint64_t frame);

private:
    ChipPort& port_;
    const ChipRegionLayout layout_;
};

}  // namespace coffer
