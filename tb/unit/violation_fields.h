#pragma once

#include <string>
#include <vector>

#include <fmt/format.h>

#include "common/violation.h"

namespace coffer {

/// All that a violation says, for tests that compare and print them.
inline std::string fields_of(const Violation& violation) {
    return fmt::format("{} level={} index={}", violation.describe(), violation.level, violation.index);
}

inline std::vector<std::string> fields_of(const std::vector<Violation>& violations) {
    std::vector<std::string> all;
    for (const Violation& violation : violations) all.push_back(fields_of(violation));
    return all;
}

}  // namespace coffer
