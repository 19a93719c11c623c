#include "platform/statistics_json.h"

#include <stdexcept>

#include <fmt/format.h>

namespace coffer {

namespace {

nlohmann::ordered_json value_json(const Statistic& statistic) {
    nlohmann::ordered_json json;
    std::visit([&](const auto& value) { json["value"] = value; }, statistic.value);
    json["unit"] = statistic.unit;
    return json;
}

const Statistic* find(const StatisticsGroup& group, std::string_view path) {
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos) {
        for (const Statistic& statistic : group.values())
            if (statistic.name == path) return &statistic;
        return nullptr;
    }
    for (const StatisticsGroup& child : group.groups())
        if (child.name() == path.substr(0, slash)) return find(child, path.substr(slash + 1));
    return nullptr;
}

template <class Value>
Value value_at(const StatisticsGroup& group, std::string_view path) {
    const Statistic* statistic = find(group, path);
    const Value* value = statistic == nullptr ? nullptr : std::get_if<Value>(&statistic->value);
    if (value == nullptr) throw std::logic_error(fmt::format("no such statistic: {}/{}", group.name(), path));
    return *value;
}

}  // namespace

nlohmann::ordered_json statistics_json(const StatisticsGroup& group) {
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    const auto add = [&](const std::string& name, nlohmann::ordered_json value) {
        if (json.contains(name)) throw std::logic_error(fmt::format("two statistics are called {}/{}", group.name(), name));
        json[name] = std::move(value);
    };
    for (const Statistic& statistic : group.values()) add(statistic.name, value_json(statistic));
    for (const StatisticsGroup& child : group.groups()) add(child.name(), statistics_json(child));
    return json;
}

std::uint64_t count_at(const StatisticsGroup& group, std::string_view path) { return value_at<std::uint64_t>(group, path); }
double number_at(const StatisticsGroup& group, std::string_view path) { return value_at<double>(group, path); }

}  // namespace coffer
