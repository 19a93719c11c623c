#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/bytes.h"
#include "memory/address_map.h"
#include "memory/sparse_memory.h"
#include "platform/configuration.h"
#include "platform/guests.h"
#include "vm_table/vm_entry.h"

namespace coffer {

/// Frames that a dump lists: their first number, and how many follow one another.
struct FrameRun {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
};

/// Frames of a memory that are not all zeros, ascending.
std::vector<FrameRun> frames_to_dump(SparseMemory& memory);

/// What a settled platform is like, for a dump (docs/formats.md).
struct DumpState {
    const Configuration& configuration;
    const AddressMap& map;
    const std::vector<Guest>& guests;
    std::vector<VmEntry> entries;  ///< of the domains, the chip's included; none where nothing is protected
    Address memory_bytes = 0;
    Lpid gpc = 0;
};

/// The text of layout.json. It holds keys.
std::string dump_layout(const DumpState& state, const std::vector<FrameRun>& frames);
/// The bytes of dram.bin, piece by piece.
void dump_frames(SparseMemory& memory, const std::vector<FrameRun>& frames, const std::function<void(ByteView)>& write);

}  // namespace coffer
