#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "common/units.h"
#include "vm_table/vm_vector.h"

namespace coffer::kill {

inline constexpr unsigned vm_pages = 4;
/// What a VM's lines hold: the first byte of each, the others are zero.
using Content = std::array<std::uint8_t, vm_pages * lines_per_page>;

/// What the operator keeps of a VM at a snapshot or a move.
struct StoredVm {
    SealedVector vector{};
    Content content{};
    Bytes image;  ///< pages, counter blocks, tags and tree, as they are in memory
};

/// Snapshots in files, each there whole or not at all. `number` is a VM's, and never used again.
class VmStorage {
public:
    explicit VmStorage(std::filesystem::path directory) : directory_(std::move(directory)) {}

    void store(std::uint64_t number, std::uint64_t sequence, const StoredVm& vm) const;
    std::optional<StoredVm> load(std::uint64_t number, std::uint64_t sequence) const;
    void remove(std::uint64_t number, std::uint64_t sequence) const { std::filesystem::remove(file(number, sequence)); }

private:
    std::filesystem::path file(std::uint64_t number, std::uint64_t sequence) const {
        return directory_ / ("vm-" + std::to_string(number) + "-" + std::to_string(sequence));
    }

    std::filesystem::path directory_;
};

}  // namespace coffer::kill
