#!/usr/bin/env python3
"""Counts the library's files and functions that a window, a sequence and an allele enter on their way.

    tools/entered.py                    # the code of this checkout
    tools/entered.py --suite DIR        # of another one
    tools/entered.py --files window     # names the files, and each one's functions

Each job is a whole command, run in a process of its own from the command line to the written files:

    window      predict --genome, a region of 250 bases: two windows, their shuffled copies, bigWig, calls
    sequence    predict --fasta, one sequence of 200 bases
    allele      score-variants, one record of one allele with its null variants

A file is entered when one of its functions, methods or lambdas is called; the body of a module or class and
comprehensions do not count, and a process that the command starts (the writer of bigWig files) is not looked
into. The numbers say how much of the code a reader has to open in order to follow one job, so they include
parser, checks and writers.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from pathlib import Path
from types import CodeType, FrameType

ROOT = Path(__file__).resolve().parent.parent
ENGINE = ["--device", "cpu", "--backend", "onnx", "--precision", "float32", "--threads", "1", "--quiet"]
BASES = "ACGTTGCAAGGCTTAACCGTATGCCATGGATCCTAGAACTTCGGCATTAC" * 5
COMPREHENSIONS = {"<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"}
JOBS = {
    "window": ["predict", "--genome", "genome.fa", "--regions", "regions.bed", "--output-prefix", "out/scan"],
    "sequence": ["predict", "--fasta", "sequence.fa", "--output-prefix", "out/sequence"],
    "allele": [
        "score-variants",
        "--vcf",
        "one.vcf",
        "--genome",
        "genome.fa",
        "--output-prefix",
        "out/allele",
    ],
}
INPUTS = {
    "genome.fa": f">chr1\n{BASES}\n",
    "regions.bed": "chr1\t0\t250\n",
    "sequence.fa": f">one\n{BASES[:200]}\n",
    "one.vcf": "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=250>\n"
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    f"chr1\t125\t.\t{BASES[124]}\t{'A' if BASES[124] != 'A' else 'C'}\t.\t.\t.\n",
}

Entered = dict[str, list[str]]
"""Qualified names of the functions entered, by file (relative to the package)."""


def main() -> None:
    """Run the jobs and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--suite", type=Path, default=ROOT, help="checkout whose code is counted")
    parser.add_argument("--files", choices=JOBS, metavar="JOB", help="name what one job enters")
    parser.add_argument("--trace", nargs="+", help=argparse.SUPPRESS)  # the process that runs one job
    args, rest = parser.parse_known_args()
    if args.trace:
        sys.exit(_trace(args.suite, args.trace + rest))
    if args.files:
        for file, functions in sorted(entered(args.files, args.suite).items()):
            print(f"{file}: {', '.join(functions)}")
        return
    print(f"{'job':<10}{'files':>7}{'functions':>11}")
    for job in JOBS:
        found = entered(job, args.suite)
        print(f"{job:<10}{len(found):>7}{sum(map(len, found.values())):>11}")


def entered(job: str, suite: Path = ROOT) -> Entered:
    """Return what a job enters.

    Parameters
    ----------
    job : str
        One of `JOBS`.
    suite : Path
        Checkout whose code runs.

    Returns
    -------
    dict
        Functions by file.
    """
    suite = suite.resolve()
    with tempfile.TemporaryDirectory() as folder:
        for name, text in INPUTS.items():
            Path(folder, name).write_text(text)
        Path(folder, "out").mkdir()
        words = [sys.executable, __file__, "--suite", str(suite), "--trace", *JOBS[job], *ENGINE]
        environment = os.environ | {"PYTHONPATH": str(suite / "src"), "OMP_NUM_THREADS": "1"}
        subprocess.run(words, cwd=folder, env=environment, check=True)
        found: Entered = json.loads(Path(folder, "entered.json").read_text())
    return found


def _trace(suite: Path, arguments: list[str]) -> int:
    """Run one command in this process and write what it entered to entered.json."""
    package = str(suite / "src" / "dnabert_enhancer") + os.sep
    seen: set[CodeType] = set()

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            seen.add(frame.f_code)

    from dnabert_enhancer.commands.cli import main as command_line

    threading.setprofile(note)
    sys.setprofile(note)
    code: object = 0
    try:
        command_line(arguments)
    except SystemExit as error:
        code = error.code
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]
    functions: dict[str, set[str]] = defaultdict(set)
    for one in seen:
        is_function = one.co_flags & inspect.CO_OPTIMIZED  # the bodies of modules and classes are not
        if is_function and one.co_filename.startswith(package) and one.co_name not in COMPREHENSIONS:
            functions[one.co_filename.removeprefix(package)].add(f"{one.co_qualname}:{one.co_firstlineno}")
    names = {
        file: sorted(name.rpartition(":")[0] for name in found) for file, found in sorted(functions.items())
    }
    Path("entered.json").write_text(json.dumps(names))
    return int(str(code or 0))


if __name__ == "__main__":
    main()
