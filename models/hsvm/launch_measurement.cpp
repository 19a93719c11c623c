#include "hsvm/launch_measurement.h"

#include <array>

namespace coffer {

namespace {

constexpr std::string_view magic = "CLM1";
constexpr std::size_t field_bytes = 40;

}  // namespace

crypto::Digest launch_measurement(const VmRecord& vm, Gpn first, ByteView image, const ContextBytes& context) {
    std::array<std::uint8_t, field_bytes> fields{};
    std::uint8_t* p = fields.data();
    const std::uint64_t vcpus = vm.vcpus, bytes = image.size;
    for (const std::uint64_t field : {vm.pages, vcpus, vm.addr_shim, first, bytes}) {
        store_le64(p, field);
        p += 8;
    }
    return crypto::sha256({magic, fields, image, context});
}

std::uint64_t launch_measurement_blocks(std::uint64_t image_bytes) {
    return crypto::sha256_blocks(magic.size() + field_bytes + image_bytes + context_bytes);
}

}  // namespace coffer
