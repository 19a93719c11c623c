#include <gtest/gtest.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "program/program.h"

namespace coffer {
namespace {

using nlohmann::json;

/// What the independent decryptor says of a dump: its exit code and its JSON.
std::pair<int, json> decrypt(const std::filesystem::path& folder, const TemporaryFolder& scratch) {
    const std::string out = (scratch / "decrypted.json").string();
    const int status =
        std::system(fmt::format("/usr/bin/python3 {}/tb/decrypt/decrypt_dump.py --json {} > {}", COFFER_SOURCE_DIR, folder.string(), out).c_str());
    return {WEXITSTATUS(status), json::parse(read_text(out), nullptr, false)};
}

json layout_of(const std::filesystem::path& folder) { return json::parse(read_text(folder / "layout.json")); }

const std::string some_platform =
    "vms:\n"
    "  - {name: a, trace: sqlite3, max_accesses: 60000}\n"
    "  - {name: b, trace: xz, max_accesses: 60000}\n"
    "host: {trace: python3, max_accesses: 60000}\n";

TEST(DumpCommand, AnotherProgramDecryptsTwoTenantsToWhatUnprotectedMemoryHolds) {
    const TemporaryFolder folder;
    ASSERT_EQ(run_coffer("dump two_tenants --out " + (folder / "dump").string()).exit_code, 0);
    ASSERT_EQ(run_coffer("dump unprotected --out " + (folder / "plain").string()).exit_code, 0);
    const auto [code, decrypted] = decrypt(folder / "dump", folder);
    ASSERT_EQ(code, 0) << decrypted;
    const auto [plain_code, plain] = decrypt(folder / "plain", folder);
    ASSERT_EQ(plain_code, 0) << plain;
    std::map<int, std::string> sums;
    for (const json& vm : plain["vms"]) sums[vm["vmid"]] = vm["sha256"];
    ASSERT_EQ(sums.size(), 2u);
    for (const json& vm : decrypted["vms"]) {
        if (vm["vmid"] == 1) continue;
        EXPECT_EQ(vm["sha256"], sums[vm["vmid"]]) << vm;
    }
}

TEST(DumpCommand, PagesOfNestedPageTablesVerifyToTheRoots) {
    const TemporaryFolder folder;
    const std::string platform = folder.write("p.yaml", some_platform).string();
    std::map<int, std::string> sums;
    for (const char* configuration : {"none", "hsvm", "combined"}) {
        const auto dump = folder / configuration;
        ASSERT_EQ(run_coffer(fmt::format("dump {} --set configuration={} --out {}", platform, configuration, dump.string())).exit_code, 0)
            << configuration;
        const json layout = layout_of(dump);
        EXPECT_EQ(layout["configuration"], configuration);
        const auto [code, decrypted] = decrypt(dump, folder);
        ASSERT_EQ(code, 0) << configuration << decrypted;
        const bool encrypted = std::string(configuration) == "combined";
        EXPECT_EQ(layout["vms"].size(), encrypted ? 3u : 2u);
        for (const json& vm : decrypted["vms"]) {
            if (vm["vmid"] == 1) {
                EXPECT_GT(vm["nodes_verified"], 10) << "H-SVM's tables are under the chip's tree";
                continue;
            }
            if (sums.count(vm["vmid"]) == 0) sums[vm["vmid"]] = vm["sha256"];
            EXPECT_EQ(vm["sha256"], sums[vm["vmid"]]) << configuration << vm;
        }
    }
    EXPECT_EQ(sums.size(), 2u);
}

TEST(DumpCommand, TheDecryptorSeesAPlantedFault) {
    const TemporaryFolder folder;
    const std::string platform = folder.write("p.yaml", some_platform).string();
    const auto dump = folder / "dump";
    ASSERT_EQ(run_coffer("dump " + platform + " --out " + dump.string()).exit_code, 0);
    ASSERT_EQ(decrypt(dump, folder).first, 0);
    std::string bytes = read_text(dump / "dram.bin");
    bytes[12345] = static_cast<char>(bytes[12345] ^ 1);
    std::ofstream(dump / "dram.bin", std::ios::binary) << bytes;
    EXPECT_EQ(decrypt(dump, folder).first, 3);
}

TEST(DumpCommand, EverySchemeIsDumpedAsItIsDocumented) {
    const TemporaryFolder folder;
    const std::string platform = folder.write("p.yaml", some_platform).string();
    for (const char* scheme :
         {"integrity=mac", "integrity=none",
          "data_mac=hmac-sha256 --set protection.tag_bytes=32 --set protection.node_mac=hmac-sha256 --set protection.node_tag_bytes=32",
          "data_mac=cmac --set protection.tag_bytes=8 --set protection.node_tag_bytes=4", "data_mac=hmac-sha1 --set protection.node_mac=hmac-sha1"}) {
        const auto dump = folder / "dump";
        ASSERT_EQ(run_coffer("dump " + platform + " --set protection." + scheme + " --out " + dump.string()).exit_code, 0) << scheme;
        const auto [code, decrypted] = decrypt(dump, folder);
        EXPECT_EQ(code, 0) << scheme << decrypted;
    }
}

TEST(DumpCommand, ManyVmsOverflowingPagesAndEmptyImages) {
    const TemporaryFolder folder;
    std::string text;
    for (int i = 0; i != 200; ++i) text += "W 0x1000 8 1\nW 0x1040 8 1\n";
    ASSERT_EQ(run_coffer("trace convert " + folder.write("t.txt", text).string() + " " + (folder / "t.trace").string()).exit_code, 0);
    std::string yaml = "vm_table: {slots: 2}\nllc: {bytes: 64, ways: 1}\nmetadata_cache: {bytes: 1 KiB, ways: 4, chip_ways: 1}\nvms:\n";
    for (int i = 0; i != 5; ++i)
        yaml += fmt::format("  - {{name: vm{0}, trace: t.trace, pages: {1}, image: {2}}}\n", i, 3 + 7 * i, i % 2 == 0 ? "empty" : "random");
    const auto dump = folder / "dump";
    ASSERT_EQ(run_coffer("dump " + folder.write("p.yaml", yaml).string() + " --out " + dump.string()).exit_code, 0);
    const auto [code, decrypted] = decrypt(dump, folder);
    EXPECT_EQ(code, 0) << decrypted;
    EXPECT_EQ(decrypted["vms"].size(), 6u);
    const json stats = json::parse(read_text(dump / "stats.json"));
    EXPECT_GT(stats["platform"]["protection"]["mpe"]["overflows"]["value"], 0);
}

TEST(DumpCommand, GivesTheSameBytesTwice) {
    const TemporaryFolder folder;
    const std::string platform = folder.write("p.yaml", some_platform).string();
    for (const char* name : {"one", "two"}) ASSERT_EQ(run_coffer("dump " + platform + " --out " + (folder / name).string()).exit_code, 0);
    for (const char* file : {"dram.bin", "layout.json", "stats.json"})
        EXPECT_EQ(read_text(folder / "one" / file), read_text(folder / "two" / file)) << file;
}

TEST(DumpCommand, LpidsCountOnWithNonVolatileState) {
    const TemporaryFolder folder;
    const std::string platform = folder.write("p.yaml", some_platform).string();
    const std::string state = " --nonvolatile " + (folder / "chip").string();
    const auto gpc = [&](const std::string& name, const std::string& arguments) {
        EXPECT_EQ(run_coffer("dump " + platform + arguments + " --out " + (folder / name).string()).exit_code, 0);
        EXPECT_EQ(decrypt(folder / name, folder).first, 0);
        return layout_of(folder / name)["gpc"].get<std::string>();
    };
    const std::string fresh = gpc("fresh", "");
    EXPECT_EQ(gpc("first", state), fresh);
    const std::string second = gpc("second", state);
    EXPECT_GT(second, fresh) << "of equal length, so that the order of texts is that of numbers";
    EXPECT_EQ(run_coffer("dump " + platform + state + " --set chip.number=2 --out " + (folder / "other").string()).exit_code, 2);
    EXPECT_FALSE(std::filesystem::exists(folder / "other"));
}

TEST(DumpCommand, AnswersBadInputWithOneLineAndWritesNothing) {
    const TemporaryFolder folder;
    const std::string platform = folder.write("p.yaml", some_platform).string();
    for (const std::string& arguments :
         {platform, std::string("nothing --out ") + (folder / "out").string(), platform + " --set seed=x --out " + (folder / "out").string(),
          platform + " --out " + platform, platform + " --set vms[0].pages=1 --out " + (folder / "out").string()})
        expect_refused("dump " + arguments);
    EXPECT_FALSE(std::filesystem::exists(folder / "out"));
}

}  // namespace
}  // namespace coffer
