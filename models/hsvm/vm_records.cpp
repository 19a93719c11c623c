#include "hsvm/vm_records.h"

#include <algorithm>

namespace coffer {

namespace {

// Layout of a record; bytes not named are zero.
constexpr std::size_t vmid_at = 0, valid_at = 2, used_at = 3, vcpus_at = 4, pages_at = 8, root_at = 16, context_at = 24, shim_at = 32;

}  // namespace

bool VmRecords::read(Vmid vmid, VmRecord& record) {
    if (vmid < first_guest_vmid || vmid >= region_.layout().vmids) return false;
    const Block64 line = region_.read_line(address_of(vmid));
    if (line[valid_at] != 1) return false;
    record.vmid = load_le16(line.data() + vmid_at);
    record.vcpus = load_le32(line.data() + vcpus_at);
    record.pages = load_le64(line.data() + pages_at);
    record.npt_root = load_le64(line.data() + root_at);
    record.first_context = load_le64(line.data() + context_at);
    record.addr_shim = load_le64(line.data() + shim_at);
    record.used = line[used_at] == 1;
    return true;
}

void VmRecords::write(const VmRecord& record) {
    Block64 line{};
    store_le16(line.data() + vmid_at, record.vmid);
    line[valid_at] = 1;
    store_le32(line.data() + vcpus_at, record.vcpus);
    store_le64(line.data() + pages_at, record.pages);
    store_le64(line.data() + root_at, record.npt_root);
    store_le64(line.data() + context_at, record.first_context);
    store_le64(line.data() + shim_at, record.addr_shim);
    line[used_at] = record.used ? 1 : 0;
    region_.write_line(address_of(record.vmid), line);
}

void VmRecords::erase(Vmid vmid) {
    region_.write_line(address_of(vmid), Block64{});
    region_.write_line(address_of(vmid) + line_bytes, Block64{});
}

crypto::Digest VmRecords::measurement(Vmid vmid) {
    const Block64 line = region_.read_line(address_of(vmid) + line_bytes);
    crypto::Digest measurement;
    std::copy_n(line.begin(), measurement.size(), measurement.begin());
    return measurement;
}

void VmRecords::set_measurement(Vmid vmid, const crypto::Digest& measurement) {
    Block64 line{};
    std::copy(measurement.begin(), measurement.end(), line.begin());
    region_.write_line(address_of(vmid) + line_bytes, line);
}

}  // namespace coffer
