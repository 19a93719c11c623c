#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace coffer {

/// One measured value with its unit ("1" for a plain count).
struct Statistic {
    std::string name;
    std::variant<std::uint64_t, double, std::string> value;
    std::string unit;
};

/// A named group of statistics, in the order they were added.
class StatisticsGroup {
public:
    explicit StatisticsGroup(std::string name) : name_(std::move(name)) {}

    void add(std::string_view name, std::uint64_t value, std::string_view unit) { values_.push_back({std::string(name), value, std::string(unit)}); }
    void add(std::string_view name, double value, std::string_view unit) { values_.push_back({std::string(name), value, std::string(unit)}); }
    void add(std::string_view name, std::string value, std::string_view unit) {
        values_.push_back({std::string(name), std::move(value), std::string(unit)});
    }
    /// A subgroup, which stays where it is while others are added.
    StatisticsGroup& group(std::string_view name) { return groups_.emplace_back(std::string(name)); }

    const std::string& name() const { return name_; }
    const std::vector<Statistic>& values() const { return values_; }
    const std::deque<StatisticsGroup>& groups() const { return groups_; }

private:
    std::string name_;
    std::vector<Statistic> values_;
    std::deque<StatisticsGroup> groups_;
};

/// Whoever owns counters.
class StatisticsProvider {
public:
    virtual ~StatisticsProvider() = default;
    virtual void collect(StatisticsGroup& group) const = 0;
};

}  // namespace coffer
