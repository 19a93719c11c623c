#!/usr/bin/python3
"""Decrypts and verifies a dump of protected memory: a directory with dram.bin and layout.json.

Written from docs/formats.md alone, with python3-cryptography and the standard library; it shares no code with Coffer.

The SHA-256 of a VM's memory is taken over its pages that are not all zeros, in ascending order of GPN: for each the GPN in 8
bytes, little-endian, then the page's 4096 bytes of plaintext. A VM with a mismatch has no such sum.

Exit status: 0 everything matches, 2 the dump cannot be read or is not well formed, 3 a check failed.
"""

import argparse
import bisect
import hashlib
import hmac
import json
import mmap
import os
import re
import struct
import sys

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.cmac import CMAC

PAGE = 4096
LINE = 64
LINES_PER_PAGE = PAGE // LINE
LIMIT = 1 << 64
EMPTY, LOST = 0, 1
CHIP_VMID = 1
MAC_BYTES = {"gcm": 16, "cmac": 16, "hmac-sha1": 20, "hmac-sha256": 32}
ZERO_PAGE = bytes(PAGE)


class DumpError(Exception):
    """The dump cannot be read or is not well formed. The text is one line."""


# ---------------------------------------------------------------------------------------------------------------------------
# Form


def expect(condition, where, what):
    if not condition:
        raise DumpError(f"{where}: {what}")


class Fields:
    """A JSON object whose values are taken one by one, with their place for messages."""

    def __init__(self, value, where):
        expect(isinstance(value, dict), where, "is not an object")
        self.value = value
        self.where = where

    def place(self, key):
        return f"{self.where}: {key}"

    def take(self, key):
        expect(key in self.value, self.where, f"the key {key} is missing")
        return self.value[key]

    def integer(self, key, low=0, high=LIMIT - 1):
        return integer(self.take(key), self.place(key), low, high)

    def address(self, key):
        value = self.integer(key)
        expect(value % PAGE == 0, self.place(key), "is not a multiple of 4096")
        return value

    def choice(self, key, accepted):
        value = self.take(key)
        expect(isinstance(value, str) and value in accepted, self.place(key), f"is none of {', '.join(accepted)}")
        return value

    def tag_size(self, key, mac):
        value = self.integer(key)
        expect(value in (4, 8, 16, 32), self.place(key), "is none of 4, 8, 16, 32")
        expect(value <= MAC_BYTES[mac], self.place(key), f"is more than the {MAC_BYTES[mac]} bytes that {mac} gives")
        return value

    def hexadecimal(self, key, size):
        value = self.take(key)
        matches = isinstance(value, str) and re.fullmatch(f"[0-9a-fA-F]{{{2 * size}}}", value)
        expect(matches, self.place(key), f"is not a string of {2 * size} hexadecimal digits")
        return bytes.fromhex(value)

    def number64(self, key):
        value = self.take(key)
        matches = isinstance(value, str) and re.fullmatch("0x[0-9a-fA-F]{16}", value)
        expect(matches, self.place(key), 'is not "0x" and 16 hexadecimal digits')
        return int(value, 16)

    def rows(self, key, width):
        value = self.take(key)
        expect(isinstance(value, list), self.place(key), "is not a list")
        for number, row in enumerate(value):
            place = f"{self.place(key)}[{number}]"
            expect(isinstance(row, list) and len(row) == width, place, f"is not a list of {width} integers")
            for item in row:
                integer(item, place)
            expect(row[-1] > 0, place, "has count 0")
        return value


def integer(value, where, low=0, high=LIMIT - 1):
    expect(isinstance(value, int) and not isinstance(value, bool), where, "is not an integer")
    expect(low <= value <= high, where, f"is not within {low} to {high}")
    return value


def object_without_duplicates(pairs):
    result = {}
    for key, value in pairs:
        expect(key not in result, "layout.json", f"the key {key!r} is there twice")
        result[key] = value
    return result


def read_layout(path):
    try:
        with open(path, "rb") as file:
            text = file.read().decode("utf-8")
        return json.loads(text, object_pairs_hook=object_without_duplicates)
    except json.JSONDecodeError as error:
        raise DumpError(f"layout.json: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise DumpError("layout.json: is nested too deeply") from None
    except UnicodeDecodeError as error:
        raise DumpError(f"layout.json: byte {error.start}: is not UTF-8") from None
    except ValueError:
        raise DumpError("layout.json: an integer has too many digits") from None


class Memory:
    """Machine memory: the listed frames, and zeros."""

    def __init__(self, path, frames, memory_bytes):
        end = 0
        offset = 0
        self.firsts, self.ends, self.offsets = [], [], []
        for number, (first, count) in enumerate(frames):
            place = f"layout.json: frames[{number}]"
            expect(first >= end, place, "is not above the frames before it")
            end = first + count
            expect(end * PAGE <= memory_bytes, place, "is beyond memory_bytes")
            self.firsts.append(first)
            self.ends.append(end)
            self.offsets.append(offset)
            offset += count * PAGE
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            expect(size == offset, "dram.bin", f"has {size} bytes, but the frames in layout.json have {offset}")
            self.bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""

    def offset(self, address):
        """Where the byte lies in dram.bin, or None."""
        frame = address // PAGE
        run = bisect.bisect_right(self.firsts, frame) - 1
        if run < 0 or frame >= self.ends[run]:
            return None
        return self.offsets[run] + address - self.firsts[run] * PAGE

    def read(self, address, size):
        """`size` bytes that lie in one frame."""
        offset = self.offset(address)
        return bytes(size) if offset is None else self.bytes[offset : offset + size]

    def listed(self, first, end):
        """The parts of the frames first to end - 1 that are in the dump."""
        for run in range(bisect.bisect_right(self.ends, first), len(self.firsts)):
            if self.firsts[run] >= end:
                break
            yield max(first, self.firsts[run]), min(end, self.ends[run])


class Domain:
    """One object of `vms`."""

    def __init__(self, value, where, dump):
        fields = Fields(value, where)
        self.vmid = fields.integer("vmid", 1, 0xFFFF)
        self.key = fields.hexadecimal("key", 16)
        self.pages = fields.integer("pages", 1)
        self.tree_base = fields.address("tree_base")
        self.root = fields.hexadecimal("root", 32 if dump.node_tag_bytes == 32 else 16)
        fields.number64("lpid_floor")
        self.map = sorted(fields.rows("map", 3))
        self.shared = sorted(fields.rows("shared", 3))
        self.swapped = sorted(fields.rows("swapped", 2))
        self.check_lists(fields, dump)
        expect(not any(self.root[dump.node_tag_bytes :]), fields.place("root"), "is not zero behind the tag")
        if not dump.encrypted:
            expect(not any(self.key) and not any(self.root), where, "key and root are not zero, but nothing is encrypted")
        self.geometry = [0, -(-self.pages // dump.arity)]  # nodes of each level, from level 1
        while self.geometry[-1] > 1:
            self.geometry.append(-(-self.geometry[-1] // dump.arity))
        if dump.has_tree:
            end = self.tree_base + LINE * sum(self.geometry)
            inside = dump.tags_end <= self.tree_base and end <= dump.memory_bytes
            expect(inside, fields.place("tree_base"), "the tree does not lie between the tags and the end of memory")

    def check_lists(self, fields, dump):
        chip = self.vmid == CHIP_VMID
        low, high = (dump.chip_base, dump.chip_base + dump.chip_bytes) if chip else (0, dump.data_bytes)
        for key, rows in (("map", self.map), ("shared", self.shared)):
            for _, hpa, count in rows:
                expect(hpa % PAGE == 0, fields.place(key), f"the machine address {hpa} is not a multiple of 4096")
                expect(low <= hpa and hpa + count * PAGE <= high, fields.place(key), f"the machine address {hpa} is no place for these pages")
        if chip:
            in_place = all(hpa == dump.chip_base + gpn * PAGE for gpn, hpa, _ in self.map)
            expect(in_place, fields.place("map"), "GPN 0 of VMID 1 is not at chip_base, with the others behind it")
        end = 0
        for gpn, count in sorted((row[0], row[-1]) for row in self.map + self.shared + self.swapped):
            expect(gpn >= end, fields.where, f"GPN {gpn} is listed twice")
            end = gpn + count
        expect(end <= self.pages, fields.where, f"GPN {end - 1} is beyond pages")

    @staticmethod
    def find(rows, gpn):
        """The row that holds `gpn`, or None."""
        place = bisect.bisect_right(rows, [gpn, LIMIT, LIMIT]) - 1
        return rows[place] if place >= 0 and gpn < rows[place][0] + rows[place][-1] else None


class Dump:
    """A dump whose form was checked."""

    def __init__(self, directory):
        fields = Fields(read_layout(os.path.join(directory, "layout.json")), "layout.json")
        fields.choice("format", ["coffer-dump-1"])
        self.configuration = fields.choice("configuration", ["none", "hsvm", "hypercoffer", "combined"])
        self.integrity = fields.choice("integrity", ["none", "mac", "bmt"])
        self.data_mac = fields.choice("data_mac", list(MAC_BYTES))
        self.node_mac = fields.choice("node_mac", [mac for mac in MAC_BYTES if mac != "gcm"])
        self.tag_bytes = fields.tag_size("tag_bytes", self.data_mac)
        self.node_tag_bytes = fields.tag_size("node_tag_bytes", self.node_mac)
        self.fleet_id = fields.hexadecimal("fleet_id", 8)
        self.gpc = fields.number64("gpc")
        self.memory_bytes = fields.address("memory_bytes")
        self.data_bytes = fields.address("data_bytes")
        self.chip_base = fields.address("chip_base")
        self.chip_bytes = fields.address("chip_bytes")
        self.counter_base = fields.address("counter_base")
        self.tag_base = fields.address("tag_base")
        self.arity = LINE // self.node_tag_bytes
        self.encrypted = self.configuration in ("hypercoffer", "combined")
        self.has_tags = self.encrypted and self.integrity != "none"
        self.has_tree = self.encrypted and self.integrity == "bmt"
        self.check_places(fields)
        frames = fields.rows("frames", 2)
        self.memory = Memory(os.path.join(directory, "dram.bin"), frames, self.memory_bytes)
        vms = fields.take("vms")
        expect(isinstance(vms, list), fields.place("vms"), "is not a list")
        self.domains = [Domain(value, f"layout.json: vms[{number}]", self) for number, value in enumerate(vms)]
        vmids = [domain.vmid for domain in self.domains]
        expect(len(set(vmids)) == len(vmids), fields.place("vms"), "a VMID is there twice")
        expect(self.encrypted or CHIP_VMID not in vmids, fields.place("vms"), "VMID 1 is there, but nothing is encrypted")

    def check_places(self, fields):
        expect(self.chip_base == self.data_bytes, fields.place("chip_base"), "is not data_bytes")
        covered = self.chip_base + self.chip_bytes
        expect(covered <= self.memory_bytes, fields.place("memory_bytes"), "data frames and chip region do not fit")
        counters_end = self.counter_base + LINE * (covered // PAGE)
        self.tags_end = self.tag_base + self.tag_bytes * (covered // LINE)
        if self.encrypted:
            expect(self.counter_base >= covered, fields.place("counter_base"), "counter blocks overlap data frames or chip region")
            expect(counters_end <= self.memory_bytes, fields.place("counter_base"), "counter blocks do not fit into memory")
        if self.has_tags:
            expect(self.tag_base >= counters_end, fields.place("tag_base"), "tags overlap counter blocks")
            expect(self.tags_end <= self.memory_bytes, fields.place("tag_base"), "tags do not fit into memory")


# ---------------------------------------------------------------------------------------------------------------------------
# Keys and MACs


def cmac(key, message):
    mac = CMAC(algorithms.AES(key))
    mac.update(message)
    return mac.finalize()


def derive(key, label, context):
    """SP 800-108 in counter mode with CMAC, 128 bits: one block."""
    return cmac(key, struct.pack(">I", 1) + label + b"\0" + context + struct.pack(">I", 128))


def keyed_mac(name, key):
    """A function from messages to MACs."""
    if name == "cmac":
        keyed = CMAC(algorithms.AES(key))

        def compute(message):
            mac = keyed.copy()
            mac.update(message)
            return mac.finalize()

        return compute
    digest = {"hmac-sha1": "sha1", "hmac-sha256": "sha256"}[name]
    return lambda message: hmac.digest(key, message, digest)


class LineCipher:
    """Pads and data tags under the keys of one domain."""

    def __init__(self, dump, key):
        k_data = derive(key, b"coffer data", dump.fleet_id)
        self.tag_bytes = dump.tag_bytes
        self.blocks = Cipher(algorithms.AES(k_data), modes.ECB()).encryptor()
        self.gcm = AESGCM(k_data) if dump.data_mac == "gcm" else None
        self.mac = None if self.gcm else keyed_mac(dump.data_mac, derive(key, b"coffer mac", dump.fleet_id))

    def decrypt(self, ivs, ciphertexts):
        """Plaintexts of lines: the pads of all of them are one call."""
        pads = self.blocks.update(b"".join(iv + struct.pack(">I", block) for iv in ivs for block in range(2, 6)))
        plain = int.from_bytes(pads, "little") ^ int.from_bytes(b"".join(ciphertexts), "little")
        plain = plain.to_bytes(len(pads), "little")
        return [plain[at : at + LINE] for at in range(0, len(plain), LINE)]

    def tag(self, gpn, iv, ciphertext, plaintext):
        additional = struct.pack("<QQ", gpn, 0)
        if self.mac:
            return self.mac(ciphertext + iv + additional)[: self.tag_bytes]
        return self.gcm.encrypt(iv, plaintext, additional)[LINE : LINE + self.tag_bytes]


class NodeMac:
    """Leaf and node tags under the key of one domain, as numbers."""

    def __init__(self, dump, key):
        self.mac = keyed_mac(dump.node_mac, derive(key, b"coffer node", dump.fleet_id))
        self.tag_bytes = dump.node_tag_bytes

    def tag(self, level, index, block):
        if level > 0 and not any(block):
            return EMPTY
        value = int.from_bytes(self.mac(struct.pack("<QQ", level, index) + block)[: self.tag_bytes], "little")
        return value + 2 if value in (EMPTY, LOST) else value


# ---------------------------------------------------------------------------------------------------------------------------
# Checks


class Checker:
    """Decrypts and verifies one domain."""

    def __init__(self, dump, domain):
        self.dump = dump
        self.domain = domain
        self.memory = dump.memory
        self.mismatches = []
        self.sum = hashlib.sha256()
        self.counts = {"pages_used": 0, "pages_lost": 0, "lines_verified": 0, "lines_unwritten": 0, "nodes_verified": 0}

    def run(self):
        pages = self.private_pages() if self.dump.encrypted else self.plain_pages(self.domain.map)
        for gpn, page in sorted(list(pages) + list(self.plain_pages(self.domain.shared)), key=lambda item: item[0]):
            self.counts["pages_used"] += 1
            content = page()
            if content != ZERO_PAGE:
                self.sum.update(struct.pack("<Q", gpn) + content)
        return self

    def mismatch(self, check, gpn, hpa, **place):
        self.mismatches.append({"vmid": self.domain.vmid, "gpn": gpn, "hpa": hpa, "check": check, **place})

    def plain_pages(self, rows):
        for gpn, hpa, count in rows:
            first = hpa // PAGE
            for start, end in self.memory.listed(first, first + count):
                for frame in range(start, end):
                    yield gpn + frame - first, lambda frame=frame: self.memory.read(frame * PAGE, PAGE)

    def private_pages(self):
        cipher = LineCipher(self.dump, self.domain.key)
        nodes = NodeMac(self.dump, self.domain.key)
        for gpn, hpa, leaf in self.leaves(nodes) if self.dump.has_tree else self.pages_with_counters():
            block_at = self.dump.counter_base + LINE * (hpa // PAGE)
            block = self.memory.read(block_at, LINE)
            if leaf is not None and nodes.tag(0, gpn, block) != leaf:
                self.mismatch("counter block", gpn, block_at)
            elif leaf is not None or any(block[:8]):
                yield gpn, lambda gpn=gpn, hpa=hpa, block=block: self.decrypt_page(cipher, gpn, hpa, block)

    def pages_with_counters(self):
        """Private pages whose counter blocks are in the dump: where there is no tree, all others are empty."""
        base = self.dump.counter_base
        for gpn, hpa, count in self.domain.map:
            first = hpa // PAGE
            counters, counters_end = base + LINE * first, base + LINE * (first + count)
            for start, end in self.memory.listed(counters // PAGE, -(-counters_end // PAGE)):
                low = max(counters, start * PAGE)
                high = min(counters_end, end * PAGE)
                for frame in range((low - base) // LINE, (high - base) // LINE):
                    yield gpn + frame - first, frame * PAGE, None

    def leaves(self, nodes):
        """Pages in the tree that are in memory, with their leaf tags."""
        leaves = dict(self.walk(nodes))
        for gpn, leaf in leaves.items():
            row = Domain.find(self.domain.map, gpn)
            if leaf == LOST:
                self.counts["pages_lost"] += 1
            elif row:
                yield gpn, row[1] + (gpn - row[0]) * PAGE, leaf
            elif Domain.find(self.domain.shared, gpn):
                self.mismatch("shared page with a leaf", gpn, None)
            elif not Domain.find(self.domain.swapped, gpn):
                self.mismatch("page in the tree that is not listed", gpn, None)

    def walk(self, nodes):
        """(GPN, leaf tag) of every leaf below verified nodes that is not empty."""
        geometry, arity, size = self.domain.geometry, self.dump.arity, self.dump.node_tag_bytes
        top = len(geometry) - 1
        waiting = [(top, 0, int.from_bytes(self.domain.root, "little"))]
        while waiting:
            level, index, tag = waiting.pop()
            if tag == EMPTY:
                continue
            if level == 0:
                yield index, tag
                continue
            address = self.domain.tree_base + LINE * (sum(geometry[1:level]) + index)
            node = self.memory.read(address, LINE)
            self.counts["nodes_verified"] += 1
            if nodes.tag(level, index, node) != tag:
                self.mismatch("tree node", index * arity**level, address, level=level, index=index)
                continue
            children = self.domain.pages if level == 1 else geometry[level - 1]
            for slot in range(arity):
                child, child_tag = index * arity + slot, int.from_bytes(node[size * slot : size * (slot + 1)], "little")
                if child < children:
                    waiting.append((level - 1, child, child_tag))
                elif child_tag != EMPTY:
                    self.mismatch("tag of a child that does not exist", index * arity**level, address, level=level, index=index)

    def decrypt_page(self, cipher, gpn, hpa, block):
        lpid, field = block[:8], int.from_bytes(block[8:], "little")
        minors = [field >> 7 * line & 127 for line in range(LINES_PER_PAGE)]
        written = [line for line in range(LINES_PER_PAGE) if minors[line]]
        self.counts["lines_unwritten"] += LINES_PER_PAGE - len(written)
        if not written:
            return ZERO_PAGE
        stored = self.memory.read(hpa, PAGE)
        ivs = [lpid + struct.pack("<I", minors[line] + 128 * line) for line in written]
        ciphertexts = [stored[LINE * line : LINE * (line + 1)] for line in written]
        page = bytearray(PAGE)
        for line, iv, ciphertext, plaintext in zip(written, ivs, ciphertexts, cipher.decrypt(ivs, ciphertexts)):
            if self.dump.has_tags:
                address = hpa + LINE * line
                tag = self.memory.read(self.dump.tag_base + self.dump.tag_bytes * (address // LINE), self.dump.tag_bytes)
                if cipher.tag(gpn, iv, ciphertext, plaintext) != tag:
                    self.mismatch("data tag", gpn, address)
                    continue
                self.counts["lines_verified"] += 1
            page[LINE * line : LINE * (line + 1)] = plaintext
        return bytes(page)

    def result(self):
        domain = {"vmid": self.domain.vmid, "pages": self.domain.pages, **self.counts, "mismatches": len(self.mismatches)}
        return {**domain, "sha256": None if self.mismatches else self.sum.hexdigest()}


# ---------------------------------------------------------------------------------------------------------------------------
# Report


def describe(mismatch):
    parts = [f"mismatch: check={mismatch['check']} vmid={mismatch['vmid']} gpn={mismatch['gpn']}"]
    parts += [f"hpa={mismatch['hpa']:#x}"] if mismatch["hpa"] is not None else []
    parts += [f"{key}={mismatch[key]}" for key in ("level", "index") if key in mismatch]
    return " ".join(parts)


def table(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    # The last column, a sum, reads better from the left.
    return "\n".join("  ".join([cell.rjust(width) for cell, width in zip(row[:-1], widths)] + [row[-1]]) for row in rows)


def print_summary(dump, results, mismatches):
    macs = f"data_mac {dump.data_mac} ({dump.tag_bytes} bytes), node_mac {dump.node_mac} ({dump.node_tag_bytes} bytes)"
    scheme = f"integrity {dump.integrity}, {macs}" if dump.encrypted else "nothing is encrypted or checked"
    print(f"{dump.configuration}: {scheme}")
    if results:
        header = [key.replace("_", " ") for key in results[0]]
        print(table([header] + [["-" if value is None else str(value) for value in result.values()] for result in results]))
    for mismatch in mismatches:
        print(describe(mismatch))
    print(f"{len(mismatches)} checks failed" if mismatches else "everything matches")


class OneLineParser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments=None):
    parser = OneLineParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", help="where dram.bin and layout.json are")
    parser.add_argument("--json", action="store_true", help="print one JSON object in place of the summary")
    arguments = parser.parse_args(arguments)
    try:
        dump = Dump(arguments.directory)
    except DumpError as error:
        parser.error(str(error))
    except OSError as error:
        parser.error(f"{error.filename}: {error.strerror}")
    checkers = [Checker(dump, domain).run() for domain in dump.domains]
    results = [checker.result() for checker in checkers]
    mismatches = [mismatch for checker in checkers for mismatch in checker.mismatches]
    if arguments.json:
        print(json.dumps({"vms": results, "mismatches": mismatches}, indent=1))
    else:
        print_summary(dump, results, mismatches)
    return 3 if mismatches else 0


if __name__ == "__main__":
    sys.exit(main())
