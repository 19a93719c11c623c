#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>

#include "common/bytes.h"

namespace coffer {

/// A file that appears whole or not at all: bytes go to a temporary file beside it, which `commit` renames.
class TraceOutput {
public:
    /// Throws InputError where no file can be created, or something other than a file is there.
    explicit TraceOutput(const std::string& path);
    /// Without `commit`, leaves nothing behind.
    ~TraceOutput();
    TraceOutput(const TraceOutput&) = delete;
    TraceOutput& operator=(const TraceOutput&) = delete;

    /// These throw std::system_error where the machine fails (a full disk).
    void write(ByteView bytes);
    /// Writes over bytes at the file's beginning; later writes go on behind what is there.
    void write_at_beginning(ByteView bytes);
    void commit();

    std::uint64_t size() const { return size_; }
    const std::string& path() const { return path_; }

private:
    [[noreturn]] void fail() const;

    std::string path_;
    std::filesystem::path target_;
    std::string temporary_;
    std::FILE* file_;
    std::uint64_t size_ = 0;
};

}  // namespace coffer
