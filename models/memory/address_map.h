#pragma once

#include "common/units.h"

namespace coffer {

/// Off-chip metadata beside the trees, in bytes. The platform's own scheme has counter blocks and tags; the others are there to be compared with it.
struct MetadataSizes {
    unsigned counter_bytes = line_bytes;  ///< counters of one page
    unsigned tag_bytes = 16;              ///< tag of one line; 0 where the tree holds the tags
    unsigned page_root_bytes = 0;         ///< entry of one page in a directory of swapped-out pages
};

/// Where everything lies in machine memory: data frames [0, data_bytes), the chip region, then metadata, which software never uses:
/// counter blocks (64 B a page), data tags (tag_bytes a line), a directory of page roots if the scheme has one and, from tree_base on, the
/// trees of all domains.
class AddressMap {
public:
    /// Sizes in bytes. Throws InputError unless data_bytes and chip_bytes are multiples of the page and data_bytes is not zero.
    AddressMap(Address data_bytes, Address chip_bytes, const MetadataSizes& sizes);
    AddressMap(Address data_bytes, Address chip_bytes, unsigned tag_bytes)
        : AddressMap(data_bytes, chip_bytes, MetadataSizes{line_bytes, tag_bytes, 0}) {}

    Address data_bytes() const { return data_bytes_; }
    Address chip_base() const { return data_bytes_; }
    Address chip_bytes() const { return chip_bytes_; }
    Address counter_base() const { return counter_base_; }
    Address tag_base() const { return tag_base_; }
    unsigned tag_bytes() const { return sizes_.tag_bytes; }
    Address page_root_base() const { return page_root_base_; }
    /// First byte that trees may use.
    Address tree_base() const { return tree_base_; }

    /// Whether `hpa` lies in data frames or the chip region, which have counters and tags.
    bool covers(Address hpa) const { return hpa < data_bytes_ + chip_bytes_; }
    /// Address of the counters of the page that holds `hpa`: one counter block in the platform's own scheme.
    Address counter_of(Address hpa) const { return counter_base_ + sizes_.counter_bytes * page_of(hpa); }
    /// Address of the data tag of the line that holds `hpa`.
    Address tag_of(Address hpa) const { return tag_base_ + sizes_.tag_bytes * (hpa / line_bytes); }

private:
    Address data_bytes_;
    Address chip_bytes_;
    Address counter_base_;
    Address tag_base_;
    Address page_root_base_;
    Address tree_base_;
    MetadataSizes sizes_;
};

}  // namespace coffer
