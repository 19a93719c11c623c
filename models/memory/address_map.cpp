#include "memory/address_map.h"

#include <fmt/format.h>

#include "common/errors.h"

namespace coffer {

AddressMap::AddressMap(Address data_bytes, Address chip_bytes, const MetadataSizes& sizes)
    : data_bytes_(data_bytes), chip_bytes_(chip_bytes), sizes_(sizes) {
    // The whole map, metadata included, must fit 64-bit addresses; a quarter of them is far more than any machine has.
    constexpr Address largest = Address{1} << 62;
    if (data_bytes == 0 || data_bytes % page_bytes != 0 || data_bytes > largest)
        throw InputError("memory.data_bytes", fmt::format("{} is no size for data frames", data_bytes), "a multiple of 4096, at most 2^62");
    if (chip_bytes % page_bytes != 0 || chip_bytes > largest)
        throw InputError("memory.chip_bytes", fmt::format("{} is no size for the chip region", chip_bytes), "a multiple of 4096, at most 2^62");
    const Address covered = data_bytes + chip_bytes;
    counter_base_ = covered;
    tag_base_ = align_up(counter_base_ + sizes.counter_bytes * page_of(covered), page_bytes);
    page_root_base_ = align_up(tag_base_ + sizes.tag_bytes * (covered / line_bytes), page_bytes);
    tree_base_ = align_up(page_root_base_ + sizes.page_root_bytes * page_of(covered), page_bytes);
}

}  // namespace coffer
