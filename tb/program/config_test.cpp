#include <gtest/gtest.h>

#include "program/program.h"

namespace coffer {
namespace {

TEST(ConfigCommand, PrintsWhatARunWouldUse) {
    const TemporaryFolder folder;
    folder.write("a.trace", "");
    const auto file = folder.write("platform.yaml", "seed: 7\nvms: [{name: a, trace: a.trace, key: 000102030405060708090a0b0c0d0e0f}]\n");
    const ProgramResult result = run_coffer("config " + file.string() + " --set 'memory.data_bytes=4 MiB' --set quantum_ns=10");
    EXPECT_EQ(result.exit_code, 0) << result.err;
    for (const char* line : {"seed: 7\n", "  data_bytes: 4 MiB\n", "quantum_ns: 10\n", "    trace: a.trace\n"})
        EXPECT_NE(result.out.find(line), std::string::npos) << line;
    EXPECT_EQ(result.out.find("0001020304"), std::string::npos) << "a key was printed";

    const auto again = folder.write("again.yaml", result.out);
    EXPECT_EQ(run_coffer("config " + again.string()).out, result.out);
}

TEST(ConfigCommand, PrintsTheDocumentedKeys) {
    const ProgramResult result = run_coffer("config --markdown");
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.out, read_text(COFFER_SOURCE_DIR "/docs/configuration.md"));
}

TEST(ConfigCommand, AnswersBadInputWithOneLine) {
    const TemporaryFolder folder;
    folder.write("a.trace", "");
    const std::string good = folder.write("good.yaml", "vms: [{name: a, trace: a.trace}]\n").string();
    const std::string bad = folder.write("bad.yaml", "vms: [{name: a, trace: a.trace}]\nmemry: 1\n").string();
    for (const std::string& arguments : {std::string("config"), std::string("config nothing"), "config " + bad, "config " + good + " more",
                                         "config " + good + " --set seed", "config " + good + " --set seed=x", "config " + good + " --markdown",
                                         "config " + folder.path().string(), std::string("config /dev/null")})
        expect_refused(arguments);
}

}  // namespace
}  // namespace coffer
