#pragma once

#include "common/statistics.h"

namespace coffer {

/// Adds to `group` what `now` holds, less what the same counters held `before`; ratios (unit 1) and texts as they are. Values and groups that
/// `before` has not count from 0.
void add_difference(StatisticsGroup& group, const StatisticsGroup& now, const StatisticsGroup& before);

}  // namespace coffer
