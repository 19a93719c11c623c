#include <string>

#include "unit/generator_bench.h"

namespace coffer {
namespace {

const std::string good = R"(block: toy
title: Toy
description: A toy.
groups:
  - name: global
    base: 0x0
    description: Global.
    registers:
      - {name: first, offset: 0x0, software: ro, hardware: rw, reset: 3, description: First.,
         fields: [{name: low, bits: 0, description: Low.}, {name: high, bits: "5:1", description: High.}]}
      - {name: second, offset: 0x8, bytes: 16, software: none, hardware: wo, description: Second.}
  - name: set
    base: 0x100
    stride: 0x40
    description: Sets.
    registers:
      - {name: third, offset: 0x38, software: rw, hardware: ro, description: Third.}
)";

class RegisterMapGenerator : public GeneratorTest {
protected:
    RegisterMapGenerator() : GeneratorTest(COFFER_REGISTER_MAP_GENERATOR, "registers.yaml", {"header", "table", "page"}, good) {}
};

TEST_F(RegisterMapGenerator, WritesHeaderTableAndPage) {
    const Outcome outcome = generate(good);
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.output, "");
    EXPECT_NE(written("header").find("#define COFFER_TOY_FIRST_HIGH_MASK UINT64_C(0x3e)\n"), std::string::npos);
    EXPECT_NE(written("table").find("{\"third\", 0x138, 0x40, 8, RegisterAccess::rw, RegisterAccess::ro, 0x0},\n"), std::string::npos);
    EXPECT_NE(written("page").find("| 0x08 | 16 | SECOND | none | wo | 0x0 | Second. |\n"), std::string::npos);
}

TEST_F(RegisterMapGenerator, RefusesUnknownMissingAndRepeatedKeys) {
    refuses("title", "titel", "registers.yaml:2:1: unknown key 'titel' (accepted: block, title, description, groups)");
    refuses("stride", "strid", "registers.yaml:14:5: unknown key 'strid' (accepted: name, base, stride, description, registers)");
    refuses("offset: 0x8", "ofset: 0x8",
            "registers.yaml:11:24: unknown key 'ofset' (accepted: name, offset, bytes, software, hardware, reset, description, fields)");
    refuses("bits: 0", "bit: 0", "registers.yaml:10:31: unknown key 'bit' (accepted: name, bits, description)");
    refuses("offset: 0x8, ", "", "registers.yaml:11:9: key 'offset' is missing");
    refuses("software: none, ", "", "registers.yaml:11:9: key 'software' is missing");
    refuses("bytes: 16", "offset: 16", "registers.yaml:11:37: key 'offset' is there twice");
    refuses("block: toy\n", "", "registers.yaml:1:1: key 'block' is missing");
}

TEST_F(RegisterMapGenerator, RefusesNames) {
    refuses("name: second", "name: first", "registers.yaml:11:16: register 'first' is there twice");
    refuses("name: third", "name: first", "registers.yaml:17:16: register 'first' is there twice");
    refuses("name: set", "name: global", "registers.yaml:12:11: group 'global' is there twice");
    refuses("name: high", "name: low", "registers.yaml:10:67: field 'low' is there twice");
    refuses("name: second", "name: Second", "registers.yaml:11:16: 'Second' is no name (accepted: snake_case: a-z, 0-9 and _, a letter first)");
    refuses("block: toy", "block: 1toy", "registers.yaml:1:8: '1toy' is no block (accepted: snake_case: a-z, 0-9 and _, a letter first)");
}

TEST_F(RegisterMapGenerator, RefusesPlacesThatCollide) {
    refuses("offset: 0x8", "offset: 0x0",
            "registers.yaml:11:32: register 'second' at 0x0 overlaps the register before it, which ends at 0x8 "
            "(accepted: registers in the order of their offsets)");
    refuses("base: 0x100", "base: 0x10", "registers.yaml:13:11: group 'set' overlaps the group before it");
    refuses("offset: 0x38", "offset: 0x40", "registers.yaml:17:31: register 'third' ends at 0x48, behind the stride 0x40 of its group");
    refuses("base: 0x0\n", "base: 0x0\n    stride: 0x40\n",
            "registers.yaml:13:5: an array of register sets has no end, so it must be the last group");
    refuses("offset: 0x8", "offset: 0xc", "registers.yaml:11:32: 'offset' is 0xc (accepted: multiples of 8 below 0x10000000)");
    refuses("base: 0x100", "base: 0x100000000", "registers.yaml:13:11: 'base' is 0x100000000 (accepted: multiples of 8 below 0x10000000)");
    refuses("bytes: 16", "bytes: 0", "registers.yaml:11:44: 'bytes' is 0 (accepted: multiples of 8)");
    refuses("stride: 0x40", "stride: 0", "registers.yaml:14:13: 'stride' is 0 (accepted: multiples of 8)");
}

TEST_F(RegisterMapGenerator, RefusesAccessRightsAndValues) {
    refuses("software: none", "software: r", "registers.yaml:11:58: 'software' is 'r' (accepted: none, ro, wo, rw)");
    refuses("hardware: wo", "hardware: [wo]", "registers.yaml:11:74: 'hardware' is not a text");
    refuses("reset: 3", "reset: three", "registers.yaml:9:71: 'reset' is not a number (accepted: 64 bits, decimal or hexadecimal after 0x)");
    refuses("reset: 3", "reset: 0x10000000000000000",
            "registers.yaml:9:71: 'reset' is not a number (accepted: 64 bits, decimal or hexadecimal after 0x)");
    refuses("reset: 3", "reset: 0x40", "registers.yaml:9:71: 'reset' of 'first' sets bits that are in no field");
    refuses("bytes: 16", "bytes: 16, reset: 1", "registers.yaml:11:55: register 'second' is wider than 8 bytes (accepted: reset 0)");
    refuses("\"5:1\"", "\"5:0\"", "registers.yaml:10:79: field 'high' overlaps another field of 'first'");
    refuses("\"5:1\"", "\"1:5\"", "registers.yaml:10:79: 'bits' is '1:5' (accepted: the high bit first)");
    refuses("\"5:1\"", "\"64:1\"", "registers.yaml:10:79: 'bits' is '64:1' (accepted: one bit, or \"high:low\", 0 to 63)");
    refuses("description: Third.", "description: \"a | b\"",
            "registers.yaml:17:78: 'description' does not fit a table cell or a C comment (accepted: one line without '|' and '*/')");
}

TEST_F(RegisterMapGenerator, RefusesWhatIsNoYaml) {
    refuses("groups:", "groups: [", "registers.yaml:5:3: illegal block entry");
    refuses(good, "", "registers.yaml: not a map (accepted: keys block, title, description, groups)");
    refuses(good, "- 1\n", "registers.yaml:1:1: not a map (accepted: keys block, title, description, groups)");
}

TEST_F(RegisterMapGenerator, SurvivesTruncatedAndDamagedFiles) { survives_damage(); }

}  // namespace
}  // namespace coffer
