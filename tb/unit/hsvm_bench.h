#pragma once

#include <cstdint>
#include <optional>

#include "hsvm/hsvm_controller.h"
#include "hsvm/protected_memory_port.h"
#include "hsvm/seeded_key_source.h"
#include "unit/fixtures.h"

namespace coffer {

/// A machine without caches and TLBs.
struct NoCaches : OrderingPort {
    void block_fills(const GuestPages&) override {}
    void evict_lines(const GuestPages&, LastLevelCache::Leaving) override {}
    void evict_frames(std::uint64_t, std::uint64_t, LastLevelCache::Leaving) override {}
    void invalidate_pages(const GuestPages&) override {}
    void invalidate_frames(std::uint64_t, std::uint64_t) override {}
    void complete(const GuestPages&) override {}
};

/// LPIDs that end when a test says so.
struct FewLpids : LpidSource {
    std::optional<Lpid> next() override {
        if (remaining == 0) return std::nullopt;
        --remaining;
        return next_lpid++;
    }
    Lpid peek() const override { return next_lpid; }
    std::uint64_t left() const override { return claimed.value_or(remaining); }

    Lpid next_lpid = ChipNumber(1).lpid(1);
    std::uint64_t remaining = 1'000'000;
    std::optional<std::uint64_t> claimed;  ///< a source that promises more than it has
};

struct HsvmBenchSettings {
    bool encrypt = true;
    OnViolation on_violation = OnViolation::freeze;
    std::uint64_t chip_frames = 64;
};

/// The controller over protected memory, between them a bus that a test may sit on: 2,048 data frames, no caches but the metadata's.
struct HsvmBench {
    explicit HsvmBench(const HsvmBenchSettings& settings)
        : memory(parameters_of(settings), bus, lpids), port(memory, bus, lpids, {}), hsvm({16, 4}, port, ordering, keys) {}

    static ProtectedMemoryParameters parameters_of(const HsvmBenchSettings& settings) {
        ProtectedMemoryParameters p;
        p.scheme.encrypt = settings.encrypt;
        p.data_bytes = 2048 * page_bytes;
        p.chip_bytes = settings.chip_frames * page_bytes;
        p.on_violation = settings.on_violation;
        return p;
    }

    TestStore store;
    WatchedBus bus{store};
    FewLpids lpids;
    ProtectedMemory memory;
    ProtectedMemoryPort port;
    NoCaches ordering;
    SeededKeySource keys{numbered_key(1)};
    HsvmController hsvm;
};

}  // namespace coffer
