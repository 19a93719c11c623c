#include "unit/decision_file.h"

#include <stdexcept>

namespace coffer {

YAML::Node DecisionFile::operation(const std::string& name) const {
    for (const YAML::Node& operation : operations())
        if (operation["name"].Scalar() == name) return operation;
    throw std::logic_error("no operation " + name);
}

void DecisionFile::for_each(const YAML::Node& operation, const std::function<void(const Situation&, std::size_t)>& f) const {
    Situation situation;
    enumerate(operation, 0, situation, f);
}

std::map<std::uint64_t, std::set<std::uint64_t>> DecisionFile::answers() const {
    std::map<std::string, std::uint64_t> codes;
    for (const YAML::Node& status : statuses()) codes[status["name"].Scalar()] = status["code"].as<std::uint64_t>();
    std::map<std::uint64_t, std::set<std::uint64_t>> answers;
    for (const YAML::Node& operation : operations()) {
        std::set<std::uint64_t>& of_this = answers[operation["code"].as<std::uint64_t>()];
        for (const YAML::Node& row : operation["rows"]) of_this.insert(codes.at(row["answer"].Scalar()));
        for (const YAML::Node& status : operation["later"]) of_this.insert(codes.at(status.Scalar()));
    }
    return answers;
}

bool DecisionFile::holds(const YAML::Node& conditions, const Situation& situation) {
    for (const auto& condition : conditions) {
        const auto value = situation.find(condition.first.Scalar());
        if (value == situation.end()) return false;
        bool found = condition.second.IsScalar() && condition.second.Scalar() == value->second;
        if (condition.second.IsSequence())
            for (const YAML::Node& accepted : condition.second) found = found || accepted.Scalar() == value->second;
        if (!found) return false;
    }
    return true;
}

void DecisionFile::enumerate(const YAML::Node& operation, std::size_t input, Situation& situation,
                             const std::function<void(const Situation&, std::size_t)>& f) const {
    if (input < operation["inputs"].size()) {
        const std::string name = operation["inputs"][input].Scalar();
        for (const auto& value : top_["inputs"][name]["values"]) {
            situation[name] = value.first.Scalar();
            enumerate(operation, input + 1, situation, f);
        }
        return;
    }
    for (const YAML::Node& impossible : top_["impossible"])
        if (holds(impossible, situation)) return;
    std::size_t row = 0;
    while (!holds(operation["rows"][row]["when"], situation)) ++row;
    f(situation, row);
}

}  // namespace coffer
