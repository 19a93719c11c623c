#pragma once

#include <cstddef>
#include <cstdint>

namespace coffer {

/// A machine address (HPA), a guest physical address (GPA) or an address of metadata, in bytes.
using Address = std::uint64_t;
/// A guest page number: GPA / 4096.
using Gpn = std::uint64_t;
/// A local handle of a domain. It enters no key, tag or sealed blob.
using Vmid = std::uint16_t;
/// Index of an on-chip VM-Table register set; keys are addressed by it.
using Slot = std::uint16_t;
/// Logical page identifier: chip number << 48 | count; 0 is invalid.
using Lpid = std::uint64_t;

inline constexpr std::size_t page_bytes = 4096;
inline constexpr std::size_t line_bytes = 64;
inline constexpr std::size_t chunk_bytes = 16;
inline constexpr std::size_t lines_per_page = page_bytes / line_bytes;
inline constexpr std::size_t chunks_per_line = line_bytes / chunk_bytes;
/// Four pad chunks, then the tag mask.
inline constexpr std::size_t pad_bytes = line_bytes + chunk_bytes;

inline constexpr Vmid host_vmid = 0;
inline constexpr Vmid chip_vmid = 1;
inline constexpr Vmid first_guest_vmid = 2;
/// All VMIDs are below this.
inline constexpr unsigned max_vmids = 0x10000;
/// The register set of the chip's own domain.
inline constexpr Slot chip_slot = 0;

constexpr Address page_of(Address address) { return address / page_bytes; }
constexpr Address page_base(Address address) { return address & ~Address{page_bytes - 1}; }
constexpr Address line_base(Address address) { return address & ~Address{line_bytes - 1}; }
/// Index of the line within its page, 0 to 63.
constexpr unsigned line_in_page(Address address) { return static_cast<unsigned>((address / line_bytes) % lines_per_page); }
constexpr std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) { return a / b + (a % b != 0); }
constexpr std::uint64_t align_up(std::uint64_t a, std::uint64_t b) { return divide_up(a, b) * b; }

}  // namespace coffer
