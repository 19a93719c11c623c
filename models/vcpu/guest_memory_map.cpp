#include "vcpu/guest_memory_map.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/errors.h"

namespace coffer {

void GuestMemoryMap::add(const Range& range) {
    constexpr std::uint64_t all_pages = page_of(~Address{0}) + 1;
    const auto refuse = [&](std::string_view why, std::string_view accepted) {
        throw InputError("map", fmt::format("GPNs from {} at {:#x}, {} pages: {}", range.gpn, range.hpa, range.count, why), accepted);
    };
    if (range.count == 0) refuse("no pages", "at least one");
    if (range.hpa % page_bytes != 0) refuse("an HPA within a page", "a multiple of 4096");
    // The last page of all is left out, so that every end fits an address.
    if (range.count >= all_pages || range.gpn >= all_pages - range.count || page_of(range.hpa) >= all_pages - range.count)
        refuse("beyond 64-bit addresses", "fewer pages");
    const auto next = std::find_if(ranges_.begin(), ranges_.end(), [&](const Range& other) { return other.gpn >= range.gpn; });
    if (next != ranges_.end() && next->gpn - range.gpn < range.count) refuse(fmt::format("GPN {} is mapped twice", next->gpn), "every GPN once");
    if (next != ranges_.begin() && range.gpn - (next - 1)->gpn < (next - 1)->count)
        refuse(fmt::format("GPN {} is mapped twice", range.gpn), "every GPN once");
    ranges_.insert(next, range);
    end_ = (ranges_.back().gpn + ranges_.back().count) * page_bytes;
}

/// Makes the range that holds the page the last one found; false where there is none.
bool GuestMemoryMap::search(Gpn gpn) const {
    auto after = std::upper_bound(ranges_.begin(), ranges_.end(), gpn, [](Gpn wanted, const Range& range) { return wanted < range.gpn; });
    if (after == ranges_.begin()) return false;
    --after;
    if (gpn - after->gpn >= after->count) return false;
    last_ = *after;
    return true;
}

}  // namespace coffer
