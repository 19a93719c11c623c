"""bench_exit_report.py RESULT.json: prints exits per second with VM-Shim and without."""

import json
import sys


def per_second(results, name):
    for result in results["benchmarks"]:
        if result["run_name"] == name and result.get("aggregate_name") == "median":
            return result["items_per_second"]
    sys.exit(f"bench_exit_report: {sys.argv[1]} has no median of {name}")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        results = json.load(file)
    print("\nExits and returns of a vCPU (median CPU time)     exits/s     us/exit")
    for name, text in (
        ("exit_without_shim", "without shim, plain control block"),
        ("protected_lines_of_an_exit", "the lines in protected memory alone"),
        ("exit_with_shim/cpuid", "with shim, CPUID"),
        ("exit_with_shim/timer", "with shim, timer"),
    ):
        rate = per_second(results, name)
        print(f"  {text:<42}{rate:>13,.0f}{1e6 / rate:>12.2f}")


main()
