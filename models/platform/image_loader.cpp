#include "platform/image_loader.h"

#include <stdexcept>

#include "common/bytes.h"
#include "vcpu/trace_data.h"

namespace coffer {

void for_each_image_line(const Guest& guest, std::uint64_t seed,
                         const std::function<void(Address gpa, Address hpa, const std::uint8_t* data)>& write) {
    if (guest.image == Image::empty) return;
    const TraceData contents(~seed);  // not what the guest's program writes
    Block64 data;
    for (const GuestMemoryMap::Range& range : guest.map.ranges()) {
        for (Address offset = 0; offset != range.count * page_bytes; offset += line_bytes) {
            const Address gpa = range.gpn * page_bytes + offset;
            contents.fill(guest.vmid, gpa, data.data(), data.size());
            write(gpa, range.hpa + offset, data.data());
        }
    }
}

std::vector<NodeTag> load_images(const ProtectedMemoryParameters& parameters, const std::vector<Guest>& guests, std::uint64_t seed, ByteStore& memory,
                                 LpidSource& lpids) {
    ProtectedMemoryParameters tool = parameters;
    // Its entries must not leave its registers: the chip region belongs to the platform.
    tool.vm_table_slots = static_cast<unsigned>(guests.size()) + 2;
    ProtectedMemory writer(tool, memory, lpids);

    std::vector<NodeTag> roots;
    for (const Guest& guest : guests) {
        NodeTag& root = roots.emplace_back();
        const bool is_protected = guest.vmid != host_vmid && parameters.scheme.encrypt;
        if (is_protected) {
            VmInstall vm;
            vm.vmid = guest.vmid;
            vm.k_vm = guest.k_vm;
            vm.pages = guest.pages;
            writer.install(vm);
        }
        if (guest.image == Image::empty) continue;
        for_each_image_line(guest, seed, [&](Address gpa, Address hpa, const std::uint8_t* data) {
            if (const auto violation = writer.write_line(guest.vmid, gpa, hpa, data))
                throw std::runtime_error("an image cannot be loaded: " + violation->describe());
        });
        if (is_protected) root = writer.flush(guest.vmid);
    }
    return roots;
}

}  // namespace coffer
