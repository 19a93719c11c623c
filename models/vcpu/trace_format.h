#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/bytes.h"

namespace coffer::trace_format {

/// First bytes of a trace file.
inline constexpr std::string_view magic = "CofTrace";
inline constexpr std::uint32_t version = 1;
inline constexpr std::size_t max_command_bytes = 65536;
/// Most pages that a trace may touch: 16 GiB of memory, 32 MiB of page numbers in the reader.
inline constexpr std::uint64_t max_pages = std::uint64_t{1} << 22;

inline constexpr std::size_t checksum_bytes = 8;
using Checksum = std::array<std::uint8_t, checksum_bytes>;
/// The first 8 bytes of SHA-256(a | b).
Checksum checksum(ByteView a, ByteView b);

/// What stands before the first section. The command has its length from `command_bytes`.
struct Header {
    static constexpr std::size_t fixed_bytes = 72;

    std::uint64_t file_bytes = 0;
    std::uint64_t accesses = 0;
    std::uint64_t writes = 0;
    std::uint64_t instructions = 0;
    std::uint64_t pages = 0;
    std::uint64_t pages_position = 0;
    std::uint32_t blocks = 0;
    std::string command;

    static constexpr std::size_t bytes_with(std::size_t command_bytes) { return fixed_bytes + command_bytes + checksum_bytes; }
    Bytes encode() const;
    /// Length of the command from the first `fixed_bytes` of a file. Throws InputError for another magic, version or an excessive length.
    static std::size_t command_bytes(const std::string& path, ByteView fixed);
    /// Throws InputError unless the whole header is well formed and its checksum right.
    static Header decode(const std::string& path, ByteView bytes);
};

/// What stands before the compressed bytes of a block of accesses or of the list of pages.
struct SectionHeader {
    static constexpr std::size_t bytes = 16 + checksum_bytes;

    std::uint32_t number = 0;        ///< place in the file, from 0; the list of pages is the last section
    std::uint32_t entries = 0;
    std::uint32_t plain_bytes = 0;   ///< before compression
    std::uint32_t stored_bytes = 0;  ///< after it
    Checksum checksum{};             ///< over the four fields and the stored bytes

    Checksum checksum_of(ByteView stored) const;
    std::array<std::uint8_t, bytes> encode() const;
    static SectionHeader decode(const std::array<std::uint8_t, bytes>& encoded);
};

/// "path: byte N", as messages name a place.
std::string place(const std::string& path, std::uint64_t position);
/// A command is one line of text: true unless it has control characters or is too long.
bool is_command(std::string_view command);

}  // namespace coffer::trace_format
