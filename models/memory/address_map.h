#pragma once

#include "common/units.h"

namespace coffer {

/// Where everything lies in machine memory: data frames [0, data_bytes), the chip region, then metadata, which software never uses:
/// counter blocks (64 B a page), data tags (tag_bytes a line) and, from tree_base on, the trees of all domains.
class AddressMap {
public:
    /// Sizes in bytes. Throws InputError unless data_bytes and chip_bytes are multiples of the page and data_bytes is not zero.
    AddressMap(Address data_bytes, Address chip_bytes, unsigned tag_bytes);

    Address data_bytes() const { return data_bytes_; }
    Address chip_base() const { return data_bytes_; }
    Address chip_bytes() const { return chip_bytes_; }
    Address counter_base() const { return counter_base_; }
    Address tag_base() const { return tag_base_; }
    unsigned tag_bytes() const { return tag_bytes_; }
    /// First byte that trees may use.
    Address tree_base() const { return tree_base_; }

    /// Whether `hpa` lies in data frames or the chip region, which have counters and tags.
    bool covers(Address hpa) const { return hpa < data_bytes_ + chip_bytes_; }
    /// Address of the counter block of the page that holds `hpa`.
    Address counter_of(Address hpa) const { return counter_base_ + line_bytes * page_of(hpa); }
    /// Address of the data tag of the line that holds `hpa`.
    Address tag_of(Address hpa) const { return tag_base_ + tag_bytes_ * (hpa / line_bytes); }

private:
    Address data_bytes_;
    Address chip_bytes_;
    Address counter_base_;
    Address tag_base_;
    Address tree_base_;
    unsigned tag_bytes_;
};

}  // namespace coffer
