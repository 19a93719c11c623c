"""The checks of generated RTL find what they are for: each is given a fault, and something harmless that it must let pass."""

import importlib.machinery
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
HEADER = "models/crypto/aes_pipeline_synth.h"
SBOX_HEADER = "models/crypto/sbox_synth.h"
BLOCK = "aes_pipeline"


def load_script(name):
    """A script of the project as a module."""
    loader = importlib.machinery.SourceFileLoader(name, str(HERE.parent / "scripts" / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


def run(*command, **environment):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, env={**os.environ, **environment})


class Fresh(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)
        for folder in ("models", "rtl_gen"):
            shutil.copytree(HERE.parent / folder, self.root / folder)

    def check(self, *blocks, **environment):
        done = run(HERE / "check", "--root", self.root, *blocks, **environment)
        return done.returncode, done.stderr

    def edit(self, path, old, new):
        file = self.root / path
        text = file.read_text(encoding="utf-8")
        self.assertIn(old, text)
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def assert_stale(self, *words):
        code, errors = self.check(BLOCK)
        self.assertEqual(code, 1, errors)
        self.assertEqual(len(errors.splitlines()), 1, errors)
        for word in (BLOCK, *words):
            self.assertIn(word, errors)

    def test_the_committed_files_are_fresh(self):
        self.assertEqual(self.check(), (0, ""))

    def test_a_changed_token_is_found(self):
        self.edit(HEADER, "aes_rounds = 10;", "aes_rounds = 11;")
        self.assert_stale(HEADER, "changed in meaning", "scripts/regenerate aes_pipeline")

    def test_a_changed_token_in_an_included_header_is_found(self):
        self.edit(SBOX_HEADER, "0x09", "0x0a")
        self.assert_stale(SBOX_HEADER)

    def test_a_macro_that_changes_what_is_compiled_is_found(self):
        self.edit(SBOX_HEADER, "namespace coffer::synth {", "#define in out\nnamespace coffer::synth {")
        self.assert_stale(SBOX_HEADER)

    def test_tokens_that_were_pulled_apart_are_found(self):
        self.edit(HEADER, "i < aes_rounds; ++i", "i < aes_rounds; + +i")
        self.assert_stale(HEADER)

    def test_a_header_that_cannot_be_preprocessed_is_named(self):
        self.edit(HEADER, '#include "crypto/sbox_synth.h"', '#include "crypto/no_such_file.h"')
        code, errors = self.check(BLOCK)
        self.assertEqual(code, 1)
        self.assertIn("no_such_file.h", errors)

    def test_a_touched_generated_file_is_found(self):
        verilog = f"rtl_gen/generated/{BLOCK}.v"
        with open(self.root / verilog, "a", encoding="utf-8") as file:
            file.write("\n")
        self.assert_stale(verilog, "is not what was generated")

    def test_other_parameters_are_found(self):
        self.edit("rtl_gen/blocks.json", "AesPipeline<SboxKind::gates>", "AesPipeline<SboxKind::table>")
        self.assert_stale("AesPipeline<SboxKind::gates>", "AesPipeline<SboxKind::table>")

    def test_a_missing_file_is_found(self):
        for suffix in ("v", "json"):
            (self.root / f"rtl_gen/generated/{BLOCK}.{suffix}").rename(self.root / "kept")
            self.assert_stale(f"{BLOCK}.{suffix}", "is missing")
            (self.root / "kept").rename(self.root / f"rtl_gen/generated/{BLOCK}.{suffix}")

    def test_a_file_of_no_block_is_found(self):
        (self.root / "rtl_gen/generated/forgotten.v").touch()
        code, errors = self.check()
        self.assertEqual(code, 1)
        self.assertIn("rtl_gen/generated/forgotten.v belongs to no block", errors)

    def test_an_unknown_block_is_named(self):
        code, errors = self.check("no_block")
        self.assertEqual(code, 1)
        self.assertIn("no block no_block", errors)

    def test_a_missing_compiler_is_named(self):
        code, errors = self.check(BLOCK, CXX="no-such-compiler")
        self.assertEqual(code, 1)
        self.assertIn("no-such-compiler: No such file or directory; set CXX", errors)

    def test_comments_and_white_space_may_change(self):
        self.edit(HEADER, "namespace coffer::synth {", "/* another\n   comment */ namespace\n  coffer::synth  { // here")
        self.edit(SBOX_HEADER, "table[0] = 0x63;", "table [ 0 ]=0x63 ;\n\n")
        self.assertEqual(self.check(), (0, ""))

    def test_a_header_of_another_block_may_change(self):
        self.edit("models/common/units.h", "#pragma once", "#pragma once\nint another;")
        self.assertEqual(self.check(), (0, ""))

    def test_no_manifest_names_a_place_outside_the_tree(self):
        for manifest in (HERE / "generated").glob("*.json"):
            for source in json.loads(manifest.read_text(encoding="utf-8"))["sources"]:
                self.assertTrue((HERE.parent / source).is_file(), source)


class Regenerate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.regenerate = load_script("regenerate")

    def test_missing_tools_are_named_in_one_line(self):
        with tempfile.TemporaryDirectory() as directory:
            for folder in ("models", "rtl_gen", "scripts"):
                shutil.copytree(HERE.parent / folder, pathlib.Path(directory, folder))
            done = run(pathlib.Path(directory, "scripts", "regenerate"), "sbox", ICSC_HOME="/nowhere", PATH="/usr/bin:/bin")
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, r"^rtl_gen: to regenerate the RTL, install the SystemC compiler ICSC \(.*\) and sv2v \(on PATH\)\.\n$")

    def test_arrays_of_signals_become_packed(self):
        text = "logic [7:0] a[4];\nlogic b[2][3];\n    input logic [127:0] c[10],\nlocalparam logic [7:0] d[2] = '{ 1, 2 };\nlogic [7:0] e;\n"
        packed = "logic [3:0][7:0] a;\nlogic [1:0][2:0] b;\n    input logic [9:0][127:0] c,\nlocalparam logic [7:0] d[2] = '{ 1, 2 };\nlogic [7:0] e;\n"
        self.assertEqual(self.regenerate.pack_arrays(text), packed)

    def test_a_look_up_becomes_a_case(self):
        text = "localparam logic [7:0] d[3] = '{ 1, 8'h2, 30 };\n    out = d[in];\n"
        case = "\n    case (~in[1:0])\n    2'd3: out = 8'd1;\n    2'd2: out = 8'h2;\n    2'd1: out = 8'd30;\n    default: out = 8'd0;\n    endcase\n"
        self.assertEqual(self.regenerate.tables_to_cases(text), case)

    def test_a_look_up_within_an_expression_stays(self):
        text = "localparam logic [7:0] d[2] = '{ 1, 2 };\nout = 1 + d[in];\n"
        self.assertEqual(self.regenerate.tables_to_cases(text), text)

    def test_a_trace_of_this_machine_is_refused(self):
        block = self.regenerate.rtl_blocks.Block({"name": "sbox", "header": "", "type": ""})
        with self.assertRaisesRegex(self.regenerate.rtl_blocks.Failure, "would name this machine"):
            self.regenerate.forbid_traces_of_this_machine(block, f"// {HERE.parent}/models\n")


class Report(unittest.TestCase):
    """scripts/rtl_report on the S-box, which takes yosys two seconds."""

    REPORT = HERE.parent / "scripts" / "rtl_report"

    def test_numbers_stand_beside_targets_that_are_met(self):
        with tempfile.TemporaryDirectory() as directory:
            file = pathlib.Path(directory, "report.json")
            done = run(self.REPORT, "--json", file, "sbox")
            report = json.loads(file.read_text(encoding="utf-8"))
        self.assertEqual(done.returncode, 0, done.stderr)
        gates = report["sbox"]["values"]["gates"]
        self.assertEqual(report["sbox"]["targets"]["gates"], {"target": 118, "met": True})
        self.assertRegex(done.stdout, rf"^ +gates +inverters .*\nsbox +{gates} .*\n  target +<= 118\n$")

    def test_a_missed_target_is_found(self):
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            shutil.copytree(HERE, root / "rtl_gen")
            file = root / "rtl_gen" / "blocks.json"
            file.write_text(file.read_text(encoding="utf-8").replace('"gates": 118', '"gates": 20', 1), encoding="utf-8")
            done = run(self.REPORT, "--root", root, "sbox")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("missed: <= 20", done.stdout)

    def test_a_design_with_another_kind_of_cell_is_refused(self):
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            shutil.copytree(HERE, root / "rtl_gen")
            latch = "module sbox (input wire e, input wire d, output reg q); always @(*) if (e) q = d; endmodule\n"
            (root / "rtl_gen" / "generated" / "sbox.v").write_text(latch, encoding="utf-8")
            done = run(self.REPORT, "--root", root, "sbox")
        self.assertEqual(done.returncode, 1)
        self.assertIn("sbox: the netlist has cells of another kind: $_DLATCH_P_", done.stderr)


class Rtl(unittest.TestCase):
    """Designs with one fault each, and the same without it."""

    GOOD = """module planted (input wire clk, input wire [3:0] a, input wire enable, output reg [3:0] q);
                  reg [3:0] sum;
                  always @(*) begin
                      sum = 4'd0;
                      if (enable) sum = a + 4'd1;
                  end
                  always @(posedge clk) q <= sum;
              endmodule\n"""

    def verdicts(self, text):
        """Exit codes of lint and of the netlist check, and what they print."""
        with tempfile.TemporaryDirectory() as directory:
            folder = pathlib.Path(directory, "generated")  # where the waivers apply
            folder.mkdir()
            file = folder / "planted.v"
            file.write_text(text, encoding="utf-8")
            lint, netlist = run(HERE / "lint", file, "planted"), run(HERE / "check_netlist", file, "planted")
        return lint.returncode == 0, netlist.returncode == 0, lint.stderr + netlist.stdout + netlist.stderr

    def planted(self, old, new):
        self.assertIn(old, self.GOOD)
        return self.verdicts(self.GOOD.replace(old, new, 1))

    def test_a_good_design_passes(self):
        lint, netlist, output = self.verdicts(self.GOOD)
        self.assertTrue(lint and netlist, output)

    def test_a_latch_is_found(self):
        lint, netlist, output = self.planted("sum = 4'd0;", "")
        self.assertFalse(lint, output)
        self.assertFalse(netlist, output)
        self.assertIn("latch", output.lower())

    def test_an_undriven_net_is_found(self):
        lint, netlist, output = self.verdicts("module planted (input wire a, output wire q); wire loose; assign q = a ^ loose; endmodule\n")
        self.assertFalse(lint, output)
        self.assertFalse(netlist, output)
        self.assertIn("no driver", output)

    def test_two_drivers_are_found(self):
        _, netlist, output = self.verdicts("module planted (input wire a, input wire b, output wire q); assign q = a; assign q = b; endmodule\n")
        self.assertFalse(netlist, output)

    def test_a_combinational_loop_is_found(self):
        _, netlist, output = self.verdicts("module planted (input wire a, output wire q); wire b; assign b = a ^ q; assign q = ~b; endmodule\n")
        self.assertFalse(netlist, output)

    def test_a_signal_of_the_wrong_width_is_found(self):
        lint, _, output = self.planted("sum = a + 4'd1", "sum = {a, a}")
        self.assertFalse(lint, output)
        self.assertIn("WIDTH", output)

    def test_an_unused_signal_is_found(self):
        lint, _, output = self.planted("reg [3:0] sum;", "reg [3:0] sum; wire [3:0] spare = a;")
        self.assertFalse(lint, output)
        self.assertIn("UNUSEDSIGNAL", output)


if __name__ == "__main__":
    unittest.main()
