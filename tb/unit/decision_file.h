#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include <yaml-cpp/yaml.h>

namespace coffer {

/// The decision table as its file says it, read by nothing that the controller is made with.
class DecisionFile {
public:
    using Situation = std::map<std::string, std::string>;

    DecisionFile() : top_(YAML::LoadFile(COFFER_SOURCE_DIR "/models/hsvm/decisions.yaml")) {}

    YAML::Node statuses() const { return top_["statuses"]; }
    YAML::Node operations() const { return top_["operations"]; }
    YAML::Node operation(const std::string& name) const;
    /// Calls f(situation, row that answers it) for every possible situation of the operation.
    void for_each(const YAML::Node& operation, const std::function<void(const Situation&, std::size_t row)>& f) const;
    /// The codes that each operation may end with: those of its rows, and those that may come later.
    std::map<std::uint64_t, std::set<std::uint64_t>> answers() const;

private:
    static bool holds(const YAML::Node& conditions, const Situation& situation);
    void enumerate(const YAML::Node& operation, std::size_t input, Situation& situation,
                   const std::function<void(const Situation&, std::size_t)>& f) const;

    YAML::Node top_;
};

}  // namespace coffer
