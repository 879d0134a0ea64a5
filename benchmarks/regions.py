"""Reading a million BED rows, and set operations on them against bedtools.

    python benchmarks/regions.py [--rows 1000000] [--other-src DIR]

Every time is the best of three runs of a new process, without the start of the interpreter and the import
of pandas. `--other-src` names the ``src`` folder of another version of the suite, which is timed in turn with
this one; a version before tables of regions is read by its ``read_intervals``, names and scores unpacked.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

CONTIGS = {f"chr{number}": 250_000_000 for number in range(1, 23)}
READ = """
import sys, time
import pandas
import dnabert_enhancer.genome as genome
sizes = {f"chr{n}": 250_000_000 for n in range(1, 23)}
start = time.perf_counter()
if hasattr(genome, "read_regions"):
    frame = genome.read_regions(sys.argv[1], sizes, details=sys.argv[2] == "all").frame
else:
    table = genome.read_intervals(sys.argv[1], sizes, details=sys.argv[2] == "all")
    if sys.argv[2] == "all":
        table.names, table.scores, table.strands
print(time.perf_counter() - start)
"""
OPERATE = """
import sys, time
import bioframe.core.arrops
import dnabert_enhancer.genome as genome
sizes = {f"chr{n}": 250_000_000 for n in range(1, 23)}
one, other = (genome.read_regions(path, sizes, details=False).frame for path in sys.argv[1:3])
start = time.perf_counter()
if sys.argv[3] == "merge":
    result = len(genome.merge(one))
elif sys.argv[3] == "overlap":
    result = len(genome.overlap(one, other).first)
else:
    result = int(genome.coverage(one, other).sum())
print(time.perf_counter() - start, result)
"""


def main() -> None:
    """Print a line a measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--other-src", type=Path)
    arguments = parser.parse_args()
    here = Path(__file__).resolve().parents[1] / "src"
    sources = [here] if arguments.other_src is None else [here, arguments.other_src]
    with tempfile.TemporaryDirectory() as folder:
        one, other = Path(folder) / "one.bed", Path(folder) / "other.bed"
        write_bed(one, arguments.rows, seed=1)
        write_bed(other, arguments.rows // 5, seed=2)
        for what in ("all", "positions"):
            times = {source: [] for source in sources}
            for _ in range(3):
                for source in sources:
                    times[source].append(float(python(READ, source, str(one), what)[0]))
            best = {source: min(values) for source, values in times.items()}
            shown = ", ".join(f"{source}: {seconds:.2f} s" for source, seconds in best.items())
            ratio = f" (ratio {best[here] / best[sources[1]]:.2f})" if len(sources) > 1 else ""
            print(f"read {arguments.rows:,} rows, {what}: {shown}{ratio}")
        for what, command in {
            "merge": ["bedtools", "merge", "-i", str(one)],
            "overlap": ["bedtools", "intersect", "-sorted", "-a", str(one), "-b", str(other), "-wo"],
            "coverage": ["bedtools", "intersect", "-sorted", "-a", str(one), "-b", str(other)],
        }.items():
            seconds, result = min(python(OPERATE, here, str(one), str(other), what) for _ in range(3))
            print(f"{what}: {float(seconds):.2f} s, {int(result):,}{bedtools(command)}")


def write_bed(path: Path, rows: int, seed: int) -> None:
    """Write sorted regions of 50 to 500 bp with names, scores and strands."""
    rng = np.random.default_rng(seed)
    contig = np.sort(rng.integers(0, len(CONTIGS), rows))
    names = np.array(sorted(CONTIGS))
    start = rng.integers(0, 249_000_000, rows)
    order = np.lexsort((start, contig))
    columns = (
        names[contig],
        start[order],
        start[order] + rng.integers(50, 500, rows),
        rng.integers(0, 1000, rows),
    )
    with path.open("w") as stream:
        for number, (chrom, first, last, score) in enumerate(
            zip(*(c.tolist() for c in columns), strict=True)
        ):
            stream.write(f"{chrom}\t{first}\t{last}\tpeak{number}\t{score}\t{'+-.'[number % 3]}\n")


def python(code: str, source: Path, *arguments: str) -> list[str]:
    """Run code against a version of the suite; return what it prints."""
    environment = os.environ | {"PYTHONPATH": str(source)}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout.split()


def bedtools(command: list[str]) -> str:
    """Return the best of three times of a bedtools command and its number of lines, if it is installed."""
    if shutil.which("bedtools") is None:
        return ""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        run = subprocess.run(command, capture_output=True, check=True)
        times.append(time.perf_counter() - start)
    lines = run.stdout.count(b"\n")
    return f" (bedtools, reading and writing text: {min(times):.2f} s, {lines:,} lines)"


if __name__ == "__main__":
    main()
