#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "common/statistics.h"

namespace coffer {

/// The group as one JSON object: a subgroup is an object, a statistic {"value": ..., "unit": ...}. A number that is not defined, such as the hit rate
/// of a cache that was never asked, is null. Equal groups give equal bytes. Throws std::logic_error where a name is there twice.
nlohmann::ordered_json statistics_json(const StatisticsGroup& group);

/// The value at `path`, names separated by '/'; throws std::logic_error where there is none of that type.
std::uint64_t count_at(const StatisticsGroup& group, std::string_view path);
double number_at(const StatisticsGroup& group, std::string_view path);

}  // namespace coffer
