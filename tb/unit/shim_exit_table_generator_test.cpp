#include <string>

#include "unit/generator_bench.h"

namespace coffer {
namespace {

const std::string good = R"(exits:
  - name: first
    code: 1
    instruction: true
    description: First.
    shown_registers: [{register: rax, bits: 32}]
    accepted: [{register: rbx, bits: 64, ranges: [[0, 7], [16, 31]]}]
  - name: second
    code: 2
    instruction: false
    description: Second.
    sizes: [1, 4]
    shown_event: [gpa, data]
    accepted: [{register: data, bits: access}]
)";

class ShimExitTableGenerator : public GeneratorTest {
protected:
    ShimExitTableGenerator() : GeneratorTest(COFFER_EXIT_TABLE_GENERATOR, "exits.yaml", {"table", "page"}, good) {}
};

TEST_F(ShimExitTableGenerator, WritesTableAndPage) {
    const Outcome outcome = generate(good);
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.output, "");
    EXPECT_NE(written("table").find("    second = 2,  ///< Second.\n"), std::string::npos);
    EXPECT_NE(written("table").find("    {ExitReason::first, \"first\", true, 0x0, 0x0,\n     {{{{Register::rax, 32}}}, 1},\n"
                                    "     {{{{false, Register::rbx, 64, {{{{0x0, 0x7}, {0x10, 0x1f}}}, 2}}}}, 1}, false},\n"),
              std::string::npos);
    EXPECT_NE(written("page").find("| 1 | `first` | First. | behind | - | RAX (32 bits) | RBX (0x0 to 0x7 or 0x10 to 0x1f) |\n"), std::string::npos);
    EXPECT_NE(written("page").find("| 2 | `second` | Second. | at | 1, 4 | gpa, data | data (size of the access) |\n"), std::string::npos);
}

TEST_F(ShimExitTableGenerator, RefusesNamesCodesAndKeys) {
    refuses("name: second", "name: first", "exits.yaml:8:11: exit 'first' is there twice");
    refuses("code: 2", "code: 1", "exits.yaml:9:11: code 1 is there twice");
    refuses("code: 2", "code: 0", "exits.yaml:9:11: 'code' is 0 (accepted: 1 to 255)");
    refuses("code: 2", "code: 256", "exits.yaml:9:11: 'code' is 256 (accepted: 1 to 255)");
    refuses("    code: 2\n", "", "exits.yaml:8:5: key 'code' is missing");
    refuses("instruction: false", "instruction: no", "exits.yaml:10:18: 'instruction' is neither (accepted: true, false)");
    refuses("shown_event", "shown",
            "exits.yaml:13:5: unknown key 'shown' "
            "(accepted: name, code, instruction, description, sizes, shown_event, shown_registers, accepted, monotonic)");
}

TEST_F(ShimExitTableGenerator, RefusesValuesThatCannotBe) {
    refuses("register: rax", "register: eax", "exits.yaml:6:34: unknown register 'eax' (accepted: rax, rcx and so on, in lower case)");
    refuses("bits: 32", "bits: 65", "exits.yaml:6:45: 'bits' is 65 (accepted: 1 to 64, access)");
    refuses("bits: 32", "bits: access", "exits.yaml:6:45: 'data' without an access of a register's size (accepted: sizes of 1 to 8)");
    refuses("[1, 4]", "[4, 1]", "exits.yaml:12:16: 1 in 'sizes' (accepted: ascending powers of 2 up to 128)");
    refuses("[1, 4]", "[3]", "exits.yaml:12:13: 3 in 'sizes' (accepted: ascending powers of 2 up to 128)");
    refuses("[1, 4]", "[1, 16]", "exits.yaml:13:24: 'data' without an access of a register's size (accepted: sizes of 1 to 8)");
    refuses("[gpa, data]", "[gpa, date]", "exits.yaml:13:24: unknown field 'date' (accepted: port, size, access, gpa, register_id, data)");
    refuses("[gpa, data]", "[gpa, gpa]", "exits.yaml:13:24: field 'gpa' is there twice");
    refuses("bits: access", "bits: 32", "exits.yaml:14:39: 'data' has another width than its access (accepted: access)");
    refuses("[0, 7]", "[7, 0]", "exits.yaml:7:51: a range whose low end is above its high end");
    refuses("[0, 7]", "[7]", "exits.yaml:7:51: not a range (accepted: [low, high])");
    refuses("[0, 7]", "[0, 7], [8, 9]", "exits.yaml:7:67: too many ranges (accepted: 2 at most)");
    refuses("[16, 31]]}]", "[16, 31]]}]\n    monotonic: true",
            "exits.yaml:8:16: a count needs its halves in 'accepted' (accepted: rax and rdx of 32 bits)");
    refuses("[16, 31]]}]", "[16, 31]]}]\n    monotonic: 1", "exits.yaml:8:16: 'monotonic' is neither (accepted: true, false)");
    refuses("{register: rax, bits: 32}", "{register: rax, bits: 32}, {register: rax, bits: 8}", "exits.yaml:6:50: register 'rax' is there twice");
    refuses("{register: data, bits: access}", "{register: data, bits: access}, {register: data, bits: access}",
            "exits.yaml:14:48: the same register is there twice");
}

TEST_F(ShimExitTableGenerator, SurvivesTruncatedAndDamagedFiles) { survives_damage(); }

}  // namespace
}  // namespace coffer
