#include "vcpu/trace_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "unit/trace_accesses_generator.h"
#include "unit/trace_test_folder.h"
#include "vcpu/trace_codec.h"

namespace coffer {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

class TraceFile : public TraceTestFolder {};

TEST_F(TraceFile, GivesBackWhatWasWritten) {
    EXPECT_TRUE(rc::check([this] {
        const std::vector<TraceAccess> accesses = *any_accesses();
        write_trace(path("a.trace"), accesses);
        TraceReader reader(path("a.trace"));
        RC_ASSERT(all_same(read_all(reader), accesses));

        std::uint64_t writes = 0, instructions = 0;
        std::set<std::uint64_t> pages;
        for (const TraceAccess& access : accesses) {
            writes += access.write;
            instructions += access.instructions;
            for (std::uint64_t byte = 0; byte < access.size; byte++) pages.insert((access.address + byte) / 4096);
        }
        const TraceInfo info = TraceReader(path("a.trace")).info();
        RC_ASSERT(info.accesses == accesses.size());
        RC_ASSERT(info.writes == writes);
        RC_ASSERT(info.reads() == accesses.size() - writes);
        RC_ASSERT(info.instructions == instructions);
        RC_ASSERT(info.pages == std::vector<std::uint64_t>(pages.begin(), pages.end()));
        RC_ASSERT(info.command == "prog --flag 'two words'");
        RC_ASSERT(info.file_bytes == fs::file_size(path("a.trace")));
    }));
}

TEST_F(TraceFile, GivesBackSeveralBlocksAndRewinds) {
    std::vector<TraceAccess> accesses;
    for (std::uint64_t i = 0; i < 2 * trace_codec::max_block_accesses + 7; i++)
        accesses.push_back({0x1000 + i * i % 100'000 * 8, static_cast<std::uint32_t>(i % 19), 8, i % 3 == 0});
    write_trace(path("a.trace"), accesses);
    TraceReader reader(path("a.trace"));
    EXPECT_EQ(reader.info().blocks, 3u);
    EXPECT_TRUE(all_same(read_all(reader), accesses));
    TraceAccess access{1, 2, 4, true};
    EXPECT_FALSE(reader.next(access)) << "the end stays the end";
    EXPECT_TRUE(same(access, {1, 2, 4, true}));
    reader.rewind();
    EXPECT_TRUE(reader.next(access));
    EXPECT_TRUE(same(access, accesses[0]));
    reader.check_all();
    EXPECT_TRUE(all_same(read_all(reader), accesses));
}

TEST_F(TraceFile, MayBeEmpty) {
    write_trace(path("a.trace"), {});
    TraceReader reader(path("a.trace"));
    EXPECT_TRUE(read_all(reader).empty());
    EXPECT_TRUE(reader.info().pages.empty());
}

TEST_F(TraceFile, AppearsOnlyWhenFinished) {
    {
        TraceWriter writer(path("a.trace"), "prog");
        writer.add({0, 1, 8, false});
        EXPECT_FALSE(fs::exists(path("a.trace")));
    }
    EXPECT_THAT(files(), testing::IsEmpty());
    write_trace(path("a.trace"), some_accesses());
    EXPECT_THAT(files(), testing::ElementsAre("a.trace"));
}

TEST_F(TraceFile, EveryTruncationIsFound) {
    write_trace(path("a.trace"), some_accesses());
    const std::string whole = read_bytes(path("a.trace"));
    ASSERT_EQ(error_of(path("a.trace")), "");
    for (std::size_t size = 0; size < whole.size(); size++) {
        write_bytes(path("cut.trace"), whole.substr(0, size));
        EXPECT_EQ(error_of(path("cut.trace")).rfind(path("cut.trace") + ": byte " + std::to_string(size) + ": the file ends too early", 0), 0u)
            << "at " << size << ": " << error_of(path("cut.trace"));
    }
}

TEST_F(TraceFile, EveryFlippedBitIsFound) {
    write_trace(path("a.trace"), some_accesses());
    const std::string whole = read_bytes(path("a.trace"));
    std::fstream file(path("a.trace"), std::ios::binary | std::ios::in | std::ios::out);
    const auto put = [&file](std::size_t place, unsigned byte) {
        file.seekp(static_cast<std::streamoff>(place)).put(static_cast<char>(byte)).flush();
    };
    for (std::size_t byte = 0; byte < whole.size(); byte++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            put(byte, static_cast<unsigned char>(whole[byte]) ^ 1u << bit);
            EXPECT_THAT(error_of(path("a.trace")), StartsWith(path("a.trace") + ": byte ")) << "bit " << bit << " of byte " << byte;
        }
        put(byte, static_cast<unsigned char>(whole[byte]));
    }
    EXPECT_EQ(error_of(path("a.trace")), "");
}

TEST_F(TraceFile, BytesBehindTheEndAreFound) {
    write_trace(path("a.trace"), some_accesses());
    write_bytes(path("a.trace"), read_bytes(path("a.trace")) + '\0');
    EXPECT_THAT(error_of(path("a.trace")), HasSubstr("goes on"));
}

TEST_F(TraceFile, RefusesWhatIsNoTrace) {
    EXPECT_THAT(error_of(path("absent.trace")), StartsWith(path("absent.trace") + ": cannot be read"));
    EXPECT_THAT(error_of(fs::temp_directory_path().string()), HasSubstr("cannot be read"));
    write_bytes(path("text"), std::string(200, 'x'));
    EXPECT_EQ(error_of(path("text")), path("text") + ": byte 0: this is no trace (accepted: the bytes \"CofTrace\")");
}

}  // namespace
}  // namespace coffer
