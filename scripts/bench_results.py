"""Reads what Google Benchmark wrote, for the reports beside this file."""

import json
import pathlib
import sys


def stop(message):
    sys.exit(f"{pathlib.Path(sys.argv[0]).stem}: {message}")


class Results:
    """The benchmarks of a result file."""

    def __init__(self, path):
        self.path = path
        with open(path, encoding="utf-8") as file:
            self.benchmarks = json.load(file)["benchmarks"]

    def median(self, name):
        for result in self.benchmarks:
            if result["run_name"] == name and result.get("aggregate_name") == "median":
                return result
        stop(f"{self.path} has no median of {name}")

    def per_second(self, name):
        return self.median(name)["items_per_second"]
