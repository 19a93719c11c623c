"""bench_exit_report.py RESULT.json: prints exits per second with VM-Shim and without."""

import sys

from bench_results import Results


def main():
    results = Results(sys.argv[1])
    print("\nExits and returns of a vCPU (median CPU time)     exits/s     us/exit")
    for name, text in (
        ("exit_without_shim", "without shim, plain control block"),
        ("protected_lines_of_an_exit", "the lines in protected memory alone"),
        ("exit_with_shim/cpuid", "with shim, CPUID"),
        ("exit_with_shim/timer", "with shim, timer"),
    ):
        rate = results.per_second(name)
        print(f"  {text:<42}{rate:>13,.0f}{1e6 / rate:>12.2f}")


main()
