#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace coffer {

/// A build tool that makes files from one data file: `input` is the file's name, `good` a content that it takes.
class GeneratorTest : public ::testing::Test {
protected:
    GeneratorTest(std::string tool, std::string input, std::vector<std::string> outputs, std::string good)
        : tool_(std::move(tool)), input_(std::move(input)), outputs_(std::move(outputs)), good_(std::move(good)) {
        std::string pattern = (std::filesystem::temp_directory_path() / "generator_XXXXXX").string();
        directory_ = mkdtemp(pattern.data());
    }
    ~GeneratorTest() override { std::filesystem::remove_all(directory_); }

    struct Outcome {
        int exit_code = -1;  // -1: ended by a signal
        std::string output;
    };

    Outcome generate(const std::string& content) {
        std::ofstream(directory_ / input_, std::ios::binary) << content;
        std::string command = "cd '" + directory_.string() + "' && '" + tool_ + "' " + input_;
        for (const std::string& output : outputs_) command += " " + output;
        FILE* pipe = popen((command + " 2>&1").c_str(), "r");
        Outcome outcome;
        for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) outcome.output.push_back(static_cast<char>(c));
        const int status = pclose(pipe);
        if (WIFEXITED(status)) outcome.exit_code = WEXITSTATUS(status);
        return outcome;
    }

    std::string written(const std::string& name) const {
        std::ifstream file(directory_ / name, std::ios::binary);
        std::ostringstream content;
        content << file.rdbuf();
        return content.str();
    }

    /// The good file with one planted fault gives one line at the place of the fault, exit code 2, and no output file.
    void refuses(const std::string& from, const std::string& to, const std::string& message) {
        SCOPED_TRACE(to);
        std::string content = good_;
        const std::size_t at = content.find(from);
        ASSERT_NE(at, std::string::npos);
        content.replace(at, from.size(), to);
        const Outcome outcome = generate(content);
        EXPECT_EQ(outcome.exit_code, 2);
        EXPECT_EQ(outcome.output, message + "\n");
        for (const std::string& output : outputs_) EXPECT_FALSE(std::filesystem::exists(directory_ / output)) << output;
    }

    /// The good file cut short and with flipped bytes: one line and exit code 2, or all is well.
    void survives_damage() {
        std::mt19937 random(1);
        for (std::size_t round = 0; round < 200; ++round) {
            std::string content = good_.substr(0, random() % good_.size());
            for (std::size_t flips = round % 4; flips > 0 && !content.empty(); --flips)
                content[random() % content.size()] = static_cast<char>(random());
            const Outcome outcome = generate(content);
            ASSERT_TRUE(outcome.exit_code == 0 || outcome.exit_code == 2) << outcome.exit_code << "\n" << content;
            ASSERT_EQ(std::count(outcome.output.begin(), outcome.output.end(), '\n'), outcome.exit_code == 0 ? 0 : 1) << outcome.output << content;
        }
    }

private:
    const std::string tool_;
    const std::string input_;
    const std::vector<std::string> outputs_;
    const std::string good_;
    std::filesystem::path directory_;
};

}  // namespace coffer
