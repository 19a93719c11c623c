#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>
#include <vector>

#include "common/errors.h"
#include "vcpu/access_source.h"
#include "vcpu/trace_file.h"

namespace coffer {

/// For tests of traces: a folder of their own, and short ways to write and read what lies in it.
class TraceTestFolder : public testing::Test {
protected:
    TraceTestFolder() { std::filesystem::create_directories(folder_); }
    ~TraceTestFolder() override { std::filesystem::remove_all(folder_); }

    std::string path(const std::string& name) const { return (folder_ / name).string(); }

    std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const std::filesystem::directory_entry& entry : std::filesystem::directory_iterator(folder_))
            names.push_back(entry.path().filename().string());
        return names;
    }

    static std::string read_bytes(const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), {});
    }

    static void write_bytes(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

    static void write_trace(const std::string& path, const std::vector<TraceAccess>& accesses,
                            const std::string& command = "prog --flag 'two words'") {
        TraceWriter writer(path, command);
        for (const TraceAccess& access : accesses) writer.add(access);
        writer.finish();
    }

    static std::vector<TraceAccess> read_all(AccessSource& source) {
        std::vector<TraceAccess> accesses;
        for (TraceAccess access; source.next(access);) accesses.push_back(access);
        return accesses;
    }

    /// The message of the InputError that reading the whole trace gives; empty where there is none.
    static std::string error_of(const std::string& path) {
        try {
            TraceReader(path).check_all();
        } catch (const InputError& error) {
            return error.what();
        }
        return {};
    }

private:
    std::filesystem::path folder_ = std::filesystem::temp_directory_path() / ("coffer-traces-" + std::to_string(::getpid()));
};

inline bool same(const TraceAccess& a, const TraceAccess& b) {
    return a.address == b.address && a.instructions == b.instructions && a.size == b.size && a.write == b.write;
}

inline bool all_same(const std::vector<TraceAccess>& a, const std::vector<TraceAccess>& b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), same);
}

/// Small and large addresses, counts and sizes of both directions.
inline const std::vector<TraceAccess>& some_accesses() {
    static const std::vector<TraceAccess> accesses = {
        {0x7fff'ffff'e000, 3, 8, true}, {0x40'1ffc, 1, 8, false}, {0xffff'ffff'ffff'ffc0, 4'000'000'000, 64, true}, {0, 0, 1, false},
        {0x40'1ffc, 15, 2, false},
    };
    return accesses;
}

}  // namespace coffer
