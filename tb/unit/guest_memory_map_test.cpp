#include "vcpu/guest_memory_map.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "common/errors.h"

namespace coffer {
namespace {

RC_GTEST_PROP(GuestMemoryMap, EqualsAMapOfPages, ()) {
    GuestMemoryMap map;
    std::map<Gpn, Address> model;
    for (int i = *rc::gen::inRange(0, 30); i > 0; --i) {
        const GuestMemoryMap::Range range{*rc::gen::inRange<Gpn>(0, 60), *rc::gen::inRange<Address>(0, 1000) * page_bytes,
                                          *rc::gen::inRange<std::uint64_t>(1, 6)};
        const auto next = model.lower_bound(range.gpn);
        if (next != model.end() && next->first < range.gpn + range.count) {
            RC_ASSERT_THROWS_AS(map.add(range), InputError);
            continue;
        }
        map.add(range);
        for (std::uint64_t page = 0; page < range.count; ++page) model[range.gpn + page] = range.hpa + page * page_bytes;
    }
    RC_ASSERT(map.end() == (model.empty() ? 0 : (model.rbegin()->first + 1) * page_bytes));
    for (int i = 0; i < 100; ++i) {
        const Address gpa = *rc::gen::inRange<Address>(0, 70 * page_bytes);
        const auto page = model.find(page_of(gpa));
        const auto hpa = map.hpa_of(gpa);
        RC_ASSERT(hpa.has_value() == (page != model.end()));
        if (hpa) RC_ASSERT(*hpa == page->second + gpa % page_bytes);
    }
}

TEST(GuestMemoryMap, RefusesRangesThatMakeNoSense) {
    GuestMemoryMap map;
    EXPECT_THROW(map.add({0, 0, 0}), InputError);
    EXPECT_THROW(map.add({0, 100, 1}), InputError);
    EXPECT_THROW(map.add({~Gpn{0}, 0, 1}), InputError);
    EXPECT_THROW(map.add({0, ~Address{4095}, 1}), InputError);
    EXPECT_THROW(map.add({0, 0, ~std::uint64_t{0}}), InputError);
    EXPECT_THROW(map.add({1, 0, page_of(~Address{0})}), InputError);
    EXPECT_TRUE(map.ranges().empty());
    EXPECT_FALSE(map.hpa_of(0));
    EXPECT_EQ(map.end(), 0u);
}

}  // namespace
}  // namespace coffer
