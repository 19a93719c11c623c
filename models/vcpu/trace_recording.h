#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "vcpu/access_source.h"

namespace coffer {

/// Reads what the QEMU plugin wrote (docs/traces.md, "Recordings"): the raw records of a run, on their way to a trace file.
class TraceRecordingReader final : public AccessSource {
public:
    /// First byte of every recording, by which it is told from the other forms.
    static constexpr char first_character = 'c';

    /// `name` is the file's, for messages. Reads the two lines of text at the beginning. Throws InputError as `next` does.
    TraceRecordingReader(std::istream& bytes, std::string name);

    /// Throws InputError naming file and byte; also where the recording lacks its end, as when the recorded program was killed.
    bool next(TraceAccess& access) override;
    const std::string& command() const { return command_; }

private:
    std::string read_line(std::size_t most_bytes);
    void read_records();
    [[noreturn]] void fail(std::uint64_t position, std::string_view what, std::string_view accepted) const;

    std::istream& bytes_;
    std::string name_;
    std::string command_;
    std::vector<std::uint8_t> buffer_;
    std::size_t next_ = 0;          ///< index in `buffer_` of the next record
    std::uint64_t position_ = 0;    ///< of the next byte that will be read
    std::uint64_t accesses_ = 0;
    bool ended_ = false;
};

}  // namespace coffer
