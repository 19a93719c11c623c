#include "hsvm/swap_directory.h"

#include <algorithm>

namespace coffer {

std::optional<std::uint64_t> SwapDirectory::allocate() {
    if (first_free_ == 0) {
        const auto frame = pool_.allocate();
        if (!frame) return std::nullopt;
        const std::uint64_t first = (*frame * page_bytes - region_.layout().base) / record_bytes;
        for (std::uint64_t i = page_bytes / record_bytes; i-- > 0;) release(first + i);
    }
    const std::uint64_t number = first_free_;
    first_free_ = region_.read_word(address_of(number));
    return number;
}

void SwapDirectory::release(std::uint64_t number) {
    std::uint8_t bytes[record_bytes] = {};
    store_le64(bytes, first_free_);
    region_.write_bytes(address_of(number), bytes, sizeof bytes);
    first_free_ = number;
}

SwapDirectory::Record SwapDirectory::read(std::uint64_t number) {
    std::uint8_t bytes[record_bytes];
    region_.read_bytes(address_of(number), bytes, sizeof bytes);
    Record record;
    std::copy_n(bytes, record.iv.size(), record.iv.begin());
    std::copy_n(bytes + 16, record.tag.size(), record.tag.begin());
    return record;
}

void SwapDirectory::write(std::uint64_t number, const Record& record) {
    std::uint8_t bytes[record_bytes] = {};
    std::copy(record.iv.begin(), record.iv.end(), bytes);
    std::copy(record.tag.begin(), record.tag.end(), bytes + 16);
    region_.write_bytes(address_of(number), bytes, sizeof bytes);
}

}  // namespace coffer
