"""What rtl_gen's scripts share: the list of blocks, the hash of a block's sources, manifests. Python's standard library only."""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

_SYSTEM_INCLUDE = re.compile(r"^\s*#\s*include\s*<[^>\n]*>[^\n]*$", re.MULTILINE)
_TOKEN = re.compile(
    r"""R"(?P<mark>[^(\s]*)\((?:.|\n)*?\)(?P=mark)"      # raw string
        |"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'         # string, character
        |\.?\d(?:['.\w]|[eEpP][+-])*|\w+                 # number, identifier
        |<<=|>>=|->\*|\.\.\.|<=>|::|\+\+|--|->|&&|\|\||<<|>>|\#\#|[-+*/%&|^<>=!]=|\S""",
    re.VERBOSE,
)


class Failure(Exception):
    """One line for the user."""


class Block:
    """An entry of blocks.json; its name is the name of the top module and of the generated file."""

    def __init__(self, entry):
        self.name = entry["name"]
        self.header = entry["header"]  # relative to models/
        self.type = entry["type"]  # class template with its arguments, in namespace coffer::synth
        self.performance = entry.get("performance", {})  # cycles, bits_per_cycle: for scripts/rtl_report
        self.targets = entry.get("targets", {})  # bounds of what scripts/rtl_report measures


class Project:
    """The files of one source tree."""

    def __init__(self, root=ROOT):
        self.root = pathlib.Path(root)
        self.generated = self.root / "rtl_gen" / "generated"

    def blocks(self):
        path = self.root / "rtl_gen" / "blocks.json"
        return [Block(entry) for entry in json.loads(path.read_text(encoding="utf-8"))]

    def verilog(self, block):
        return self.generated / f"{block.name}.v"

    def manifest(self, block):
        return self.generated / f"{block.name}.json"

    def write_manifest(self, block, tools):
        sources, tokens = self.sources_and_tokens(block)
        manifest = {
            "block": block.name,
            "parameters": block.type,
            "tools": tools,
            "sources": sources,
            "source_tokens_sha256": hash_of_tokens(tokens),
            "generated_sha256": hash_of_file(self.verilog(block)),
        }
        self.manifest(block).write_text(json.dumps(manifest, indent=4) + "\n", encoding="utf-8")

    def sources_and_tokens(self, block):
        """The project's headers that a block is made of, and their preprocessed tokens without comments.

        Headers of the system are left out, and with them SystemC's macros stay as they are written: tokens do not depend on its version.
        """
        models = self.root / "models"
        with tempfile.TemporaryDirectory() as directory:
            for header in models.rglob("*.h"):
                copy = pathlib.Path(directory, header.relative_to(models))
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_text(_SYSTEM_INCLUDE.sub("", header.read_text(encoding="utf-8")), encoding="utf-8")
            command = [os.environ.get("CXX", "c++"), "-x", "c++", "-std=c++17", "-E", "-I", ".", "-"]
            try:
                done = subprocess.run(command, input=f'#include "{block.header}"\n', cwd=directory, capture_output=True, text=True, check=False)
            except OSError as error:
                raise Failure(f"{command[0]}: {error.strerror}; set CXX to a C++ compiler") from error
            if done.returncode != 0:
                errors = [line for line in done.stderr.splitlines() if "error" in line]
                raise Failure(f"{block.name}: models/{block.header} cannot be preprocessed: {' '.join(errors[:1])}")
        sources = set()
        tokens = []
        for line in done.stdout.splitlines():
            if line.startswith("#"):
                marker = re.match(r'# \d+ "([^"<]+)"', line)
                if marker and not marker[1].startswith("/"):
                    sources.add("models/" + os.path.normpath(marker[1]))
            else:
                tokens += [match[0] for match in _TOKEN.finditer(line)]
        return sorted(sources), tokens

    def problems(self, block):
        """What is wrong with a block's generated file; nothing where it is fresh."""
        verilog, manifest_path = self.verilog(block), self.manifest(block)
        again = f"run scripts/regenerate {block.name}"
        for path in (verilog, manifest_path):
            if not path.is_file():
                return [f"{block.name}: {path.relative_to(self.root)} is missing; {again}"]
        manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
        found = []
        if manifest["block"] != block.name or manifest["parameters"] != block.type:
            found.append(f"{block.name}: blocks.json says {block.type}, generated was {manifest['parameters']}; {again}")
        sources, tokens = self.sources_and_tokens(block)
        if manifest["source_tokens_sha256"] != hash_of_tokens(tokens):
            found.append(f"{block.name}: {', '.join(sources)} changed in meaning since the RTL was generated; {again}")
        if manifest["generated_sha256"] != hash_of_file(verilog):
            found.append(f"{block.name}: {verilog.relative_to(self.root)} is not what was generated; {again}")
        return found

    def strangers(self, blocks):
        """Files among the generated ones that belong to no block."""
        known = {path for block in blocks for path in (self.verilog(block), self.manifest(block))}
        return [f"{path.relative_to(self.root)} belongs to no block of blocks.json; remove it"
                for path in sorted(self.generated.iterdir()) if path not in known]


def select(blocks, names):
    """The blocks of these names, or all where none is given."""
    unknown = [name for name in names if name not in {block.name for block in blocks}]
    if unknown:
        raise Failure(f"no block {unknown[0]}; blocks.json has {', '.join(block.name for block in blocks)}")
    return [block for block in blocks if not names or block.name in names]


def hash_of_tokens(tokens):
    return hashlib.sha256("\n".join(tokens).encode()).hexdigest()


def hash_of_file(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
