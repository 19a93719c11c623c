#include "vcpu/disk_table.h"

#include <algorithm>
#include <stdexcept>

#include "crypto/aes_gcm.h"

namespace coffer {

namespace {

constexpr std::string_view magic = "CVD1";
constexpr std::size_t gcm_tag_bytes = 16;
constexpr std::size_t length_at = 4;
constexpr std::size_t iv_at = 8;
constexpr std::size_t box_at = 20;
// In the plaintext: the number of sectors, then the entries.
constexpr std::size_t entries_at = 8;
constexpr std::size_t entry_bytes = 24;

bool is_valid(const DiskEntry& entry) { return entry.lpid != 0 || all_zero(entry.tag); }

DiskTableStatus from_plaintext(const Bytes& plaintext, DiskTable& table) {
    if (plaintext.size() < entries_at) return DiskTableStatus::invalid_sectors;
    const std::uint64_t sectors = load_le64(plaintext.data());
    if (sectors == 0 || sectors > max_disk_sectors || plaintext.size() != entries_at + entry_bytes * sectors) return DiskTableStatus::invalid_sectors;
    DiskTable opened(sectors);
    const std::uint8_t* from = plaintext.data() + entries_at;
    for (DiskEntry& entry : opened) {
        entry.lpid = load_le64(from);
        std::copy_n(from + sizeof entry.lpid, entry.tag.size(), entry.tag.begin());
        if (!is_valid(entry)) return DiskTableStatus::invalid_entry;
        from += entry_bytes;
    }
    table = std::move(opened);
    return DiskTableStatus::ok;
}

}  // namespace

std::string_view to_string(DiskTableStatus status) {
    switch (status) {
        case DiskTableStatus::ok: return "ok";
        case DiskTableStatus::wrong_length: return "wrong length";
        case DiskTableStatus::wrong_magic: return "wrong magic";
        case DiskTableStatus::invalid_iv: return "invalid IV";
        case DiskTableStatus::not_authentic: return "not authentic";
        case DiskTableStatus::invalid_sectors: return "invalid number of sectors";
        case DiskTableStatus::invalid_entry: return "tag of a sector that was never written";
    }
    return "unknown";
}

crypto::Key128 derive_disk_key(const crypto::Key128& k_vm, const crypto::KdfContext& fleet_id) {
    return crypto::derive_128(k_vm, "coffer disk", fleet_id);
}

Bytes seal_disk_table(const DiskTable& table, const crypto::Key128& k_disk, Lpid fresh_lpid) {
    if (table.empty() || table.size() > max_disk_sectors) throw std::invalid_argument("disk table: number of sectors");
    if (!std::all_of(table.begin(), table.end(), is_valid)) throw std::invalid_argument("disk table: a tag without LPID");
    if (fresh_lpid == 0) throw std::invalid_argument("disk table: LPID 0 is invalid");
    Bytes plaintext(entries_at + entry_bytes * table.size());
    store_le64(plaintext.data(), table.size());
    std::uint8_t* to = plaintext.data() + entries_at;
    for (const DiskEntry& entry : table) {
        store_le64(to, entry.lpid);
        std::copy(entry.tag.begin(), entry.tag.end(), to + sizeof entry.lpid);
        to += entry_bytes;
    }
    crypto::Iv iv{};
    store_le64(iv.data(), fresh_lpid);
    const Bytes box = crypto::gcm_seal(k_disk.view(), iv, magic, plaintext);

    Bytes blob(box_at + box.size());
    std::copy(magic.begin(), magic.end(), blob.begin());
    store_be32(&blob[length_at], static_cast<std::uint32_t>(box_at - iv_at + box.size()));
    std::copy(iv.begin(), iv.end(), blob.begin() + iv_at);
    std::copy(box.begin(), box.end(), blob.begin() + box_at);
    return blob;
}

DiskTableStatus open_disk_table(ByteView blob, const crypto::Key128& k_disk, DiskTable& table, Lpid& lpid) {
    if (blob.size < box_at + gcm_tag_bytes) return DiskTableStatus::wrong_length;
    if (!std::equal(magic.begin(), magic.end(), blob.begin(), [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; }))
        return DiskTableStatus::wrong_magic;
    if (load_be32(blob.data + length_at) != blob.size - iv_at) return DiskTableStatus::wrong_length;
    crypto::Iv iv;
    std::copy_n(blob.data + iv_at, iv.size(), iv.begin());
    const Lpid sealed_with = load_le64(iv.data());
    if (sealed_with == 0 || load_le32(iv.data() + sizeof(Lpid)) != 0) return DiskTableStatus::invalid_iv;
    Bytes plaintext;
    if (!crypto::gcm_open(k_disk.view(), iv, magic, {blob.data + box_at, blob.size - box_at}, plaintext)) return DiskTableStatus::not_authentic;
    const DiskTableStatus status = from_plaintext(plaintext, table);
    if (status == DiskTableStatus::ok) lpid = sealed_with;
    return status;
}

}  // namespace coffer
