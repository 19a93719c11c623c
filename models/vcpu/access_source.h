#pragma once

#include <cstdint>

namespace coffer {

/// One data access of a recorded program.
struct TraceAccess {
    std::uint64_t address = 0;       ///< virtual address of the first byte, in the recorded process
    std::uint32_t instructions = 0;  ///< instructions executed since the access before, this access's own included
    std::uint8_t size = 0;           ///< bytes, at least 1; an access may cross lines and pages
    bool write = false;
};

/// Where a trace player takes its accesses from: a trace file, a generator, a test.
class AccessSource {
public:
    virtual ~AccessSource() = default;
    /// Gives the next access; false at the end, and `access` is then unchanged. Throws InputError where the source is corrupt.
    virtual bool next(TraceAccess& access) = 0;
};

}  // namespace coffer
