#include "vcpu/trace_tools.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "common/bytes.h"
#include "unit/trace_accesses_generator.h"
#include "unit/trace_test_folder.h"

namespace coffer {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class TraceTools : public TraceTestFolder {
protected:
    std::string error_of_conversion(const std::string& input, const std::string& output) {
        try {
            convert_trace(input, output);
        } catch (const InputError& error) {
            return error.what();
        }
        return {};
    }

    std::vector<TraceAccess> accesses_of(const std::string& trace) {
        TraceReader reader(trace);
        return read_all(reader);
    }
};

TEST_F(TraceTools, TextFormGivesTheSameFileBack) {
    rc::check([this] {
        write_trace(path("a.trace"), *any_accesses());
        convert_trace(path("a.trace"), path("a.txt"));
        convert_trace(path("a.txt"), path("b.trace"));
        RC_ASSERT(read_bytes(path("a.trace")) == read_bytes(path("b.trace")));
    });
}

TEST_F(TraceTools, WritesTheTextForm) {
    write_trace(path("a.trace"), {{0x7f00, 3, 8, false}, {0, 20, 1, true}}, "xz -9");
    convert_trace(path("a.trace"), path("a.txt"));
    EXPECT_EQ(read_bytes(path("a.txt")),
              "# coffer trace, text form: R or W, address, bytes, instructions since the access before\n"
              "# command: xz -9\n"
              "R 0x7f00 8 3\n"
              "W 0x0 1 20\n");
    testing::internal::CaptureStdout();
    convert_trace(path("a.trace"), "-");
    EXPECT_EQ(testing::internal::GetCapturedStdout(), read_bytes(path("a.txt")));
}

TEST_F(TraceTools, ReadsTheTextForm) {
    write_bytes(path("a.txt"),
                "\n  # a comment\r\nR 0x7F00\t8 3\r\n\n W 64 1 0 \n# command: too late, accesses came first\nR 0xffffffffffffffff 1 4294967295");
    convert_trace(path("a.txt"), path("a.trace"));
    EXPECT_TRUE(all_same(accesses_of(path("a.trace")), {{0x7f00, 3, 8, false}, {64, 0, 1, true}, {0xffff'ffff'ffff'ffff, 0xffff'ffff, 1, false}}));
    EXPECT_EQ(read_trace_info(path("a.trace")).command, "");
}

TEST_F(TraceTools, NamesFileAndLineOfBadText) {
    const std::string no_access = "this is no access (accepted: R or W, address, bytes, instructions, as in \"R 0x7f00 8 3\"; or # and a comment)";
    const std::string no_size = " (accepted: 1, 2, 4, 8, 16, 32 or 64 bytes within the address space)";
    const std::vector<std::pair<std::string, std::string>> lines = {
        {"X 0x7f00 8 3", no_access},
        {"r 0x7f00 8 3", no_access},
        {"R 0x7f00 8", no_access},
        {"R 0x7f00 8 3 4", no_access},
        {"R 7f00 8 3", no_access},
        {"R 0x 8 3", no_access},
        {"R -1 8 3", no_access},
        {"R 0x10000000000000000 8 3", no_access},
        {"R 0x7f00 8 3x", no_access},
        {std::string("R 0x7f00 8 3\0", 13), no_access},
        {"\x89PNG", no_access},
        {"R 0x7f00 8 4294967296", "4294967296 instructions (accepted: at most 4294967295)"},
        {"R 0x7f00 3 1", "an access of 3 bytes at 0x7f00" + no_size},
        {"R 0x7f00 0 1", "an access of 0 bytes at 0x7f00" + no_size},
        {"R 0x7f00 128 1", "an access of 128 bytes at 0x7f00" + no_size},
        {"R 0x7f00 264 1", "an access of 264 bytes at 0x7f00" + no_size},
        {"W 0xffffffffffffffff 2 1", "an access of 2 bytes at 0xffffffffffffffff" + no_size},
        {std::string(70'000, 'R'), "the line is too long (accepted: at most 65549 bytes)"},
        {"#" + std::string(70'000, 'R'), "the line is too long (accepted: at most 65549 bytes)"},
    };
    for (const auto& [line, message] : lines) {
        write_bytes(path("a.txt"), "# first\nR 0 8 1\n" + line + "\nR 0 8 1\n");
        EXPECT_EQ(error_of_conversion(path("a.txt"), path("a.trace")), path("a.txt") + ":3: " + message);
        EXPECT_THAT(files(), ElementsAre("a.txt")) << "nothing half-written stays";
    }
}

TEST_F(TraceTools, TellsInputsApart) {
    EXPECT_THAT(error_of_conversion(path("absent"), path("a.trace")), StartsWith(path("absent") + ": cannot be opened: No such file"));
    EXPECT_THAT(error_of_conversion(fs::path(path("x")).parent_path().string(), path("a.trace")), HasSubstr(": is a directory"));
    write_bytes(path("empty"), "");
    EXPECT_THAT(error_of_conversion(path("empty"), path("a.trace")), HasSubstr(": is empty"));
    write_bytes(path("cut"), "CofTr");
    EXPECT_EQ(error_of_conversion(path("cut"), path("a.trace")), path("cut") + ": byte 5: the file ends too early");
}

TEST_F(TraceTools, WritesFilesOnly) {
    write_bytes(path("a.txt"), "R 0 8 1\n");
    EXPECT_EQ(error_of_conversion(path("a.txt"), "/dev/null"), "/dev/null: exists and is no regular file (accepted: a file name)");
    EXPECT_THAT(error_of_conversion(path("a.txt"), path("no/folder.trace")),
                StartsWith(path("no/folder.trace") + ": cannot be created: No such file"));
    write_bytes(path("real.trace"), "");
    fs::create_symlink("real.trace", path("link.trace"));
    convert_trace(path("a.txt"), path("link.trace"));
    EXPECT_TRUE(fs::is_symlink(path("link.trace")));
    EXPECT_EQ(accesses_of(path("real.trace")).size(), 1u);
}

TEST_F(TraceTools, ConvertsAFileOntoItself) {
    write_trace(path("a.trace"), some_accesses());
    const std::string before = read_bytes(path("a.trace"));
    convert_trace(path("a.trace"), path("a.trace"));
    EXPECT_EQ(read_bytes(path("a.trace")), before);
}

TEST_F(TraceTools, DescribesATrace) {
    write_trace(path("a.trace"), {{0x1ffc, 3, 8, false}, {0x1ffc, 2, 8, true}}, "xz -9");
    EXPECT_EQ(describe(read_trace_info(path("a.trace"))),
              "file          " + path("a.trace") + "\n" +
                  "command       xz -9\n"
                  "accesses      2 (1 reads, 1 writes)\n"
                  "instructions  5 (2.50 per access)\n"
                  "pages         2 (8 KiB)\n"
                  "size          " +
                  std::to_string(fs::file_size(path("a.trace"))) + " bytes in 1 blocks (" + std::to_string(fs::file_size(path("a.trace")) / 2) +
                  (fs::file_size(path("a.trace")) % 2 != 0 ? ".500" : ".000") + " bytes per access), format version 1\n");
}

TEST_F(TraceTools, InfoReadsTheWholeFile) {
    write_trace(path("a.trace"), some_accesses());
    std::string bytes = read_bytes(path("a.trace"));
    const std::size_t first_block = trace_format::Header::bytes_with(std::string("prog --flag 'two words'").size());
    bytes[first_block + trace_format::SectionHeader::bytes] ^= 1;
    write_bytes(path("a.trace"), bytes);
    EXPECT_NO_THROW(TraceReader(path("a.trace")).info()) << "header and pages are right";
    EXPECT_THROW(read_trace_info(path("a.trace")), InputError);
}

class TraceRecording : public TraceTools {
protected:
    static std::string record(std::uint64_t address, std::uint32_t instructions, std::uint8_t kind) {
        std::array<std::uint8_t, 16> bytes{};
        store_le64(&bytes[0], address);
        store_le32(&bytes[8], instructions);
        bytes[12] = kind;
        return std::string(bytes.begin(), bytes.end());
    }
    static std::string end_of(std::uint64_t accesses) { return record(accesses, 0, 0xff); }

    std::string error_of_recording(const std::string& bytes) {
        write_bytes(path("raw"), bytes);
        const std::string error = error_of_conversion(path("raw"), path("out.trace"));
        EXPECT_EQ(fs::exists(path("out.trace")), error.empty());
        return error;
    }

    const std::string head = "coffer-recording-1\nls -l\n";
};

TEST_F(TraceRecording, BecomesATrace) {
    EXPECT_EQ(error_of_recording(head + record(0x7f00, 3, 3) + record(0xffff'ffff'ffff'ffff, 70000, 8) + end_of(2)), "");
    EXPECT_TRUE(all_same(accesses_of(path("out.trace")), {{0x7f00, 3, 8, false}, {0xffff'ffff'ffff'ffff, 70000, 1, true}}));
    EXPECT_EQ(read_trace_info(path("out.trace")).command, "ls -l");
}

TEST_F(TraceRecording, MayBeLong) {
    std::string records;
    std::vector<TraceAccess> accesses;
    for (std::uint32_t i = 0; i < 10000; i++) {
        records += record(i * 64, i, 3);
        accesses.push_back({i * 64, i, 8, false});
    }
    EXPECT_EQ(error_of_recording(head + records + end_of(10000)), "");
    EXPECT_TRUE(all_same(accesses_of(path("out.trace")), accesses));
}

TEST_F(TraceRecording, NamesFileAndByteOfWhatIsWrong) {
    const std::string at = path("raw") + ": byte ";
    EXPECT_THAT(error_of_recording("coffer-recording-2\nls\n"), StartsWith(at + "0: this is no recording"));
    EXPECT_THAT(error_of_recording("coffer-recording-1"), StartsWith(at + "18: no line of text"));
    EXPECT_THAT(error_of_recording("c" + std::string(100, 'x')), StartsWith(at + "19: no line of text"));
    EXPECT_THAT(error_of_recording("coffer-recording-1\n" + std::string(70'000, 'x')), StartsWith(at + "65556: no line of text"));
    EXPECT_THAT(error_of_recording(head), StartsWith(at + "25: the recording stops without its end"));
    EXPECT_THAT(error_of_recording(head + record(0, 1, 3)), StartsWith(at + "41: the recording stops without its end"));
    EXPECT_THAT(error_of_recording(head + record(0, 1, 3).substr(1)), StartsWith(at + "40: the recording stops without its end"));
    EXPECT_THAT(error_of_recording(head + record(0, 1, 3) + end_of(2)), StartsWith(at + "41: the end of 2 accesses (accepted: 1)"));
    EXPECT_THAT(error_of_recording(head + end_of(0) + "x"), StartsWith(at + "42: the recording stops without its end"));
    EXPECT_THAT(error_of_recording(head + end_of(0) + end_of(0)), StartsWith(at + "41: the recording goes on behind its end"));
    EXPECT_THAT(error_of_recording(head + record(0, 1, 7) + end_of(1)), StartsWith(at + "25: a record of kind 0x7 at 0x0"));
    EXPECT_THAT(error_of_recording(head + record(0, 1, 16) + end_of(1)), StartsWith(at + "25: a record of kind 0x10 at 0x0"));
    EXPECT_THAT(error_of_recording(head + record(0, 1, 3) + record(~std::uint64_t{0}, 1, 3) + end_of(2)),
                StartsWith(at + "41: a record of kind 0x3 at 0xffffffffffffffff"));
    EXPECT_THAT(error_of_recording("coffer-recording-1\nls\x1b\n" + end_of(0)), HasSubstr("the command is no line of text"));
}

}  // namespace
}  // namespace coffer
