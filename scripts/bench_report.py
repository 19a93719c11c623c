"""bench_report.py RESULT.json PROGRAM: prints the benchmark's medians and ratios beside their targets. Changes nothing and judges nothing: targets
depend on the machine, and a miss is for people to see."""

import os
import subprocess
import sys
import tempfile
import time

from bench_results import Results


def start_up_seconds(program):
    """A run of one access on a platform with 1 TiB, from the command line to the end."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [program, "run", "two_tenants", "--out", os.path.join(folder, "out"), "--set", "memory.data_bytes=1TiB",
                     "--set", "vms[0].max_accesses=1", "--set", "vms[1].max_accesses=1", "--set", "host.max_accesses=1"]
        begin = time.monotonic()
        subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
        return time.monotonic() - begin


def main():
    results = Results(sys.argv[1])

    def nanoseconds_per_line(name):
        return 1e9 / results.per_second(name)

    line = {
        "a": nanoseconds_per_line("crypto_primitives"),
        "b": nanoseconds_per_line("protected_memory/1024"),
        "c": nanoseconds_per_line("full_tlm_path/1024"),
        "d": nanoseconds_per_line("library_gcm"),
        "e": nanoseconds_per_line("bare_b_transport"),
    }
    text = {
        "a": "crypto primitives alone",
        "b": "protected_memory",
        "c": "full TLM path, everything on",
        "d": "the library's AES-GCM, one call a line",
        "e": "bare b_transport of 64 bytes",
    }
    print("Cost of reading one warm line (median CPU time)")
    for key, value in line.items():
        print(f"  ({key}) {text[key]:<42}{value:>9.1f} ns")

    def flatness(name):
        costs = [nanoseconds_per_line(f"{name}/{mib}") for mib in (1, 1024, 1048576)]
        return 100 * (max(costs) / min(costs) - 1)

    rows = [
        ("(b) / (a)", line["b"] / line["a"], "", "at most 2", line["b"] / line["a"] <= 2),
        ("rate of (c) / rate of (d)", line["d"] / line["c"], "", "at least 1.2", line["d"] / line["c"] >= 1.2),
        ("(c) / (e)", line["c"] / line["e"], "", "at most 20", line["c"] / line["e"] <= 20),
        ("(b) from 1 MiB to 1 TiB", flatness("protected_memory"), " %", "within 10 %", flatness("protected_memory") <= 10),
        ("(c) from 1 MiB to 1 TiB", flatness("full_tlm_path"), " %", "within 10 %", flatness("full_tlm_path") <= 10),
    ]
    start_up = start_up_seconds(sys.argv[2])
    rows.append(("start-up at 1 TiB, coffer run", start_up, " s", "under 1 s", start_up < 1))
    beyond = results.median("host_memory/iterations:1")["bytes_per_line"]
    rows.append(("host memory beyond the data", beyond, " B/line", "at most 32", beyond <= 32))
    print("\nTarget                                  measured        wanted")
    for name, value, unit, wanted, met in rows:
        print(f"  {name:<32}{value:>10.2f}{unit:<8}{wanted:<14}{'met' if met else 'MISSED'}")


main()
