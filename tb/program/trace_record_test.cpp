// scripts/record_trace against programs whose accesses are known.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "program/program.h"
#include "vcpu/trace_file.h"

namespace coffer {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// Stores 1000 numbers of 4 bytes, then one access of every other sort.
constexpr const char* known_program = R"(
        .globl _start
        .bss
        .balign 4096
buffer: .skip 8192
        .text
_start: lea     buffer(%rip), %rdi
        mov     $1000, %ecx
store:  mov     %ecx, (%rdi)
        add     $4, %rdi
        dec     %ecx
        jnz     store
        nop
        mov     buffer(%rip), %rax
        movb    buffer+4095(%rip), %al
        addw    $1, buffer+6(%rip)
        lock addl $1, buffer+32(%rip)
        movups  buffer+16(%rip), %xmm0
        mov     %rax, buffer+4092(%rip)
        mov     $60, %eax
        xor     %edi, %edi
        syscall
)";

class TraceRecord : public testing::Test {
protected:
    void SetUp() override {
        if (std::system("command -v qemu-x86_64 gcc > /dev/null") != 0) GTEST_SKIP() << "qemu-user or gcc is not installed";
    }

    std::string path(const std::string& name) const { return (folder_ / name).string(); }

    /// Assembles a program without libraries.
    std::string assemble(const std::string& name, const std::string& source) {
        folder_.write(name + ".s", source);
        const std::string command = "gcc -nostdlib -static -o " + path(name) + " " + path(name + ".s");
        EXPECT_EQ(std::system(command.c_str()), 0);
        return path(name);
    }

    int record(const std::string& arguments) {
        const std::string command =
            "COFFER=" COFFER_PROGRAM " " COFFER_SOURCE_DIR "/scripts/record_trace " + arguments + " > " + path("out") + " 2> " + path("err");
        const int status = std::system(command.c_str());
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    std::string errors() const { return read_text(path("err")); }

    static std::vector<std::string> lines_of(const std::string& text) {
        std::vector<std::string> lines;
        std::istringstream stream(text);
        for (std::string line; std::getline(stream, line);)
            if (line[0] != '#') lines.push_back(line);
        return lines;
    }

    /// The text form of what the known program does.
    static std::vector<std::string> known_accesses(std::uint64_t buffer) {
        std::vector<std::string> lines;
        const auto add = [&](char direction, std::uint64_t offset, unsigned size, unsigned instructions) {
            std::ostringstream line;
            line << direction << " 0x" << std::hex << buffer + offset << std::dec << ' ' << size << ' ' << instructions;
            lines.push_back(line.str());
        };
        for (std::uint64_t i = 0; i < 1000; i++) add('W', 4 * i, 4, i == 0 ? 3 : 4);
        add('R', 0, 8, 5);
        add('R', 4095, 1, 1);
        add('R', 6, 2, 1);
        add('W', 6, 2, 0);
        add('R', 32, 4, 1);
        add('W', 32, 4, 0);
        // QEMU makes an access of 16 bytes in two halves.
        add('R', 16, 8, 1);
        add('R', 24, 8, 0);
        add('W', 4092, 8, 1);
        return lines;
    }

    TemporaryFolder folder_;
};

TEST_F(TraceRecord, HoldsEveryAccessOfAKnownProgram) {
    const std::string program = assemble("known", known_program);
    ASSERT_EQ(record("--out " + path("known.txt") + " -- " + program), 0) << errors();
    const std::vector<std::string> lines = lines_of(read_text(path("known.txt")));
    ASSERT_FALSE(lines.empty());
    const std::uint64_t buffer = std::stoull(lines[0].substr(2), nullptr, 16);
    EXPECT_EQ(buffer % 4096, 0u);
    EXPECT_EQ(lines, known_accesses(buffer));
}

TEST_F(TraceRecord, KeepsAWindow) {
    const std::string program = assemble("known", known_program);
    ASSERT_EQ(record("--skip 998 --max-accesses 4 --out " + path("known.txt") + " -- " + program), 0) << errors();
    const std::vector<std::string> lines = lines_of(read_text(path("known.txt")));
    ASSERT_EQ(lines.size(), 4u);
    const std::vector<std::string> all = known_accesses(std::stoull(lines[0].substr(2), nullptr, 16) - 4 * 998);
    EXPECT_EQ(lines, std::vector<std::string>(all.begin() + 998, all.begin() + 1002));
}

TEST_F(TraceRecord, GivesTheSameTraceTwiceAndNamesTheCommand) {
    for (const char* name : {"one.trace", "two.trace"}) ASSERT_EQ(record("--out " + path(name) + " -- echo 'two  words' '$x'"), 0) << errors();
    EXPECT_EQ(read_text(path("one.trace")), read_text(path("two.trace")));
    TraceReader reader(path("one.trace"));
    reader.check_all();
    EXPECT_EQ(reader.info().command, "echo 'two  words' '$x'");
    EXPECT_GT(reader.info().accesses, 10'000u);
    EXPECT_THAT(read_text(path("out")), StartsWith("two  words $x\n")) << "what the program prints";
}

TEST_F(TraceRecord, LeavesOutWhatChildrenDo) {
    ASSERT_EQ(record("--out " + path("sh.trace") + " -- sh -c '(true); (true)'"), 0) << errors();
    EXPECT_NO_THROW(TraceReader(path("sh.trace")).check_all());
}

TEST_F(TraceRecord, RefusesASecondThread) {
    EXPECT_EQ(record("--out " + path("threads.trace") +
                     " -- /usr/bin/python3 -S -c 'import _thread, time; _thread.start_new_thread(print, ()); time.sleep(1)'"),
              2);
    EXPECT_THAT(errors(), HasSubstr("the program starts a second thread"));
    EXPECT_FALSE(std::filesystem::exists(path("threads.trace")));
}

TEST_F(TraceRecord, LeavesNothingOfAProgramThatDies) {
    const std::string program = assemble("dies", ".globl _start\n_start: mov %rax, 0\n");
    EXPECT_EQ(record("--out " + path("dies.trace") + " -- " + program), 2);
    EXPECT_THAT(errors(), HasSubstr("the recording stops without its end"));
    EXPECT_FALSE(std::filesystem::exists(path("dies.trace")));
}

TEST_F(TraceRecord, RefusesBadArgumentsInOneLine) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"--skip many -- true", "record_trace: many: no number of accesses"},
        {"--what -- true", "record_trace: --what: no such option"},
        {"--out", "record_trace: --out needs a value"},
        {"-- no-such-program", "record_trace: no-such-program: no such program"},
        {"-- " COFFER_SOURCE_DIR "/scripts/record_trace", "no machine program: name its interpreter instead"},
    };
    for (const auto& [arguments, message] : cases) {
        EXPECT_EQ(record(arguments), 2) << arguments;
        EXPECT_THAT(errors(), HasSubstr(message));
        EXPECT_TRUE(is_one_line(errors())) << errors();
    }
    EXPECT_EQ(std::system(("PATH=/nowhere /bin/bash " COFFER_SOURCE_DIR "/scripts/record_trace -- true 2> " + path("err")).c_str()) >> 8, 2);
    EXPECT_THAT(errors(), StartsWith("record_trace: qemu-x86_64 is missing: apt-get install qemu-user\n"));
}

}  // namespace
}  // namespace coffer
