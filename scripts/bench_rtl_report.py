"""bench_rtl_report.py RESULT.json SECONDS SECONDS: prints the speed of the Verilated RTL beside its targets; the seconds are what the models of the AES
pipeline and of its table variant took to build. Judges nothing, as bench_report.py."""

import sys

from bench_results import Results


def main():
    results = Results(sys.argv[1])
    print("\nVerilated RTL (median CPU time)                 cycles/s    us/cycle   wanted")

    def row(name, text, wanted):
        rate = results.per_second(name)
        verdict = "" if wanted is None else f"   at least {wanted:,}: {'met' if rate >= wanted else 'MISSED'}"
        print(f"  {text:<42}{rate:>12,.0f}{1e6 / rate:>12.2f}{verdict}")

    row("aes_pipeline", "AES pipeline, fresh inputs", 60_000)
    row("aes_pipeline_table", "AES pipeline with tables, fresh inputs", 150_000)
    row("pad_generator_bare", "pad generator, bare loop", None)
    row("pad_generator_socket/1", "pad generator, requests of 1 line", None)
    row("pad_generator_socket/64", "pad generator, requests of 64 lines", None)
    row("ghash_bare", "GHASH, bare loop", None)
    row("ghash_tags", "GHASH, tags of lines", None)

    print("\nimplementation: rtl, of the bare loop's cycles per second")
    for text, name, bare in (
        ("pad generator, requests of 1 line", "pad_generator_socket/1", "pad_generator_bare"),
        ("pad generator, requests of 64 lines", "pad_generator_socket/64", "pad_generator_bare"),
        ("GHASH, tags of lines", "ghash_tags", "ghash_bare"),
    ):
        ratio = results.per_second(name) / results.per_second(bare)
        wanted = 0.9 if results.per_second(bare) < 500_000 else 0.35
        print(f"  {text:<42}{ratio:>12.2f}   at least {wanted}: {'met' if ratio >= wanted else 'MISSED'}")

    print("\nBuild of a model from its Verilog")
    for text, seconds in (("AES pipeline", float(sys.argv[2])), ("AES pipeline with tables", float(sys.argv[3]))):
        print(f"  {text:<42}{seconds:>10.1f} s   at most 60 s: {'met' if seconds <= 60 else 'MISSED'}")


main()
