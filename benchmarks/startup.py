#!/usr/bin/env python3
"""Seconds to the help text of each command and to the package's import: medians over fresh processes."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

from dnabert_enhancer.commands.cli import COMMANDS


def seconds(arguments: list[str], rounds: int) -> float:
    """Return the median wall time of a process in seconds."""
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    """Print a table, the bare interpreter as its yardstick."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="processes a row (default: %(default)s)")
    rounds = parser.parse_args().rounds
    bare = seconds(["-c", "pass"], rounds)
    print("| process | seconds | times the bare interpreter |\n| --- | --- | --- |")
    rows = {"python -c pass": ["-c", "pass"], "import dnabert_enhancer": ["-c", "import dnabert_enhancer"]}
    rows |= {f"{name} --help": ["-m", "dnabert_enhancer", name, "--help"] for name in COMMANDS}
    for name, arguments in rows.items():
        taken = seconds(arguments, rounds)
        print(f"| {name} | {taken:.3f} | {taken / bare:.1f} |")


if __name__ == "__main__":
    main()
