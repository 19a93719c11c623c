#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "vcpu/access_source.h"
#include "vcpu/trace_format.h"
#include "vcpu/trace_output.h"

namespace coffer {

/// Writes a trace file (docs/traces.md). The file appears, whole, with `finish`; a writer that is destroyed before leaves nothing.
class TraceWriter {
public:
    /// `command`: the program and its arguments, one line, quoted for a shell. Throws InputError where the command is not one line or
    /// no file can be created at `path`.
    TraceWriter(const std::string& path, std::string command);

    /// Throws InputError for a size other than 1, 2, 4, ... 64 bytes, for an access beyond the end of the address space, and for
    /// the 4,194,305th page; std::system_error where the machine fails (a full disk).
    void add(const TraceAccess& access);
    /// To be called once, at the end.
    void finish();

private:
    void write_block();
    void write_section(std::size_t entries, ByteView plain);
    void note_page(std::uint64_t page);

    TraceOutput output_;
    trace_format::Header header_;
    std::vector<TraceAccess> block_;
    std::unordered_set<std::uint64_t> pages_;
    std::uint64_t last_page_;
    std::uint32_t sections_ = 0;
};

}  // namespace coffer
