#include "memory/memory_protection_tlm.h"

#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "aise/lpid_allocator.h"
#include "bmt/tree_geometry.h"
#include "memory/bus_probe_tlm.h"
#include "memory/dram_tlm.h"
#include "tlm/initiator_tester.h"
#include "tlm/simulate.h"
#include "unit/violation_fields.h"
#include "vm_table/nonvolatile.h"
#include "vm_table/register_table.h"

namespace coffer {
namespace {

using test::InitiatorTester;
using test::simulate;

ProtectedMemoryParameters small() {
    ProtectedMemoryParameters p;
    p.data_bytes = 64 * page_bytes;
    p.chip_bytes = page_bytes;
    p.chip.fleet_id = {1, 2, 3, 4, 5, 6, 7, 8};
    p.metadata_cache = CacheGeometry::of_size("metadata_cache.bytes", 1024, 4);
    p.metadata_chip_ways = 1;
    return p;
}

VmInstall vm_of(Vmid vmid, std::uint64_t pages) {
    VmInstall vm;
    vm.vmid = vmid;
    vm.k_vm = crypto::Key128({static_cast<std::uint8_t>(vmid)});
    vm.pages = pages;
    return vm;
}

MemoryProtectionParameters with(const ProtectedMemoryParameters& memory, Verification verification) {
    MemoryProtectionParameters parameters;
    parameters.memory = memory;
    parameters.verification = verification;
    return parameters;
}

/// An initiator, the protection subsystem, the probe and DRAM.
struct Bench {
    explicit Bench(const ProtectedMemoryParameters& parameters = small(), Verification verification = Verification::lazy)
        : lpids(nonvolatile),
          initiator("initiator"),
          protection("protection", with(parameters, verification), lpids),
          dram("dram", {Address{1} << 40, sc_core::sc_time(100, sc_core::SC_NS), 0}, DramTraffic(protection.map(), Address{1} << 40)),
          probe("probe", dram.memory()) {
        initiator.initiator_socket.bind(protection.mpe.target_socket);
        protection.mpe.initiator_socket.bind(probe.target_socket);
        probe.initiator_socket.bind(dram.target_socket);
    }
    void as_guest(Vmid vmid, Address gpa) {
        context.vmid = vmid;
        context.mode = Mode::guest;
        context.gpa = gpa;
        initiator.set_context(&context);
    }
    void as_host() { initiator.set_context(nullptr); }

    MemoryNonVolatile nonvolatile{ChipNumber(1)};
    LpidAllocator lpids;
    SecurityContext context;
    InitiatorTester initiator;
    MemoryProtectionTlm protection;
    DramTlm dram;
    BusProbeTlm probe;
};

TEST(MemoryProtection, GuestReadsWhatItWrote) {
    Bench bench;
    simulate([&] {
        bench.protection.boot();
        bench.protection.install(vm_of(2, 5));
        bench.as_guest(2, 0x4080);
        const Bytes data(64, 0xa5);
        Bytes read(64);
        EXPECT_OK(bench.initiator.write(0x3080, data));
        EXPECT_OK(bench.initiator.read(0x3080, read));
        EXPECT_EQ(read, data);
        bench.as_host();
        EXPECT_OK(bench.initiator.read(0x3080, read));
        EXPECT_NE(read, data) << "the bus shows plaintext";
    });
}

/// The bench's guest loads raw, decrypted.
void as_decrypting_guest(Bench& bench, Vmid vmid, Address gpa) {
    bench.as_guest(vmid, gpa);
    bench.context.raw = true;
    bench.context.decrypt = true;
}

TEST(MemoryProtection, RawLoadsAreDecryptedOnRequestAndNotChecked) {
    Bench bench;
    simulate([&] {
        bench.protection.boot();
        bench.protection.install(vm_of(2, 5));
        bench.as_guest(2, 0x4000);
        Bytes data(128), read(128);
        std::iota(data.begin(), data.end(), std::uint8_t{0});
        EXPECT_OK(bench.initiator.write(0x3000, data));
        as_decrypting_guest(bench, 2, 0x4000);
        EXPECT_OK(bench.initiator.read(0x3000, read));
        EXPECT_EQ(read, data);
        EXPECT_GT(bench.initiator.last_delay(), sc_core::sc_time(200, sc_core::SC_NS)) << "counters and data come from memory";
        Bytes part(20);
        as_decrypting_guest(bench, 2, 0x4039);
        EXPECT_OK(bench.initiator.read(0x3039, part));
        EXPECT_EQ(part, Bytes(data.begin() + 0x39, data.begin() + 0x39 + 20)) << "across lines";

        bench.dram.memory().frame(3)[5] ^= 0x10;
        as_decrypting_guest(bench, 2, 0x4000);
        EXPECT_OK(bench.initiator.read(0x3000, read));
        data[5] ^= 0x10;
        EXPECT_EQ(read, data) << "a flipped bit of ciphertext";
        EXPECT_EQ(bench.protection.violations.count(), 0u);
        EXPECT_EQ(bench.protection.mpe.statistics().unchecked_reads, 6u);

        as_decrypting_guest(bench, 2, 0x1000);
        EXPECT_OK(bench.initiator.read(0x2000, read));
        EXPECT_EQ(read, Bytes(128)) << "never written";
        as_decrypting_guest(bench, 2, 0x1010);
        EXPECT_EQ(bench.initiator.read(0x2000, read), tlm::TLM_ADDRESS_ERROR_RESPONSE) << "GPA and HPA differ within the page";
        as_decrypting_guest(bench, 3, 0x4000);
        EXPECT_EQ(bench.initiator.read(0x3000, read), tlm::TLM_GENERIC_ERROR_RESPONSE) << "no such VM";

        bench.as_guest(2, 0x4000);
        bench.context.raw = bench.context.decrypt = false;
        EXPECT_EQ(bench.initiator.read(0x3000, read), tlm::TLM_GENERIC_ERROR_RESPONSE) << "an ordinary load is checked";
        as_decrypting_guest(bench, 2, 0x4000);
        EXPECT_EQ(bench.initiator.read(0x3000, read), tlm::TLM_GENERIC_ERROR_RESPONSE) << "the VM was stopped";
    });
}

TEST(MemoryProtection, DecryptMeansNothingElsewhere) {
    Bench bench;
    simulate([&] {
        bench.protection.boot();
        bench.protection.install(vm_of(2, 5));
        const Bytes data(64, 0x77);
        Bytes read(64);
        as_decrypting_guest(bench, 2, 0x4000);
        EXPECT_OK(bench.initiator.write(0x3000, data));
        EXPECT_EQ(bench.dram.memory().frame(3)[0], 0x77) << "a raw store is plain";
        as_decrypting_guest(bench, 0, 0x3000);
        bench.context.mode = Mode::host;
        EXPECT_OK(bench.initiator.read(0x3000, read));
        EXPECT_EQ(read, data) << "the host's memory is plain";
    });
}

TEST(MemoryProtection, PartialAndStreamedAndMaskedAccessesMerge) {
    Bench bench;
    simulate([&] {
        bench.protection.boot();
        bench.protection.install(vm_of(2, 5));
        bench.as_guest(2, 0x4000);
        EXPECT_OK(bench.initiator.write(0x3000, Bytes(128, 0x11)));
        bench.as_guest(2, 0x4038);
        EXPECT_OK(bench.initiator.write(0x3038, Bytes(16, 0x22)));  // crosses a line
        tlm::tlm_generic_payload payload;
        Bytes data{0xaa, 0xbb, 0xcc, 0xdd};
        Bytes enables{0xff, 0x00};
        InitiatorTester::fill(payload, tlm::TLM_WRITE_COMMAND, 0x3002, data.data(), 4);
        payload.set_byte_enable_ptr(enables.data());
        payload.set_byte_enable_length(2);
        bench.as_guest(2, 0x4002);
        EXPECT_OK(bench.initiator.transport(payload));
        Bytes read(80);
        bench.as_guest(2, 0x4000);
        EXPECT_OK(bench.initiator.read(0x3000, read));
        Bytes expected(80, 0x11);
        std::fill_n(expected.begin() + 0x38, 16, std::uint8_t{0x22});
        expected[2] = 0xaa;
        expected[4] = 0xcc;
        EXPECT_EQ(read, expected);
        Bytes stream{1, 2, 3, 4};
        InitiatorTester::fill(payload, tlm::TLM_WRITE_COMMAND, 0x3010, stream.data(), 4);
        payload.set_streaming_width(2);
        bench.as_guest(2, 0x4010);
        EXPECT_OK(bench.initiator.transport(payload));
        EXPECT_OK(bench.initiator.read(0x3010, read.data(), 4));
        EXPECT_EQ(Bytes(read.begin(), read.begin() + 4), (Bytes{3, 4, 0x11, 0x11}));
    });
}

// The TLM modules are adapters: the same accesses leave the same memory, byte for byte, as the reference level.
TEST(MemoryProtection, LeavesTheSameMemoryAsTheReferenceLevel) {
    ProtectedMemoryParameters parameters = small();
    parameters.vm_table_slots = 3;
    Bench bench(parameters);
    simulate([&] {
        MemoryNonVolatile nonvolatile{ChipNumber(1)};
        LpidAllocator lpids(nonvolatile);
        SparseMemory store;
        ProtectedMemory reference(parameters, store, lpids);
        bench.protection.boot();
        for (Vmid vmid = 2; vmid < 6; ++vmid) {
            reference.install(vm_of(vmid, 12));
            bench.protection.install(vm_of(vmid, 12));
        }
        std::mt19937_64 random(7);
        for (int i = 0; i < 20000; ++i) {
            const Vmid vmid = static_cast<Vmid>(2 + random() % 4);
            // A few lines are hot, so that minor counters overflow.
            const Address gpa = random() % 4 != 0 ? random() % 4 * line_bytes : random() % (12 * lines_per_page) * line_bytes;
            const Address hpa = (vmid - 2) * 16 * page_bytes + gpa;
            bench.as_guest(vmid, gpa);
            Block64 a{static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8)};
            Block64 b = a;
            if (random() % 2 != 0) {
                ASSERT_FALSE(reference.write_line(vmid, gpa, hpa, a.data()));
                ASSERT_OK(bench.initiator.write(hpa, b.data(), 64));
            } else {
                ASSERT_FALSE(reference.read_line(vmid, gpa, hpa, a.data()));
                ASSERT_OK(bench.initiator.read(hpa, b.data(), 64));
                ASSERT_EQ(a, b);
            }
        }
        EXPECT_GT(bench.protection.mpe.statistics().overflows, 0u);
        for (Vmid vmid = 1; vmid < 6; ++vmid) {
            reference.flush(vmid);
            bench.protection.flush(vmid);
        }
        for (Vmid vmid = 1; vmid < 6; ++vmid) {
            EXPECT_EQ(reference.flush(vmid), bench.protection.flush(vmid));
        }
        ASSERT_EQ(store.frame_numbers(), bench.dram.memory().frame_numbers());
        for (const std::uint64_t frame : store.frame_numbers())
            EXPECT_EQ(0, std::memcmp(store.frame(frame), bench.dram.memory().frame(frame), page_bytes)) << "frame " << frame;
    });
}

/// What an adversary does to a line, with everything that vouches for it.
struct Tampering {
    enum class Part { data, tag, counter, node };
    const char* name;
    std::vector<Part> parts;
    bool replay;  ///< older bytes, that were good together; else a flipped bit in each
    Check check;  ///< that finds it
};

void PrintTo(const Tampering& tampering, std::ostream* out) { *out << tampering.name; }

class ExactViolations : public ::testing::TestWithParam<Tampering> {
protected:
    static constexpr std::uint64_t vm_pages = 12;
    static constexpr Vmid victim = 3;
    static constexpr Gpn gpn = 5;
    static constexpr unsigned line = 7;

    static ProtectedMemoryParameters parameters() {
        ProtectedMemoryParameters p = small();
        p.vm_table_slots = 3;
        p.on_violation = OnViolation::report;
        return p;
    }
    static Address hpa_of(Vmid vmid, Address gpa) { return (vmid - 2u) * 16 * page_bytes + gpa; }
    /// The tampered line's block of a kind, and its bytes; of nodes those of all levels.
    static std::vector<std::pair<Address, std::size_t>> blocks(const AddressMap& map, Address tree_base, const Scheme& scheme) {
        const Address hpa = hpa_of(victim, gpn * page_bytes + line * line_bytes);
        std::vector<std::pair<Address, std::size_t>> found;
        for (const Tampering::Part part : GetParam().parts) switch (part) {
                case Tampering::Part::data: found.emplace_back(hpa, line_bytes); break;
                case Tampering::Part::tag: found.emplace_back(map.tag_of(hpa), map.tag_bytes()); break;
                case Tampering::Part::counter: found.emplace_back(map.counter_of(hpa), line_bytes); break;
                case Tampering::Part::node: {
                    const TreeGeometry tree(vm_pages, scheme.node_tag_bytes);
                    std::uint64_t index = gpn;
                    for (unsigned level = 1; level <= tree.levels(); ++level) {
                        index /= tree.arity();
                        found.emplace_back(tree_base + tree.offset_of(level, index), line_bytes);
                    }
                    break;
                }
            }
        return found;
    }
    static Bytes read_all(SparseMemory& memory, const std::vector<std::pair<Address, std::size_t>>& places) {
        Bytes all;
        for (const auto& [address, size] : places) {
            all.resize(all.size() + size);
            memory.read(address, all.data() + all.size() - size, size);
        }
        return all;
    }
    static void tamper(SparseMemory& memory, const std::vector<std::pair<Address, std::size_t>>& places, const Bytes& older) {
        Bytes bytes = read_all(memory, places);
        std::size_t at = 0;
        for (const auto& [address, size] : places) {
            if (GetParam().replay)
                memory.write(address, older.data() + at, size);
            else {
                bytes[at + 1] ^= 0x10;
                memory.write(address, bytes.data() + at, size);
            }
            at += size;
        }
    }
};

using Part = Tampering::Part;
INSTANTIATE_TEST_SUITE_P(All, ExactViolations,
                         ::testing::Values(Tampering{"data", {Part::data}, false, Check::data_tag},
                                           Tampering{"tag", {Part::tag}, false, Check::data_tag},
                                           Tampering{"counter", {Part::counter}, false, Check::counter_block},
                                           Tampering{"node", {Part::node}, false, Check::tree_node},
                                           Tampering{"replayed_line", {Part::data, Part::tag}, true, Check::data_tag},
                                           Tampering{"replayed_counter", {Part::data, Part::tag, Part::counter}, true, Check::counter_block},
                                           Tampering{"replayed_tree", {Part::data, Part::tag, Part::counter, Part::node}, true, Check::tree_node}),
                         [](const auto& tampering) { return std::string(tampering.param.name); });

TEST_P(ExactViolations, AreThoseOfTheReferenceLevel) {
    Bench bench(parameters());
    simulate([&] {
        MemoryNonVolatile nonvolatile{ChipNumber(1)};
        LpidAllocator lpids(nonvolatile);
        SparseMemory store;
        ProtectedMemory reference(parameters(), store, lpids);
        bench.protection.boot();
        for (Vmid vmid = 2; vmid < 6; ++vmid) {
            reference.install(vm_of(vmid, vm_pages));
            bench.protection.install(vm_of(vmid, vm_pages));
        }
        const auto access = [&](Vmid vmid, Address gpa, bool write, std::uint8_t value) {
            Block64 a{value}, b{value};
            bench.as_guest(vmid, gpa);
            const Address hpa = hpa_of(vmid, gpa);
            const bool expected = write ? !reference.write_line(vmid, gpa, hpa, a.data()) : !reference.read_line(vmid, gpa, hpa, a.data());
            const auto status = write ? bench.initiator.write(hpa, b.data(), line_bytes) : bench.initiator.read(hpa, b.data(), line_bytes);
            EXPECT_EQ(status == tlm::TLM_OK_RESPONSE, expected) << "VMID " << vmid << " GPA " << gpa;
        };
        const auto access_all = [&](bool write, std::uint8_t value) {
            for (Vmid vmid = 2; vmid < 6; ++vmid)
                for (Gpn page = 0; page < vm_pages; ++page)
                    for (const unsigned at : {0u, line, 63u}) access(vmid, page * page_bytes + at * line_bytes, write, value);
        };
        const auto flush = [&] {
            for (Vmid vmid = 1; vmid < 6; ++vmid) EXPECT_EQ(reference.flush(vmid), bench.protection.flush(vmid));
        };
        access_all(true, 1);
        flush();
        const auto places = blocks(bench.protection.map(), bench.protection.vm_table.entry(victim)->tree_base, parameters().scheme);
        const Bytes older = read_all(store, places);
        access_all(true, 2);
        flush();
        tamper(store, places, older);
        tamper(bench.dram.memory(), places, older);
        access_all(false, 0);
        access_all(true, 3);
        access_all(false, 0);

        const std::vector<Violation>& expected = reference.violations().violations();
        std::vector<Violation> found = bench.protection.violations.violations();
        EXPECT_EQ(fields_of(found), fields_of(expected));
        ASSERT_FALSE(found.empty());
        EXPECT_EQ(found.front().check, GetParam().check);
        EXPECT_EQ(found.front().vmid, victim);

        // Planted: each field in turn is another.
        const Violation right = found.front();
        const auto is_found = [&](auto&& change) {
            found.front() = right;
            change(found.front());
            return fields_of(found) != fields_of(expected);
        };
        EXPECT_TRUE(is_found([](Violation& v) { v.check = Check::out_of_range; }));
        EXPECT_TRUE(is_found([](Violation& v) { ++v.vmid; }));
        EXPECT_TRUE(is_found([](Violation& v) { v.gpa += line_bytes; }));
        EXPECT_TRUE(is_found([](Violation& v) { v.hpa += line_bytes; }));
        EXPECT_TRUE(is_found([](Violation& v) { ++v.level; }));
        EXPECT_TRUE(is_found([](Violation& v) { ++v.index; }));
        EXPECT_FALSE(is_found([](Violation&) {}));
    });
}

TEST(MemoryProtection, AFailedCheckIsAGenericErrorAndStopsTheVm) {
    Bench bench;
    simulate([&] {
        bench.protection.boot();
        bench.protection.install(vm_of(2, 5));
        bench.protection.install(vm_of(3, 5));
        bench.as_guest(2, 0x4000);
        EXPECT_OK(bench.initiator.write(0x3000, Bytes(64, 1)));
        std::uint8_t byte;
        bench.dram.memory().read(0x3000, &byte, 1);
        byte ^= 1;
        bench.dram.memory().write(0x3000, &byte, 1);
        Bytes read(64, 9);
        EXPECT_EQ(bench.initiator.read(0x3000, read), tlm::TLM_GENERIC_ERROR_RESPONSE);
        EXPECT_EQ(read, Bytes(64));
        EXPECT_EQ(bench.initiator.read(0x3000, read), tlm::TLM_GENERIC_ERROR_RESPONSE);
        ASSERT_EQ(bench.protection.violations.count(), 1u);
        EXPECT_EQ(bench.protection.violations.last().describe(), "integrity violation: check=data tag vmid=2 gpa=0x4000 hpa=0x3000");
        bench.as_guest(3, 0x1000);
        EXPECT_OK(bench.initiator.write(0x5000, Bytes(64, 1)));
    });
}

TEST(MemoryProtection, DebugShowsAGuestItsOwnMemoryWithoutSideEffects) {
    Bench bench;
    simulate([&] {
        bench.protection.boot();
        bench.protection.install(vm_of(2, 5));
        bench.protection.install(vm_of(3, 5));
        bench.as_guest(2, 0x4000);
        EXPECT_OK(bench.initiator.write(0x3000, Bytes(200, 0x77)));
        bench.protection.flush(2);
        const auto before = bench.protection.metadata_cache.statistics();
        const auto lines = bench.protection.mpe.statistics().lines_read;
        Bytes read(200);
        EXPECT_EQ(bench.initiator.debug_read(0x3000, read.data(), 200), 200u);
        EXPECT_EQ(read, Bytes(200, 0x77));
        EXPECT_EQ(bench.protection.metadata_cache.statistics().counter_misses, before.counter_misses);
        EXPECT_EQ(bench.protection.mpe.statistics().lines_read, lines);
        EXPECT_EQ(bench.initiator.debug_write(0x3000, read.data(), 200), 0u) << "a debug write would move a counter";
        bench.as_guest(3, 0x4000);
        EXPECT_EQ(bench.initiator.debug_read(0x3000, read.data(), 200), 200u);
        EXPECT_EQ(read, Bytes(200)) << "its page 4 is empty";
        EXPECT_OK(bench.initiator.write(0x5000, Bytes(64, 1)));
        bench.protection.flush(3);
        EXPECT_EQ(bench.initiator.debug_read(0x3000, read.data(), 200), 0u) << "another VM's key does not fit";
        bench.as_host();
        EXPECT_EQ(bench.initiator.debug_read(0x3000, read.data(), 200), 200u);
        EXPECT_NE(read, Bytes(200, 0x77));
        EXPECT_EQ(bench.protection.violations.count(), 0u);
    });
}

TEST(MemoryProtection, NobodyReachesTheChipRegionOrMetadata) {
    Bench bench;
    simulate([&] {
        bench.protection.boot();
        bench.protection.install(vm_of(2, 5));
        Bytes data(64);
        for (const Address address : {bench.protection.map().chip_base(), bench.protection.map().counter_base(), bench.protection.map().tag_base()}) {
            bench.as_host();
            EXPECT_EQ(bench.initiator.read(address, data), tlm::TLM_ADDRESS_ERROR_RESPONSE);
            EXPECT_EQ(bench.initiator.debug_read(address, data.data(), 64), 0u);
            bench.as_guest(2, 0);
            EXPECT_EQ(bench.initiator.write(address, data), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        }
        bench.as_guest(chip_vmid, 0);
        EXPECT_EQ(bench.initiator.read(0, data), tlm::TLM_GENERIC_ERROR_RESPONSE);
        bench.as_guest(9, 0);
        EXPECT_EQ(bench.initiator.read(0, data), tlm::TLM_GENERIC_ERROR_RESPONSE) << "no such VM";
    });
}

TEST(MemoryProtection, PreciseVerificationWaitsForTheTag) {
    Bench bench(small(), Verification::precise);
    simulate([&] {
        bench.protection.boot();
        bench.protection.install(vm_of(2, 5));
        bench.as_guest(2, 0);
        EXPECT_OK(bench.initiator.write(0, Bytes(64, 1)));
        Bytes read(64);
        EXPECT_OK(bench.initiator.read(0, read));
        // Counter look-up, pads, data and tag overlap; the tag's MAC comes behind the slower of them.
        EXPECT_EQ(bench.initiator.last_delay(), sc_core::sc_time(100 + 40, sc_core::SC_NS));
    });
}

}  // namespace
}  // namespace coffer
