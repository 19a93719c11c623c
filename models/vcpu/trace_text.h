#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <string>
#include <string_view>

#include "vcpu/access_source.h"

namespace coffer {

/// Reads the text form of a trace (docs/traces.md, "Text form"): one access a line, comments behind "#".
class TraceTextReader final : public AccessSource {
public:
    /// `name` is the file's, for messages. Reads the comments before the first access. Throws InputError as `next` does.
    TraceTextReader(std::istream& text, std::string name);

    /// Throws InputError naming file and line.
    bool next(TraceAccess& access) override;
    /// What a comment "# command: ..." before the first access says; empty without one.
    const std::string& command() const { return command_; }

private:
    void read_line();
    TraceAccess parse_line() const;
    [[noreturn]] void fail(std::string_view what, std::string_view accepted) const;

    std::istream& text_;
    std::string name_;
    std::string command_;
    std::string buffer_;
    std::string_view line_;  ///< the access that `next` gives; at the end of the text, nothing
    std::uint64_t number_ = 0;
};

/// Writes the text form, comments first, piece by piece to `write`.
void write_trace_text(AccessSource& source, std::string_view command, const std::function<void(std::string_view)>& write);

}  // namespace coffer
