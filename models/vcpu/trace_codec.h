#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/bytes.h"
#include "vcpu/access_source.h"

namespace coffer::trace_codec {

/// Most accesses of one block: what a reader holds decoded at a time.
inline constexpr std::size_t max_block_accesses = 65536;
/// Most bytes that one access can take before compression: kind, instructions, address.
inline constexpr std::size_t max_access_bytes = 1 + 5 + 10;
/// Most bytes that one page number can take before compression.
inline constexpr std::size_t max_page_bytes = 10;

/// Sizes of 1, 2, 4, 8, 16, 32 and 64 bytes that stay below the end of the address space.
bool is_recordable(const TraceAccess& access);
/// The same in words, for messages.
inline constexpr std::string_view recordable = "1, 2, 4, 8, 16, 32 or 64 bytes within the address space";
/// Page numbers of an access's first and last byte.
inline std::uint64_t first_page(const TraceAccess& access) { return access.address >> 12; }
inline std::uint64_t last_page(const TraceAccess& access) { return (access.address + access.size - 1) >> 12; }

/// The bytes of a block before compression (docs/traces.md, "Accesses"). Every access must be recordable.
Bytes encode_accesses(const std::vector<TraceAccess>& accesses);
/// The `count` accesses of a block. Throws InputError naming `where` unless `plain` holds exactly these.
void decode_accesses(ByteView plain, std::size_t count, std::string_view where, std::vector<TraceAccess>& accesses);

/// The bytes of an ascending list of page numbers before compression (docs/traces.md, "Pages").
Bytes encode_pages(const std::vector<std::uint64_t>& pages);
/// The `count` page numbers of a list. Throws InputError naming `where` unless `plain` holds exactly these, ascending.
std::vector<std::uint64_t> decode_pages(ByteView plain, std::size_t count, std::string_view where);

}  // namespace coffer::trace_codec
