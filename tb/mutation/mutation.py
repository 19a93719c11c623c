"""Mutants of a block's RTL, all in one Verilated model, against what was recorded of the block itself. Python's standard library, yosys, Verilator."""

import json
import os
import pathlib
import re
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SEED = 20110615
TREES = ("xor", "xnor", "and", "or", "not")
PREPARE = "proc; opt; opt_clean -purge"


class Failure(Exception):
    """One line for the user, and what a tool printed, if it failed."""


def run(*command, cwd=None, environment=None, seconds=None):
    try:
        done = subprocess.run([str(part) for part in command], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                              env={**os.environ, **(environment or {})}, timeout=seconds)
    except subprocess.TimeoutExpired as expired:
        raise Failure(f"{command[0]} takes over {seconds} s") from expired
    except FileNotFoundError as missing:
        raise Failure(f"{command[0]} is not there") from missing
    if done.returncode != 0:
        raise Failure(f"{command[0]} failed:\n{done.stdout[-4000:]}")
    return done.stdout


def yosys(folder, *passes, seconds=None):
    script = folder / "script.ys"
    script.write_text("\n".join(passes) + "\n", encoding="utf-8")
    return run("yosys", "-q", "-s", script, cwd=folder, seconds=seconds)


class Recording:
    """The ports of a block in each cycle of a run, from a co-simulation bench (tb/cosim/framework/pin_recording.h)."""

    def __init__(self, text):
        lines = text.splitlines()
        self.inputs = self._ports("inputs", lines[0])
        self.outputs = self._ports("outputs", lines[1])
        self.cycles = [[int(value, 16) for value in line.split()] for line in lines[2:]]

    @staticmethod
    def _ports(word, line):
        first, *ports = line.split()
        if first != word:
            raise Failure(f"a recording has {first!r} in place of {word!r}")
        return [(name, int(width)) for name, width in (port.split(":") for port in ports)]

    def words(self):
        """Inputs and outputs of each cycle as two numbers, the first port lowest."""
        for values in self.cycles:
            yield self._joined(self.inputs, values), self._joined(self.outputs, values[len(self.inputs):])

    @staticmethod
    def _joined(ports, values):
        joined, place = 0, 0
        for (_, width), value in zip(ports, values):
            joined |= value << place
            place += width
        return joined


class Mutant:
    """A change of one bit of one port of a cell, as a command of yosys."""

    def __init__(self, number, command, in_tree):
        self.number = number
        self.in_tree = in_tree
        self.command = re.sub(r" -(src|wire|wirebit) \S+", "", command)
        self.module = re.search(r"-module (\S+)", command)[1]
        source = re.search(r"-src (\S+)", command)
        self.source = source[1].split("|")[0] if source else ""
        self.outcome = None


class Design:
    """A block's RTL, and the folder of what is made of it."""

    def __init__(self, rtl, top, folder):
        self.rtl = pathlib.Path(rtl).absolute()
        self.top = top
        self.folder = pathlib.Path(folder).absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.base = self.folder / "base.il"
        # By its name alone, so that no place outside the tree gets into a report.
        (self.folder / self.rtl.name).write_bytes(self.rtl.read_bytes())
        yosys(self.folder, f"read_verilog {self.rtl.name}", f"hierarchy -check -top {top}", PREPARE, f"write_rtlil {self.base}")

    def mutants(self, count, in_trees_share=0.6, seed=SEED):
        """`count` mutants, as many of them in XOR/AND trees as the share says; every site where there are fewer."""
        trees = " ".join(f"t:${kind}" for kind in TREES)
        # The contents of a table must stay constant; what is read from it is changed instead.
        others = "t:* t:$meminit* %d " + " ".join(f"t:${kind} %d" for kind in TREES)
        # Clocks carry no data: a mutant of one shows nothing about the logic. More than are needed, since these fall out.
        lists = {}
        for name, selection in (("trees", trees), ("others", others)):
            path = self.folder / f"{name}.txt"
            path.unlink(missing_ok=True)
            yosys(self.folder, f"read_rtlil {self.base}", f"select -set chosen {selection}", f"mutate -list {2 * count} -seed {seed} -o {path} @chosen")
            lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
            lists[name] = [line for line in lines if not re.search(r"-port \\?(CLK|clk) ", line)]
        of_others = min(len(lists["others"]), max(count - round(count * in_trees_share), count - len(lists["trees"])))
        of_trees = min(len(lists["trees"]), count - of_others)
        chosen = [(line, True) for line in lists["trees"][:of_trees]] + [(line, False) for line in lists["others"][:of_others]]
        return [Mutant(number, line, in_tree) for number, (line, in_tree) in enumerate(chosen, 1)]

    def replay(self, mutants, recordings):
        """Sets the outcome of each mutant: `killed` with the place where it first differs, or `survives`. The original must not differ."""
        select_bits = max(1, len(mutants).bit_length())
        commands = [f"{mutant.command} -ctrl mutant_ {select_bits} {mutant.number}" for mutant in mutants]
        wrapper = self.folder / "replay.v"
        wrapper.write_text(self._wrapper(recordings[0], select_bits), encoding="utf-8")
        # To Verilator a net is a loop when parts of it depend on others of it; its values may then be wrong. Of nets with one driver each none is.
        yosys(self.folder, f"read_rtlil {self.base}", *commands, "read_verilog replay.v", "hierarchy -check -top replay", "proc", "opt_clean",
              "select -set block replay %n", "splitnets -driver -ports @block", "splitnets -driver replay", "opt_clean", "write_verilog -noattr mutated.v")
        model = self.folder / "model"
        run("verilator", "--cc", "--exe", "--build", "-j", "2", "--Mdir", model, "--prefix", "Vreplay", "--top-module", "replay", "--output-split", "20000", "-Wno-fatal",
            "-Wno-lint", "-Wno-style", "-Werror-UNOPTFLAT", "-MAKEFLAGS", "OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O1", "mutated.v", HERE / "replay.cpp",
            cwd=self.folder, environment={"OBJCACHE": os.environ.get("OBJCACHE", "")})
        files = []
        for number, recording in enumerate(recordings):
            path = self.folder / f"recording{number}.words"
            path.write_text("".join(f"{inputs:x} {outputs:x}\n" for inputs, outputs in recording.words()), encoding="utf-8")
            files.append(path)
        outcomes = run(model / "Vreplay", len(mutants), *files).splitlines()
        if outcomes[0] != "survives":
            raise Failure(f"{self.top}: the original differs from its recording: {outcomes[0]}")
        for mutant, outcome in zip(mutants, outcomes[1:], strict=True):
            mutant.outcome = outcome

    def _wrapper(self, recording, select_bits):
        def connected(ports, vector):
            place = 0
            for name, width in ports:
                yield f".{name}({vector}[{place} +: {width}])"
                place += width

        # Over 64 bits each, so that the model's ports are arrays of words whatever the block.
        inputs = max(65, sum(width for _, width in recording.inputs))
        outputs = sum(width for _, width in recording.outputs)
        expected = max(65, outputs)
        pins = [".clk(clk)", ".mutant_(mutant)", *connected(recording.inputs, "stimulus"), *connected(recording.outputs, "given")]
        return (f"module replay (input wire clk, input wire [{select_bits - 1}:0] mutant, input wire [{inputs - 1}:0] stimulus,\n"
                f"               input wire [{expected - 1}:0] expected, output wire differs);\n"
                f"    wire [{outputs - 1}:0] given;\n    {self.top} block ({', '.join(pins)});\n"
                f"    assign differs = given != expected[{outputs - 1}:0];\nendmodule\n")

    def is_equivalent(self, mutant, seconds=60):
        """Whether SAT shows that the mutated module gives the same next state and outputs in every state and for every input."""
        def combinational(name, *commands):
            # Registers and instances of other modules become ports; what is on other wires does not matter.
            return (f"read_rtlil {self.base}", *commands, f"hierarchy -top {mutant.module}", f"select -set others * {mutant.module} %d", "blackbox @others",
                    "select -clear", f"cd {mutant.module}", "memory_map", "dffunmap", "opt_clean",
                    "expose -evert -evert-dff t:$dff t:$dff %co w:* %i %u t:* t:$* %d %u", "cd ..",
                    f"rename {mutant.module} {name}", f"select {name}", f"design -stash {name}")

        try:
            yosys(self.folder, *combinational("original"), *combinational("mutated", mutant.command), "design -copy-from original original",
                  "design -copy-from mutated mutated", "miter -equiv -flatten original mutated miter",
                  # What both have in common is merged, so that SAT sees the difference only.
                  "cd miter", "opt -full", f"sat -timeout {seconds} -verify -prove trigger 0", seconds=2 * seconds)
        except Failure:
            return False
        return True


class Score:
    """What became of the mutants of a block."""

    def __init__(self, design, mutants, recordings):
        design.replay(mutants, recordings)
        for mutant in mutants:
            if mutant.outcome == "survives" and design.is_equivalent(mutant):
                mutant.outcome = "equivalent"
        self.top = design.top
        self.mutants = mutants
        self.equivalent = [mutant for mutant in mutants if mutant.outcome == "equivalent"]
        self.survivors = [mutant for mutant in mutants if mutant.outcome == "survives"]
        self.killed = len(mutants) - len(self.equivalent) - len(self.survivors)
        # Where no mutant could be killed, nothing was shown.
        self.percent = 100 * self.killed / (len(mutants) - len(self.equivalent)) if self.killed else 0.0

    def line(self):
        outside = sum(not mutant.in_tree for mutant in self.mutants)
        return (f"{self.top}: {len(self.mutants)} mutants ({100 * outside // max(1, len(self.mutants))} % outside XOR/AND trees), {self.killed} killed, "
                f"{len(self.equivalent)} proved equivalent, {len(self.survivors)} survive: {self.percent:.1f} %")

    def json(self):
        return {"block": self.top, "seed": SEED, "killed": self.killed, "equivalent": len(self.equivalent), "survivors": len(self.survivors), "percent": self.percent,
                "mutants": [{"mutation": mutant.command, "source": mutant.source, "outcome": mutant.outcome} for mutant in self.mutants]}


def record(programs, entry, folder):
    """What the bench of a block sees in three of its scenarios, with the bench's number of transfers unless the entry has another."""
    recordings = []
    for scenario in ("random_stalls", "back_to_back", "resets"):
        path = pathlib.Path(folder, f"{scenario}.pins").absolute()
        transfers = ["--transfers", entry["transfers"]] if "transfers" in entry else []
        run(pathlib.Path(programs, f"cosim_{entry['bench']}"), f"--gtest_filter={entry['block']}.{scenario}", "--seed", SEED, *transfers, "--record", path,
            environment={"COSIM_COVERAGE": ""})
        recordings.append(Recording(path.read_text(encoding="utf-8")))
    return recordings


def blocks():
    return {entry["block"]: entry for entry in json.loads((HERE / "blocks.json").read_text(encoding="utf-8"))}
