#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "program/program.h"

namespace coffer {
namespace {

/// The pad generator's latencies as the RTL has them, and nobody waits for tags: so both levels see the accesses of the two VMs in one order.
const std::string same_times = " --set pad_generator.latency_cycles=16 --set pad_generator.interval_cycles=5 --set verification=lazy";
const std::string on_rtl = " --set pad_generator.implementation=rtl --set ghash.implementation=rtl --set verification=lazy";
/// A run of seconds: lines that were never written cost no pads, and a small cache sends many to memory.
const std::string shortened =
    " --set vms[0].image=empty --set vms[1].image=empty --set llc.bytes=16KiB --set vms[0].max_accesses=60000 --set vms[1].max_accesses=60000"
    " --set host.max_accesses=60000";

struct Dump {
    std::string memory;
    std::string layout;
    nlohmann::json statistics;
};

Dump dump_of(const std::string& arguments) {
    const TemporaryFolder folder;
    const auto out = folder / "dump";
    const ProgramResult result = run_coffer("dump two_tenants" + arguments + " --out " + out.string());
    EXPECT_EQ(result.exit_code, 0) << result.err;
    if (result.exit_code != 0) return {};
    return {read_text(out / "dram.bin"), read_text(out / "layout.json"), nlohmann::json::parse(read_text(out / "stats.json"))};
}

/// The number at `key`, wherever in the tree it comes first.
std::uint64_t find_value(const nlohmann::json& tree, const std::string& group, const std::string& key) {
    for (const auto& [name, child] : tree.items()) {
        if (name == group && child.contains(key)) return child[key]["value"];
        if (!child.is_object()) continue;
        if (const std::uint64_t value = find_value(child, group, key); value != 0) return value;
    }
    return 0;
}

void expect_same_memory(const std::string& arguments, std::uint64_t least_lines) {
    const Dump tlm = dump_of(arguments + same_times);
    const Dump rtl = dump_of(arguments + on_rtl);
    ASSERT_FALSE(tlm.memory.empty());
    EXPECT_TRUE(tlm.memory == rtl.memory) << "dram.bin differs";
    EXPECT_EQ(tlm.layout, rtl.layout);
    const std::uint64_t lines = find_value(rtl.statistics, "pad_generator", "lines");
    EXPECT_GE(lines, least_lines);
    EXPECT_EQ(find_value(tlm.statistics, "pad_generator", "lines"), lines);
    EXPECT_GE(find_value(rtl.statistics, "pad_generator", "cycles"), 5 * lines);
    EXPECT_EQ(find_value(tlm.statistics, "pad_generator", "cycles"), 0u);
}

TEST(TwoTenants, OnRtlEndWithTheSameMemory) { expect_same_memory(shortened, 1000); }
TEST(TwoTenants, InFullOnRtlEndWithTheSameMemory) { expect_same_memory("", 100000); }

TEST(TwoTenants, HaveNoRtlForTagsOfAnotherMac) {
    const ProgramResult result = run_coffer("run two_tenants --set ghash.implementation=rtl --set protection.data_mac=cmac");
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.err, "coffer: --set ghash.implementation: data tags of another MAC have no RTL (accepted: tlm, or protection.data_mac: gcm)\n");
}

TEST(TwoTenants, HaveTheSameDataOnRtl) {
    const ProgramResult result = run_coffer("run two_tenants" + on_rtl + " --set verification=precise" + shortened);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.out.find("as unprotected"), std::string::npos);
    EXPECT_EQ(result.out.find("differ"), std::string::npos) << result.out;
}

}  // namespace
}  // namespace coffer
