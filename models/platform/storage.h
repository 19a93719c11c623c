#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace coffer {

/// Ways of spending memory on counters, tags and trees: the platform's own, and two from the literature to compare it with.
enum class StorageScheme : std::uint8_t {
    aise_bmt,     ///< AISE counter blocks, tags per line, a tree over the counter blocks (Rogers et al., MICRO 2007)
    global64_mt,  ///< a 64-bit counter per line, a standard Merkle tree over data and counters (the same paper's baseline)
    sgx_mee,      ///< 56-bit counters and tags, an 8-ary counter tree of three levels under on-chip roots (Gueron, eprint 2016/204)
};

inline constexpr std::array storage_schemes{StorageScheme::aise_bmt, StorageScheme::global64_mt, StorageScheme::sgx_mee};

std::string_view to_string(StorageScheme scheme);
/// Throws InputError, naming `where`, for a name that is no scheme's.
StorageScheme parse_storage_scheme(std::string_view where, std::string_view name);

/// How a memory divides into data and what protects them, in bytes.
struct StorageSplit {
    StorageScheme scheme{};
    unsigned tag_bytes = 0;
    std::uint64_t memory_bytes = 0;
    std::uint64_t data_bytes = 0;
    std::uint64_t counter_bytes = 0;
    std::uint64_t tag_array_bytes = 0;       ///< tags outside the tree
    std::uint64_t page_root_bytes = 0;       ///< directory of the roots of swapped-out pages; swap is as large as memory
    std::vector<std::uint64_t> tree_levels;  ///< bytes of each level in memory, the lowest first
    std::uint64_t on_chip_root_bytes = 0;    ///< not part of memory

    std::uint64_t tree_bytes() const;
    std::uint64_t metadata_bytes() const { return counter_bytes + tag_array_bytes + page_root_bytes + tree_bytes(); }
    /// What is left of memory.
    std::uint64_t unused_bytes() const { return memory_bytes - data_bytes - metadata_bytes(); }
    double percent_of_memory(std::uint64_t bytes) const { return 100.0 * static_cast<double>(bytes) / static_cast<double>(memory_bytes); }
};

/// The split that gives a memory of `memory_bytes` the most data pages; in sgx_mee three quarters of it, as the published 96 of 128 MB.
/// Throws InputError for a tag size that the scheme does not have and a memory that is too small or above 2^62.
StorageSplit split_memory(StorageScheme scheme, std::uint64_t memory_bytes, unsigned tag_bytes);
/// The split of the smallest memory that protects `data_bytes`. Throws InputError as split_memory does.
StorageSplit split_for_data(StorageScheme scheme, std::uint64_t data_bytes, unsigned tag_bytes);

/// Aligned text, one line for each part.
std::string storage_text(const StorageSplit& split);
/// The same as a JSON object.
std::string storage_json(const StorageSplit& split);
/// The storage table of Rogers et al. (both schemes, four tag sizes) for a memory of `memory_bytes`, as aligned text.
std::string storage_table(std::uint64_t memory_bytes);

}  // namespace coffer
