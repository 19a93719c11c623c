#include "devices/disk_tlm.h"

#include <fmt/format.h>

#include "common/errors.h"

namespace coffer {

namespace {

constexpr std::uint64_t most_sectors = (std::uint64_t{1} << 63) / DiskTlm::sector_bytes;  // offsets in files have a sign

}  // namespace

DiskTlm::DiskTlm(const sc_core::sc_module_name& name, const DiskParameters& parameters, ByteStore& medium)
    : DeviceTlm(
          name,
          {devices_registers::disk_base, devices_registers::disk_base, Register::disk_control, Register::disk_status, Register::disk_error_address},
          parameters.latency),
      access_time_(parameters.access_time),
      medium_(medium) {
    if (parameters.sectors == 0 || parameters.sectors > most_sectors)
        throw InputError("disk.sectors", fmt::format("{} sectors", parameters.sectors), "1 to 2^51");
    set_value(Register::disk_sectors, parameters.sectors);
}

void DiskTlm::carry_out(std::uint64_t control, sc_core::sc_time& delay) {
    const std::uint64_t sector = value(Register::disk_sector);
    const Address buffer = value(Register::disk_buffer);
    if (sector >= value(Register::disk_sectors) || sector_bytes - 1 > ~buffer) return fail(DeviceCause::bad_command);
    delay += access_time_;
    const Address place = sector * sector_bytes;
    if ((control & devices_registers::disk_control_write_mask) != 0) {
        if (read_memory(buffer, sector_.data(), sector_.size(), delay)) medium_.write(place, sector_.data(), sector_.size());
    } else {
        medium_.read(place, sector_.data(), sector_.size());
        write_memory(buffer, sector_.data(), sector_.size(), delay);
    }
}

}  // namespace coffer
