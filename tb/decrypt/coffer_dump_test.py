#!/usr/bin/python3
"""Dumps of the coffer program (its path in COFFER_PROGRAM), decrypted and verified by decrypt_dump.py."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
import decrypt_dump  # noqa: E402

LINE, PAGE = decrypt_dump.LINE, decrypt_dump.PAGE


def check(directory):
    """(dump, results by VMID, mismatches)."""
    dump = decrypt_dump.Dump(directory)
    checkers = [decrypt_dump.Checker(dump, domain).run() for domain in dump.domains]
    results = {checker.domain.vmid: checker.result() for checker in checkers}
    return dump, results, [mismatch for checker in checkers for mismatch in checker.mismatches]


class TwoTenants(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.protected = cls.make("protected")
        # Memory as the same programs leave it without protection: what every other dump must decrypt to.
        _, plain, _ = check(cls.make("plain", "configuration=none"))
        cls.sums = {vmid: result["sha256"] for vmid, result in plain.items()}

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    @classmethod
    def make(cls, name, *settings):
        directory = os.path.join(cls.scratch.name, name)
        options = [option for setting in settings for option in ("--set", setting)]
        subprocess.run([os.environ["COFFER_PROGRAM"], "dump", "two_tenants", *options, "--out", directory], check=True, capture_output=True)
        return directory

    def expect_same_memory(self, directory):
        _, results, mismatches = check(directory)
        self.assertEqual(mismatches, [])
        self.assertEqual({vmid: results[vmid]["sha256"] for vmid in self.sums}, self.sums)
        return results

    def test_everything_verifies_and_is_what_the_programs_wrote(self):
        results = self.expect_same_memory(self.protected)
        self.assertEqual(sorted(results), [1, 2, 3])
        self.assertEqual(len(set(self.sums.values())), 2)
        for vmid in self.sums:
            self.assertGreater(results[vmid]["lines_verified"], 10000)
            self.assertGreater(results[vmid]["nodes_verified"], 100)

    def test_as_a_program(self):
        script = str(pathlib.Path(decrypt_dump.__file__).resolve())
        done = subprocess.run([sys.executable, script, self.protected], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout.splitlines()[-1]), (0, "everything matches"), done.stderr)

    def test_other_schemes_hold_the_same_memory(self):
        for scheme in (
            {"data_mac": "hmac-sha256", "tag_bytes": 32, "node_mac": "hmac-sha256", "node_tag_bytes": 32},
            {"data_mac": "hmac-sha1", "tag_bytes": 8, "node_mac": "hmac-sha1", "node_tag_bytes": 4},
            {"data_mac": "cmac", "tag_bytes": 4, "node_tag_bytes": 8},
            {"integrity": "mac"},
            {"integrity": "none"},
        ):
            with self.subTest(scheme):
                name = "-".join(str(value) for value in scheme.values())
                self.expect_same_memory(self.make(name, *(f"protection.{key}={value}" for key, value in scheme.items())))

    def test_nested_paging_holds_the_same_memory(self):
        results = self.expect_same_memory(self.make("combined", "configuration=combined"))
        self.assertEqual(sorted(results), [1, 2, 3])
        self.assertGreater(results[1]["lines_verified"], 1000)
        results = self.expect_same_memory(self.make("hsvm", "configuration=hsvm"))
        self.assertEqual(sorted(results), [2, 3])

    def test_entries_that_left_the_registers_verify_too(self):
        results = self.expect_same_memory(self.make("spilled", "vm_table.slots=2"))
        self.assertGreater(results[1]["lines_verified"], 0)

    def test_planted_faults_are_found(self):
        dump, _, _ = check(self.protected)
        for domain in dump.domains:
            if domain.vmid == decrypt_dump.CHIP_VMID:
                continue
            gpn, hpa, _ = domain.map[len(domain.map) // 2]
            counter = dump.counter_base + LINE * (hpa // PAGE)
            field = int.from_bytes(dump.memory.read(counter, LINE)[8:], "little")
            line = next(line for line in range(decrypt_dump.LINES_PER_PAGE) if field >> 7 * line & 127)
            address = hpa + LINE * line
            leaf_node = domain.tree_base + LINE * (gpn // dump.arity)
            top_node = domain.tree_base + LINE * (sum(domain.geometry) - 1)
            for place, found, at in (
                (address, "data tag", address),
                (dump.tag_base + dump.tag_bytes * (address // LINE), "data tag", address),
                (counter, "counter block", counter),
                (leaf_node, "tree node", leaf_node),
                (top_node, "tree node", top_node),
            ):
                with self.subTest(vmid=domain.vmid, place=place):
                    self.assertEqual(self.mismatches_after_flip(dump, place), [(domain.vmid, found, at)])

    def mismatches_after_flip(self, dump, address):
        offset = dump.memory.offset(address)
        with tempfile.TemporaryDirectory() as directory:
            for name in ("layout.json", "dram.bin"):
                shutil.copy(os.path.join(self.protected, name), directory)
            with open(os.path.join(directory, "dram.bin"), "r+b") as file:
                file.seek(offset)
                byte = file.read(1)[0]
                file.seek(offset)
                file.write(bytes([byte ^ 0x10]))
            return [(m["vmid"], m["check"], m["hpa"]) for m in check(directory)[2]]


if __name__ == "__main__":
    unittest.main()
