#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/protection_configuration.h"
#include "common/scheme.h"
#include "common/units.h"
#include "crypto/kdf.h"
#include "crypto/keys.h"
#include "hsvm/hsvm_transport.h"
#include "memory/bus_probe.h"
#include "platform/keyed_input.h"
#include "vcpu/tlb.h"

namespace coffer {

/// What is behind a block's TLM socket.
enum class Implementation : std::uint8_t {
    tlm,  ///< the reference level, with the latencies of the configuration
    rtl,  ///< the generated RTL, clock by clock
};

struct MemoryConfiguration {
    std::uint64_t data_bytes = std::uint64_t{1} << 30;
    std::uint64_t chip_bytes = std::uint64_t{1} << 20;
    double latency_ns = 50;
    double bandwidth_gb_per_s = 12.8;  ///< 10^9 bytes per second; 0 for no limit
};

struct CacheConfiguration {
    std::uint64_t bytes = 0;
    unsigned ways = 1;
    unsigned latency_cycles = 0;
};

/// What a guest's memory holds before its first access.
enum class Image : std::uint8_t {
    random,  ///< bytes drawn from the seed
    empty,   ///< nothing ever written
};

/// Who plays a trace: a VM, or the host.
struct TenantConfiguration {
    std::string name;
    std::string trace;                 ///< as given; empty for a host without one
    std::filesystem::path trace_file;  ///< where it was found
    std::uint64_t pages = 0;           ///< 0: as many as the trace touches
    std::uint64_t max_accesses = 0;    ///< 0: all of the trace
    Image image = Image::random;
    std::optional<std::uint64_t> first_frame;  ///< consecutive frames from here; none: frames scattered by the seed
    std::optional<crypto::Key128> key;         ///< K_vm; none: drawn from the seed
};

enum class TamperPart : std::uint8_t { data, tag, counter, node, all };

/// A line of a VM, as the adversary aims at it.
struct TamperPlace {
    std::string vm;
    Gpn gpn = 0;
    unsigned line = 0;
};

/// One action of the adversary on the bus, on what holds or protects one line.
struct TamperConfiguration {
    TamperKind kind = TamperKind::flip;
    TamperPart part = TamperPart::data;
    std::uint64_t after = 0;         ///< accesses on the bus before it
    std::uint64_t record_after = 0;  ///< replay: accesses on the bus before the bytes that it puts back
    TamperPlace place;
    TamperPlace with;    ///< splice: the other line
    unsigned level = 1;  ///< part node: level of the node
    unsigned bit = 0;    ///< flip: which bit of the part
};

/// A whole platform, checked.
struct Configuration {
    ProtectionConfiguration protection = ProtectionConfiguration::hypercoffer;
    std::uint64_t seed = 1;
    double quantum_ns = 1000;
    double clock_mhz = 2000;
    double cycles_per_instruction = 1;
    OnViolation on_violation = OnViolation::freeze;
    Verification verification = Verification::precise;
    Scheme scheme;
    MemoryConfiguration memory;
    CacheConfiguration llc{std::uint64_t{1} << 20, 8, 10};
    CacheConfiguration metadata_cache{std::uint64_t{32} << 10, 16, 2};
    unsigned metadata_chip_ways = 2;
    Implementation pad_implementation = Implementation::tlm;
    unsigned pad_latency_cycles = 40;
    unsigned pad_interval_cycles = 5;
    unsigned mac_latency_cycles = 40;
    Implementation ghash_implementation = Implementation::tlm;
    unsigned vm_table_slots = 16;
    unsigned hsvm_vmids = 64;  ///< VMIDs are below this
    HsvmTransport hsvm_transport = HsvmTransport::microcode;
    TlbParameters tlb;
    std::uint64_t chip_number = 1;
    std::optional<crypto::Key128> chip_secret;  ///< none: drawn from the seed
    std::optional<crypto::KdfContext> fleet_id = crypto::KdfContext{1, 2, 3, 4, 5, 6, 7, 8};
    TenantConfiguration host;
    std::vector<TenantConfiguration> vms;
    std::vector<TamperConfiguration> tamper;

    /// For messages of checks that come later: the place of a key in what the configuration was read from.
    std::string where(std::string_view key) const { return input ? input->where(key) : std::string(key); }
    std::optional<KeyedInput> input;

    const ConfigurationRules& rules() const { return rules_of(protection); }
};

/// Reads a configuration. `file` is its name in messages, `folder` where relative traces are looked for first, `overrides` are
/// `key=value`. Throws InputError for unknown keys, wrong types, values out of range, parts that do not fit together and traces that do not exist.
Configuration parse_configuration(std::string_view yaml, std::string_view file, const std::filesystem::path& folder,
                                  const std::vector<std::string>& overrides);

/// The same from a file, or from the preset of that name.
Configuration load_configuration(const std::string& preset_or_file, const std::vector<std::string>& overrides);

/// What the user should know although it is accepted, one line each.
std::vector<std::string> warnings_of(const Configuration& configuration);

/// The value of every key, in the order of the documentation: pairs of key and text. Secrets are left out.
std::vector<std::pair<std::string, std::string>> effective_values(const Configuration& configuration);
/// The same as YAML that parse_configuration accepts.
std::string effective_yaml(const Configuration& configuration);

/// The page about all keys, from the same table that the parser uses.
std::string configuration_markdown();

}  // namespace coffer
