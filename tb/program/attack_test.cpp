#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "program/program.h"

namespace coffer {
namespace {

using nlohmann::json;

TEST(AttackCommand, PrintsTheMatrixBesideTheTableOfTheLiterature) {
    const ProgramResult result = run_coffer("attack");
    EXPECT_EQ(result.exit_code, 0) << result.out;
    EXPECT_EQ(result.err, "");
    for (const char* text : {"bus_snoop", "cold_boot", "HyperWall", "CloudVisor", "CPU + VM-Shim", "every outcome is as docs/threat_model.md says"})
        EXPECT_NE(result.out.find(text), std::string::npos) << text;
}

TEST(AttackCommand, SaysTheSameTwice) {
    EXPECT_EQ(run_coffer("attack").out, run_coffer("attack").out);
    EXPECT_EQ(run_coffer("attack --json").out, run_coffer("attack --json").out);
}

TEST(AttackCommand, PrintsJson) {
    const ProgramResult result = run_coffer("attack --json");
    EXPECT_EQ(result.exit_code, 0);
    const json matrix = json::parse(result.out);
    EXPECT_TRUE(matrix["as_expected"]);
    std::set<std::string> configurations;
    for (const json& attack : matrix["attacks"]) {
        configurations.insert(attack["configuration"]);
        EXPECT_TRUE(attack["as_expected"]) << attack;
        EXPECT_FALSE(attack["evidence"].get<std::string>().empty()) << attack;
        EXPECT_FALSE(attack["description"].get<std::string>().empty()) << attack;
        EXPECT_EQ(attack["time"]["unit"], "ns");
        EXPECT_TRUE(attack["time"]["value"].get<double>() > 0 || attack["outcome"] == "n/a") << attack;
        const std::string outcome = attack["outcome"];
        const bool whole = attack["configuration"] == "combined" && attack["integrity"] == "bmt";
        EXPECT_FALSE(whole && (outcome == "leaked" || outcome == "corrupted")) << attack;
    }
    EXPECT_EQ(configurations, (std::set<std::string>{"none", "hsvm", "hypercoffer", "combined"}));
}

TEST(AttackCommand, CarriesOutSomeOnly) {
    const ProgramResult result = run_coffer("attack --json --configuration hypercoffer bus_spoof cold_boot");
    EXPECT_EQ(result.exit_code, 0);
    const json matrix = json::parse(result.out);
    EXPECT_EQ(matrix["attacks"].size(), 6u) << "two attacks on the bus, each with three kinds of integrity";
    for (const json& attack : matrix["attacks"]) EXPECT_EQ(attack["configuration"], "hypercoffer");
    EXPECT_EQ(run_coffer("attack bus_spoof").out.find("cold_boot"), std::string::npos);
}

TEST(AttackCommand, AnswersBadInputWithOneLine) {
    for (const char* arguments :
         {"attack nothing", "attack --configuration both", "attack --configuration ''", "attack bus_snoop bus_snop", "attack --nothing"})
        expect_refused(arguments);
}

}  // namespace
}  // namespace coffer
