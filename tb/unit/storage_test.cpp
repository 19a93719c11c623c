#include "platform/storage.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/errors.h"
#include "common/units.h"
#include "platform/quantities.h"

namespace coffer {
namespace {

constexpr std::uint64_t KiB = 1024;
constexpr std::uint64_t MiB = 1024 * KiB;
constexpr std::uint64_t GiB = 1024 * MiB;

/// One row of the storage table in Rogers, Chhabra, Prvulovic, Solihin: "Using Address Independent Seed Encryption and Bonsai Merkle Trees to Make
/// Secure Processors OS- and Performance-Friendly", MICRO 2007, Table 2: percent of total memory.
struct PublishedRow {
    unsigned tag_bits;
    StorageScheme scheme;
    double tree_and_tags;
    double page_roots;
    double counters;
    double total;
};

constexpr PublishedRow rogers_table_2[] = {
    {256, StorageScheme::global64_mt, 49.83, 0.35, 5.54, 55.71}, {256, StorageScheme::aise_bmt, 33.50, 0.51, 1.02, 35.03},
    {128, StorageScheme::global64_mt, 24.94, 0.26, 8.31, 33.51}, {128, StorageScheme::aise_bmt, 20.02, 0.31, 1.23, 21.55},
    {64, StorageScheme::global64_mt, 12.48, 0.15, 9.71, 22.34},  {64, StorageScheme::aise_bmt, 11.11, 0.17, 1.36, 12.65},
    {32, StorageScheme::global64_mt, 6.24, 0.08, 10.41, 16.73},  {32, StorageScheme::aise_bmt, 5.88, 0.09, 1.45, 7.42},
};

/// How many of the row's four cells differ by more than 0.01 from the published value.
unsigned cells_that_differ(const PublishedRow& published, const StorageSplit& split) {
    const auto differs = [&](double expected, std::uint64_t bytes) { return std::abs(split.percent_of_memory(bytes) - expected) > 0.01 + 1e-9; };
    return static_cast<unsigned>(differs(published.tree_and_tags, split.tree_bytes() + split.tag_array_bytes)) +
           differs(published.page_roots, split.page_root_bytes) + differs(published.counters, split.counter_bytes) +
           differs(published.total, split.metadata_bytes());
}

TEST(Storage, ReproducesThe32CellsOfTheRogersTable) {
    for (const PublishedRow& row : rogers_table_2) {
        const StorageSplit split = split_memory(row.scheme, GiB, row.tag_bits / 8);
        EXPECT_EQ(cells_that_differ(row, split), 0u) << storage_text(split);
    }
}

TEST(Storage, TheComparisonSeesAPlantedFault) {
    const PublishedRow& row = rogers_table_2[3];
    const StorageSplit right = split_memory(row.scheme, GiB, row.tag_bits / 8);
    ASSERT_EQ(cells_that_differ(row, right), 0u);
    StorageSplit no_top_half = right;
    no_top_half.tree_levels.resize(1);
    EXPECT_GT(cells_that_differ(row, no_top_half), 0u);
    StorageSplit wide_counters = right;
    wide_counters.counter_bytes += GiB / 5000;
    EXPECT_GT(cells_that_differ(row, wide_counters), 0u);
    EXPECT_EQ(cells_that_differ(row, split_memory(row.scheme, GiB, 8)), 4u);
    EXPECT_EQ(cells_that_differ(row, split_memory(StorageScheme::global64_mt, GiB, 16)), 4u);
}

TEST(Storage, ThePrintedTableHoldsThePublishedNumbers) {
    const std::string table = storage_table(GiB);
    for (const PublishedRow& row : rogers_table_2) {
        const std::string line = fmt::format("{:>9}  {:<12}{:>15.2f}{:>12.2f}{:>10.2f}{:>8.2f}\n", row.tag_bits, to_string(row.scheme),
                                             row.tree_and_tags, row.page_roots, row.counters, row.total);
        EXPECT_NE(table.find(line), std::string::npos) << "no line " << line << " in\n" << table;
    }
}

// Gueron, "A Memory Encryption Engine Suitable for General Purpose Processors", eprint 2016/204: 128 MB seized, 96 MB of them protected, 384 roots of
// 56 bits, each over 256 KB.
TEST(Storage, GivesTheSizesOfTheSgxMemoryEncryptionEngine) {
    const StorageSplit split = split_memory(StorageScheme::sgx_mee, 128 * MiB, 8);
    EXPECT_EQ(split.data_bytes, 96 * MiB);
    EXPECT_EQ(split.data_bytes / line_bytes, 1'572'864u);
    EXPECT_EQ(split.counter_bytes, 12 * MiB);
    EXPECT_EQ(split.tag_array_bytes, 12 * MiB);
    EXPECT_EQ(split.tree_levels, (std::vector<std::uint64_t>{1536 * KiB, 192 * KiB, 24 * KiB}));
    EXPECT_EQ(split.on_chip_root_bytes, 2688u);
    EXPECT_EQ(split.page_root_bytes, 0u);
    EXPECT_LT(split.metadata_bytes(), 32 * MiB);
    EXPECT_EQ(fmt::format("{:.2f}", static_cast<double>(split.metadata_bytes()) / MiB), "25.71");

    const StorageSplit for_data = split_for_data(StorageScheme::sgx_mee, 96 * MiB, 8);
    EXPECT_EQ(for_data.metadata_bytes(), split.metadata_bytes());
    EXPECT_EQ(for_data.unused_bytes(), 0u);
}

// Rogers et al., 1 GiB and 128-bit tags: the tree over counter blocks has 9 levels, the one over data and counters 12.
TEST(Storage, TheBonsaiTreeIsThreeLevelsLower) {
    EXPECT_EQ(split_memory(StorageScheme::aise_bmt, GiB, 16).tree_levels.size(), 9u);
    EXPECT_EQ(split_memory(StorageScheme::global64_mt, GiB, 16).tree_levels.size(), 12u);
}

TEST(Storage, EverySplitFitsAndWastesNoPage) {
    EXPECT_TRUE(rc::check("storage split", [] {
        const auto scheme = *rc::gen::element(StorageScheme::aise_bmt, StorageScheme::global64_mt);
        const auto tag_bytes = *rc::gen::element(4u, 8u, 16u, 32u);
        const auto memory = *rc::gen::inRange<std::uint64_t>(MiB, std::uint64_t{1} << 44);
        const StorageSplit split = split_memory(scheme, memory, tag_bytes);
        RC_ASSERT(split.memory_bytes == memory);
        RC_ASSERT(split.data_bytes + split.metadata_bytes() <= memory);
        RC_ASSERT(split_for_data(scheme, split.data_bytes, tag_bytes).memory_bytes == split.data_bytes + split.metadata_bytes());
        RC_ASSERT(split_for_data(scheme, split.data_bytes + page_bytes, tag_bytes).memory_bytes > memory);
    }));
}

TEST(Storage, RefusesWhatNoSchemeHas) {
    EXPECT_THROW((void)split_memory(StorageScheme::aise_bmt, GiB, 5), InputError);
    EXPECT_THROW((void)split_memory(StorageScheme::sgx_mee, GiB, 16), InputError);
    EXPECT_THROW((void)split_memory(StorageScheme::aise_bmt, 4096, 16), InputError);
    EXPECT_THROW((void)split_memory(StorageScheme::sgx_mee, 64 * KiB, 8), InputError);
    EXPECT_THROW((void)split_memory(StorageScheme::aise_bmt, ~std::uint64_t{0}, 16), InputError);
    EXPECT_THROW((void)split_for_data(StorageScheme::aise_bmt, 5000, 16), InputError);
    EXPECT_THROW((void)parse_storage_scheme("--scheme", "sgx"), InputError);
    EXPECT_EQ(parse_storage_scheme("--scheme", "global64-mt"), StorageScheme::global64_mt);
}

TEST(Storage, JsonSaysWhatTheTextSays) {
    const StorageSplit split = split_memory(StorageScheme::aise_bmt, GiB, 16);
    const auto json = nlohmann::json::parse(storage_json(split));
    EXPECT_EQ(json["scheme"], "aise-bmt");
    EXPECT_EQ(json["parts"]["data"]["bytes"], split.data_bytes);
    EXPECT_EQ(json["tree_levels_bytes"].size(), split.tree_levels.size());
    std::uint64_t sum = 0;
    for (const auto& part : json["parts"]) sum += part["bytes"].get<std::uint64_t>();
    EXPECT_EQ(sum, GiB);
}

TEST(Quantities, SizesHaveUnits) {
    EXPECT_EQ(parse_size("here", "96"), 96u);
    EXPECT_EQ(parse_size("here", "1 GiB"), GiB);
    EXPECT_EQ(parse_size("here", "3MiB"), 3 * MiB);
    EXPECT_EQ(parse_size("here", "0x1B"), 27u);
    EXPECT_EQ(parse_size("here", "12 B"), 12u);
    for (const char* text : {"", "KiB", "-1", "1.5 GiB", "1 GB", "16777216 TiB", "0x", "1 GiB ", " 1", "18446744073709551616"})
        EXPECT_EQ(read_size(text), std::nullopt) << text;
    EXPECT_TRUE(rc::check("format_size is read back", [](std::uint64_t bytes, unsigned shift) {
        const std::uint64_t size = bytes << (shift % 48);
        RC_ASSERT(read_size(format_size(size)) == size);
    }));
}

TEST(Quantities, NumbersAreWholeOrDecimal) {
    EXPECT_EQ(read_integer("18446744073709551615"), ~std::uint64_t{0});
    EXPECT_EQ(read_real("1e-3"), 0.001);
    for (const char* text : {"", "0.5", "-1", "+1", "1 ", "x", "0xg"}) EXPECT_EQ(read_integer(text), std::nullopt) << text;
    for (const char* text : {"", "nan", "inf", "1e999", "1,5", "0x1p3", "1 "}) EXPECT_EQ(read_real(text), std::nullopt) << text;
}

TEST(Quantities, MessagesStayOneShortLine) {
    try {
        (void)parse_size("here", std::string("a\nb\x01") + std::string(1000, 'c'));
        FAIL();
    } catch (const InputError& error) {
        const std::string text = error.what();
        EXPECT_EQ(text.find('\n'), std::string::npos);
        EXPECT_LT(text.size(), 200u);
    }
}

}  // namespace
}  // namespace coffer
