#pragma once

#include <array>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "common/bytes.h"
#include "vcpu/access_source.h"
#include "vcpu/trace_format.h"
#include "vcpu/trace_info.h"

namespace coffer {

/// Reads a trace file (docs/traces.md) block by block: about 2 MiB of memory, whatever its length, and 8 bytes per touched page.
///
/// Every access it gives was covered by a checksum and lies within `info().pages`. Anything wrong throws InputError naming the file and the
/// byte.
class TraceReader final : public AccessSource {
public:
    /// Reads and checks header and pages.
    explicit TraceReader(const std::string& path);

    const TraceInfo& info() const { return info_; }
    const std::string& command() const { return info_.command; }
    bool next(TraceAccess& access) override {
        if (next_ == loaded_ && !load_block()) return false;
        access = block_[next_++];
        return true;
    }
    /// Back to the first access.
    void rewind();
    /// Reads the whole file, so that no corruption is left to be found later, then rewinds.
    void check_all();

private:
    bool load_block();
    trace_format::SectionHeader read_section(std::uint32_t number, std::size_t most_entries, std::size_t most_entry_bytes);
    void read_pages();
    void check_pages(std::uint64_t block_position);
    bool is_listed(std::uint64_t page);
    void check_totals() const;
    void read(std::uint8_t* data, std::size_t size);
    void seek(std::uint64_t position);
    [[noreturn]] void fail(std::uint64_t position, std::string_view what, std::string_view accepted = {}) const;

    trace_format::Header header_;
    TraceInfo info_;
    std::ifstream file_;
    std::uint64_t position_ = 0;  ///< of the next byte that will be read
    Bytes stored_;
    Bytes plain_;
    std::vector<TraceAccess> block_;
    std::size_t loaded_ = 0;  ///< accesses of `block_` that were checked and may be given: none or all
    std::size_t next_ = 0;
    std::uint32_t blocks_read_ = 0;
    std::uint64_t accesses_read_ = 0;
    std::uint64_t writes_read_ = 0;
    std::uint64_t instructions_read_ = 0;
    std::array<std::uint64_t, 1024> recent_pages_;  ///< pages found in the list, each at its number modulo the size
};

}  // namespace coffer
