#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/bytes.h"
#include "common/units.h"
#include "crypto/kdf.h"
#include "crypto/keys.h"

namespace coffer {

inline constexpr std::size_t sector_bytes = 4096;
/// 64 GiB.
inline constexpr std::uint64_t max_disk_sectors = std::uint64_t{1} << 24;

/// What unlocks one sector: the LPID of its IV, and its tag.
struct DiskEntry {
    Lpid lpid = 0;  ///< 0: the sector was never written, and reads as zeros
    Block16 tag{};

    bool operator==(const DiskEntry& other) const { return lpid == other.lpid && tag == other.tag; }
};

/// One entry for each sector of a disk.
using DiskTable = std::vector<DiskEntry>;

/// Why a sealed table is not accepted.
enum class DiskTableStatus : std::uint8_t {
    ok,
    wrong_length,
    wrong_magic,
    invalid_iv,       ///< LPID 0, or bytes after the LPID that are not zero
    not_authentic,    ///< not sealed under this key, or changed since
    invalid_sectors,  ///< none, too many, or another number than entries
    invalid_entry,    ///< a tag for a sector that was never written
};

std::string_view to_string(DiskTableStatus status);

/// K_disk, from the VM's key.
crypto::Key128 derive_disk_key(const crypto::Key128& k_vm, const crypto::KdfContext& fleet_id);

/// Seals the table under K_disk with an LPID that was never used before. Throws std::invalid_argument for a table without entries or with too many,
/// a tag without LPID, and for LPID 0.
Bytes seal_disk_table(const DiskTable& table, const crypto::Key128& k_disk, Lpid fresh_lpid);

/// Opens any bytes. Where the answer is not ok, `table` and `lpid` are left as they were; `lpid` is the one that the table was sealed with.
DiskTableStatus open_disk_table(ByteView blob, const crypto::Key128& k_disk, DiskTable& table, Lpid& lpid);

}  // namespace coffer
