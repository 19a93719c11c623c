// The traces that come with Coffer: whole, and what their headers and the table in vectors/traces/README.md say.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <locale>
#include <set>
#include <sstream>
#include <string>
#include <unordered_set>
#include <vector>

#include "vcpu/trace_file.h"
#include "vcpu/trace_tools.h"

namespace coffer {
namespace {

namespace fs = std::filesystem;

const fs::path folder = fs::path(COFFER_SOURCE_DIR) / "vectors" / "traces";

std::vector<fs::path> shipped_traces() {
    std::vector<fs::path> traces;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder))
        if (entry.path().extension() == ".trace") traces.push_back(entry.path());
    return traces;
}

TEST(TraceShipped, AreFourProgramsAndTogetherSmall) {
    std::set<std::string> programs;
    std::uintmax_t bytes = 0;
    for (const fs::path& trace : shipped_traces()) {
        const TraceInfo info = read_trace_info(trace.string());
        EXPECT_GE(info.accesses, 1'000'000u) << trace;
        programs.insert(info.command.substr(0, info.command.find(' ')));
        bytes += info.file_bytes;
    }
    EXPECT_GE(programs.size(), 4u);
    EXPECT_LT(bytes, 8'000'000u);
}

TEST(TraceShipped, HoldWhatTheirHeadersSay) {
    for (const fs::path& trace : shipped_traces()) {
        TraceReader reader(trace.string());
        std::uint64_t accesses = 0, writes = 0, instructions = 0;
        std::unordered_set<std::uint64_t> pages;
        for (TraceAccess access; reader.next(access);) {
            accesses++;
            writes += access.write;
            instructions += access.instructions;
            pages.insert(access.address / 4096);
            pages.insert((access.address + access.size - 1) / 4096);
        }
        EXPECT_EQ(accesses, reader.info().accesses) << trace;
        EXPECT_EQ(writes, reader.info().writes) << trace;
        EXPECT_EQ(instructions, reader.info().instructions) << trace;
        EXPECT_EQ(pages.size(), reader.info().pages.size()) << trace;
    }
}

std::string with_commas(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
    return text;
}

TEST(TraceShipped, AreListedInTheirReadme) {
    std::ifstream file(folder / "README.md");
    std::stringstream readme;
    readme << file.rdbuf();
    for (const fs::path& trace : shipped_traces()) {
        const TraceInfo info = read_trace_info(trace.string());
        EXPECT_THAT(readme.str(), testing::HasSubstr("| `" + trace.filename().string() + "` |"));
        EXPECT_THAT(readme.str(),
                    testing::HasSubstr("| " + with_commas(info.accesses) + " | " + with_commas(info.reads()) + " | " + with_commas(info.writes) +
                                       " | " + with_commas(info.instructions) + " | " + with_commas(info.pages.size()) + " |"));
        EXPECT_THAT(readme.str(), testing::HasSubstr("| " + with_commas(info.file_bytes) + " |"));
    }
}

}  // namespace
}  // namespace coffer
