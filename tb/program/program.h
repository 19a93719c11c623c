#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace coffer {

/// What one run of the `coffer` program gave.
struct ProgramResult {
    int exit_code = -1;
    std::string out;
    std::string err;
};

inline std::string read_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + path.string());
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// A folder of its own for one test, removed with everything in it at the end.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "coffer-test-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder like " + name);
        path_ = name;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path write(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name, std::ios::binary) << text;
        return path_ / name;
    }

private:
    std::filesystem::path path_;
};

/// Runs `coffer` with the arguments, which the shell splits, as a user does. `output`: where standard output goes, if not into the result.
inline ProgramResult run_coffer(const std::string& arguments, const std::string& output = {}) {
    const TemporaryFolder streams;
    const std::string out = output.empty() ? streams.write("out", "").string() : output;
    const std::string command = std::string(COFFER_PROGRAM) + " " + arguments + " > " + out + " 2> " + (streams / "err").string() + " < /dev/null";
    const int status = std::system(command.c_str());
    ProgramResult result;
    if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
    if (output.empty()) result.out = read_text(out);
    result.err = read_text(streams / "err");
    return result;
}

/// Whether the text is exactly one line.
inline bool is_one_line(const std::string& text) { return !text.empty() && text.find('\n') == text.size() - 1; }

/// Bad input: exit code 2, and one line that says so.
inline void expect_refused(const std::string& arguments) {
    const ProgramResult result = run_coffer(arguments);
    EXPECT_EQ(result.exit_code, 2) << arguments << ": " << result.err;
    EXPECT_TRUE(is_one_line(result.err)) << arguments << ": " << result.err;
    EXPECT_EQ(result.out, "") << arguments;
}

}  // namespace coffer
