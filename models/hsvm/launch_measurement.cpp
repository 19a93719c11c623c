#include "hsvm/launch_measurement.h"

#include <array>

namespace coffer {

crypto::Digest launch_measurement(const VmRecord& vm, Gpn first, ByteView image, const ContextBytes& context) {
    constexpr std::string_view magic = "CLM1";
    std::array<std::uint8_t, 40> fields{};
    std::uint8_t* p = fields.data();
    const std::uint64_t vcpus = vm.vcpus, bytes = image.size;
    for (const std::uint64_t field : {vm.pages, vcpus, vm.addr_shim, first, bytes}) {
        store_le64(p, field);
        p += 8;
    }
    return crypto::sha256({magic, fields, image, context});
}

}  // namespace coffer
