#include "platform/run_result.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platform/statistics_json.h"

namespace coffer {

namespace {

constexpr std::array<std::string_view, 5> traffic_classes_in_order{"data", "tags", "counters", "tree", "other"};

std::string value_of(const RunResult& result, std::string_view key) {
    const auto found = std::find_if(result.configuration.begin(), result.configuration.end(), [&](const auto& pair) { return pair.first == key; });
    return found == result.configuration.end() ? "" : found->second;
}

double share(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(part) / static_cast<double>(whole);
}

std::string percent(double value) { return value == value ? fmt::format("{:.2f} %", 100 * value) : "-"; }

/// Digits in threes, as 1,234,567.
std::string grouped(std::uint64_t number) {
    std::string text = fmt::format("{}", number);
    for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
    return text;
}

struct Traffic {
    std::uint64_t read_bytes = 0;
    std::uint64_t written_bytes = 0;

    std::uint64_t bytes() const { return read_bytes + written_bytes; }
};

Traffic traffic_of(const StatisticsGroup& platform, std::string_view traffic_class) {
    return {count_at(platform, fmt::format("dram/{}/read_bytes", traffic_class)),
            count_at(platform, fmt::format("dram/{}/write_bytes", traffic_class))};
}

Traffic total_traffic(const StatisticsGroup& platform) {
    Traffic total;
    for (std::string_view traffic_class : traffic_classes_in_order) {
        const Traffic part = traffic_of(platform, traffic_class);
        total.read_bytes += part.read_bytes;
        total.written_bytes += part.written_bytes;
    }
    return total;
}

double llc_hit_rate(const StatisticsGroup& platform) {
    const auto count = [&](std::string_view name) { return count_at(platform, fmt::format("last_level_cache/{}", name)); };
    const std::uint64_t hits = count("read_hits") + count("write_hits");
    return share(hits, hits + count("read_misses") + count("write_misses"));
}

double metadata_hit_rate(const StatisticsGroup& platform, std::string_view what) {
    const auto count = [&](std::string_view name) { return count_at(platform, fmt::format("protection/metadata_cache/{}_{}", what, name)); };
    return share(count("hits"), count("hits") + count("misses"));
}

std::string_view data_text(const TenantResult& tenant) {
    if (!tenant.comparable()) return "-";
    if (!tenant.reads_agree()) return "reads differ";
    if (!tenant.sweep || tenant.memory_agrees()) return "as unprotected";
    return tenant.sweep->different == 0 ? "refused at the end" : "memory differs";
}

std::string tenants_text(const RunResult& result) {
    std::string text = fmt::format("{:<20}{:>16}{:>14}{:>14}{:>11}  {}\n", "", "accesses", "time", "unprotected", "overhead", "data");
    for (const TenantResult& tenant : result.tenants) {
        const auto time = [](const PlayResult& play) { return fmt::format("{:.3f} ms", play.time_ns / 1e6); };
        text += fmt::format("{:<20}{:>16}{:>14}{:>14}{:>11}  {}\n", tenant.name, grouped(tenant.play.accesses), time(tenant.play),
                            tenant.twin ? time(*tenant.twin) : "-", tenant.comparable() ? percent(tenant.overhead()) : "-", data_text(tenant));
        if (!tenant.play.completed) text += fmt::format("  stopped: {}\n", tenant.play.stopped);
        if (tenant.sweep && tenant.sweep->refused != 0)
            text += fmt::format("  {} of {} lines refused at the end\n", grouped(tenant.sweep->refused), grouped(tenant.sweep->lines));
        if (tenant.sweep && tenant.sweep->different != 0)
            text += fmt::format("  {} of {} lines differ at the end\n", grouped(tenant.sweep->different), grouped(tenant.sweep->lines));
    }
    return text;
}

std::string traffic_text(const RunResult& result) {
    const auto mebibytes = [](std::uint64_t bytes) { return fmt::format("{:.3f} MiB", static_cast<double>(bytes) / (1 << 20)); };
    const Traffic total = total_traffic(result.platform);
    std::string text = fmt::format("{:<20}{:>16}{:>16}{:>10}\n", "memory traffic", "read", "written", "share");
    const auto line = [&](std::string_view name, const Traffic& traffic, const std::string& part) {
        text += fmt::format("  {:<18}{:>16}{:>16}{:>10}\n", name, mebibytes(traffic.read_bytes), mebibytes(traffic.written_bytes), part);
    };
    for (std::string_view traffic_class : traffic_classes_in_order) {
        const Traffic traffic = traffic_of(result.platform, traffic_class);
        line(traffic_class, traffic, percent(share(traffic.bytes(), total.bytes())));
    }
    line("total", total, "");
    if (result.twin) line("unprotected", total_traffic(*result.twin), "");
    return text;
}

std::string rates_text(const RunResult& result) {
    const auto count = [&](std::string_view path) { return count_at(result.platform, path); };
    std::string text = fmt::format("{:<36}{:>12}\n", "last-level cache hit rate", percent(llc_hit_rate(result.platform)));
    if (value_of(result, "configuration") == "none") return text;
    text += fmt::format("{:<36}{:>12}\n", "metadata cache hit rate, counters", percent(metadata_hit_rate(result.platform, "counter")));
    text += fmt::format("{:<36}{:>12}\n", "metadata cache hit rate, tree nodes", percent(metadata_hit_rate(result.platform, "node")));
    text += fmt::format("{:<36}{:>12}\n", "pages re-encrypted", grouped(count("protection/mpe/overflows") + count("protection/mpe/floor_renewals")));
    return text + fmt::format("{:<36}{:>12}\n", "lines re-encrypted", grouped(count("protection/mpe/reencrypted_lines")));
}

std::string violations_text(const RunResult& result) {
    constexpr std::size_t shown = 10;
    std::string text = fmt::format("{:<36}{:>12}\n", "violations", grouped(result.violation_count));
    for (std::size_t i = 0; i != std::min(shown, result.violations.size()); ++i) text += fmt::format("  {}\n", result.violations[i].describe());
    if (result.violation_count > shown) text += fmt::format("  and {} more\n", grouped(result.violation_count - shown));
    if (result.tampering.empty()) return text;
    const auto changed =
        std::count_if(result.tampering.begin(), result.tampering.end(), [](const TamperOutcome& outcome) { return outcome.changed; });
    return text + fmt::format("{:<36}{:>12}\n", "tamperings that changed memory", fmt::format("{} of {}", changed, result.tampering.size()));
}

nlohmann::ordered_json number(double value, std::string_view unit) { return {{"value", value}, {"unit", unit}}; }
nlohmann::ordered_json number(std::uint64_t value, std::string_view unit) { return {{"value", value}, {"unit", unit}}; }

nlohmann::ordered_json tenant_json(const TenantResult& tenant) {
    nlohmann::ordered_json json{{"name", tenant.name},
                                {"vmid", tenant.vmid},
                                {"completed", tenant.play.completed},
                                {"stopped", tenant.play.stopped},
                                {"accesses", number(tenant.play.accesses, "accesses")},
                                {"time", number(tenant.play.time_ns, "ns")}};
    if (tenant.twin) json["unprotected_time"] = number(tenant.twin->time_ns, "ns");
    if (tenant.comparable()) {
        json["overhead"] = number(tenant.overhead(), "1");
        json["reads_agree"] = tenant.reads_agree();
    }
    if (tenant.sweep) {
        json["sweep"] = {{"lines", number(tenant.sweep->lines, "lines")}, {"refused", number(tenant.sweep->refused, "lines")}};
        if (tenant.comparable()) json["sweep"]["different"] = number(tenant.sweep->different, "lines");
    }
    return json;
}

nlohmann::ordered_json violation_json(const Violation& violation) {
    return {{"check", to_string(violation.check)},        {"vmid", violation.vmid},   {"gpa", fmt::format("{:#x}", violation.gpa)},
            {"hpa", fmt::format("{:#x}", violation.hpa)}, {"level", violation.level}, {"index", violation.index}};
}

nlohmann::ordered_json rates_json(const RunResult& result) {
    nlohmann::ordered_json json{{"last_level_cache_hit_rate", number(llc_hit_rate(result.platform), "1")},
                                {"counter_hit_rate", number(metadata_hit_rate(result.platform, "counter"), "1")},
                                {"node_hit_rate", number(metadata_hit_rate(result.platform, "node"), "1")}};
    const std::uint64_t total = total_traffic(result.platform).bytes();
    for (std::string_view traffic_class : traffic_classes_in_order)
        json["traffic_share"][std::string(traffic_class)] = number(share(traffic_of(result.platform, traffic_class).bytes(), total), "1");
    if (result.twin) json["traffic_beyond_unprotected"] = number(share(total, total_traffic(*result.twin).bytes()) - 1, "1");
    return json;
}

}  // namespace

bool RunResult::silently_wrong() const {
    return std::any_of(tenants.begin(), tenants.end(), [&](const TenantResult& tenant) {
        const bool reported =
            std::any_of(violations.begin(), violations.end(), [&](const Violation& violation) { return violation.vmid == tenant.vmid; });
        return tenant.comparable() && !reported && !(tenant.reads_agree() && (!tenant.sweep || tenant.memory_agrees()));
    });
}

std::string run_json(const RunResult& result) {
    nlohmann::ordered_json json{{"format", "coffer-statistics-1"}};
    for (const auto& [key, value] : result.configuration) json["configuration"][key] = value;
    json["tenants"] = nlohmann::ordered_json::array();
    for (const TenantResult& tenant : result.tenants) json["tenants"].push_back(tenant_json(tenant));
    json["rates"] = rates_json(result);
    json["violations"] = {{"count", number(result.violation_count, "violations")}, {"first", nlohmann::ordered_json::array()}};
    for (const Violation& violation : result.violations) json["violations"]["first"].push_back(violation_json(violation));
    json["tampering"] = nlohmann::ordered_json::array();
    for (const TamperOutcome& outcome : result.tampering)
        json["tampering"].push_back({{"done", outcome.done}, {"changed_memory", outcome.changed}, {"after", number(outcome.after, "accesses")}});
    json["platform"] = statistics_json(result.platform);
    if (result.twin) json["unprotected"] = statistics_json(*result.twin);
    return json.dump(2) + "\n";
}

std::string run_summary(const RunResult& result) {
    const auto value = [&](std::string_view key) { return value_of(result, key); };
    std::string title = "no protection";
    if (value("configuration") == "hsvm") {
        title = "hsvm, memory plain";
    } else if (value("configuration") != "none") {
        title = fmt::format("{}, integrity {}", value("configuration"), value("protection.integrity"));
        if (value("protection.integrity") != "none")
            title += fmt::format(", data tags {} of {} bytes", value("protection.data_mac"), value("protection.tag_bytes"));
        if (value("protection.integrity") == "bmt")
            title += fmt::format(", node tags {} of {} bytes", value("protection.node_mac"), value("protection.node_tag_bytes"));
    }
    return fmt::format("{}, seed {}\n\n{}\n{}\n{}{}", title, value("seed"), tenants_text(result), traffic_text(result), rates_text(result),
                       violations_text(result));
}

}  // namespace coffer
