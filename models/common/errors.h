#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace coffer {

/// Exit codes of the `coffer` program.
enum class ExitCode : int {
    ok = 0,
    internal = 1,   ///< a fault of the program itself or of the machine (disk full)
    bad_input = 2,  ///< the configuration, a trace or another input; nothing was written
    violation = 3,  ///< at least one integrity violation was raised; of `coffer attack`: an attack ended otherwise than the threat model says
};

/// Input that cannot be used. Its text is one line: `where: what (accepted: accepted)`.
class InputError : public std::runtime_error {
public:
    /// `where`: file and position, or the key. `what`: what is wrong. `accepted`: what would do; may be empty.
    InputError(std::string_view where, std::string_view what, std::string_view accepted = {});
};

}  // namespace coffer
