#include "platform/statistics_json.h"

#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <system_error>

#include <gtest/gtest.h>

#include "common/errors.h"
#include "platform/output_folder.h"

namespace coffer {
namespace {

StatisticsGroup sample() {
    StatisticsGroup group("platform");
    group.add("time", 0.1, "s");
    group.add("seed", ~std::uint64_t{0}, "1");
    group.add("configuration", std::string("hypercoffer"), "");
    StatisticsGroup& cache = group.group("llc");
    cache.add("hits", std::uint64_t{12}, "1");
    cache.add("hit_rate", std::numeric_limits<double>::quiet_NaN(), "1");
    return group;
}

TEST(StatisticsJson, KeepsOrderUnitsAndEveryBitOfANumber) {
    EXPECT_EQ(
        statistics_json(sample()).dump(),
        R"({"time":{"value":0.1,"unit":"s"},"seed":{"value":18446744073709551615,"unit":"1"},"configuration":{"value":"hypercoffer","unit":""},)"
        R"("llc":{"hits":{"value":12,"unit":"1"},"hit_rate":{"value":null,"unit":"1"}}})");
    StatisticsGroup numbers("n");
    const double awkward = 0.1 + 0.2;
    numbers.add("x", awkward, "1");
    EXPECT_EQ(nlohmann::json::parse(statistics_json(numbers).dump())["x"]["value"].get<double>(), awkward);
}

TEST(StatisticsJson, RefusesANameThatIsThereTwice) {
    StatisticsGroup group = sample();
    group.add("time", 0.2, "s");
    EXPECT_THROW((void)statistics_json(group), std::logic_error);
    StatisticsGroup other = sample();
    (void)other.group("time");
    EXPECT_THROW((void)statistics_json(other), std::logic_error);
}

TEST(StatisticsJson, FindsValuesByPath) {
    const StatisticsGroup group = sample();
    EXPECT_EQ(count_at(group, "llc/hits"), 12u);
    EXPECT_EQ(number_at(group, "time"), 0.1);
    EXPECT_THROW((void)count_at(group, "llc/misses"), std::logic_error);
    EXPECT_THROW((void)count_at(group, "dram/hits"), std::logic_error);
    EXPECT_THROW((void)count_at(group, "time"), std::logic_error);
}

class OutputFolderTest : public testing::Test {
protected:
    OutputFolderTest() : root_(std::filesystem::path(testing::TempDir()) / ("coffer-output-" + std::to_string(getpid()))) {
        std::filesystem::create_directories(root_);
    }
    ~OutputFolderTest() override { std::filesystem::remove_all(root_); }

    static std::string read(const std::filesystem::path& path) {
        std::ifstream file(path, std::ios::binary);
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }
    static std::size_t entries(const std::filesystem::path& path) {
        return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path), std::filesystem::directory_iterator()));
    }

    std::filesystem::path root_;
};

TEST_F(OutputFolderTest, WritesAllFilesAtTheEnd) {
    OutputFolder output(root_ / "out");
    output.add("a.json", std::string("{}\n"));
    output.add("b.bin", [](const auto& write) {
        write(ByteView(std::string_view("one")));
        write(ByteView(std::string_view("two")));
    });
    EXPECT_EQ(entries(root_), 0u);
    output.commit();
    EXPECT_EQ(read(root_ / "out" / "a.json"), "{}\n");
    EXPECT_EQ(read(root_ / "out" / "b.bin"), "onetwo");
    EXPECT_EQ(entries(root_ / "out"), 2u);
}

TEST_F(OutputFolderTest, LeavesNothingWhereAFileFails) {
    OutputFolder output(root_ / "out");
    output.add("a.json", std::string("{}\n"));
    output.add("b.bin", [](const auto&) { throw std::system_error(ENOSPC, std::generic_category()); });
    EXPECT_THROW(output.commit(), std::system_error);
    EXPECT_EQ(entries(root_), 0u);
}

TEST_F(OutputFolderTest, KeepsWhatWasThereWhereAFileFails) {
    std::filesystem::create_directory(root_ / "out");
    std::ofstream(root_ / "out" / "a.json") << "old";
    OutputFolder output(root_ / "out");
    output.add("a.json", std::string("new"));
    output.add("b.bin", [](const auto&) { throw std::system_error(ENOSPC, std::generic_category()); });
    EXPECT_THROW(output.commit(), std::system_error);
    EXPECT_EQ(read(root_ / "out" / "a.json"), "old");
    EXPECT_EQ(entries(root_ / "out"), 1u);
}

TEST_F(OutputFolderTest, RefusesAPlaceThatIsNoFolder) {
    std::ofstream(root_ / "file") << "x";
    EXPECT_THROW(OutputFolder(root_ / "file"), InputError);
    EXPECT_THROW(OutputFolder(root_ / "file" / "out"), InputError);
    EXPECT_THROW(OutputFolder(root_ / "missing" / "out"), InputError);
    EXPECT_THROW(OutputFolder(""), InputError);
    EXPECT_NO_THROW(OutputFolder(root_ / "out"));
    EXPECT_NO_THROW(OutputFolder(root_ / "out/"));
}

}  // namespace
}  // namespace coffer
