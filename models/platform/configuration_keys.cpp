#include "platform/configuration_keys.h"

#include <string>
#include <utility>

namespace coffer {

namespace {

constexpr std::uint64_t KiB = std::uint64_t{1} << 10;
constexpr std::uint64_t GiB = std::uint64_t{1} << 30;
constexpr std::uint64_t TiB = std::uint64_t{1} << 40;
constexpr std::uint64_t any_integer = ~std::uint64_t{0};
constexpr std::uint64_t most_frames = std::uint64_t{1} << 40;
constexpr const char* name_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

const std::vector<std::pair<std::string_view, MacAlgorithm>> data_macs{
    {"gcm", MacAlgorithm::gcm}, {"cmac", MacAlgorithm::cmac}, {"hmac-sha1", MacAlgorithm::hmac_sha1}, {"hmac-sha256", MacAlgorithm::hmac_sha256}};
const std::vector<std::pair<std::string_view, MacAlgorithm>> node_macs(data_macs.begin() + 1, data_macs.end());
const std::vector<std::pair<std::string_view, unsigned>> tag_sizes{{"4", 4}, {"8", 8}, {"16", 16}, {"32", 32}};

const std::vector<std::pair<std::string_view, Implementation>> implementations{{"tlm", Implementation::tlm}, {"rtl", Implementation::rtl}};

const std::vector<std::pair<std::string_view, Image>> images{{"random", Image::random}, {"empty", Image::empty}};

}  // namespace

const std::vector<Field<Configuration>>& platform_fields() {
    using F = FieldsOf<Configuration>;
    using C = Configuration;
    static const std::vector<Field<C>> fields{
        F::choice(
            "configuration", [](auto& c) -> auto& { return c.protection; },
            std::vector<std::pair<std::string_view, ProtectionConfiguration>>{{"none", ProtectionConfiguration::none},
                                                                              {"hsvm", ProtectionConfiguration::hsvm},
                                                                              {"hypercoffer", ProtectionConfiguration::hypercoffer},
                                                                              {"combined", ProtectionConfiguration::combined}},
            "",
            "What protects memory: nothing; H-SVM's ownership and nested page tables; AISE encryption, tags and per-VM trees; or both."),
        F::integer(
            "seed", [](auto& c) -> auto& { return c.seed; }, 0, any_integer, "",
            "Draws everything random: places of frames, and the keys that are not given."),
        F::number(
            "quantum_ns", [](auto& c) -> auto& { return c.quantum_ns; }, 1, 1e9, "ns", "How far a processor may run ahead of the others."),
        F::number(
            "clock_mhz", [](auto& c) -> auto& { return c.clock_mhz; }, 1, 1e6, "MHz",
            "Clock of processors, caches and protection engine: the cycle of all latencies in cycles."),
        F::number(
            "cycles_per_instruction", [](auto& c) -> auto& { return c.cycles_per_instruction; }, 0, 1000, "cycles",
            "Time of one instruction beside its memory accesses."),
        F::choice(
            "on_violation", [](auto& c) -> auto& { return c.on_violation; },
            std::vector<std::pair<std::string_view, OnViolation>>{{"freeze", OnViolation::freeze}, {"report", OnViolation::report}}, "",
            "Whether an integrity violation stops its VM, or is reported only."),
        F::choice(
            "verification", [](auto& c) -> auto& { return c.verification; },
            std::vector<std::pair<std::string_view, Verification>>{{"precise", Verification::precise}, {"lazy", Verification::lazy}}, "",
            "Whether a read waits for the check of its data tag, or the check follows it."),
        F::choice(
            "protection.integrity", [](auto& c) -> auto& { return c.scheme.integrity; },
            std::vector<std::pair<std::string_view, Integrity>>{{"none", Integrity::none}, {"mac", Integrity::mac}, {"bmt", Integrity::bmt}}, "",
            "Encryption alone, with data tags, or with data tags and the tree. Anything but bmt is for studies."),
        F::choice(
            "protection.data_mac", [](auto& c) -> auto& { return c.scheme.data_mac; }, data_macs, "", "The MAC of data tags."),
        F::choice(
            "protection.node_mac", [](auto& c) -> auto& { return c.scheme.node_mac; }, node_macs, "", "The MAC of tree nodes and leaves."),
        F::choice(
            "protection.tag_bytes", [](auto& c) -> auto& { return c.scheme.tag_bytes; }, tag_sizes, "bytes",
            "Size of data tags, at most what data_mac gives (32 with hmac-sha256 only). 4 and 8 are for studies and need on_violation: freeze."),
        F::choice(
            "protection.node_tag_bytes", [](auto& c) -> auto& { return c.scheme.node_tag_bytes; }, tag_sizes, "bytes",
            "Size of tags in the tree, whose arity is 64 / node_tag_bytes; at most what node_mac gives."),
        F::size(
            "memory.data_bytes", [](auto& c) -> auto& { return c.memory.data_bytes; }, 4 * KiB, 2048 * TiB, page_bytes, "Size of the data frames."),
        F::size(
            "memory.chip_bytes", [](auto& c) -> auto& { return c.memory.chip_bytes; }, 4 * KiB, 16 * TiB, page_bytes,
            "Size of the chip's own region, which holds the VM-Table, and in hsvm and combined H-SVM's tables. If left out there, as much as they "
            "need."),
        F::number(
            "memory.latency_ns", [](auto& c) -> auto& { return c.memory.latency_ns; }, 0, 1e6, "ns", "From a request to its first byte."),
        F::number(
            "memory.bandwidth_gb_per_s", [](auto& c) -> auto& { return c.memory.bandwidth_gb_per_s; }, 0, 1e6, "10^9 bytes/s",
            "Of the memory bus; 0 for no limit."),
        F::size(
            "llc.bytes", [](auto& c) -> auto& { return c.llc.bytes; }, 64, GiB, line_bytes, "Size of the last-level cache, a multiple of 64 * ways."),
        F::integer(
            "llc.ways", [](auto& c) -> auto& { return c.llc.ways; }, 1, 64, "", "Associativity of the last-level cache."),
        F::integer(
            "llc.latency_cycles", [](auto& c) -> auto& { return c.llc.latency_cycles; }, 0, 1'000'000, "cycles",
            "Time of a look-up in the last-level cache."),
        F::size(
            "metadata_cache.bytes", [](auto& c) -> auto& { return c.metadata_cache.bytes; }, 64, GiB, line_bytes,
            "Size of the cache of counter blocks and tree nodes, a multiple of 64 * ways."),
        F::integer(
            "metadata_cache.ways", [](auto& c) -> auto& { return c.metadata_cache.ways; }, 2, 64, "", "Associativity of the metadata cache."),
        F::integer(
            "metadata_cache.chip_ways", [](auto& c) -> auto& { return c.metadata_chip_ways; }, 1, 63, "",
            "Ways of every set that serve the chip's own domain alone; fewer than ways."),
        F::integer(
            "metadata_cache.latency_cycles", [](auto& c) -> auto& { return c.metadata_cache.latency_cycles; }, 0, 1'000'000, "cycles",
            "Time of a look-up in the metadata cache."),
        F::choice(
            "pad_generator.implementation", [](auto& c) -> auto& { return c.pad_implementation; }, implementations, "",
            "The reference level with the two times below, or the RTL clock by clock, with its own times."),
        F::integer(
            "pad_generator.latency_cycles", [](auto& c) -> auto& { return c.pad_latency_cycles; }, 0, 1'000'000, "cycles",
            "From an IV to the pads of its line."),
        F::integer(
            "pad_generator.interval_cycles", [](auto& c) -> auto& { return c.pad_interval_cycles; }, 0, 1'000'000, "cycles",
            "Between the pads of two lines."),
        F::integer(
            "mac.latency_cycles", [](auto& c) -> auto& { return c.mac_latency_cycles; }, 0, 1'000'000, "cycles",
            "Time to compute one tag, of a line or of a node."),
        F::choice(
            "ghash.implementation", [](auto& c) -> auto& { return c.ghash_implementation; }, implementations, "",
            "Of the data tags of gcm: the reference level with mac.latency_cycles, or the RTL clock by clock, with its own times."),
        F::integer(
            "vm_table.slots", [](auto& c) -> auto& { return c.vm_table_slots; }, 2, 4096, "",
            "On-chip register sets of the VM-Table; one is the chip's own."),
        F::integer(
            "hsvm.vmids", [](auto& c) -> auto& { return c.hsvm_vmids; }, 3, 65536, "",
            "hsvm and combined: VMIDs are below this; 0 and 1 are the host's and the chip's."),
        F::choice(
            "hsvm.transport", [](auto& c) -> auto& { return c.hsvm_transport; },
            std::vector<std::pair<std::string_view, HsvmTransport>>{
                {"microcode", HsvmTransport::microcode}, {"smm", HsvmTransport::smm}, {"usart", HsvmTransport::usart}},
            "", "hsvm and combined: how the hypervisor reaches the H-SVM controller."),
        F::integer(
            "tlb.entries", [](auto& c) -> auto& { return c.tlb.entries; }, 1, 1'000'000, "",
            "hsvm and combined: translations that the TLB of a VM's processor keeps, and checked pages of the host's; a multiple of ways."),
        F::integer(
            "tlb.ways", [](auto& c) -> auto& { return c.tlb.ways; }, 1, 64, "", "Associativity of the TLBs."),
        F::integer(
            "chip.number", [](auto& c) -> auto& { return c.chip_number; }, 1, 65535, "", "Number of the chip, unique in its fleet."),
        secret(F::bytes(
            "chip.secret", [](auto& c) -> auto& { return c.chip_secret; }, 16,
            "The chip's secret, which the key of its own region comes from; drawn from the seed if left out.")),
        F::bytes(
            "chip.fleet_id", [](auto& c) -> auto& { return c.fleet_id; }, 8, "The fleet that the chip belongs to, in the order written."),
        F::text(
            "host.trace", [](auto& c) -> auto& { return c.host.trace; }, "", "a trace",
            "Trace of the host's own accesses, which are never protected; none if left out."),
        F::integer(
            "host.pages", [](auto& c) -> auto& { return c.host.pages; }, 0, most_frames, "pages",
            "Size of the host's memory; 0: as many pages as the trace touches."),
        F::integer(
            "host.max_accesses", [](auto& c) -> auto& { return c.host.max_accesses; }, 0, any_integer, "accesses",
            "Where the host's trace is cut; 0: not at all."),
        F::choice(
            "host.image", [](auto& c) -> auto& { return c.host.image; }, images, "", "What the host's memory holds at the start, as for VMs."),
        F::integer(
            "host.first_frame", [](auto& c) -> auto& { return c.host.first_frame; }, 0, most_frames, "",
            "First of consecutive frames; scattered by the seed if left out."),
    };
    return fields;
}

const std::vector<Field<TenantConfiguration>>& vm_fields() {
    using F = FieldsOf<TenantConfiguration>;
    static const std::vector<Field<TenantConfiguration>> fields{
        required(F::text(
            "name", [](auto& v) -> auto& { return v.name; }, name_characters, "letters, digits, '_', '-' and '.'",
            "What the VM is called; each name once.")),
        required(F::text(
            "trace", [](auto& v) -> auto& { return v.trace; }, "", "a trace", "The trace that the VM runs.")),
        F::integer(
            "pages", [](auto& v) -> auto& { return v.pages; }, 0, most_frames, "pages",
            "Size of the VM's memory; 0: as many pages as the trace touches."),
        F::integer(
            "max_accesses", [](auto& v) -> auto& { return v.max_accesses; }, 0, any_integer, "accesses", "Where the trace is cut; 0: not at all."),
        F::choice(
            "image", [](auto& v) -> auto& { return v.image; }, images, "",
            "What memory holds at the start: random bytes, or nothing, and reads of lines never written are then without memory access."),
        F::integer(
            "first_frame", [](auto& v) -> auto& { return v.first_frame; }, 0, most_frames, "",
            "First of consecutive frames; scattered by the seed if left out."),
        secret(F::bytes(
            "key", [](auto& v) -> auto& { return v.key; }, 16, "K_vm, the VM's key; drawn from the seed if left out.")),
    };
    return fields;
}

const std::vector<Field<TamperConfiguration>>& tamper_fields() {
    using F = FieldsOf<TamperConfiguration>;
    static const std::vector<Field<TamperConfiguration>> fields{
        required(F::choice(
            "op", [](auto& t) -> auto& { return t.kind; },
            std::vector<std::pair<std::string_view, TamperKind>>{
                {"flip", TamperKind::flip}, {"splice", TamperKind::splice}, {"replay", TamperKind::replay}},
            "", "Flip one bit, exchange the same part of two lines, or put old bytes back.")),
        required(F::integer(
            "after", [](auto& t) -> auto& { return t.after; }, 0, any_integer, "accesses", "Accesses on the memory bus before the action.")),
        F::integer(
            "record_after", [](auto& t) -> auto& { return t.record_after; }, 0, any_integer, "accesses",
            "Replay: accesses on the memory bus before the bytes that are put back; fewer than `after`."),
        F::choice(
            "part", [](auto& t) -> auto& { return t.part; },
            std::vector<std::pair<std::string_view, TamperPart>>{{"data", TamperPart::data},
                                                                 {"tag", TamperPart::tag},
                                                                 {"counter", TamperPart::counter},
                                                                 {"node", TamperPart::node},
                                                                 {"all", TamperPart::all}},
            "", "The line's ciphertext, its tag, its page's counter block, a tree node above that, or all of them with every node up to the top."),
        required(F::text(
            "vm", [](auto& t) -> auto& { return t.place.vm; }, name_characters, "the name of a VM", "Whose line.")),
        F::integer(
            "gpn", [](auto& t) -> auto& { return t.place.gpn; }, 0, most_frames, "", "The line's guest page."),
        F::integer(
            "line", [](auto& t) -> auto& { return t.place.line; }, 0, 63, "", "The line in its page."),
        F::integer(
            "level", [](auto& t) -> auto& { return t.level; }, 1, 64, "", "Part node: the node's level."),
        F::integer(
            "bit", [](auto& t) -> auto& { return t.bit; }, 0, 511, "", "Flip: which bit of the part."),
        F::text(
            "with.vm", [](auto& t) -> auto& { return t.with.vm; }, name_characters, "the name of a VM", "Splice: whose line is the other one."),
        F::integer(
            "with.gpn", [](auto& t) -> auto& { return t.with.gpn; }, 0, most_frames, "", "Splice: the other line's guest page."),
        F::integer(
            "with.line", [](auto& t) -> auto& { return t.with.line; }, 0, 63, "", "Splice: the other line in its page."),
    };
    return fields;
}

const KnownKeys& known_keys() {
    static const KnownKeys known = [] {
        std::vector<std::string> patterns;
        for (const auto& field : platform_fields()) patterns.push_back(field.path);
        for (const auto& field : vm_fields()) patterns.push_back("vms[]." + field.path);
        for (const auto& field : tamper_fields()) patterns.push_back("tamper[]." + field.path);
        return KnownKeys(std::move(patterns));
    }();
    return known;
}

}  // namespace coffer
