#include <string>

#include "unit/generator_bench.h"

namespace coffer {
namespace {

const std::string good = R"(title: Toy
statuses:
  - {name: ok, code: 0, meaning: Done.}
  - {name: no, code: 7, meaning: Not done.}
inputs:
  who:
    type: Who
    meaning: who asks
    values: {host: the host, guest: a guest}
  page:
    type: Page
    meaning: the page
    values: {empty: nothing, full: something}
impossible:
  - {who: guest, page: empty}
operations:
  - name: take
    code: 1
    meaning: take it
    inputs: [who, page]
    rows:
      - {when: {who: guest}, answer: no}
      - {when: {page: [full]}, answer: ok}
      - {when: {}, answer: no}
    later: [no]
)";

class HsvmDecisionTableGenerator : public GeneratorTest {
protected:
    HsvmDecisionTableGenerator() : GeneratorTest(COFFER_DECISION_TABLE_GENERATOR, "decisions.yaml", {"header", "page"}, good) {}
};

TEST_F(HsvmDecisionTableGenerator, WritesHeaderAndPage) {
    const Outcome outcome = generate(good);
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.output, "");
    EXPECT_NE(written("header").find("    no = 7,  ///< Not done.\n"), std::string::npos);
    EXPECT_NE(written("header").find("std::array<std::uint8_t, 4> take{\n    7, 0, 7, 7, };\n"), std::string::npos) << written("header");
    EXPECT_NE(written("header").find("take[(static_cast<std::size_t>(situation.who)) * 2 + static_cast<std::size_t>(situation.page)]"),
              std::string::npos);
    EXPECT_NE(written("page").find("| guest | | `no` |\n"), std::string::npos);
    EXPECT_NE(written("page").find("- who is guest; page is empty\n"), std::string::npos);
}

TEST_F(HsvmDecisionTableGenerator, RefusesATableWithHolesOrDeadRows) {
    refuses("      - {when: {}, answer: no}\n", "", "decisions.yaml:22:7: operation 'take' has no answer for who host, page empty");
    refuses("{when: {}, answer: no}", "{when: {who: guest}, answer: no}",
            "decisions.yaml:22:7: operation 'take' has no answer for who host, page empty");
    refuses("{when: {page: [full]}, answer: ok}", "{when: {who: guest}, answer: ok}",
            "decisions.yaml:23:9: the row of operation 'take' answers no possible situation: rows before it do");
    refuses("{when: {who: guest}, answer: no}", "{when: {who: guest, page: empty}, answer: no}",
            "decisions.yaml:22:9: the row of operation 'take' answers no possible situation: rows before it do");
}

TEST_F(HsvmDecisionTableGenerator, RefusesNamesThatAreUnknownOrTwice) {
    refuses("answer: ok", "answer: okay", "decisions.yaml:23:40: unknown status 'okay' (accepted: ok, no)");
    refuses("[full]", "[ful]", "decisions.yaml:23:24: unknown value 'ful' (accepted: empty, full)");
    refuses("inputs: [who, page]", "inputs: [who]", "decisions.yaml:23:17: 'page' is no input of this operation");
    refuses("inputs: [who, page]", "inputs: [who, what]", "decisions.yaml:20:19: unknown input 'what' (accepted: who, page)");
    refuses("code: 7", "code: 0", "decisions.yaml:4:5: 'no' has the name or the code of 'ok'");
    refuses("code: 7", "code: 256", "decisions.yaml:4:22: 'code' is not a number (accepted: 0 to 255)");
    refuses("type: Page", "type: Who", "decisions.yaml:10:3: input 'page' has the name or the type of 'who'");
    refuses("type: Page", "type: page", "decisions.yaml:11:11: 'page' is no type (accepted: PascalCase)");
    refuses("full: something", "empty: something", "decisions.yaml:13:30: value 'empty' is there twice");
    refuses("full: something", "Full: something", "decisions.yaml:13:30: 'Full' is no name (accepted: snake_case: a-z, 0-9 and _, a letter first)");
    refuses("later: [no]", "latest: [no]", "decisions.yaml:25:5: unknown key 'latest' (accepted: name, code, meaning, inputs, rows, later)");
}

TEST_F(HsvmDecisionTableGenerator, SurvivesTruncatedAndDamagedFiles) { survives_damage(); }

}  // namespace
}  // namespace coffer
