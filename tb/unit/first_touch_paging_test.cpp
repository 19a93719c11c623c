#include "vcpu/first_touch_paging.h"

#include <gtest/gtest.h>

#include <vector>

#include "common/bytes.h"
#include "vcpu/trace_data.h"

namespace coffer {
namespace {

TEST(FirstTouchPaging, GivesPagesInTheOrderOfTheirFirstTouch) {
    FirstTouchPaging paging(16, 3);
    EXPECT_EQ(paging.gpa_of(0x7fff12345678), 16 * page_bytes + 0x678);
    EXPECT_EQ(paging.gpa_of(0x400000), 17 * page_bytes);
    EXPECT_EQ(paging.gpa_of(0x7fff12345000), 16 * page_bytes);
    EXPECT_EQ(paging.gpa_of(~Address{0}), 18 * page_bytes + 0xfff);
    EXPECT_EQ(paging.touched(), 3u);
}

TEST(FirstTouchPaging, EndsWithItsPagesButKeepsThoseGiven) {
    FirstTouchPaging paging(0, 2);
    EXPECT_TRUE(paging.gpa_of(0));
    EXPECT_TRUE(paging.gpa_of(page_bytes));
    EXPECT_FALSE(paging.gpa_of(2 * page_bytes));
    EXPECT_FALSE(paging.gpa_of(2 * page_bytes));
    EXPECT_EQ(paging.gpa_of(page_bytes + 5), page_bytes + 5);
    EXPECT_EQ(paging.touched(), 2u);
}

TEST(TraceData, WritesDependOnSeedNumberAndAddress) {
    const auto written = [](std::uint64_t seed, std::uint64_t number, Address address, std::size_t size) {
        Bytes bytes(size);
        TraceData(seed).fill(number, address, bytes.data(), size);
        return bytes;
    };
    const Bytes base = written(1, 2, 3, 20);
    EXPECT_EQ(base, written(1, 2, 3, 20));
    EXPECT_NE(base, written(2, 2, 3, 20));
    EXPECT_NE(base, written(1, 3, 3, 20));
    EXPECT_NE(base, written(1, 2, 4, 20));
    EXPECT_NE(Bytes(base.begin(), base.begin() + 8), Bytes(base.begin() + 8, base.begin() + 16));
    EXPECT_EQ(written(1, 2, 3, 5), Bytes(base.begin(), base.begin() + 5));
}

TEST(TraceData, DigestDependsOnEveryByteAndTheirOrder) {
    const auto digest = [](const std::vector<Bytes>& reads) {
        TraceData data(0);
        for (const Bytes& bytes : reads) data.fold(bytes.data(), bytes.size());
        return data.digest();
    };
    const auto base = digest({{1, 2, 3, 4, 5, 6, 7, 8, 9}, {10}});
    EXPECT_EQ(base, digest({{1, 2, 3, 4, 5, 6, 7, 8, 9}, {10}}));
    EXPECT_NE(base, digest({{1, 2, 3, 4, 5, 6, 7, 8, 8}, {10}}));
    EXPECT_NE(base, digest({{10}, {1, 2, 3, 4, 5, 6, 7, 8, 9}}));
    EXPECT_NE(base, digest({{1, 2, 3, 4, 5, 6, 7, 8, 9}}));
    EXPECT_NE(digest({{0}}), digest({{0}, {0}}));
}

}  // namespace
}  // namespace coffer
