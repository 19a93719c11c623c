#include "platform/dump.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace coffer {
namespace {

using nlohmann::json;

TEST(DumpLayout, PagesAreListedAsTheirTableSays) {
    DumpDomain domain;
    domain.entry.vmid = 2;
    domain.entry.pages = 2000;
    domain.add(3, NptEntry::mapped(10), 1);
    domain.add(4, NptEntry::mapped(11), 1);
    domain.add(5, NptEntry::mapped(13), 1);
    domain.add(6, NptEntry::of(14, NptEntry::present_bit | NptEntry::shared_bit), 1);
    domain.add(7, NptEntry::of(15, NptEntry::present_bit | NptEntry::shared_bit | NptEntry::write_bit), 1);
    domain.add(8, NptEntry::of(9, NptEntry::shared_bit), 1);  // awaits a shared page
    domain.add(9, {NptEntry::swapped_bit}, 1);
    domain.add(10, {NptEntry::swapped_bit}, 1);
    domain.add(11, {NptEntry::lost_bit}, 1);
    domain.add(12, NptEntry::of(77, NptEntry::swapped_bit), 1);
    domain.add(512, NptEntry::mapped(1024), 512);
    domain.add(1024, NptEntry::mapped(1536), 1);

    Configuration configuration;
    configuration.protection = ProtectionConfiguration::combined;
    const AddressMap map(Address{8} << 20, page_bytes, 16);
    const json layout = json::parse(dump_layout({configuration, map, {domain}, Address{1} << 30, 5}, {{3, 2}}));
    EXPECT_EQ(layout["configuration"], "combined");
    EXPECT_EQ(layout["frames"], json::parse("[[3, 2]]"));
    const json& vm = layout["vms"][0];
    EXPECT_EQ(vm["pages"], 2000);
    EXPECT_EQ(vm["map"], json::parse("[[3, 40960, 2], [5, 53248, 1], [512, 4194304, 513]]"));
    EXPECT_EQ(vm["shared"], json::parse("[[6, 57344, 2]]"));
    EXPECT_EQ(vm["swapped"], json::parse("[[9, 2], [12, 1]]"));
}

}  // namespace
}  // namespace coffer
