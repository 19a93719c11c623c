#pragma once

#include <cstdint>
#include <optional>

#include "common/units.h"
#include "memory/page_map.h"

namespace coffer {

/// Gives the pages of a recorded process guest pages in the order in which they are first touched: a simple operating system's allocator.
/// A page keeps its guest page.
class FirstTouchPaging {
public:
    /// Guest pages [first, first + pages) are there to be given out.
    FirstTouchPaging(Gpn first, std::uint64_t pages) : first_(first), pages_(pages) {}

    /// GPA of a virtual address; nothing where its page is new and no guest page is left.
    std::optional<Address> gpa_of(Address address) {
        const std::uint64_t page = page_of(address);
        if (const Gpn* gpn = map_.find(page)) return *gpn * page_bytes + address % page_bytes;
        if (map_.size() == pages_) return std::nullopt;
        const Gpn gpn = first_ + map_.size();
        map_.insert(page, gpn);
        return gpn * page_bytes + address % page_bytes;
    }

    std::uint64_t pages() const { return pages_; }
    std::uint64_t touched() const { return map_.size(); }

private:
    Gpn first_;
    std::uint64_t pages_;
    PageMap<Gpn> map_;
};

}  // namespace coffer
