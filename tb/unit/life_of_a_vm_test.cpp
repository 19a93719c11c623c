// docs/life_of_a_vm.md has one sequence picture for each operation of H-SVM and each instruction of HyperCoffer.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <yaml-cpp/yaml.h>

namespace coffer {
namespace {

const std::string root = COFFER_SOURCE_DIR;

std::string page() {
    std::ifstream file(root + "/docs/life_of_a_vm.md");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// First words of what the entries of a list have under `key`.
std::vector<std::string> names(const std::string& file, const std::string& list, const std::string& key) {
    std::vector<std::string> found;
    for (const YAML::Node& entry : YAML::LoadFile(root + file)[list]) {
        const std::string text = entry[key].as<std::string>();
        found.push_back(text.substr(0, text.find(' ')));
    }
    return found;
}

/// Pictures in the section of each name.
std::map<std::string, int> pictures(const std::string& text) {
    std::map<std::string, int> count;
    std::istringstream lines(text);
    std::string section;
    for (std::string line; std::getline(lines, line);) {
        if (line.rfind("## ", 0) == 0) section.clear();
        if (line.rfind("### ", 0) == 0) count[section = line.substr(4)] = 0;
        if (line == "sequenceDiagram" && !section.empty()) ++count[section];
    }
    return count;
}

std::vector<std::string> without_picture(const std::string& text) {
    std::map<std::string, int> found = pictures(text);
    std::vector<std::string> all = names("/models/hsvm/decisions.yaml", "operations", "name");
    const std::vector<std::string> instructions = names("/models/vcpu/instructions.yaml", "instructions", "mnemonic");
    all.insert(all.end(), instructions.begin(), instructions.end());
    std::vector<std::string> missing;
    std::copy_if(all.begin(), all.end(), std::back_inserter(missing), [&](const std::string& name) { return found[name] != 1; });
    return missing;
}

TEST(LifeOfAVm, HasOnePictureForEachOperationAndInstruction) { EXPECT_TRUE(without_picture(page()).empty()) << without_picture(page()).front(); }

TEST(LifeOfAVm, AMissingPictureIsFound) {
    const std::string text = page();
    const std::size_t section = text.find("### page_move"), picture = text.find("sequenceDiagram", section);
    ASSERT_NE(picture, std::string::npos);
    EXPECT_EQ(without_picture(std::string(text).erase(picture, 4)), std::vector<std::string>{"page_move"});
}

}  // namespace
}  // namespace coffer
