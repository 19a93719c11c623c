// Millions of random accesses of several VMs: no false alarm, and memory holds what was written. COFFER_ACCESSES sets how many, COFFER_SEED which.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "unit/fixtures.h"

namespace coffer {
namespace {

constexpr unsigned vms = 5;
constexpr std::uint64_t pages = 256;
constexpr std::uint64_t spare_frames = 64;
constexpr unsigned burst = 2000;  ///< accesses until another VM is scheduled

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
    const char* chosen = std::getenv(name);
    return chosen != nullptr ? std::strtoull(chosen, nullptr, 0) : otherwise;
}

/// A line's plaintext: any number but 0 is spread over it, 0 is a line never written.
Block64 line_of(std::uint64_t value) {
    Block64 line;
    for (std::size_t i = 0; i < line.size(); i += 8) store_le64(line.data() + i, value * (2 * i + 1));
    return line;
}

class RandomAccesses {
public:
    RandomAccesses(ByteStore& store, std::uint64_t seed)
        : memory(parameters(), store, lpids),
          random_(seed),
          free_frames_(vms * pages + spare_frames) {
        std::iota(free_frames_.begin(), free_frames_.end(), Address{0});
        for (Address& frame : free_frames_) frame *= page_bytes;
        std::shuffle(free_frames_.begin(), free_frames_.end(), random_);
        for (unsigned vm = 0; vm < vms; ++vm) {
            memory.install(vm_of(vmid_of(vm), pages));
            for (Page& page : pages_[vm]) {
                page.frame = free_frames_.back();
                free_frames_.pop_back();
            }
        }
    }

    /// Runs until `accesses` were made or one went wrong; then says which, else nothing.
    std::string run(std::uint64_t accesses) {
        unsigned vm = 0;
        for (std::uint64_t i = 0; i < accesses; ++i) {
            if (i % burst == 0) vm = static_cast<unsigned>(random_() % vms);
            bool right = true;
            if (const MaybeViolation violation = step(vm, right)) return fmt::format("access {}: {}", i, violation->describe());
            if (!right) return fmt::format("access {}: not what was written", i);
        }
        return {};
    }

    MemoryNonVolatile nonvolatile{ChipNumber(1)};
    LpidAllocator lpids{nonvolatile};
    ProtectedMemory memory;
    std::uint64_t moves = 0, shreds = 0, releases = 0;

private:
    struct Page {
        Address frame = 0;
        std::array<std::uint64_t, lines_per_page> values{};
    };

    static ProtectedMemoryParameters parameters() {
        ProtectedMemoryParameters p = small_memory();
        p.data_bytes = (vms * pages + spare_frames) * page_bytes;
        p.vm_table_slots = vms;  // one of them for the chip: VMs take turns
        return p;
    }
    static Vmid vmid_of(unsigned vm) { return static_cast<Vmid>(first_guest_vmid + vm); }

    MaybeViolation step(unsigned vm, bool& right) {
        const std::uint64_t dice = random_();
        // Two of three accesses go to a few lines, which so reach the end of their minor counters.
        const bool hot = dice % 3 != 0;
        const Gpn gpn = (dice >> 8) % (hot ? 8 : pages);
        const unsigned line = static_cast<unsigned>((dice >> 16) % (hot ? 8 : lines_per_page));
        const std::uint64_t event = (dice >> 32) % 10'000;
        const Address gpa = gpn * page_bytes, offset = line * line_bytes;
        Page& page = pages_[vm][gpn];
        if (event == 0) {
            ++moves;
            Address& spare = free_frames_[random_() % spare_frames];
            std::swap(page.frame, spare);
            return memory.move_page(vmid_of(vm), gpa, spare, page.frame);
        }
        if (event <= 2) {
            ++(event == 1 ? shreds : releases);
            page.values.fill(0);
            return event == 1 ? memory.shred_page(vmid_of(vm), gpa, page.frame) : memory.release_page(vmid_of(vm), gpa, page.frame);
        }
        Block64 data;
        if ((dice >> 48) % 2 == 0) {
            data = line_of(page.values[line] = dice | 1);
            return memory.write_line(vmid_of(vm), gpa + offset, page.frame + offset, data.data());
        }
        const MaybeViolation violation = memory.read_line(vmid_of(vm), gpa + offset, page.frame + offset, data.data());
        right = data == line_of(page.values[line]);
        return violation;
    }

    std::mt19937_64 random_;
    std::vector<Address> free_frames_;
    std::vector<std::vector<Page>> pages_{vms, std::vector<Page>(pages)};
};

TEST(RandomAccessesTest, RaiseNoFalseAlarm) {
    const std::uint64_t accesses = setting("COFFER_ACCESSES", 10'000'000), seed = setting("COFFER_SEED", 1);
    SparseMemory store;
    RandomAccesses run(store, seed);
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(run.run(accesses), "") << "seed " << seed;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

    const std::uint64_t overflows = run.memory.engine_statistics().overflows, spills = run.memory.vm_table().statistics().spills;
    fmt::print(
        "seed {} (COFFER_SEED), {} accesses (COFFER_ACCESSES) in {:.1f} s: {} moves, {} shreds, {} releases, {} overflows, {} entries spilled, "
        "{} metadata blocks settled, {} violations\n",
        seed, accesses, seconds, run.moves, run.shreds, run.releases, overflows, spills, run.memory.cache_statistics().dirty_evictions,
        run.memory.violations().count());
    EXPECT_EQ(run.memory.violations().count(), 0u);
    for (const std::uint64_t happened : {run.moves, run.shreds, run.releases, overflows, spills}) EXPECT_GT(happened, 0u);
}

// One wrong bit in a million reads of memory, of any kind, ends the run.
TEST(RandomAccessesTest, OneWrongBitIsSeen) {
    for (const std::uint64_t bad_read : {1'000u, 10'000u, 100'000u, 100'001u}) {
        TestStore store;
        WatchedBus bus(store);
        std::uint64_t reads = 0;
        bus.after_read = [&](Address, std::uint8_t* data, std::size_t) {
            if (++reads == bad_read) data[0] ^= 1;
        };
        EXPECT_NE(RandomAccesses(bus, 1).run(1'000'000), "") << "read " << bad_read;
    }
}

}  // namespace
}  // namespace coffer
