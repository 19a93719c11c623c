#include "platform/configuration.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "common/errors.h"
#include "platform/input_files.h"

namespace coffer {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// A folder with one file that may stand for a trace: a configuration only needs it to exist.
class ConfigurationTest : public testing::Test {
protected:
    ConfigurationTest() : folder_(std::filesystem::path(testing::TempDir()) / ("coffer-configuration-" + std::to_string(getpid()))) {
        std::filesystem::create_directories(folder_);
        std::ofstream(folder_ / "some.trace") << "x";
    }
    ~ConfigurationTest() override { std::filesystem::remove_all(folder_); }

    Configuration parse(const std::string& yaml, const std::vector<std::string>& overrides = {}) const {
        return parse_configuration(yaml, "p.yaml", folder_, overrides);
    }

    /// The message that the text is refused with; empty where it is accepted.
    std::string refusal(const std::string& yaml, const std::vector<std::string>& overrides = {}) const {
        try {
            (void)parse(yaml, overrides);
        } catch (const InputError& error) {
            EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
            return error.what();
        }
        return "";
    }

    const std::string one_vm_ = "vms: [{name: a, trace: some.trace}]\n";
    std::filesystem::path folder_;
};

TEST_F(ConfigurationTest, EmptyKeysHaveDefaults) {
    const Configuration c = parse(one_vm_);
    EXPECT_EQ(c.protection, ProtectionConfiguration::hypercoffer);
    EXPECT_TRUE(c.scheme.encrypt);
    EXPECT_EQ(c.scheme.integrity, Integrity::bmt);
    EXPECT_EQ(c.memory.data_bytes, std::uint64_t{1} << 30);
    ASSERT_EQ(c.vms.size(), 1u);
    EXPECT_EQ(c.vms[0].trace_file, folder_ / "some.trace");
    EXPECT_FALSE(c.vms[0].key);
    EXPECT_FALSE(c.vms[0].first_frame);
    EXPECT_TRUE(warnings_of(c).empty());
}

TEST_F(ConfigurationTest, EveryTypeOfKeyIsRead) {
    const Configuration c = parse(one_vm_ +
                                  "configuration: none\n"
                                  "seed: 0xff\n"
                                  "quantum_ns: 2.5e2\n"
                                  "memory: {data_bytes: 1 TiB, chip_bytes: 8192}\n"
                                  "protection: {data_mac: hmac-sha256, tag_bytes: 32}\n"
                                  "chip: {fleet_id: '00000000000000ff', secret: 000102030405060708090a0b0c0d0e0f}\n"
                                  "tamper: [{op: splice, after: 5, part: tag, vm: a, gpn: 1, with: {vm: a, gpn: 2, line: 63}}]\n");
    EXPECT_EQ(c.protection, ProtectionConfiguration::none);
    EXPECT_FALSE(c.scheme.encrypt);
    EXPECT_EQ(c.seed, 255u);
    EXPECT_EQ(c.quantum_ns, 250.0);
    EXPECT_EQ(c.memory.data_bytes, std::uint64_t{1} << 40);
    EXPECT_EQ(c.memory.chip_bytes, 8192u);
    EXPECT_EQ(c.scheme.data_mac, MacAlgorithm::hmac_sha256);
    EXPECT_EQ(c.scheme.tag_bytes, 32u);
    EXPECT_EQ((*c.fleet_id)[7], 0xff);
    EXPECT_EQ(c.chip_secret->data()[15], 0x0f);
    ASSERT_EQ(c.tamper.size(), 1u);
    EXPECT_EQ(c.tamper[0].part, TamperPart::tag);
    EXPECT_EQ(c.tamper[0].with.line, 63u);
}

TEST_F(ConfigurationTest, TheChipRegionHoldsTablesWhereThereAreSome) {
    EXPECT_EQ(parse(one_vm_).memory.chip_bytes, std::uint64_t{1} << 20);
    for (const char* name : {"hsvm", "combined"}) {
        const Configuration c = parse(one_vm_ + "configuration: " + name + "\n");
        EXPECT_TRUE(c.rules().ownership);
        EXPECT_EQ(c.scheme.encrypt, std::string(name) == "combined");
        EXPECT_GE(c.memory.chip_bytes, (std::uint64_t{1} << 30) / 4096 * 16 + (std::uint64_t{1} << 30) / 512);
        EXPECT_EQ(c.hsvm_transport, HsvmTransport::microcode);
        const Configuration given = parse(one_vm_ + "configuration: " + name +
                                          "\nmemory: {chip_bytes: 32 MiB}\nhsvm: {transport: usart, vmids: 100}\ntlb: {entries: 96, ways: 6}\n");
        EXPECT_EQ(given.memory.chip_bytes, std::uint64_t{32} << 20);
        EXPECT_EQ(given.hsvm_transport, HsvmTransport::usart);
        EXPECT_EQ(given.hsvm_vmids, 100u);
        EXPECT_EQ(given.tlb.entries, 96u);
        EXPECT_EQ(given.tlb.ways, 6u);
    }
}

struct Refused {
    const char* what;
    std::string yaml;
    std::string message;
};

TEST_F(ConfigurationTest, BadInputIsRefusedWithItsPlaceAndWhatIsAccepted) {
    const std::string vms = one_vm_;  // one line
    const Refused refused[] = {
        {"unknown key", vms + "memry: 1\n", "p.yaml:2:1: unknown key 'memry' (accepted: configuration, seed, "},
        {"unknown key in a map", vms + "memory:\n  size: 1\n",
         "p.yaml:3:3: unknown key 'memory.size' (accepted: data_bytes, chip_bytes, latency_ns, bandwidth_gb_per_s)"},
        {"unknown key in a list", "vms: [{nam: a}]\n",
         "p.yaml:1:8: unknown key 'vms[0].nam' (accepted: name, trace, pages, max_accesses, image, first_frame, key)"},
        {"a dotted key", vms + "memory.data_bytes: 1\n", "p.yaml:2:1: unknown key 'memory.data_bytes'"},
        {"a key that is a list", vms + "[a]: b\n", "p.yaml:2:1: this key is no plain text"},
        {"a key twice", vms + "seed: 1\nseed: 2\n", "p.yaml:3:1: seed: the key is here a second time (accepted: each key once)"},
        {"no map", "- a\n", "p.yaml:1:1: this is no map (accepted: configuration, "},
        {"no map below", vms + "memory: 5\n", "p.yaml:2:9: memory: this is no map (accepted: data_bytes, "},
        {"no list", "vms: {name: a}\n", "p.yaml:1:6: vms: this is no list"},
        {"no value", vms + "seed:\n", "p.yaml:2:1: seed: the key has no value (accepted: one value)"},
        {"a list for a value", vms + "seed: [1]\n", "p.yaml:2:7: seed: this is no plain value"},
        {"two documents", vms + "---\nseed: 1\n", "p.yaml: this is more than one YAML document"},
        {"a comma", ",", "p.yaml: this is more than one YAML document"},
        {"no YAML", "vms: [\n", "p.yaml:2:1: this is no YAML: "},
        {"a word for a number", vms + "seed: one\n", "p.yaml:2:7: seed: 'one' is no whole number (accepted: 0 to 18446744073709551615)"},
        {"a quoted number", vms + "seed: '1'\n", "p.yaml:2:7: seed: text in quotes, not a value of type integer"},
        {"out of range", vms + "clock_mhz: 0\n", "p.yaml:2:12: clock_mhz: '0' is out of range (accepted: 1 to 1e+06)"},
        {"an unknown unit", vms + "memory: {data_bytes: 1 GB}\n", "p.yaml:2:22: memory.data_bytes: '1 GB' is no size (accepted: 4 KiB to 2 PiB"},
        {"no multiple of a page", vms + "memory: {data_bytes: 5000}\n",
         "p.yaml:2:22: memory.data_bytes: '5000' is out of range (accepted: 4 KiB to "},
        {"no choice", vms + "verification: never\n", "p.yaml:2:15: verification: 'never' is no choice (accepted: precise, lazy)"},
        {"gcm for nodes", vms + "protection: {node_mac: gcm}\n",
         "p.yaml:2:24: protection.node_mac: 'gcm' is no choice (accepted: cmac, hmac-sha1, hmac-sha256)"},
        {"a tag larger than its MAC", vms + "protection:\n  tag_bytes: 32\n",
         "p.yaml:3:14: protection.tag_bytes: 32 bytes are more than data_mac gcm gives (accepted: at most 16)"},
        {"a node tag larger than its MAC", vms + "protection: {node_tag_bytes: 32}\n",
         "p.yaml:2:30: protection.node_tag_bytes: 32 bytes are more than node_mac cmac gives"},
        {"report with short tags", vms + "on_violation: report\nprotection: {tag_bytes: 8}\n", "p.yaml:2:15: on_violation: report lets a forger"},
        {"a cache that does not divide", vms + "llc: {bytes: 1 MiB, ways: 7}\n",
         "p.yaml:2:14: llc.bytes: 1048576 bytes are no cache of 7 ways (accepted: a multiple of 448)"},
        {"all ways for the chip", vms + "metadata_cache: {chip_ways: 16}\n",
         "p.yaml:2:29: metadata_cache.chip_ways: 16 of 16 ways leave none to guests (accepted: 1 to 15)"},
        {"nothing to run", "seed: 1\n", "p.yaml: vms: nothing runs on this platform"},
        {"an empty file", "", "p.yaml: vms: nothing runs on this platform"},
        {"a VM without trace", "vms: [{name: a}]\n", "p.yaml:1:7: vms[0].trace: the key is missing (accepted: a trace)"},
        {"a trace that is not there", "vms: [{name: a, trace: none.trace}]\n",
         "p.yaml:1:24: vms[0].trace: no trace 'none.trace' (accepted: a file, or one of: "},
        {"a name twice", "vms: [{name: a, trace: some.trace}, {name: a, trace: some.trace}]\n", "p.yaml:1:44: vms[1].name: the name a is taken"},
        {"a name with a space", "vms: [{name: a b, trace: some.trace}]\n", "p.yaml:1:14: vms[0].name: 'a b' is not accepted (accepted: letters, "},
        {"a short key", "vms: [{name: a, trace: some.trace, key: 00112233}]\n",
         "p.yaml:1:41: vms[0].key: 8 characters are not the digits of 16 bytes (accepted: 32 hexadecimal digits)"},
        {"tampering with no VM", vms + "tamper: [{op: flip, after: 1, vm: b}]\n", "p.yaml:2:35: tamper[0].vm: no VM 'b' (accepted: a)"},
        {"tampering without op", vms + "tamper: [{after: 1, vm: a}]\n",
         "p.yaml:2:10: tamper[0].op: the key is missing (accepted: flip, splice, replay)"},
        {"tampering beyond the VM", "vms: [{name: a, trace: some.trace, pages: 4}]\ntamper: [{op: flip, after: 1, vm: a, gpn: 4}]\n",
         "p.yaml:2:43: tamper[0].gpn: a has no page 4 (accepted: 0 to 3)"},
        {"a splice with itself", vms + "tamper: [{op: splice, after: 1, vm: a, with: {vm: a}}]\n",
         "p.yaml:2:46: tamper[0].with: a line spliced with itself is no change"},
        {"a splice with nothing", vms + "tamper: [{op: splice, after: 1, vm: a}]\n", "p.yaml:2:10: tamper[0].with.vm: no VM ''"},
        {"another line for a flip", vms + "tamper: [{op: flip, after: 1, vm: a, with: {vm: a}}]\n",
         "p.yaml:2:44: tamper[0].with: only a splice has another line"},
        {"a flip of all", vms + "tamper: [{op: flip, after: 1, vm: a, part: all}]\n", "p.yaml:2:44: tamper[0].part: a flip is of one part"},
        {"a bit beyond the tag", vms + "tamper: [{op: flip, after: 1, vm: a, part: tag, bit: 128}]\n",
         "p.yaml:2:54: tamper[0].bit: a tag of 16 bytes has no bit 128 (accepted: 0 to 127)"},
        {"a TLB that does not divide", vms + "configuration: hsvm\ntlb: {entries: 10}\n",
         "p.yaml:3:16: tlb.entries: 10 entries are not made of 4 ways (accepted: a multiple of 4)"},
        {"too few VMIDs", "vms: [{name: a, trace: some.trace}, {name: b, trace: some.trace}]\nconfiguration: combined\nhsvm: {vmids: 3}\n",
         "p.yaml:3:15: hsvm.vmids: 2 VMs do not fit below VMID 3 (accepted: 4 or more)"},
        {"a chip region without room for tables", vms + "configuration: combined\nmemory: {chip_bytes: 64 KiB}\n",
         "p.yaml:3:22: memory.chip_bytes: 65536 bytes leave no frame for nested page tables (accepted: more than "},
        {"no transport", vms + "hsvm: {transport: pigeon}\n", "p.yaml:2:19: hsvm.transport: 'pigeon' is no choice (accepted: microcode, smm, usart)"},
        {"a replay of the future", vms + "tamper: [{op: replay, after: 5, record_after: 5, vm: a}]\n",
         "p.yaml:2:47: tamper[0].record_after: 5 is no earlier than after: 5"},
    };
    for (const Refused& r : refused) EXPECT_THAT(refusal(r.yaml), StartsWith(r.message)) << r.what;
}

TEST_F(ConfigurationTest, OverridesHaveTheSameChecks) {
    EXPECT_EQ(parse(one_vm_ + "seed: 1\n", {"seed=7"}).seed, 7u);
    EXPECT_EQ(parse(one_vm_, {"seed=7", "seed=8"}).seed, 8u);
    EXPECT_EQ(parse(one_vm_, {"memory.data_bytes=2 MiB"}).memory.data_bytes, std::uint64_t{2} << 20);
    EXPECT_EQ(parse(one_vm_, {"vms[0].pages=9"}).vms[0].pages, 9u);
    const Configuration two = parse(one_vm_, {"vms[1].name=b", "vms[1].trace=some.trace"});
    ASSERT_EQ(two.vms.size(), 2u);
    EXPECT_EQ(two.vms[1].name, "b");

    EXPECT_THAT(refusal(one_vm_, {"seed"}), StartsWith("--set: 'seed' has no '=' (accepted: key=value)"));
    EXPECT_THAT(refusal(one_vm_, {"sed=1"}), StartsWith("--set: unknown key 'sed' (accepted: configuration, seed, "));
    EXPECT_THAT(refusal(one_vm_, {"llc.size=1"}), StartsWith("--set: unknown key 'llc.size' (accepted: bytes, ways, latency_cycles)"));
    EXPECT_THAT(refusal(one_vm_, {"llc=1"}), StartsWith("--set: unknown key 'llc'"));
    EXPECT_THAT(refusal(one_vm_, {"vms[].pages=1"}), StartsWith("--set vms[].pages: no such element (accepted: vms[0] to vms[1])"));
    EXPECT_THAT(refusal(one_vm_, {"vms[2].pages=1"}), StartsWith("--set vms[2].pages: no such element (accepted: vms[0] to vms[1])"));
    EXPECT_THAT(refusal(one_vm_, {"vms[0].nam=1"}), StartsWith("--set: unknown key 'vms[0].nam' (accepted: name, trace, "));
    EXPECT_THAT(refusal(one_vm_, {"vms[1].name=b"}), StartsWith("--set vms[1].name: vms[1].trace: the key is missing"));
    EXPECT_THAT(refusal(one_vm_, {"seed=x"}), StartsWith("--set seed: 'x' is no whole number (accepted: "));
    EXPECT_THAT(refusal(one_vm_, {"llc.ways=7"}), StartsWith("--set llc.ways: llc.bytes: 1048576 bytes are no cache of 7 ways"));
    EXPECT_THAT(refusal(one_vm_, {"protection.tag_bytes=32"}), StartsWith("--set protection.tag_bytes: 32 bytes are more than data_mac gcm gives"));
}

TEST_F(ConfigurationTest, ShortTagsGiveAWarning) {
    EXPECT_THAT(warnings_of(parse(one_vm_ + "protection: {tag_bytes: 8, node_tag_bytes: 4}\n")),
                testing::ElementsAre(HasSubstr("protection.tag_bytes: tags of 8 bytes"), HasSubstr("protection.node_tag_bytes: tags of 4 bytes")));
    EXPECT_THAT(warnings_of(parse(one_vm_ + "configuration: none\nprotection: {tag_bytes: 8}\n")), testing::IsEmpty());
    EXPECT_THAT(warnings_of(parse(one_vm_ + "protection: {integrity: none, tag_bytes: 8}\n")), testing::IsEmpty());
}

TEST_F(ConfigurationTest, TheEffectiveConfigurationIsReadBack) {
    const Configuration c =
        parse(one_vm_ + "seed: 12\nmemory: {data_bytes: 3 MiB}\ntamper: [{op: replay, after: 9, record_after: 4, part: all, vm: a}]\n");
    const std::string printed = effective_yaml(c);
    const Configuration again = parse(printed);
    EXPECT_EQ(effective_values(again), effective_values(c)) << printed;
    EXPECT_THAT(printed, AllOf(HasSubstr("data_bytes: 3 MiB"), HasSubstr("record_after: 4")));
}

TEST_F(ConfigurationTest, SecretsAreNeverPrinted) {
    const std::string key = "a1b2c3d4e5f60718293a4b5c6d7e8f90";
    const Configuration c = parse("vms: [{name: a, trace: some.trace, key: " + key + "}]\nchip: {secret: " + key + "}\n");
    EXPECT_TRUE(c.vms[0].key);
    EXPECT_THAT(effective_yaml(c), Not(HasSubstr("a1b2c3")));
    EXPECT_THAT(refusal("vms: [{name: a, trace: some.trace, key: " + key + "00}]\n"), AllOf(HasSubstr("vms[0].key"), Not(HasSubstr("a1b2c3"))));
    EXPECT_THAT(refusal("vms: [{name: a, trace: some.trace, key: " + key.substr(2) + "zz}]\n"),
                AllOf(HasSubstr("vms[0].key"), Not(HasSubstr("b2c3"))));
}

TEST_F(ConfigurationTest, AnyBytesAreReadOrRefused) {
    const std::string pieces[] = {"vms",  ":", " ",  "\n",     "- ",  "[", "]",  "{",    "}",          "name",  "&a", "*a", "'", "\"", "|",
                                  "seed", "0", "? ", "!!str ", "---", "#", "\t", "\xff", "some.trace", "trace", ",",  "<<", "%", "@",  "\\"};
    EXPECT_TRUE(rc::check("any pieces of YAML", [&] {
        std::string yaml;
        for (unsigned i : *rc::gen::container<std::vector<unsigned>>(rc::gen::inRange(0u, static_cast<unsigned>(std::size(pieces)))))
            yaml += pieces[i];
        (void)refusal(yaml);
    }));
    EXPECT_TRUE(rc::check("any bytes", [&] { (void)refusal(*rc::gen::container<std::string>(rc::gen::arbitrary<char>())); }));
    EXPECT_NE(refusal(std::string(5000, '[')), "");
    EXPECT_NE(refusal(std::string(5000, '{')), "");
    EXPECT_NE(refusal(one_vm_ + "memory: &m {data_bytes: *m}\n"), "");
}

TEST(ConfigurationFiles, PresetsAreFoundByName) {
    EXPECT_THAT(find_configuration("two_tenants").string(), EndsWith("presets/two_tenants.yaml"));
    try {
        (void)find_configuration("three_tenants");
        FAIL();
    } catch (const InputError& error) {
        EXPECT_STREQ(error.what(),
                     "'three_tenants': no such preset or file (accepted: a YAML file, or a preset: combined, rogers2007, two_tenants, unprotected)");
    }
    EXPECT_THROW((void)read_configuration_file("/"), InputError);
    EXPECT_THROW((void)read_configuration_file("/dev/zero"), InputError);
}

TEST(ConfigurationDocument, IsWhatTheProgramPrints) {
    std::ifstream file(COFFER_SOURCE_DIR "/docs/configuration.md");
    std::ostringstream text;
    text << file.rdbuf();
    EXPECT_EQ(text.str(), configuration_markdown()) << "run: coffer config --markdown > docs/configuration.md";
}

}  // namespace
}  // namespace coffer
