#!/usr/bin/python3
"""Tests of decrypt_dump.py: the worked example of docs/formats.md, dumps under every scheme, planted faults, and damaged layouts."""

import contextlib
import copy
import hashlib
import hmac
import io
import itertools
import json
import os
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile
import unittest

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True
import decrypt_dump  # noqa: E402

FORMATS = (HERE.parents[1] / "docs" / "formats.md").read_text(encoding="utf-8")


def blocks_of_page(language):
    return re.findall(rf"^```{language}\n(.*?)^```", FORMATS, re.MULTILINE | re.DOTALL)


def sum_of_pages(pages):
    """The SHA-256 that decrypt_dump.py gives, from {GPN: 4096 bytes}."""
    total = hashlib.sha256()
    for gpn, page in sorted(pages.items()):
        if any(page):
            total.update(struct.pack("<Q", gpn) + page)
    return total.hexdigest()


class Image:
    """Machine memory that a dump is written from: {frame: bytearray}, and the layout."""

    def __init__(self, layout):
        self.layout = layout
        self.frames = {}

    def write(self, address, content):
        for at, byte in enumerate(content, address):
            self.frames.setdefault(at // 4096, bytearray(4096))[at % 4096] = byte

    def flip(self, address, bit=0):
        self.frames.setdefault(address // 4096, bytearray(4096))[address % 4096] ^= 1 << bit

    def save(self, directory):
        layout = dict(self.layout)
        layout.setdefault("frames", [[frame, 1] for frame in sorted(self.frames)])
        listed = [frame for first, count in layout["frames"] for frame in range(first, first + count)]
        with open(os.path.join(directory, "dram.bin"), "wb") as file:
            for frame in listed:
                file.write(self.frames.get(frame, bytes(4096)))
        with open(os.path.join(directory, "layout.json"), "w", encoding="utf-8") as file:
            json.dump(layout, file)

    def check(self):
        """(results by VMID, mismatches)."""
        with tempfile.TemporaryDirectory() as directory:
            self.save(directory)
            dump = decrypt_dump.Dump(directory)
            checkers = [decrypt_dump.Checker(dump, domain).run() for domain in dump.domains]
        results = {checker.domain.vmid: checker.result() for checker in checkers}
        return results, [mismatch for checker in checkers for mismatch in checker.mismatches]


def worked_example():
    image = Image(json.loads(blocks_of_page("json")[0]))
    for line in blocks_of_page("memory")[0].splitlines():
        address, content = line.split()
        image.write(int(address, 16), bytes.fromhex(content))
    return image


def run_script(directory, *options):
    command = [sys.executable, str(HERE / "decrypt_dump.py"), str(directory), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


EXAMPLE_PAGE = bytes(128) + bytes(range(64)) + bytes(4096 - 192)


class WorkedExample(unittest.TestCase):
    def run_on(self, image, *options):
        with tempfile.TemporaryDirectory() as directory:
            image.save(directory)
            return run_script(directory, *options)

    def test_keys_are_derived_as_listed(self):
        table = dict(re.findall(r"^\| (\w+) \| ([0-9a-f]{16,}) \|$", FORMATS, re.MULTILINE))
        key, fleet_id = bytes(range(16)), bytes(range(1, 9))
        for name, label in (("K_data", b"coffer data"), ("K_mac", b"coffer mac"), ("K_node", b"coffer node"), ("identity", b"coffer id")):
            self.assertEqual(decrypt_dump.derive(key, label, fleet_id).hex(), table[name], name)
        k_mem = decrypt_dump.derive(bytes(range(16, 32)), b"coffer mem", struct.pack("<Q", 0x0001000000000001))
        self.assertEqual(k_mem.hex(), table["K_mem"])

    def test_sealed_vector_opens(self):
        blob = bytes.fromhex("".join(blocks_of_page("vm_vector")[0].split()))
        k_seal = bytes.fromhex(re.search(r"^\| K_seal \| (\w+) \|$", FORMATS, re.MULTILINE).group(1))
        plain = AESGCM(k_seal).decrypt(blob[16:28], blob[28:], b"CVV1")
        self.assertEqual((len(blob), blob[:8], len(plain)), (204, b"CVV1\0\0\0\xc4", 160))
        self.assertEqual(plain[:8].hex(), "0100011010000000")
        self.assertEqual(struct.unpack("<QQQQ", plain[24:56]), (3, 5, 0x1000, 2))
        self.assertEqual(plain[56:72].hex(), worked_example().layout["vms"][1]["root"])

    def test_log_registers(self):
        registers = re.findall(r"\b[0-9a-f]{64}\b", FORMATS.split("The log register of a new chip:")[1])
        identity, chain, entry_hash, root = b"\xaa" * 16, bytes(32), b"\x11" * 32, b"\x51" * 32
        self.assertEqual(hashlib.sha256(bytes(40)).hexdigest(), registers[0])
        chain = hashlib.sha256(chain + b"\1" + identity + bytes(8) + root).digest()
        entry = identity + bytes(8) + entry_hash + b"\1" + bytes(7) + struct.pack("<Q", 1)
        self.assertEqual(hashlib.sha256(struct.pack("<Q", 1) + chain + entry).hexdigest(), registers[1])

    def test_it_verifies(self):
        done = self.run_on(worked_example(), "--json")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        chip, vm = json.loads(done.stdout)["vms"]
        self.assertEqual((chip["vmid"], chip["nodes_verified"], chip["pages_used"]), (1, 0, 0))
        self.assertEqual((vm["vmid"], vm["nodes_verified"], vm["pages_used"], vm["lines_verified"], vm["lines_unwritten"]), (2, 2, 1, 1, 63))
        self.assertEqual(vm["sha256"], sum_of_pages({4: EXAMPLE_PAGE}))

    def test_summary_is_aligned(self):
        done = self.run_on(worked_example())
        self.assertEqual(done.returncode, 0)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[-1], "everything matches")
        self.assertEqual(len({line.rindex("  ") for line in lines[1:4]}), 1, "the sums start in one column")

    def test_every_flip_of_a_bit_that_counts_is_found(self):
        faults = [
            (0x3080, "data tag", 4, 0x3080), (0x30BF, "data tag", 4, 0x3080),
            (0x12C20, "data tag", 4, 0x3080), (0x12C2F, "data tag", 4, 0x3080),
            (0x110C0, "counter block", 4, 0x110C0), (0x110C9, "counter block", 4, 0x110C0), (0x110FF, "counter block", 4, 0x110C0),
            (0x30040, "tree node", 4, 0x30040), (0x3007F, "tree node", 4, 0x30040),
            (0x30080, "tree node", 0, 0x30080), (0x30090, "tree node", 0, 0x30080), (0x300BF, "tree node", 0, 0x30080),
        ]  # fmt: skip
        for (address, check, gpn, hpa), bit in itertools.product(faults, range(8)):
            image = worked_example()
            image.flip(address, bit)
            results, mismatches = image.check()
            self.assertEqual([(m["check"], m["vmid"], m["gpn"], m["hpa"]) for m in mismatches], [(check, 2, gpn, hpa)])
            self.assertIsNone(results[2]["sha256"])

    def test_a_changed_root_is_found(self):
        image = worked_example()
        image.layout["vms"][1]["root"] = "97ddf18b88f17ade73d004f819fc5125"
        done = self.run_on(image)
        self.assertEqual(done.returncode, 3)
        self.assertIn("mismatch: check=tree node vmid=2 gpn=0 hpa=0x30080 level=2 index=0", done.stdout)

    def test_another_key_or_place_is_found(self):
        image = worked_example()
        image.layout["vms"][1]["key"] = "000102030405060708090a0b0c0d0e0e"
        self.assertEqual(self.run_on(image).returncode, 3)
        image = worked_example()
        image.layout["vms"][1]["map"] = [[4, 0x4000, 1]]
        self.assertEqual([m["check"] for m in image.check()[1]], ["counter block"])
        image.layout["vms"][1]["map"] = [[3, 0x3000, 1]]
        self.assertEqual([m["check"] for m in image.check()[1]], ["page in the tree that is not listed"])

    def test_what_does_not_count_changes_nothing(self):
        for address in (0x3000, 0x30C0, 0x3FFF, 0x12C10, 0x12C30, 0x30000, 0x11000):
            image = worked_example()
            image.flip(address)
            results, mismatches = image.check()
            self.assertEqual(mismatches, [], hex(address))
            self.assertEqual(results[2]["sha256"], sum_of_pages({4: EXAMPLE_PAGE}), hex(address))

    def test_swapped_and_lost_pages(self):
        image = worked_example()
        image.layout["vms"][1].update(map=[], swapped=[[4, 1]])
        results, mismatches = image.check()
        self.assertEqual((mismatches, results[2]["pages_used"]), ([], 0))
        image.layout["vms"][1].update(swapped=[], shared=[[4, 0x3000, 1]])
        self.assertEqual([m["check"] for m in image.check()[1]], ["shared page with a leaf"])


def cmac(key, message):
    mac = CMAC(AES(key))
    mac.update(message)
    return mac.finalize()


class Builder:
    """Encrypts a VM as the page says, by other means than decrypt_dump.py where there are any: GCM as a whole, trees from below."""

    def __init__(self, vmid, key, scheme, pages, tree_base):
        self.vmid, self.key, self.scheme, self.pages, self.tree_base = vmid, key, scheme, pages, tree_base
        self.data, self.mac, self.node = (self.derive(label) for label in ("data", "mac", "node"))
        self.leaves = {}
        self.map = []
        self.plain = {}

    def derive(self, label):
        return cmac(self.key, b"\0\0\0\1coffer " + label.encode() + b"\0" + bytes(range(1, 9)) + b"\0\0\0\x80")

    def compute(self, name, key, message):
        if name == "cmac":
            return cmac(key, message)
        return hmac.new(key, message, {"hmac-sha1": hashlib.sha1, "hmac-sha256": hashlib.sha256}[name]).digest()

    def add_page(self, image, gpn, hpa, lpid, lines):
        """`lines`: {line: (minor, 64 bytes)}."""
        field = 0
        page = bytearray(4096)
        for line, (minor, plain) in lines.items():
            page[64 * line : 64 * line + 64] = plain
            field |= minor << 7 * line
            iv = struct.pack("<QI", lpid, minor + 128 * line)
            additional = struct.pack("<QQ", gpn, 0)
            box = AESGCM(self.data).encrypt(iv, plain, additional)
            tag = box[64:] if self.scheme["data_mac"] == "gcm" else self.compute(self.scheme["data_mac"], self.mac, box[:64] + iv + additional)
            address = hpa + 64 * line
            image.write(address, box[:64])
            if self.scheme["integrity"] != "none":
                size = self.scheme["tag_bytes"]
                image.write(image.layout["tag_base"] + size * (address // 64), tag[:size])
        block = struct.pack("<Q", lpid) + field.to_bytes(56, "little")
        image.write(image.layout["counter_base"] + 64 * (hpa // 4096), block)
        self.leaves[gpn] = self.node_tag(0, gpn, block)
        self.map.append([gpn, hpa, 1])
        self.plain[gpn] = bytes(page)

    def node_tag(self, level, index, block):
        size = self.scheme["node_tag_bytes"]
        return self.compute(self.scheme["node_mac"], self.node, struct.pack("<QQ", level, index) + block)[:size]

    def finish(self, image):
        """Writes the tree; gives the object for `vms`."""
        size = self.scheme["node_tag_bytes"]
        arity = 64 // size
        root = bytes(size)
        if self.scheme["integrity"] == "bmt" and self.leaves:
            tags, count, address, level = self.leaves, self.pages, self.tree_base, 0
            while level == 0 or count > 1:
                level += 1
                count = -(-count // arity)
                parents = {}
                for index in {child // arity for child in tags}:
                    node = b"".join(tags.get(arity * index + slot, bytes(size)) for slot in range(arity))
                    image.write(address + 64 * index, node)
                    parents[index] = self.node_tag(level, index, node)
                tags = parents
                address += 64 * count
            root = tags[0]
        width = 32 if size == 32 else 16
        return {"vmid": self.vmid, "key": self.key.hex(), "pages": self.pages, "tree_base": self.tree_base, "root": root.ljust(width, b"\0").hex(),
                "lpid_floor": "0x0001000000000001", "map": self.map, "shared": [], "swapped": []}  # fmt: skip


DATA_BYTES, CHIP_BYTES = 0x40000, 0x2000
COUNTER_BASE, TAG_BASE, TREE_BASE = 0x42000, 0x44000, 0x80000


def built_dump(scheme):
    """Two guests and the chip under one scheme: (image, {VMID: plain pages})."""
    rng = random.Random(repr(scheme))
    image = Image({"format": "coffer-dump-1", "configuration": "hypercoffer", **scheme, "fleet_id": "0102030405060708", "gpc": "0x0001000000001000",
                   "memory_bytes": 0x100000, "data_bytes": DATA_BYTES, "chip_base": DATA_BYTES, "chip_bytes": CHIP_BYTES,
                   "counter_base": COUNTER_BASE, "tag_base": TAG_BASE})  # fmt: skip
    builders = [
        Builder(1, rng.randbytes(16), scheme, 2, TREE_BASE),
        Builder(2, rng.randbytes(16), scheme, 37, TREE_BASE + 0x1000),
        Builder(3, rng.randbytes(16), scheme, 5, TREE_BASE + 0x4000),
    ]
    places = {1: [(1, DATA_BYTES + 0x1000)], 2: [(0, 0x3000), (17, 0x1000), (36, 0x5000)], 3: [(4, 0x2000)]}
    lpid = 0x0001000000000001
    for builder in builders:
        for gpn, hpa in places[builder.vmid]:
            lines = {line: (rng.randint(1, 127), rng.randbytes(64)) for line in rng.sample(range(64), 3)}
            builder.add_page(image, gpn, hpa, lpid, lines)
            lpid += 1
    image.layout["vms"] = [builder.finish(image) for builder in builders]
    return image, {builder.vmid: builder.plain for builder in builders}


def schemes():
    sizes = {"gcm": (4, 8, 16), "cmac": (4, 8, 16), "hmac-sha1": (4, 8, 16), "hmac-sha256": (4, 8, 16, 32)}
    data = [(mac, size) for mac, choices in sizes.items() for size in choices]
    node = [pair for pair in data if pair[0] != "gcm"]
    for integrity, (data_mac, tag_bytes), (node_mac, node_tag_bytes) in itertools.product(("none", "mac", "bmt"), data, node):
        yield {"integrity": integrity, "data_mac": data_mac, "node_mac": node_mac, "tag_bytes": tag_bytes, "node_tag_bytes": node_tag_bytes}


class EveryScheme(unittest.TestCase):
    def test_everything_is_decrypted_and_verified(self):
        for scheme in schemes():
            image, plain = built_dump(scheme)
            results, mismatches = image.check()
            self.assertEqual(mismatches, [], scheme)
            for vmid, pages in plain.items():
                self.assertEqual(results[vmid]["sha256"], sum_of_pages(pages), scheme)
                self.assertEqual(results[vmid]["lines_verified"], 0 if scheme["integrity"] == "none" else 3 * len(pages), scheme)

    def test_every_planted_fault_is_found_where_the_scheme_can(self):
        for scheme in schemes():
            image, _ = built_dump(scheme)
            vm = image.layout["vms"][1]
            gpn, hpa, _ = vm["map"][1]
            line = next(line for line in range(64) if any(image.frames[hpa // 4096][64 * line : 64 * line + 64]))
            address = hpa + 64 * line
            counter = COUNTER_BASE + 64 * (hpa // 4096)
            leaf_node = vm["tree_base"] + 64 * (gpn * scheme["node_tag_bytes"] // 64)
            with_tags, with_tree = scheme["integrity"] != "none", scheme["integrity"] == "bmt"
            faults = [(address, "data tag", address, with_tags), (TAG_BASE + scheme["tag_bytes"] * (address // 64), "data tag", address, with_tags),
                      (counter, "counter block", counter, with_tree), (leaf_node, "tree node", leaf_node, with_tree)]  # fmt: skip
            for at, check, place, found in faults:
                tampered = Image(image.layout)
                tampered.frames = copy.deepcopy(image.frames)
                tampered.flip(at, 5)
                mismatches = [(m["vmid"], m["check"], m["hpa"]) for m in tampered.check()[1]]
                if found:
                    self.assertEqual(mismatches, [(2, check, place)], scheme)
                elif check == "counter block" and with_tags:
                    # Without a tree it is the data tags of the page that a changed LPID fails.
                    self.assertEqual({(vmid, name) for vmid, name, _ in mismatches}, {(2, "data tag")}, scheme)
                else:
                    self.assertEqual(mismatches, [], scheme)
            tampered = Image(copy.deepcopy(image.layout))
            tampered.frames = image.frames
            root = bytearray.fromhex(vm["root"])
            root[0] ^= 0x20
            tampered.layout["vms"][1]["root"] = root.hex()
            self.assertEqual([m["check"] for m in tampered.check()[1]], ["tree node"] if with_tree else [], scheme)

    def test_reserved_tags_are_avoided(self):
        dump = type("", (), {"node_mac": "cmac", "node_tag_bytes": 4, "fleet_id": bytes(8)})()
        nodes = decrypt_dump.NodeMac(dump, bytes(16))
        for mac, tag in ((bytes(16), 2), (b"\1" + bytes(15), 3), (b"\2" + bytes(15), 2), (bytes(4) + b"\1" * 12, 2)):
            nodes.mac = lambda message, mac=mac: mac
            self.assertEqual(nodes.tag(1, 0, b"\1" * 64), tag)
            self.assertEqual(nodes.tag(0, 0, bytes(64)), tag)
        self.assertEqual(nodes.tag(1, 0, bytes(64)), 0)

    def test_lost_leaves_are_no_mismatch_and_hold_nothing(self):
        scheme = next(s for s in schemes() if s["integrity"] == "bmt" and s["node_mac"] == "cmac" and s["node_tag_bytes"] == 16)
        image = Image({k: v for k, v in built_dump(scheme)[0].layout.items() if k != "vms"})
        builder = Builder(2, bytes(16), scheme, 5, TREE_BASE)
        builder.add_page(image, 1, 0x1000, 1, {0: (1, bytes(range(64)))})
        builder.leaves[3] = b"\1" + bytes(15)
        image.layout["vms"] = [builder.finish(image)]
        results, mismatches = image.check()
        self.assertEqual((mismatches, results[2]["pages_lost"], results[2]["pages_used"]), ([], 1, 1))

    def test_tag_of_a_child_that_does_not_exist(self):
        scheme = next(s for s in schemes() if s["integrity"] == "bmt" and s["node_mac"] == "cmac" and s["node_tag_bytes"] == 16)
        image = Image({k: v for k, v in built_dump(scheme)[0].layout.items() if k != "vms"})
        builder = Builder(2, bytes(16), scheme, 5, TREE_BASE)
        builder.leaves[5] = b"\7" * 16
        image.layout["vms"] = [builder.finish(image)]
        self.assertEqual([m["check"] for m in image.check()[1]], ["tag of a child that does not exist"])


class Plain(unittest.TestCase):
    def test_configuration_none_is_read_as_it_is(self):
        layout = worked_example().layout
        vm = {**layout["vms"][1], "key": "00" * 16, "root": "00" * 16, "tree_base": 0, "map": [[0, 0x2000, 3]]}
        image = Image({**layout, "configuration": "none", "vms": [vm], "counter_base": 0, "tag_base": 0})
        del image.layout["frames"]
        image.write(0x3010, b"plain")
        results, mismatches = image.check()
        self.assertEqual(mismatches, [])
        self.assertEqual(results[2]["sha256"], sum_of_pages({1: bytes(16) + b"plain" + bytes(4096 - 21)}))

    def test_shared_pages_are_read_as_they_are(self):
        image = worked_example()
        image.layout["vms"][1]["shared"] = [[0, 0x4000, 1]]
        image.layout["frames"] = [[3, 2], [17, 2], [48, 1]]
        image.write(0x4000, b"plain")
        results, mismatches = image.check()
        self.assertEqual(mismatches, [])
        self.assertEqual(results[2]["sha256"], sum_of_pages({0: b"plain" + bytes(4091), 4: EXAMPLE_PAGE}))


class LargeSizes(unittest.TestCase):
    def test_cost_follows_the_frames_and_not_the_sizes(self):
        terabyte = 1 << 40
        for integrity in ("none", "mac", "bmt"):
            scheme = {"integrity": integrity, "data_mac": "gcm", "node_mac": "cmac", "tag_bytes": 16, "node_tag_bytes": 16}
            image, _ = built_dump(scheme)
            counter_base, tag_base, tree_base = terabyte, 2 * terabyte, 3 * terabyte
            image = Image({**image.layout, "memory_bytes": 4 * terabyte, "data_bytes": terabyte, "chip_base": terabyte, "chip_bytes": 0,
                           "counter_base": counter_base, "tag_base": tag_base})  # fmt: skip
            builder = Builder(2, bytes(16), scheme, terabyte // 4096, tree_base)
            builder.add_page(image, 123456789, 123456789 * 4096, 7, {5: (9, bytes(range(64)))})
            image.layout["vms"] = [{**builder.finish(image), "map": [[0, 0, terabyte // 4096]]}]
            results, mismatches = image.check()
            self.assertEqual(mismatches, [])
            self.assertEqual(results[2]["sha256"], sum_of_pages(builder.plain))


class Form(unittest.TestCase):
    def message(self, change):
        image = worked_example()
        with tempfile.TemporaryDirectory() as directory:
            image.save(directory)
            change(pathlib.Path(directory))
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), self.assertRaises(SystemExit) as stopped:
                decrypt_dump.main([directory])
        self.assertEqual((stopped.exception.code, out.getvalue(), err.getvalue().count("\n")), (2, "", 1), err.getvalue())
        return err.getvalue()

    def message_with(self, **values):
        def change(directory):
            layout = json.loads((directory / "layout.json").read_text())
            for key, value in values.items():
                target = layout["vms"][1] if key in layout["vms"][1] else layout
                if value is None:
                    del target[key]
                else:
                    target[key] = value
            (directory / "layout.json").write_text(json.dumps(layout))

        return self.message(change)

    def test_every_key_is_required(self):
        layout = worked_example().layout
        for key in [*layout, *layout["vms"][1]]:
            self.assertIn(f"the key {key} is missing", self.message_with(**{key: None}))

    def test_values_are_checked(self):
        for key, value, message in [
            ("format", "coffer-dump-2", "format: is none of coffer-dump-1"),
            ("configuration", "other", "configuration: is none of none, hsvm, hypercoffer, combined"),
            ("integrity", True, "integrity: is none of"),
            ("node_mac", "gcm", "node_mac: is none of cmac"),
            ("tag_bytes", 12, "tag_bytes: is none of 4, 8, 16, 32"),
            ("tag_bytes", 32, "tag_bytes: is more than the 16 bytes that gcm gives"),
            ("node_tag_bytes", True, "node_tag_bytes: is not an integer"),
            ("fleet_id", "01", "fleet_id: is not a string of 16 hexadecimal digits"),
            ("gpc", "0001000000000006", 'gpc: is not "0x" and 16'),
            ("memory_bytes", 4097, "memory_bytes: is not a multiple of 4096"),
            ("memory_bytes", 1.5, "memory_bytes: is not an integer"),
            ("memory_bytes", 1 << 64, "memory_bytes: is not within"),
            ("memory_bytes", 4096, "memory_bytes: data frames and chip region do not fit"),
            ("chip_base", 0, "chip_base: is not data_bytes"),
            ("counter_base", 4096, "counter_base: counter blocks overlap"),
            ("tag_base", 69632, "tag_base: tags overlap"),
            ("tag_base", 258048, "tag_base: tags do not fit"),
            ("frames", [[17, 2], [3, 1], [48, 1]], "frames[1]: is not above"),
            ("frames", [[3, 1], [17, 2], [64, 1]], "frames[2]: is beyond memory_bytes"),
            ("frames", [[3, 1], [17, 2]], "dram.bin: has 16384 bytes"),
            ("frames", [[3, 1, 1]], "frames[0]: is not a list of 2 integers"),
            ("frames", [[3, 0]], "frames[0]: has count 0"),
            ("vms", {}, "vms: is not a list"),
            ("vms", [1], "vms[0]: is not an object"),
            ("vmid", 0, "vms[1]: vmid: is not within 1 to 65535"),
            ("vmid", 1, "map: the machine address 12288 is no place for these pages"),
            ("key", "zz" * 16, "key: is not a string of 32"),
            ("pages", 0, "pages: is not within"),
            ("pages", 4, "GPN 4 is beyond pages"),
            ("tree_base", 4096, "tree_base: the tree does not lie"),
            ("tree_base", 262144, "tree_base: the tree does not lie"),
            ("root", "00" * 32, "root: is not a string of 32"),
            ("map", [[4, 12289, 1]], "map: the machine address 12289 is not a multiple"),
            ("map", [[4, 65536, 1]], "map: the machine address 65536 is no place"),
            ("map", [[0, 61440, 2]], "map: the machine address 61440 is no place"),
            ("map", [[3, 12288, 2], [4, 0, 1]], "GPN 4 is listed twice"),
            ("swapped", [[4, 1]], "GPN 4 is listed twice"),
        ]:  # fmt: skip
            self.assertIn(message, self.message_with(**{key: value}), (key, value))

    def test_plain_memory_has_no_keys(self):
        self.assertIn("key and root are not zero", self.message_with(configuration="none"))

    def test_files_are_checked(self):
        self.assertIn("No such file", self.message(lambda directory: (directory / "layout.json").unlink()))
        self.assertIn("No such file", self.message(lambda directory: (directory / "dram.bin").unlink()))
        for text, message in [("{", "line 1, column 2"), ("[]", "is not an object"), ('{"a": 1, "a": 1}', "the key 'a' is there twice"),
                              ("[" * 100000, "nested too deeply"), ("9" * 10000, "too many digits")]:  # fmt: skip
            self.assertIn(message, self.message(lambda directory, text=text: (directory / "layout.json").write_text(text)))
        self.assertIn("is not UTF-8", self.message(lambda directory: (directory / "layout.json").write_bytes(b'{"\xff"')))
        self.assertIn("dram.bin: has 16383 bytes", self.message(lambda directory: os.truncate(directory / "dram.bin", 16383)))

    def test_wrong_use_is_one_line(self):
        done = subprocess.run([sys.executable, str(HERE / "decrypt_dump.py")], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1))

    def test_no_layout_breaks_the_program(self):
        rng = random.Random(7)
        numbers = [None, True, -1, 0, 1, 3, 4096, 1 << 40, 1 << 63, 1 << 70, 0.5]
        values = [*numbers, "", "0x", "00" * 16, "bmt", "mac", "none", [], [[]], [[0, 0, 1]], [[1, 1 << 60]], {}]
        outcomes = {"refused": 0, "read": 0}
        for _ in range(1500):
            image = worked_example()
            for _ in range(rng.choice((1, 1, 2))):
                target = rng.choice([image.layout, *image.layout["vms"]]) if isinstance(image.layout.get("vms"), list) else image.layout
                if isinstance(target, dict) and target:
                    target[rng.choice(list(target))] = copy.deepcopy(rng.choice(values))
            with tempfile.TemporaryDirectory() as directory:
                worked_example().save(directory)
                pathlib.Path(directory, "layout.json").write_text(json.dumps(image.layout), encoding="utf-8")
                try:
                    dump = decrypt_dump.Dump(directory)
                    for domain in dump.domains:
                        decrypt_dump.Checker(dump, domain).run()
                    outcomes["read"] += 1
                except decrypt_dump.DumpError:
                    outcomes["refused"] += 1
        self.assertGreater(min(outcomes.values()), 20, outcomes)


if __name__ == "__main__":
    unittest.main()
