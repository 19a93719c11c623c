#include "platform/statistics_difference.h"

#include <gtest/gtest.h>

namespace coffer {
namespace {

TEST(StatisticsDifference, CountsFromWhatThereWas) {
    StatisticsGroup before("before"), now("now"), difference("difference");
    before.add("reads", std::uint64_t{5}, "accesses");
    before.add("time", 1.5, "ns");
    before.add("rate", 0.25, "1");
    before.group("part").add("writes", std::uint64_t{2}, "lines");
    now.add("reads", std::uint64_t{9}, "accesses");
    now.add("time", 4.0, "ns");
    now.add("rate", 0.5, "1");
    now.add("name", std::string("x"), "text");
    now.add("new", std::uint64_t{3}, "accesses");
    now.group("part").add("writes", std::uint64_t{7}, "lines");
    now.group("other").add("writes", std::uint64_t{1}, "lines");
    add_difference(difference, now, before);

    ASSERT_EQ(difference.values().size(), 5u);
    EXPECT_EQ(std::get<std::uint64_t>(difference.values()[0].value), 4u);
    EXPECT_EQ(std::get<double>(difference.values()[1].value), 2.5);
    EXPECT_EQ(std::get<double>(difference.values()[2].value), 0.5) << "a ratio is no count";
    EXPECT_EQ(std::get<std::string>(difference.values()[3].value), "x");
    EXPECT_EQ(std::get<std::uint64_t>(difference.values()[4].value), 3u);
    EXPECT_EQ(difference.values()[0].unit, "accesses");
    ASSERT_EQ(difference.groups().size(), 2u);
    EXPECT_EQ(std::get<std::uint64_t>(difference.groups()[0].values()[0].value), 5u);
    EXPECT_EQ(std::get<std::uint64_t>(difference.groups()[1].values()[0].value), 1u);
}

}  // namespace
}  // namespace coffer
