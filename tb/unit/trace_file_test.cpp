#include "vcpu/trace_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <unistd.h>
#include <vector>

#include "common/errors.h"
#include "vcpu/trace_codec.h"

namespace coffer {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

class TraceFile : public testing::Test {
protected:
    TraceFile() { fs::create_directories(directory_); }
    ~TraceFile() override { fs::remove_all(directory_); }

    std::string path(const std::string& name) const { return (directory_ / name).string(); }
    std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const fs::directory_entry& entry : fs::directory_iterator(directory_)) names.push_back(entry.path().filename().string());
        return names;
    }

private:
    fs::path directory_ = fs::temp_directory_path() / ("trace_file_test." + std::to_string(::getpid()));
};

bool same(const TraceAccess& a, const TraceAccess& b) {
    return a.address == b.address && a.instructions == b.instructions && a.size == b.size && a.write == b.write;
}

void write_trace(const std::string& path, const std::vector<TraceAccess>& accesses, const std::string& command = "prog --flag 'two words'") {
    TraceWriter writer(path, command);
    for (const TraceAccess& access : accesses) writer.add(access);
    writer.finish();
}

std::vector<TraceAccess> read_all(TraceReader& reader) {
    std::vector<TraceAccess> accesses;
    for (TraceAccess access; reader.next(access);) accesses.push_back(access);
    return accesses;
}

Bytes read_bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(file), {});
}

void write_bytes(const std::string& path, const Bytes& bytes) {
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

/// The message of the InputError that reading the whole file gives; empty where there is none.
std::string error_of(const std::string& path) {
    try {
        TraceReader(path).check_all();
    } catch (const InputError& error) {
        return error.what();
    }
    return {};
}

bool all_same(const std::vector<TraceAccess>& a, const std::vector<TraceAccess>& b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), same);
}

const std::vector<TraceAccess>& some_accesses() {
    static const std::vector<TraceAccess> accesses = {
        {0x7fff'ffff'e000, 3, 8, true}, {0x40'1ffc, 1, 8, false}, {0xffff'ffff'ffff'ffc0, 4'000'000'000, 64, true}, {0, 0, 1, false}, {0x40'1ffc, 15, 2, false},
    };
    return accesses;
}

rc::Gen<std::vector<TraceAccess>> any_accesses() {
    const auto address = rc::gen::oneOf(rc::gen::arbitrary<std::uint64_t>(), rc::gen::inRange<std::uint64_t>(0, 20000));
    const auto instructions = rc::gen::oneOf(rc::gen::inRange<std::uint32_t>(0, 20), rc::gen::arbitrary<std::uint32_t>());
    const auto access = rc::gen::map(rc::gen::tuple(address, instructions, rc::gen::inRange(0, 7), rc::gen::arbitrary<bool>()), [](const auto& parts) {
        TraceAccess made{std::get<0>(parts), std::get<1>(parts), static_cast<std::uint8_t>(1 << std::get<2>(parts)), std::get<3>(parts)};
        // The last bytes of the address space are aligned down, so that every access is a legal one.
        if (!trace_codec::is_recordable(made)) made.address &= ~std::uint64_t{63};
        return made;
    });
    return rc::gen::container<std::vector<TraceAccess>>(access);
}

TEST_F(TraceFile, GivesBackWhatWasWritten) {
    rc::check([this] {
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
    });
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
    const Bytes whole = read_bytes(path("a.trace"));
    ASSERT_EQ(error_of(path("a.trace")), "");
    for (std::size_t size = 0; size < whole.size(); size++) {
        write_bytes(path("cut.trace"), Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
        EXPECT_EQ(error_of(path("cut.trace")).rfind(path("cut.trace") + ": byte " + std::to_string(size) + ": the file ends too early", 0), 0u)
            << "at " << size << ": " << error_of(path("cut.trace"));
    }
}

TEST_F(TraceFile, EveryFlippedBitIsFound) {
    write_trace(path("a.trace"), some_accesses());
    const Bytes whole = read_bytes(path("a.trace"));
    std::fstream file(path("a.trace"), std::ios::binary | std::ios::in | std::ios::out);
    const auto put = [&file](std::size_t place, unsigned byte) { file.seekp(static_cast<std::streamoff>(place)).put(static_cast<char>(byte)).flush(); };
    for (std::size_t byte = 0; byte < whole.size(); byte++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            put(byte, whole[byte] ^ 1u << bit);
            EXPECT_THAT(error_of(path("a.trace")), StartsWith(path("a.trace") + ": byte ")) << "bit " << bit << " of byte " << byte;
        }
        put(byte, whole[byte]);
    }
    EXPECT_EQ(error_of(path("a.trace")), "");
}

TEST_F(TraceFile, BytesBehindTheEndAreFound) {
    write_trace(path("a.trace"), some_accesses());
    Bytes longer = read_bytes(path("a.trace"));
    longer.push_back(0);
    write_bytes(path("a.trace"), longer);
    EXPECT_THAT(error_of(path("a.trace")), HasSubstr("goes on"));
}

TEST_F(TraceFile, RefusesWhatIsNoTrace) {
    EXPECT_THAT(error_of(path("absent.trace")), StartsWith(path("absent.trace") + ": cannot be read"));
    EXPECT_THAT(error_of(fs::temp_directory_path().string()), HasSubstr("cannot be read"));
    write_bytes(path("text"), Bytes(200, 'x'));
    EXPECT_EQ(error_of(path("text")), path("text") + ": byte 0: this is no trace (accepted: the bytes \"CofTrace\")");
}

}  // namespace
}  // namespace coffer
