#include "vcpu/sealed_disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "common/errors.h"
#include "crypto/aes_gcm.h"

namespace coffer {

namespace {

constexpr std::string_view magic = "CVD1";
constexpr std::size_t open_at = 4;
constexpr std::size_t sectors_at = 8;
constexpr std::size_t sealed_with_at = 16;
constexpr std::uint8_t open_code = 1;
constexpr std::uint8_t sealed_code = 2;

constexpr std::size_t tag_at = 16;  // in an entry of the table in memory

crypto::Iv iv_of(Lpid lpid) {
    crypto::Iv iv{};
    store_le64(iv.data(), lpid);
    return iv;
}

Block16 additional_data(std::uint64_t sector) {
    Block16 data{};
    store_le64(data.data(), sector);
    return data;
}

}  // namespace

SealedDisk::SealedDisk(const Place& place, const crypto::Key128& k_disk, GuestMemoryPort& memory, BounceBuffer& bounce, LpidSource& lpids)
    : place_(place), k_disk_(k_disk), memory_(memory), bounce_(bounce), lpids_(lpids) {
    if (place.sectors == 0 || place.sectors > max_disk_sectors)
        throw InputError("disk", fmt::format("{} sectors", place.sectors), fmt::format("1 to {}", max_disk_sectors));
    const GpaRange& shim = bounce.layout().shim;
    const bool fits = place.table % page_bytes == 0 && shim.contains(place.table, table_bytes(place.sectors)) && place.state % line_bytes == 0 &&
                      shim.contains(place.state, line_bytes) && !GpaRange{place.table, table_bytes(place.sectors)}.touches(place.state, line_bytes);
    if (!fits)
        throw InputError("disk", fmt::format("a table for {} sectors at GPA {:#x} with its state at {:#x}", place.sectors, place.table, place.state),
                         fmt::format("whole pages, and a line beside them, of the shim: {:#x} bytes from GPA {:#x}", shim.bytes, shim.base));
}

IoStatus SealedDisk::create() {
    std::optional<State> state;
    if (const IoStatus status = read_state(state); status != IoStatus::ok) return status;
    if (state) return state->open ? IoStatus::already_open : IoStatus::not_authentic;
    if (const IoStatus status = fill_table(DiskTable(place_.sectors)); status != IoStatus::ok) return status;
    return write_state({true, 0});
}

IoStatus SealedDisk::open(ByteView sealed_table) {
    std::optional<State> state;
    if (const IoStatus status = read_state(state); status != IoStatus::ok) return status;
    if (state && state->open) return IoStatus::already_open;
    DiskTable table;
    Lpid lpid = 0;
    const bool is_mine = open_disk_table(sealed_table, k_disk_, table, lpid) == DiskTableStatus::ok && table.size() == place_.sectors;
    const bool is_latest = !state || state->sealed_with == lpid;
    if (!is_mine || !is_latest) return refuse(IoStatus::not_authentic);
    if (const IoStatus status = fill_table(table); status != IoStatus::ok) return status;
    return write_state({true, lpid});
}

IoStatus SealedDisk::close(Bytes& sealed_table) {
    if (const IoStatus status = check_open(0); status != IoStatus::ok) return status;
    DiskTable table(place_.sectors);
    for (std::uint64_t sector = 0; sector < place_.sectors; ++sector)
        if (const IoStatus status = read_entry(sector, table[sector]); status != IoStatus::ok) return status;
    const auto lpid = lpids_.next();
    if (!lpid) return IoStatus::exhausted;
    Bytes sealed = seal_disk_table(table, k_disk_, *lpid);
    if (const IoStatus status = write_state({false, *lpid}); status != IoStatus::ok) return status;
    sealed_table = std::move(sealed);
    return IoStatus::ok;
}

IoStatus SealedDisk::write_sector(std::uint64_t sector, Address guest, std::uint64_t offset) {
    if (const IoStatus status = check_open(sector); status != IoStatus::ok) return status;
    Bytes data(sector_bytes);
    if (const IoStatus status = bounce_.read_buffer(guest, data); status != IoStatus::ok) return status;
    const auto lpid = lpids_.next();
    if (!lpid) return IoStatus::exhausted;
    Bytes box = crypto::gcm_seal(k_disk_.view(), iv_of(*lpid), additional_data(sector), data);
    DiskEntry entry{*lpid, {}};
    std::copy_n(box.begin() + sector_bytes, entry.tag.size(), entry.tag.begin());
    box.resize(sector_bytes);
    if (const IoStatus status = bounce_.store(offset, box); status != IoStatus::ok) return status;
    const IoStatus status = write_entry(sector, entry);
    if (status == IoStatus::ok) ++statistics_.sectors_written;
    return status;
}

IoStatus SealedDisk::read_sector(std::uint64_t sector, Address guest, std::uint64_t offset) {
    if (const IoStatus status = check_open(sector); status != IoStatus::ok) return status;
    DiskEntry entry;
    if (const IoStatus status = read_entry(sector, entry); status != IoStatus::ok) return status;
    Bytes data(sector_bytes);
    if (entry.lpid != 0) {
        // One copy of the host's bytes is both checked and used: it may change the window in between.
        Bytes box(sector_bytes);
        if (const IoStatus status = bounce_.load(offset, box); status != IoStatus::ok) return status;
        box.insert(box.end(), entry.tag.begin(), entry.tag.end());
        if (!crypto::gcm_open(k_disk_.view(), iv_of(entry.lpid), additional_data(sector), box, data)) return refuse(IoStatus::not_authentic);
    }
    const IoStatus status = bounce_.write_buffer(guest, data);
    if (status == IoStatus::ok) ++statistics_.sectors_read;
    return status;
}

IoStatus SealedDisk::read_state(std::optional<State>& state) {
    Block64 line;
    if (const MemoryAnswer answer = memory_.read_line(place_.state, line.data()); answer != MemoryAnswer::ok) return io_status_of(answer);
    state.reset();
    if (all_zero(line)) return IoStatus::ok;
    const State read{line[open_at] == open_code, load_le64(&line[sealed_with_at])};
    // The memory may be sound and yet hold something else, such as the state of a disk of another size.
    if (encode_state(read) != line) return IoStatus::not_authentic;
    state = read;
    return IoStatus::ok;
}

Block64 SealedDisk::encode_state(const State& state) const {
    Block64 line{};
    std::copy(magic.begin(), magic.end(), line.begin());
    line[open_at] = state.open ? open_code : sealed_code;
    store_le64(&line[sectors_at], place_.sectors);
    store_le64(&line[sealed_with_at], state.sealed_with);
    return line;
}

IoStatus SealedDisk::write_state(const State& state) { return io_status_of(memory_.write_line(place_.state, encode_state(state).data())); }

IoStatus SealedDisk::check_open(std::uint64_t sector) {
    if (sector >= place_.sectors) return IoStatus::bad_sector;
    std::optional<State> state;
    const IoStatus status = read_state(state);
    return status != IoStatus::ok || (state && state->open) ? status : IoStatus::not_open;
}

IoStatus SealedDisk::read_entry(std::uint64_t sector, DiskEntry& entry) {
    std::array<std::uint8_t, memory_entry_bytes> bytes;
    const MemoryAnswer answer = read_guest(memory_, place_.table + memory_entry_bytes * sector, bytes.data(), bytes.size());
    if (answer != MemoryAnswer::ok) return io_status_of(answer);
    entry.lpid = load_le64(bytes.data());
    std::copy_n(bytes.begin() + tag_at, entry.tag.size(), entry.tag.begin());
    return IoStatus::ok;
}

IoStatus SealedDisk::write_entry(std::uint64_t sector, const DiskEntry& entry) {
    std::array<std::uint8_t, memory_entry_bytes> bytes{};
    store_le64(bytes.data(), entry.lpid);
    std::copy(entry.tag.begin(), entry.tag.end(), bytes.begin() + tag_at);
    return io_status_of(write_guest(memory_, place_.table + memory_entry_bytes * sector, bytes.data(), bytes.size()));
}

IoStatus SealedDisk::fill_table(const DiskTable& table) {
    for (std::uint64_t sector = 0; sector < table.size(); ++sector)
        if (const IoStatus status = write_entry(sector, table[sector]); status != IoStatus::ok) return status;
    return IoStatus::ok;
}

IoStatus SealedDisk::refuse(IoStatus status) {
    ++statistics_.refused;
    return status;
}

void SealedDisk::collect(StatisticsGroup& group) const {
    group.add("sectors_written", statistics_.sectors_written, "1");
    group.add("sectors_read", statistics_.sectors_read, "1");
    group.add("refused", statistics_.refused, "1");
}

}  // namespace coffer
