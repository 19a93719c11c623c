#include <gtest/gtest.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/units.h"
#include "program/program.h"

namespace coffer {
namespace {

using nlohmann::json;

/// Two VMs and the host on parts of the traces that ship.
std::string small_platform(unsigned accesses = 60'000) {
    return fmt::format(
        "vms:\n"
        "  - {{name: a, trace: sqlite3, max_accesses: {0}}}\n"
        "  - {{name: b, trace: xz, max_accesses: {0}}}\n"
        "host: {{trace: python3, max_accesses: {0}}}\n",
        accesses);
}

json stats_of(const std::filesystem::path& folder) { return json::parse(read_text(folder / "stats.json")); }

TEST(RunCommand, ProtectsTwoTenantsWithoutChangingWhatTheyCompute) {
    const TemporaryFolder folder;
    const ProgramResult result = run_coffer("run two_tenants --out " + (folder / "out").string());
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err, "") << "nothing but errors and warnings is said there";
    const json stats = stats_of(folder / "out");
    ASSERT_EQ(stats["tenants"].size(), 3u);
    for (const json& tenant : stats["tenants"]) {
        EXPECT_TRUE(tenant["completed"]) << tenant;
        EXPECT_TRUE(tenant["reads_agree"]) << tenant;
        EXPECT_EQ(tenant["sweep"]["different"]["value"], 0) << tenant;
        EXPECT_EQ(tenant["sweep"]["refused"]["value"], 0) << tenant;
        EXPECT_GE(tenant["accesses"]["value"], 1'000'000u) << tenant;
        if (tenant["vmid"] != 0) {
            EXPECT_GT(tenant["overhead"]["value"], 0.0) << tenant;
        }
        EXPECT_NE(result.out.find(tenant["name"].get<std::string>()), std::string::npos) << result.out;
    }
    EXPECT_EQ(stats["violations"]["count"]["value"], 0);
    for (const char* traffic_class : {"data", "tags", "counters", "tree"})
        EXPECT_GT(stats["rates"]["traffic_share"][traffic_class]["value"], 0.0) << traffic_class;
    for (const char* words : {"overhead", "memory traffic", "tree", "hit rate", "re-encrypted", "violations"})
        EXPECT_NE(result.out.find(words), std::string::npos) << words;
}

TEST(RunCommand, GivesTheSameBytesTwice) {
    const TemporaryFolder folder;
    const std::string platform = folder.write("p.yaml", small_platform()).string();
    ASSERT_EQ(run_coffer("run " + platform + " --out " + (folder / "one").string()).exit_code, 0);
    ASSERT_EQ(run_coffer("run " + platform + " --out " + (folder / "two").string()).exit_code, 0);
    ASSERT_EQ(run_coffer("run " + platform + " --set seed=2 --out " + (folder / "other").string()).exit_code, 0);
    EXPECT_EQ(read_text(folder / "one" / "stats.json"), read_text(folder / "two" / "stats.json"));
    EXPECT_NE(read_text(folder / "one" / "stats.json"), read_text(folder / "other" / "stats.json"));
}

TEST(RunCommand, TheTwinIsThePlatformWithoutProtection) {
    const TemporaryFolder folder;
    const std::string platform = folder.write("p.yaml", small_platform()).string();
    ASSERT_EQ(run_coffer("run " + platform + " --out " + (folder / "both").string()).exit_code, 0);
    ASSERT_EQ(run_coffer("run " + platform + " --set configuration=none --out " + (folder / "plain").string()).exit_code, 0);
    const json both = stats_of(folder / "both");
    const json plain = stats_of(folder / "plain");
    EXPECT_EQ(both["unprotected"], plain["platform"]);
    EXPECT_FALSE(plain.contains("unprotected"));
    for (std::size_t i = 0; i != 3; ++i) EXPECT_EQ(both["tenants"][i]["unprotected_time"], plain["tenants"][i]["time"]);
}

TEST(RunCommand, NestedPagingChangesNothingThatTenantsCompute) {
    for (const char* configuration : {"hsvm", "combined"}) {
        const TemporaryFolder folder;
        const ProgramResult result =
            run_coffer(fmt::format("run two_tenants --set configuration={} --out {}", configuration, (folder / "out").string()));
        ASSERT_EQ(result.exit_code, 0) << configuration << result.err;
        const json stats = stats_of(folder / "out");
        for (const json& tenant : stats["tenants"]) {
            EXPECT_TRUE(tenant["completed"]) << tenant;
            EXPECT_TRUE(tenant["reads_agree"]) << tenant;
            EXPECT_EQ(tenant["sweep"]["different"]["value"], 0) << tenant;
            EXPECT_EQ(tenant["sweep"]["refused"]["value"], 0) << tenant;
        }
        EXPECT_EQ(stats["violations"]["count"]["value"], 0);
        const json& platform = stats["platform"];
        std::uint64_t misses = 0, pages = 0;
        for (const char* vm : {"database", "compression"}) {
            const json& tenant = platform["tenants"][vm];
            EXPECT_GE(tenant["tlb"]["hits"]["value"], 1'000'000u);
            EXPECT_EQ(tenant["tlb"]["walk_faults"]["value"], 0u);
            misses += tenant["tlb"]["misses"]["value"].get<std::uint64_t>();
            pages += tenant["memory_pages"]["value"].get<std::uint64_t>();
        }
        const json& hsvm = platform["hsvm"];
        EXPECT_EQ(hsvm["walks"]["value"], misses + hsvm["host_mmu"]["walks"]["value"].get<std::uint64_t>());
        EXPECT_EQ(hsvm["setup_operations"]["value"], pages + 2) << "two VMs, and each of their pages";
        EXPECT_EQ(hsvm["refused"]["value"], 0u);
        const bool encrypted = std::string(configuration) == "combined";
        EXPECT_EQ(result.out.find(encrypted ? "combined, integrity bmt" : "hsvm, memory plain"), 0u) << result.out;
        EXPECT_EQ(hsvm["counter_blocks"]["value"], encrypted ? pages : 0);
        EXPECT_EQ(hsvm["pages_zeroed"]["value"], encrypted ? 0 : pages);
        EXPECT_EQ(stats["rates"]["traffic_share"]["tags"]["value"] > 0.0, encrypted);
        EXPECT_EQ(platform["hsvm"]["host_mmu"]["refused"]["value"], 0u);
        const json& data = platform["dram"]["data"];
        EXPECT_EQ(data["write_bytes"]["value"], line_bytes * data["writes"]["value"].get<std::uint64_t>()) << "loading does not count";
    }
}

TEST(RunCommand, TamperingIsFoundInCombinedAndMissedInHsvm) {
    const TemporaryFolder folder;
    const std::string platform = folder.write("p.yaml", small_platform()).string();
    const std::string set =
        " --set tamper[0].op=flip --set tamper[0].after=1500 --set tamper[0].vm=a --set tamper[0].gpn=1200 --set tamper[0].line=5";
    ASSERT_EQ(run_coffer("run " + platform + set + " --set configuration=combined --out " + (folder / "combined").string()).exit_code, 3);
    const json combined = stats_of(folder / "combined");
    EXPECT_EQ(combined["violations"]["first"][0]["check"], "data tag");
    EXPECT_EQ(combined["violations"]["first"][0]["vmid"], 2);
    EXPECT_EQ(combined["tampering"][0]["after"]["value"], 1500) << "loading does not count";
    ASSERT_EQ(run_coffer("run " + platform + set + " --set configuration=hsvm --out " + (folder / "hsvm").string()).exit_code, 0);
    const json hsvm = stats_of(folder / "hsvm");
    EXPECT_EQ(hsvm["violations"]["count"]["value"], 0);
    EXPECT_GT(hsvm["tenants"][0]["sweep"]["different"]["value"], 0);
}

TEST(RunCommand, TransportsDifferInTheTimeOfOperationsAlone) {
    const TemporaryFolder folder;
    const std::string platform = folder.write("p.yaml", small_platform(20'000)).string();
    double last = 0;
    json first;
    for (const char* transport : {"microcode", "smm", "usart"}) {
        const std::string out = (folder / transport).string();
        ASSERT_EQ(run_coffer(fmt::format("run {} --set configuration=combined --set hsvm.transport={} --out {}", platform, transport, out)).exit_code,
                  0);
        json stats = stats_of(out);
        json& hsvm = stats["platform"]["hsvm"];
        const double time = hsvm["setup_time"]["value"];
        EXPECT_GT(time, last) << transport;
        last = time;
        hsvm.erase("setup_time");
        hsvm.erase("transport");
        stats.erase("configuration");
        if (first.is_null()) first = stats;
        EXPECT_EQ(stats, first) << transport;
    }
}

TEST(RunCommand, ASmallTlbWalksMore) {
    const TemporaryFolder folder;
    const std::string platform = folder.write("p.yaml", small_platform(20'000)).string();
    std::uint64_t walks = 0;
    for (const char* tlb : {"tlb.entries=512", "tlb.entries=8 --set tlb.ways=1"}) {
        const std::string out = (folder / "out").string();
        ASSERT_EQ(run_coffer(fmt::format("run {} --set configuration=hsvm --set {} --out {}", platform, tlb, out)).exit_code, 0);
        const std::uint64_t now = stats_of(out)["platform"]["hsvm"]["walks"]["value"];
        EXPECT_GT(now, 2 * walks);
        walks = now;
    }
}

TEST(RunCommand, EveryPresetRuns) {
    for (const char* preset : {"two_tenants", "rogers2007", "unprotected", "combined"}) {
        const ProgramResult result = run_coffer(std::string("run ") + preset + " --set vms[0].max_accesses=20000");
        EXPECT_EQ(result.exit_code, 0) << preset << ": " << result.err;
    }
}

/// Where a guest page and what protects it lie, as the dump of the same platform says.
struct PagePlace {
    Address frame = 0;
    Address counter_block = 0;
    Address node = 0;  // of level 1
};

PagePlace place_of(const json& layout, Vmid vmid, Gpn gpn) {
    PagePlace place;
    for (const json& vm : layout["vms"]) {
        if (vm["vmid"] != vmid) continue;
        place.node = vm["tree_base"].get<Address>() + gpn / (64 / layout["node_tag_bytes"].get<Gpn>()) * 64;
        for (const json& range : vm["map"]) {
            const Gpn first = range[0];
            if (gpn >= first && gpn - first < range[2].get<Gpn>()) place.frame = range[1].get<Address>() + (gpn - first) * page_bytes;
        }
    }
    place.counter_block = layout["counter_base"].get<Address>() + place.frame / page_bytes * 64;
    return place;
}

Address address_in(const json& violation, const char* field) { return std::stoull(violation[field].get<std::string>(), nullptr, 16); }

TEST(RunCommand, NamesWhatWasTamperedWith) {
    constexpr Gpn tampered = 1200;
    constexpr Gpn spliced = 1100;
    constexpr Address line = 5;  // of the first page; line 0 of the other
    const TemporaryFolder folder;
    const std::string platform = folder.write("p.yaml", small_platform()).string();
    ASSERT_EQ(run_coffer("dump " + platform + " --out " + (folder / "dump").string()).exit_code, 0);
    const json layout = json::parse(read_text(folder / "dump" / "layout.json"));
    const std::pair<const char*, const char*> parts[] = {
        {"data", "data tag"}, {"tag", "data tag"}, {"counter", "counter block"}, {"node", "tree node"}};
    for (const auto& [part, check] : parts) {
        for (const char* operation : {"flip", "splice"}) {
            const std::string out = (folder / (std::string(part) + operation)).string();
            std::string set = fmt::format(
                " --set tamper[0].op={} --set tamper[0].part={} --set tamper[0].after=1500 --set tamper[0].vm=a --set tamper[0].gpn=1200"
                " --set tamper[0].line=5",
                operation, part);
            if (std::string(operation) == "splice") set += " --set tamper[0].with.vm=a --set tamper[0].with.gpn=1100";
            const ProgramResult result = run_coffer("run " + platform + set + " --out " + out);
            EXPECT_EQ(result.exit_code, 3) << part << " " << operation << result.err;
            const json stats = stats_of(out);
            ASSERT_GE(stats["violations"]["count"]["value"], 1) << part << " " << operation;
            const json& violation = stats["violations"]["first"][0];
            EXPECT_EQ(violation["check"], check) << part << " " << operation;
            EXPECT_EQ(violation["vmid"], 2);
            // Of two spliced blocks the one that is used first is found.
            const Gpn found = address_in(violation, "gpa") / page_bytes;
            const bool is_node = std::string(part) == "node";
            const Gpn pages_below = is_node ? 64 / layout["node_tag_bytes"].get<Gpn>() : 1;
            const bool is_other = std::string(operation) == "splice" && found / pages_below == spliced / pages_below;
            EXPECT_TRUE(is_other || found / pages_below == tampered / pages_below) << violation;
            const PagePlace place = place_of(layout, 2, is_other ? spliced : tampered);
            ASSERT_NE(place.frame, 0u);
            const bool is_line = std::string(check) == "data tag";
            const Address offset = is_other ? 0 : line * line_bytes;
            EXPECT_EQ(address_in(violation, "hpa"), is_line ? place.frame + offset : is_node ? place.node : place.counter_block) << violation;
            if (is_line) {
                EXPECT_EQ(address_in(violation, "gpa") % page_bytes, offset) << violation;
            }
            EXPECT_NE(result.out.find(fmt::format("check={} vmid=2 gpa={}", check, violation["gpa"].get<std::string>())), std::string::npos)
                << result.out;
            // The other tenants are not concerned.
            for (std::size_t other : {1, 2}) {
                EXPECT_TRUE(stats["tenants"][other]["reads_agree"]);
                EXPECT_EQ(stats["tenants"][other]["sweep"]["different"]["value"], 0);
                EXPECT_EQ(stats["tenants"][other]["sweep"]["refused"]["value"], 0);
            }
            EXPECT_EQ(stats["tampering"][0]["changed_memory"], true);
        }
    }
}

/// A trace of two lines that a cache of one line cannot hold: each write goes to memory.
std::string thrashing_trace(unsigned rounds) {
    std::string text = "# command: two lines in turn\n";
    for (unsigned i = 0; i != rounds; ++i) text += "W 0x1000 8 1\nW 0x1040 8 1\nR 0x1000 8 1\n";
    return text;
}

std::string thrashing_platform(const TemporaryFolder& folder, unsigned rounds) {
    const std::string trace = (folder / "t.trace").string();
    EXPECT_EQ(run_coffer("trace convert " + folder.write("t.txt", thrashing_trace(rounds)).string() + " " + trace).exit_code, 0);
    return folder
        .write("p.yaml",
               "llc: {bytes: 64, ways: 1}\nmetadata_cache: {bytes: 1 KiB, ways: 4, chip_ways: 1}\nvms: [{name: a, trace: t.trace, pages: 40}]\n")
        .string();
}

// One line of a page is written, and left alone until nothing of the page is on the chip any more; then the line, its tag, the counter block and all
// nodes are set back to what they were at the start, which fits together.
TEST(RunCommand, DetectsTheReplayOfEverythingThatProtectsALine) {
    const TemporaryFolder folder;
    std::string text;
    for (unsigned i = 0; i != 5; ++i) text += "W 0x1000 8 1\nW 0x2000 8 1\n";
    for (unsigned page = 3; page != 250; ++page) text += fmt::format("R {:#x} 8 1\n", page * 4096);
    const std::string trace = (folder / "t.trace").string();
    ASSERT_EQ(run_coffer("trace convert " + folder.write("t.txt", text).string() + " " + trace).exit_code, 0);
    const std::string platform =
        folder.write("p.yaml", "llc: {bytes: 64, ways: 1}\nmetadata_cache: {bytes: 1 KiB, ways: 4, chip_ways: 1}\nvms: [{name: a, trace: t.trace}]\n")
            .string();
    const auto run = [&](const std::string& name, const std::string& set) {
        const ProgramResult result = run_coffer("run " + platform + set + " --out " + (folder / name).string());
        return std::pair{result.exit_code, stats_of(folder / name)};
    };

    for (const auto& [integrity, detected] : {std::pair{"bmt", true}, std::pair{"mac", false}}) {
        const std::string scheme = fmt::format(" --set protection.integrity={}", integrity);
        const json bus = run("untouched", scheme).second["platform"]["bus_probe"];
        const std::uint64_t accesses = bus["reads"]["value"].get<std::uint64_t>() + bus["writes"]["value"].get<std::uint64_t>();
        const auto [code, stats] = run(
            integrity,
            scheme + fmt::format(" --set tamper[0].op=replay --set tamper[0].part=all --set tamper[0].vm=a --set tamper[0].after={}", accesses - 20));
        EXPECT_EQ(stats["tampering"][0]["changed_memory"], true);
        EXPECT_EQ(code, detected ? 3 : 0) << integrity;
        EXPECT_EQ(stats["violations"]["count"]["value"], detected ? 1 : 0) << integrity;
        if (detected) {
            EXPECT_EQ(stats["violations"]["first"][0]["gpa"], "0x0");
        } else {
            EXPECT_EQ(stats["tenants"][0]["sweep"]["different"]["value"], 1) << "tags alone take old data for good";
        }
    }
}

TEST(RunCommand, ReencryptsAPageWhoseCounterIsAtItsEnd) {
    const TemporaryFolder folder;
    const std::string platform = thrashing_platform(folder, 300);
    const std::string out = (folder / "out").string();
    const ProgramResult result = run_coffer("run " + platform + " --out " + out);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const json stats = stats_of(out);
    EXPECT_GE(stats["platform"]["protection"]["mpe"]["overflows"]["value"], 2);
    EXPECT_EQ(stats["tenants"][0]["reads_agree"], true);
    EXPECT_EQ(stats["tenants"][0]["sweep"]["different"]["value"], 0);
}

TEST(RunCommand, EncryptionAloneMissesTampering) {
    const TemporaryFolder folder;
    const std::string platform = folder.write("p.yaml", small_platform()).string();
    const std::string out = (folder / "out").string();
    const ProgramResult result = run_coffer(
        "run " + platform +
        " --set protection.integrity=none --set tamper[0].op=flip --set tamper[0].after=1500 --set tamper[0].vm=a --set tamper[0].gpn=1200 --out " +
        out);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const json stats = stats_of(out);
    EXPECT_EQ(stats["violations"]["count"]["value"], 0);
    EXPECT_EQ(stats["tenants"][0]["sweep"]["different"]["value"], 1);
    EXPECT_NE(result.out.find("memory differs"), std::string::npos) << result.out;
}

TEST(RunCommand, MoreVmsThanRegisterSets) {
    const TemporaryFolder folder;
    std::string yaml = "vm_table: {slots: 2}\nquantum_ns: 200\nvms:\n";
    for (int i = 0; i != 5; ++i) yaml += fmt::format("  - {{name: vm{}, trace: xz, max_accesses: 3000, pages: 1103}}\n", i);
    const std::string out = (folder / "out").string();
    const ProgramResult result = run_coffer("run " + folder.write("p.yaml", yaml).string() + " --out " + out);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const json stats = stats_of(out);
    EXPECT_GT(stats["platform"]["protection"]["vm_table"]["loads"]["value"], 0);
    for (const json& tenant : stats["tenants"]) EXPECT_EQ(tenant["sweep"]["different"]["value"], 0) << tenant;
}

TEST(RunCommand, WritesWaves) {
    const TemporaryFolder folder;
    const std::string platform = folder.write("p.yaml", small_platform(5000)).string();
    const ProgramResult result = run_coffer("run " + platform + " --wave " + (folder / "w.vcd").string());
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err, "");
    const std::string wave = read_text(folder / "w.vcd");
    for (const char* words : {"$timescale", "llc_misses", "accesses", "unprotected"}) EXPECT_NE(wave.find(words), std::string::npos) << words;
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), std::filesystem::directory_iterator()), 2)
        << "p.yaml and w.vcd, nothing temporary";
}

TEST(RunCommand, WarnsOfShortTags) {
    const TemporaryFolder folder;
    const std::string platform = folder.write("p.yaml", small_platform(1000)).string();
    const ProgramResult result = run_coffer("run " + platform + " --set protection.tag_bytes=8");
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_TRUE(is_one_line(result.err)) << result.err;
    EXPECT_NE(result.err.find("--set protection.tag_bytes: tags of 8 bytes"), std::string::npos) << result.err;
}

TEST(RunCommand, StartsAtATebibyteWithinASecond) {
    const TemporaryFolder folder;
    const std::string platform = folder.write("p.yaml", "memory: {data_bytes: 1 TiB}\nvms: [{name: a, trace: python3, max_accesses: 10}]\n").string();
    for (const char* configuration : {"none", "hsvm", "hypercoffer", "combined"}) {
        const auto start = std::chrono::steady_clock::now();
        EXPECT_EQ(run_coffer("run " + platform + " --set configuration=" + configuration).exit_code, 0) << configuration;
        EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5)) << configuration << ": a second where nothing else runs";
    }
}

TEST(RunCommand, AnswersBadInputWithOneLineAndWritesNothing) {
    const TemporaryFolder folder;
    const std::string platform = folder.write("p.yaml", small_platform(1000)).string();
    const std::string shipped = read_text(COFFER_SOURCE_DIR "/vectors/traces/xz.trace");
    folder.write("truncated.trace", shipped.substr(0, shipped.size() / 2));
    std::string corrupt = shipped;
    corrupt[corrupt.size() / 2] = static_cast<char>(corrupt[corrupt.size() / 2] ^ 0x10);
    folder.write("corrupt.trace", corrupt);
    folder.write("empty.trace", "");
    folder.write("memory.yaml", small_platform() + "memory: {data_bytes: 1 GB}\n");
    folder.write("unknown.yaml", small_platform() + "memroy: {}\n");
    folder.write("file", "");
    const std::string tamper = " --set tamper[0].op=flip --set tamper[0].after=1 --set tamper[0].vm=a";
    const std::string out = (folder / "out").string();
    const std::string wave = (folder / "w.vcd").string();

    const std::string bad[] = {
        "nothing",
        (folder / "unknown.yaml").string(),
        (folder / "memory.yaml").string(),
        platform + " more",
        platform + " --set seed",
        platform + " --set seed=-1",
        platform + " --set vms[0].trace=truncated.trace",
        platform + " --set vms[0].trace=corrupt.trace",
        platform + " --set vms[0].trace=empty.trace",
        platform + " --set vms[0].trace=missing.trace",
        platform + " --set vms[0].pages=3",
        platform + " --set vms[0].pages=3 --set vms[0].max_accesses=0",
        platform + " --set memory.data_bytes=4096",
        platform + " --set vms[0].first_frame=0 --set vms[1].first_frame=5",
        platform + " --set vms[0].first_frame=262144",
        platform + " --set llc.ways=7",
        platform + " --set protection.tag_bytes=32",
        platform + " --set protection.tag_bytes=8 --set on_violation=report",
        platform + tamper + " --set tamper[0].gpn=999999",
        platform + tamper + " --set tamper[0].part=node --set tamper[0].level=20",
        platform + tamper + " --set tamper[0].part=node --set protection.integrity=mac",
        platform + " --nonvolatile " + (folder / "file").string(),
        platform + " --nonvolatile " + (folder / "missing" / "file").string(),
    };
    for (const std::string& arguments : bad) expect_refused("run " + arguments + " --out " + out + " --wave " + wave);
    for (const std::string& arguments :
         {platform + " --out " + (folder / "file").string(), platform + " --out " + (folder / "missing" / "out").string(),
          platform + " --wave " + folder.path().string(), platform + " --wave " + (folder / "missing" / "w.vcd").string(), platform + " --out"})
        expect_refused("run " + arguments);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), std::filesystem::directory_iterator()), 7) << "something was written";
}

}  // namespace
}  // namespace coffer
