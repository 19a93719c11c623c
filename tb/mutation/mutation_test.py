"""A score says what it should: a wrong recording is refused, mutants that nothing can notice count for nothing, and those that nothing noticed count."""

import pathlib
import tempfile
import unittest

import mutation

# q counts the ones that came in; `dead` is 0 whatever comes in, though no simplification sees it.
BLOCK = """module planted (input wire clk, input wire rst_n, input wire [3:0] a, input wire hidden, output wire [3:0] q);
    wire dead = a[0] && (a[1] ^ a[2]) && (a[1] ^~ a[2]);
    reg [3:0] sum;
    always @(posedge clk)
        if (!rst_n) sum <= 4'd0;
        else sum <= sum + a + {3'd0, dead} + {4{hidden && a[3]}};
    assign q = sum;
endmodule
"""

# A net in parts, each from the one before: to Verilator a loop, which no netlist with one driver a net has. With `loop`, a true one.
RIPPLE = """module planted (input wire clk, input wire [3:0] a, output wire [3:0] q);
    wire [3:0] ripple;
    assign ripple[0] = a[0] ^ %s;
    assign ripple[3:1] = ripple[2:0] & a[3:1];
    assign q = ripple;
endmodule
"""


def recorded(cycles=40):
    """What the block does, computed here, while `hidden` is never 1."""
    lines, total = ["inputs rst_n:1 a:4 hidden:1", "outputs q:4"], 0
    for cycle in range(cycles):
        in_reset, a = cycle < 2, cycle * 7 % 16
        lines.append(f"{int(not in_reset):x} {a:x} 0 {total:x}")
        total = 0 if in_reset else (total + a) % 16
    return "\n".join(lines) + "\n"


def rippled():
    lines = ["inputs a:4", "outputs q:4"]
    for a in range(16):
        ones = len(f"{a:04b}"[::-1].split("0")[0])
        lines.append(f"{a:x} {(1 << ones) - 1:x}")
    return "\n".join(lines) + "\n"


class Scores(unittest.TestCase):
    def made(self, verilog):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        folder = pathlib.Path(directory.name)
        (folder / "planted.v").write_text(verilog, encoding="utf-8")
        return mutation.Design(folder / "planted.v", "planted", folder / "made")

    def setUp(self):
        self.design = self.made(BLOCK)
        self.mutants = self.design.mutants(1000)

    def score(self, mutants, text=None, design=None):
        return mutation.Score(design or self.design, [mutation.Mutant(i, mutant.command, mutant.in_tree) for i, mutant in enumerate(mutants, 1)],
                              [mutation.Recording(text or recorded())])

    def of(self, *operators):
        return [mutant for mutant in self.mutants if any(f"-cell ${operator}$" in mutant.command for operator in operators)]

    def test_a_few_sites_give_every_mutant_there_is_and_always_the_same(self):
        self.assertLess(len(self.mutants), 1000)
        self.assertEqual([mutant.command for mutant in self.mutants], [mutant.command for mutant in self.design.mutants(1000)])
        self.assertTrue(any(mutant.in_tree for mutant in self.mutants) and any(not mutant.in_tree for mutant in self.mutants))

    def test_the_share_outside_trees_is_kept(self):
        chosen = self.design.mutants(20)
        self.assertEqual(len(chosen), 20)
        self.assertGreaterEqual(sum(not mutant.in_tree for mutant in chosen), 6)

    def test_a_corrupted_expectation_is_reported(self):
        lines = recorded().splitlines()
        lines[20] = lines[20][:-1] + f"{int(lines[20][-1], 16) ^ 4:x}"
        with self.assertRaisesRegex(mutation.Failure, "planted: the original differs from its recording: killed in cycle 18 of recording 0"):
            self.score(self.mutants[:5], "\n".join(lines) + "\n")

    def test_mutants_of_the_sum_are_killed(self):
        score = self.score([mutant for mutant in self.of("add") if "-mode inv" in mutant.command and "-port Y" in mutant.command])
        self.assertGreater(score.killed, 0)
        self.assertEqual(score.percent, 100)

    def test_mutants_that_change_nothing_do_not_score(self):
        dead = [mutant for mutant in self.of("logic_and") if "-port A" in mutant.command and self.design.is_equivalent(mutant)]
        self.assertTrue(dead)
        score = self.score(dead)
        self.assertEqual((score.killed, len(score.equivalent), score.percent), (0, len(dead), 0.0))

    def test_mutants_that_the_recording_does_not_reach_count_as_survivors(self):
        hidden = [mutant for mutant in self.of("logic_and") if "-mode const0" in mutant.command and "-port Y" in mutant.command and ":6" in mutant.source]
        self.assertTrue(hidden)
        score = self.score(hidden)
        self.assertEqual((score.killed, len(score.survivors), score.percent), (0, len(hidden), 0.0))
        self.assertIn("0 killed, 0 proved equivalent, 1 survive: 0.0 %", score.line())

    def test_a_net_in_parts_is_no_loop(self):
        design = self.made(RIPPLE % "1'b0")
        # One bit of the AND controlling another would be a loop indeed.
        mutants = [mutant for mutant in design.mutants(1000) if "-mode cnot" not in mutant.command]
        score = self.score(mutants, rippled(), design)
        self.assertEqual(len(score.survivors), 0)
        self.assertGreater(score.killed, 0)

    def test_a_loop_is_refused(self):
        design = self.made(RIPPLE % "ripple[3]")
        with self.assertRaisesRegex(mutation.Failure, "UNOPTFLAT"):
            design.replay(design.mutants(5), [mutation.Recording(rippled())])


if __name__ == "__main__":
    unittest.main()
