#include <gtest/gtest.h>

#include "program/program.h"

namespace coffer {
namespace {

/// Ten accesses of a program in the text form.
std::string text_trace() {
    std::string text = "# command: made by hand\n";
    for (int i = 0; i != 10; ++i) text += (i % 2 == 0 ? "R 0x1000 8 3\n" : "W 0x2008 4 1\n");
    return text;
}

TEST(TraceCommand, ConvertsTextToATraceAndBack) {
    const TemporaryFolder folder;
    const std::string text = folder.write("a.txt", text_trace()).string();
    const std::string trace = (folder / "a.trace").string();
    const ProgramResult converted = run_coffer("trace convert " + text + " " + trace);
    ASSERT_EQ(converted.exit_code, 0) << converted.err;
    const ProgramResult info = run_coffer("trace info " + trace);
    EXPECT_EQ(info.exit_code, 0);
    EXPECT_NE(info.out.find("made by hand"), std::string::npos) << info.out;
    const std::string back = (folder / "b.txt").string();
    ASSERT_EQ(run_coffer("trace convert " + trace + " " + back).exit_code, 0);
    const std::string again = (folder / "b.trace").string();
    ASSERT_EQ(run_coffer("trace convert " + back + " " + again).exit_code, 0);
    EXPECT_EQ(read_text(again), read_text(trace));
}

TEST(TraceCommand, KnowsTheTracesThatShip) {
    for (const char* name : {"sqlite3", "xz", "cc1", "python3"}) {
        const ProgramResult result = run_coffer(std::string("trace info ") + name);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        EXPECT_NE(result.out.find(name), std::string::npos) << result.out;
    }
}

TEST(TraceCommand, AnswersBadInputWithOneLine) {
    const TemporaryFolder folder;
    const std::string text = folder.write("a.txt", text_trace()).string();
    const std::string trace = (folder / "a.trace").string();
    ASSERT_EQ(run_coffer("trace convert " + text + " " + trace).exit_code, 0);
    const std::string whole = read_text(trace);
    const std::string truncated = folder.write("truncated.trace", whole.substr(0, whole.size() - 1)).string();
    std::string bytes = whole;
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    const std::string corrupt = folder.write("corrupt.trace", bytes).string();
    const std::string wrong = folder.write("wrong.txt", "R 0x1000\n").string();
    const std::string output = (folder / "out.trace").string();
    for (const std::string& arguments :
         {std::string("trace"), std::string("trace info"), std::string("trace info nothing"), "trace info " + truncated, "trace info " + corrupt,
          "trace info " + text, "trace convert " + truncated + " " + output, "trace convert " + corrupt + " " + output,
          "trace convert " + wrong + " " + output, "trace convert /dev/null " + output, "trace convert " + text,
          "trace convert " + text + " " + (folder / "missing").string() + "/out.trace"}) {
        expect_refused(arguments);
        EXPECT_FALSE(std::filesystem::exists(output)) << arguments;
    }
}

}  // namespace
}  // namespace coffer
