#include <string>

#include "unit/generator_bench.h"

namespace coffer {
namespace {

const std::string good = R"(faults:
  - {name: none, code: 0, meaning: fine}
  - {name: broken, code: 3, meaning: not}
statuses:
  - {name: ok, code: 0, meaning: done}
  - {name: bad, code: 5, meaning: not done}
instructions:
  - name: first
    code: 1
    mnemonic: FIRST addr
    operands: [{name: addr, meaning: a place}]
    answer: nothing
    modes: [host, guest]
    configurations: [hsvm, combined]
    memory: true
    effects: {hsvm: One., combined: Another.}
    statuses: [bad]
  - name: second
    code: 2
    mnemonic: SECOND
    operands: []
    answer: nothing
    modes: [shim]
    configurations: [none]
    memory: false
    effects: {none: Nothing.}
    statuses: []
)";

class InstructionTableGenerator : public GeneratorTest {
protected:
    InstructionTableGenerator() : GeneratorTest(COFFER_INSTRUCTION_TABLE_GENERATOR, "instructions.yaml", {"table", "page"}, good) {}
};

TEST_F(InstructionTableGenerator, WritesTableAndPage) {
    const Outcome outcome = generate(good);
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.output, "");
    const auto holds = [&](const char* file, const char* text) { EXPECT_NE(written(file).find(text), std::string::npos) << text; };
    holds("table", "    {Instruction::first, \"first\", 0x5, 0xa, true, 0x21},\n    {Instruction::second, \"second\", 0x2, 0x1, false, 0x1},\n");
    holds("table", "    broken = 3,  ///< not\n");
    holds("page", "| 1 | `FIRST addr` | host, guest | `hsvm`, `combined` |\n");
    holds("page", "| operand | what |\n|---|---|\n| addr | a place |\n");
    holds("page", "| `combined` | Another. |\n");
    holds("page", "Gives: nothing. Faults: `undefined_instruction`, `wrong_mode`, `memory_fault`. Statuses: `ok`, `bad`.\n");
}

TEST_F(InstructionTableGenerator, RefusesNamesCodesAndKeys) {
    refuses("name: second", "name: first", "instructions.yaml:18:11: 'first' is there twice");
    refuses("    code: 2", "    code: 1", "instructions.yaml:19:11: code 1 is there twice");
    refuses("    code: 2", "    code: 256", "instructions.yaml:19:11: 'code' is 256 (accepted: 0 to 255)");
    refuses("name: bad, code: 5", "name: bad, code: 32", "instructions.yaml:6:23: 'code' is 32 (accepted: 0 to 31)");
    refuses("name: bad, code: 5", "name: ok, code: 5", "instructions.yaml:6:12: 'ok' is there twice");
    refuses("name: none, code: 0", "name: fine, code: 0", "instructions.yaml:2:5: the first of 'faults' is another (accepted: none with code 0)");
    refuses("name: ok, code: 0", "name: ok, code: 1", "instructions.yaml:5:5: the first of 'statuses' is another (accepted: ok with code 0)");
    refuses("    answer: nothing\n    modes: [shim]", "    modes: [shim]", "instructions.yaml:18:5: key 'answer' is missing");
    refuses("statuses: [bad]", "states: [bad]",
            "instructions.yaml:17:5: unknown key 'states' "
            "(accepted: name, code, mnemonic, operands, answer, modes, configurations, memory, effects, statuses)");
}

TEST_F(InstructionTableGenerator, RefusesValuesThatCannotBe) {
    refuses("[host, guest]", "[host, device]", "instructions.yaml:13:19: unknown 'device' in 'modes' (accepted: host, shim, guest)");
    refuses("[host, guest]", "[host, host]", "instructions.yaml:13:19: 'host' is there twice");
    refuses("[host, guest]", "[]", "instructions.yaml:13:12: 'modes' is not a list with entries");
    refuses("[hsvm, combined]", "[hsvm, all]",
            "instructions.yaml:14:28: unknown 'all' in 'configurations' (accepted: none, hsvm, hypercoffer, combined)");
    refuses("combined: Another.", "none: Another.", "instructions.yaml:16:27: an effect in configuration 'none' (accepted: hsvm, combined)");
    refuses(", combined: Another.", "", "instructions.yaml:16:14: key 'combined' is missing");
    refuses("memory: true", "memory: 1", "instructions.yaml:15:13: 'memory' is neither (accepted: true, false)");
    refuses("statuses: [bad]", "statuses: [worse]", "instructions.yaml:17:16: unknown 'worse' in 'statuses' (accepted: ok, bad)");
    refuses("statuses: [bad]", "statuses: [ok]", "instructions.yaml:17:15: every instruction may answer the first status (accepted: the others)");
    refuses("operands: []", "operands: none", "instructions.yaml:21:15: 'operands' is not a list");
}

TEST_F(InstructionTableGenerator, SurvivesTruncatedAndDamagedFiles) { survives_damage(); }

}  // namespace
}  // namespace coffer
