"""Shows that a gate netlist multiplies in GF(2^128) as SP 800-38D section 6.3 says, for every pair of inputs, without a search.

A netlist of AND and XOR in which each AND joins a signal that is linear in x with one that is linear in h, and each XOR signals of one kind, computes a
bilinear function. Two bilinear functions are equal if they are on all pairs of basis vectors: 128 x 128 of them, evaluated at once, one bit of a large integer
for each pair.
"""

import functools
import json

BITS = 128
PAIRS = BITS * BITS
ALL_PAIRS = (1 << PAIRS) - 1
REDUCTION = 0xE1 << 120


class Unproved(Exception):
    """Why the netlist is not shown to be the multiplier."""


class Netlist:
    """A flat module of yosys' gates, from write_json."""

    def __init__(self, path, module):
        with open(path, encoding="utf-8") as file:
            self._module = json.load(file)["modules"][module]
        self._driver = {}
        for name, cell in self._module["cells"].items():
            pins = cell["connections"]
            if cell["type"] not in ("$_AND_", "$_XOR_"):
                raise Unproved(f"not bilinear: {cell['type']} {name}")
            self._driver[pins["Y"][0]] = (cell["type"], pins["A"][0], pins["B"][0])

    def port(self, name):
        bits = self._module["ports"][name]["bits"]
        if len(bits) != BITS:
            raise Unproved(f"port {name} has {len(bits)} bits instead of {BITS}")
        return bits

    def evaluate(self, values, gates, outputs):
        """Values of `outputs`, given those of the inputs and a function of two values for each type of gate."""
        values = dict(values)
        waiting = list(outputs)
        while waiting:
            signal = waiting[-1]
            if signal in values:
                waiting.pop()
                continue
            if signal not in self._driver:
                raise Unproved(f"not bilinear: the constant {signal}, or an input beside x and h")
            gate, a, b = self._driver[signal]
            missing = [pin for pin in (a, b) if pin not in values]
            if missing:
                waiting += missing
            else:
                values[signal] = gates[gate](values[a], values[b])
        return [values[signal] for signal in outputs]


def check_bilinear(netlist, x, h, outputs):
    """Kinds: linear in x, linear in h, bilinear. The constant 0 is of every kind."""

    def joined(a, b):
        if "0" in (a, b):
            return "0"
        if {a, b} != {"x", "h"}:
            raise Unproved(f"not bilinear: an AND joins signals linear in {a} and {b}")
        return "x*h"

    def added(a, b):
        if "0" in (a, b):
            return a if b == "0" else b
        if a != b:
            raise Unproved(f"not bilinear: an XOR adds a signal in {a} to one in {b}")
        return a

    kinds = netlist.evaluate({"0": "0", **dict.fromkeys(x, "x"), **dict.fromkeys(h, "h")}, {"$_AND_": joined, "$_XOR_": added}, outputs)
    if set(kinds) - {"x*h", "0"}:
        raise Unproved(f"not bilinear: an output is linear in {(set(kinds) - {'x*h', '0'}).pop()}")


def multiply(x, y):
    """SP 800-38D, algorithm 1: the leftmost bit is the coefficient of 1."""
    product = 0
    for i in range(BITS):
        if x >> (BITS - 1 - i) & 1:
            product ^= y
        y = y >> 1 ^ (REDUCTION if y & 1 else 0)
    return product


def transposed(words):
    """By bit: an integer with that bit of each word, word 0 lowest."""
    digits = [f"{word:0{BITS}b}" for word in reversed(words)]
    return [int("".join(column), 2) for column in reversed(list(zip(*digits)))]


@functools.lru_cache(maxsize=1)
def basis_products():
    return transposed([multiply(1 << pair // BITS, 1 << pair % BITS) for pair in range(PAIRS)])


def check_multiplier(path, module):
    """Raises Unproved, or returns a sentence."""
    netlist = Netlist(path, module)
    x, h, product = netlist.port("x"), netlist.port("h"), netlist.port("product")
    check_bilinear(netlist, x, h, product)

    patterns = {"0": 0}
    patterns.update(zip(x, transposed([1 << pair // BITS for pair in range(PAIRS)])))
    patterns.update(zip(h, transposed([1 << pair % BITS for pair in range(PAIRS)])))
    values = netlist.evaluate(patterns, {"$_AND_": int.__and__, "$_XOR_": int.__xor__}, product)
    for bit, (value, expected) in enumerate(zip(values, basis_products())):
        if value != expected:
            pair = (value ^ expected).bit_length() - 1
            raise Unproved(f"wrong product: bit {bit} of x = 2^{pair // BITS}, h = 2^{pair % BITS}")
    return f"bilinear, and right for all {PAIRS} pairs of basis vectors"
