"""bench_hsvm_report.py RESULT.json OPERATIONS.json MANY_VMS.json: prints what H-SVM's operations and checks, and clearing pages, cost in simulated
time, and how much of the host's memory many VMs take. Judges nothing: a miss is for people to see."""

import sys

from bench_results import Results, stop


def load(path):
    results = Results(path).benchmarks
    for result in results:
        if result.get("error_occurred"):
            stop(f"{result['name']}: {result['error_message']}")
    return {result["run_name"].split("/iterations:")[0]: result for result in results}


def find(results, name, path):
    if name not in results:
        stop(f"{path} has no {name}")
    return results[name]


def clearing(cost):
    print("\nClearing a page, up to the tree in memory (simulated)   cycles    ns    bus accesses")
    first = cost("clear_by_counter_block")
    for name, text in (
        ("clear_by_counter_block", "combined: a fresh counter block and its leaf"),
        ("clear_by_encrypted_lines", "combined: 64 lines of zeros, encrypted"),
        ("clear_by_plain_lines", "hsvm: 64 lines of zeros, plain"),
    ):
        cycles, accesses = cost(name)
        print(f"  {text:<50}{cycles:>9,.0f}{cycles / 2:>8,.0f}{accesses:>10.1f}   x {cycles / first[0]:.1f}")


def checks(cost):
    print("\nChecks of ownership (simulated cycles)                            hsvm   combined")
    rows = {}

    def row(text, values, unit=""):
        print(f"  {text:<58}" + "".join(f"{value:>10,.1f}{unit}" if unit else f"{value:>11,.0f}" for value in values))

    for key, text in (
        ("map/{}", "page map, checked: all of it"),
        ("ownership_look_up/{}", "look-up of the owner"),
        ("guest_walk/{}", "guest's TLB fill: walk, nothing checked"),
        ("host_access/{}_first", "host's first access to a page: look-up and line"),
        ("host_access/{}_again", "host's next access to it"),
    ):
        rows[key] = [cost(key.format(configuration))[0] for configuration in ("hsvm", "combined")]
        row(text, rows[key])
    maps, look_ups, walks = rows["map/{}"], rows["ownership_look_up/{}"], rows["guest_walk/{}"]
    row("checked when mapped: a map takes longer by", [100 * look / (whole - look) for whole, look in zip(maps, look_ups)], " %")
    row("checked when filled: a guest's fill would take longer by", [100 * look / walk for walk, look in zip(walks, look_ups)], " %")
    print("  For context: checks when mapped made maps 26 to 46 % slower and later accesses not at all, measured on hardware (Penglai, OSDI 2021).")


def operations(path):
    results = load(path)
    names = list(dict.fromkeys(name.split("/")[0] for name in results))
    print("\nOperations of H-SVM (simulated cycles, at 2 GHz)")
    print(f"  {'':<18}{'hsvm: microcode':>18}{'smm':>10}{'usart':>12}{'combined: microcode':>24}{'smm':>10}{'usart':>12}")
    for name in names:
        line = f"  {name:<18}"
        for configuration, width in (("hsvm", 18), ("combined", 24)):
            microcode, smm, usart = (
                find(results, f"{name}/{configuration}/{way}", path)["cycles"] for way in ("microcode", "smm", "usart"))
            line += f"{microcode:>{width},.0f}{smm:>10,.0f}{usart / 1e6:>10.1f} M"
        print(line)
    print("  launch: an image of 16 pages; delete, export, import: VMs of 16 pages. The hash of launch takes 65 cycles for 64 bytes, "
          "signatures and RSA keys take none. usart: 115,200 baud")


def many_vms(path):
    result = find(load(path), "many_vms", path)
    gib = 1 << 30
    print("\nMany VMs on a configured memory")
    print(f"  {result['vms']:,.0f} VMs on {result['configured_bytes'] / gib:.0f} GiB, {result['written_bytes'] / gib:.2f} GiB written, "
          f"in {result['cpu_time']:.1f} s of CPU time")
    met = result["peak_bytes"] < 2 * gib
    print(f"  peak of the host's memory {result['peak_bytes'] / gib:>10.2f} GiB   target: less than 2 GiB   {'met' if met else 'MISSED'}")


def main():
    results = load(sys.argv[1])

    def cost(name):
        result = find(results, name, sys.argv[1])
        return result["cycles"], result["bus_accesses"]

    clearing(cost)
    checks(cost)
    operations(sys.argv[2])
    many_vms(sys.argv[3])


main()
