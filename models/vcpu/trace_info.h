#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace coffer {

/// What a trace file says of itself, without its accesses.
struct TraceInfo {
    std::string path;
    std::uint32_t version = 0;
    std::string command;             ///< the recorded program and its arguments, quoted for a shell
    std::uint64_t accesses = 0;
    std::uint64_t writes = 0;
    std::uint64_t instructions = 0;  ///< sum over all accesses
    std::uint32_t blocks = 0;
    std::uint64_t file_bytes = 0;
    std::vector<std::uint64_t> pages;  ///< virtual page numbers (address / 4096) that any byte of an access lies in, ascending

    std::uint64_t reads() const { return accesses - writes; }
};

}  // namespace coffer
