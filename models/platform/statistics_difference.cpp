#include "platform/statistics_difference.h"

#include <algorithm>

namespace coffer {

namespace {

template <class Range>
auto find_named(const Range& range, const std::string& name) {
    return std::find_if(range.begin(), range.end(), [&](const auto& element) { return element.name == name; });
}

const StatisticsGroup* find_group(const StatisticsGroup& group, const std::string& name) {
    for (const StatisticsGroup& one : group.groups())
        if (one.name() == name) return &one;
    return nullptr;
}

}  // namespace

void add_difference(StatisticsGroup& group, const StatisticsGroup& now, const StatisticsGroup& before) {
    for (const Statistic& value : now.values()) {
        const auto old = find_named(before.values(), value.name);
        const bool counts = value.unit != "1" && old != before.values().end() && old->value.index() == value.value.index();
        if (const auto* number = std::get_if<std::uint64_t>(&value.value))
            group.add(value.name, counts ? *number - std::get<std::uint64_t>(old->value) : *number, value.unit);
        else if (const auto* real = std::get_if<double>(&value.value))
            group.add(value.name, counts ? *real - std::get<double>(old->value) : *real, value.unit);
        else
            group.add(value.name, std::get<std::string>(value.value), value.unit);
    }
    static const StatisticsGroup nothing("");
    for (const StatisticsGroup& one : now.groups()) {
        const StatisticsGroup* const old = find_group(before, one.name());
        add_difference(group.group(one.name()), one, old != nullptr ? *old : nothing);
    }
}

}  // namespace coffer
