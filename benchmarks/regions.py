#!/usr/bin/env python3
"""Readers, set operations, compare-db, make-dataset beside bedtools, bioframe and pyranges on the same files.

Processor seconds of one run. Of the libraries the start of Python and their import are left out, so that the
rows are: reading a file, and an operation on two tables in memory. bedtools reads and writes text in each
command, which is what ours stands beside where its whole is named. Commands are measured whole, their start
included, which a line of its own names. bioframe and pyranges run with a Python of their own (--peers):

    python -m venv PEERS
    PEERS/bin/pip install bioframe pyranges
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from child import run
from growth import write_input

STEPS = ("read", "merge", "overlap", "coverage")
TIMED = """
import json, sys, time
found = {}
def timed(name, call):
    began = time.process_time()
    value = call()
    found[name] = time.process_time() - began
    return value
one, other = sys.argv[1:3]
"""
OURS = """
import bioframe.core.arrops
from dnabert_enhancer.genome import ASSEMBLIES, coverage, merge, overlap, read_regions
sizes = ASSEMBLIES["hg38"]
a = timed("read", lambda: read_regions(one, sizes, details=False).frame)
b = read_regions(other, sizes, details=False).frame
found["merged"] = len(timed("merge", lambda: merge(a)))
found["pairs"] = len(timed("overlap", lambda: overlap(a, b)).first)
timed("coverage", lambda: coverage(a, b))
"""
BIOFRAME = """
import bioframe
a = timed("read", lambda: bioframe.read_table(one, schema="bed3"))
b = bioframe.read_table(other, schema="bed3")
found["merged"] = len(timed("merge", lambda: bioframe.merge(a, min_dist=0)))
found["pairs"] = len(timed("overlap", lambda: bioframe.overlap(a, b, how="inner")))
timed("coverage", lambda: bioframe.coverage(a, b))
"""
PYRANGES = """
import pyranges
a = timed("read", lambda: pyranges.read_bed(one))
b = pyranges.read_bed(other)
found["merged"] = len(timed("merge", lambda: a.merge()))
found["pairs"] = len(timed("overlap", lambda: a.join(b)))
timed("coverage", lambda: a.coverage(b))
"""
SHUFFLES = 20


def main() -> None:
    """Print a line a measurement."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared-data", type=Path, required=True, help="folder with the real data")
    parser.add_argument("--peers", type=Path, help="a Python that has bioframe and pyranges")
    parser.add_argument("--rows", type=int, default=100_000, help="of each BED (default 100000)")
    parser.add_argument("--regions", type=int, default=10_000, help="of make-dataset (default 10000)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        _libraries(args.peers, *_written("write_elements", args.shared_data, Path(name) / "bed", args.rows))
        _compare_db(Path(name) / "bed", args.rows)
        _written("write_peaks", args.shared_data, Path(name) / "peaks", args.regions)
        _make_dataset(Path(name) / "peaks", args.regions)


def _written(writer: str, data: Path, folder: Path, size: int) -> tuple[Path, Path]:
    folder.mkdir()
    with ProcessPoolExecutor(1) as pool:
        path = pool.submit(write_input, writer, data, folder, size).result()
    return path, folder / "database.bed"


def _libraries(peers: Path | None, one: Path, other: Path) -> None:
    """Print what each library takes for each step, and what bedtools does."""
    found = {"ours": _timed(sys.executable, OURS, one, other)}
    if peers is not None:
        found |= {
            "bioframe": _timed(peers, BIOFRAME, one, other),
            "pyranges": _timed(peers, PYRANGES, one, other),
        }
    commands = {
        "merge": ["merge", "-i", one],
        "overlap": ["intersect", "-sorted", "-wo", "-a", one, "-b", other],
        "coverage": ["coverage", "-sorted", "-a", one, "-b", other],
    }
    for step in STEPS:
        texts = [f"{name} {times[step]:.3f}" for name, times in found.items() if step in times]
        if step in commands:
            whole = found["ours"]["read"] * (2 if step != "merge" else 1) + found["ours"][step]
            texts.append(f"bedtools {_bedtools(commands[step]):.3f} (ours with reading {whole:.3f})")
        print(f"{step:<9} {', '.join(texts)}", flush=True)
    for name, times in found.items():
        print(f"{name}: {times.get('merged', 0):,} merged, {times.get('pairs', 0):,} pairs")


def _timed(python: object, code: str, one: Path, other: Path) -> dict[str, float]:
    """Return the seconds of each step, by its name, of a piece of code; those before one that failed."""
    guarded = f"{TIMED}\ntry:\n" + "".join(f"    {line}\n" for line in code.strip().splitlines())
    guarded += (
        "except Exception as error:\n    print(repr(error)[:200], file=sys.stderr)\nprint(json.dumps(found))"
    )
    done = subprocess.run([python, "-c", guarded, one, other], capture_output=True, text=True, check=True)
    if done.stderr.strip():
        print(done.stderr.strip().splitlines()[-1])
    times: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return times


def _bedtools(words: Sequence[object]) -> float:
    return run(["bedtools", *words]).processor_seconds


def _compare_db(folder: Path, rows: int) -> None:
    """Print compare-db beside the bedtools commands that count the same."""
    calls, database, sizes = (folder / name for name in ("calls.bed", "database.bed", "hg38.sizes"))
    base = ["compare-db", "--calls", calls, "--database", f"one={database},preset=bed", "--assembly", "hg38"]
    base += [
        "--genome-sizes",
        sizes,
        "--no-plots",
        "--threads",
        "1",
        "--quiet",
        "--output-prefix",
        folder / "c",
    ]
    counts = [
        ["intersect", "-sorted", "-u", "-a", calls, "-b", database],
        ["intersect", "-sorted", "-u", "-a", database, "-b", calls],
        ["intersect", "-sorted", "-u", "-f", "0.5", "-a", calls, "-b", database],
        ["intersect", "-sorted", "-u", "-f", "0.5", "-r", "-a", calls, "-b", database],
        ["jaccard", "-a", calls, "-b", database],
        ["closest", "-d", "-t", "first", "-a", calls, "-b", database],
    ]
    shuffled = (
        f"bedtools shuffle -i {calls} -g {sizes} | bedtools intersect -u -a stdin -b {database} | wc -l"
    )
    start = _ours("compare-db", "--help")
    print(f"the start of a command: {start:.2f}")
    theirs = sum(_bedtools(words) for words in counts)
    own = _ours(*base, "--null", "none")
    print(f"compare-db --null none, {rows:,} rows: {own:.2f}; bedtools, six counts {theirs:.2f}", flush=True)
    once = run(["sh", "-c", shuffled]).processor_seconds
    own = _ours(*base, "--null", "resample", "--permutations", SHUFFLES)
    print(f"with {SHUFFLES} re-samplings: {own:.2f}; bedtools {theirs + SHUFFLES * once:.2f}", flush=True)


def _make_dataset(folder: Path, regions: int) -> None:
    """Print make-dataset beside bedtools' shuffle, flanks of one length and sequences."""
    genome, peaks, sizes = folder / "genome.fa", folder / "peaks.bed", folder / "genome.fa.fai"
    own = _ours(
        *("make-dataset", "--regions", peaks, "--genome", genome, "--negatives", "bedtools-shuffle"),
        *("--split-by", "block", "--block-size", "20000", "--quiet", "--output-dir", folder / "d"),
    )
    positives, negatives = folder / "positives.bed", folder / "negatives.bed"
    centred = "awk -v OFS='\\t' '{m = int(($2 + $3) / 2); print $1, m - 100, m + 100}'"
    theirs = run(
        [
            *("sh", "-c"),
            f"bedtools getfasta -fi {genome} -bed {peaks} -fo /dev/null; "  # makes the index
            f"{centred} {peaks} > {positives}; cut -f 1,2 {sizes} > {folder}/sizes; "
            f"bedtools shuffle -chrom -excl {positives} -i {positives} -g {folder}/sizes > {negatives}; "
            f"bedtools getfasta -tab -fi {genome} -bed {positives} > {folder}/p.tsv; "
            f"bedtools getfasta -tab -fi {genome} -bed {negatives} > {folder}/n.tsv",
        ]
    ).processor_seconds
    print(f"make-dataset, {regions:,} regions, with splits and leak check: {own:.2f}; bedtools {theirs:.2f}")


def _ours(*words: object) -> float:
    return run([sys.executable, "-m", "dnabert_enhancer", *words]).processor_seconds


if __name__ == "__main__":
    main()
