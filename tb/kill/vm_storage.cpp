#include "kill/vm_storage.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace coffer::kill {

void VmStorage::store(std::uint64_t number, std::uint64_t sequence, const StoredVm& vm) const {
    std::filesystem::path temporary = file(number, sequence);
    temporary += ".tmp";
    {
        std::ofstream out(temporary, std::ios::binary);
        const auto put = [&](ByteView bytes) { out.write(reinterpret_cast<const char*>(bytes.data), static_cast<std::streamsize>(bytes.size)); };
        put(vm.vector);
        put(vm.content);
        put(vm.image);
        if (!out.flush()) throw std::runtime_error("a snapshot cannot be stored");
    }
    std::filesystem::rename(temporary, file(number, sequence));
}

std::optional<StoredVm> VmStorage::load(std::uint64_t number, std::uint64_t sequence) const {
    std::ifstream in(file(number, sequence), std::ios::binary);
    if (!in) return std::nullopt;
    const Bytes bytes(std::istreambuf_iterator<char>(in), {});
    StoredVm vm;
    const std::size_t image_at = vm.vector.size() + vm.content.size();
    if (bytes.size() < image_at) throw std::runtime_error("a stored snapshot is too short");
    std::copy_n(bytes.begin(), vm.vector.size(), vm.vector.begin());
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(vm.vector.size()), vm.content.size(), vm.content.begin());
    vm.image.assign(bytes.begin() + static_cast<std::ptrdiff_t>(image_at), bytes.end());
    return vm;
}

}  // namespace coffer::kill
