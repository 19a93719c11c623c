#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/units.h"

namespace coffer {

/// Where a guest's pages lie in machine memory: ranges of consecutive GPNs at consecutive frames.
/// Look-ups remember the last range, and search among the others by halving.
class GuestMemoryMap {
public:
    struct Range {
        Gpn gpn = 0;
        Address hpa = 0;
        std::uint64_t count = 0;  ///< pages
    };

    /// Throws InputError for an empty range, an HPA that is no multiple of 4096, a range beyond 64-bit addresses, or a GPN that is mapped already.
    void add(const Range& range);

    /// Translates a guest physical address; false where its page is not mapped.
    bool translate(Address gpa, Address& hpa) const {
        const Gpn gpn = page_of(gpa);
        if (gpn - last_.gpn >= last_.count && !search(gpn)) return false;
        hpa = last_.hpa + (gpa - last_.gpn * page_bytes);
        return true;
    }
    /// HPA of a guest physical address; nothing where the page is not mapped.
    std::optional<Address> hpa_of(Address gpa) const {
        Address hpa = 0;
        return translate(gpa, hpa) ? std::optional<Address>(hpa) : std::nullopt;
    }

    /// Bytes: no GPA from here on is mapped.
    Address end() const { return end_; }
    /// Ascending by GPN.
    const std::vector<Range>& ranges() const { return ranges_; }

private:
    bool search(Gpn gpn) const;

    std::vector<Range> ranges_;
    Address end_ = 0;
    mutable Range last_;  // found last; of no pages at first
};

}  // namespace coffer
