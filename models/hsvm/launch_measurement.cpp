#include "hsvm/launch_measurement.h"

#include <array>

namespace coffer {

crypto::Digest launch_measurement(const VmRecord& vm, Gpn first, ByteView image, const ContextBytes& context) {
    constexpr std::string_view magic = "CLM1";
    std::array<std::uint8_t, 40> fields{};
    std::uint8_t* p = fields.data();
    for (const std::uint64_t field : {vm.pages, std::uint64_t{vm.vcpus}, std::uint64_t{vm.addr_shim}, std::uint64_t{first}, std::uint64_t{image.size}}) {
        store_le64(p, field);
        p += 8;
    }
    return crypto::sha256({magic, fields, image, context});
}

}  // namespace coffer
