#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/bytes.h"
#include "hsvm/npt_entry.h"
#include "memory/address_map.h"
#include "memory/sparse_memory.h"
#include "platform/configuration.h"
#include "vcpu/guest_memory_map.h"
#include "vm_table/vm_entry.h"

namespace coffer {

/// Frames that a dump lists: their first number, and how many follow one another.
struct FrameRun {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
};

/// Frames of a memory that are not all zeros, ascending.
std::vector<FrameRun> frames_to_dump(SparseMemory& memory);

/// A domain of a settled platform.
struct DumpDomain {
    VmEntry entry;  ///< key and root are zeros where memory is plain
    std::vector<GuestMemoryMap::Range> map;                 ///< private pages in memory
    std::vector<GuestMemoryMap::Range> shared;              ///< plain pages
    std::vector<std::pair<Gpn, std::uint64_t>> swapped;     ///< first page and how many follow one another

    /// Adds `pages` pages from `gpn` on as their nested page table says; in ascending order of pages.
    void add(Gpn gpn, NptEntry place, std::uint64_t pages);
};

/// What a settled platform is like, for a dump (docs/formats.md).
struct DumpState {
    const Configuration& configuration;
    const AddressMap& map;
    std::vector<DumpDomain> domains;  ///< all but the host's
    Address memory_bytes = 0;
    Lpid gpc = 0;
};

/// The text of layout.json. It holds keys.
std::string dump_layout(const DumpState& state, const std::vector<FrameRun>& frames);
/// The bytes of dram.bin, piece by piece.
void dump_frames(SparseMemory& memory, const std::vector<FrameRun>& frames, const std::function<void(ByteView)>& write);

}  // namespace coffer
