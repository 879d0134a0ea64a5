#!/usr/bin/env python3
"""Processor seconds of the starts: help texts, and real runs on so little input that it is most of them.

Each figure is the least of several fresh processes, the first of which, not counted, fills the cache; beside
it stands how many times as long as `python -c "import pandas"` in the same run it took.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from child import run
from dnabert_enhancer.commands.cli import COMMANDS

REPOSITORY = Path(__file__).resolve().parents[1]
MODULE = "dnabert_enhancer"
YARDSTICK = 'python -c "import pandas"'
_DEMO, _GALAXY = REPOSITORY / "assets" / "demo", REPOSITORY / "galaxy_tools" / "test-data"
_ENGINE = "--device cpu --threads 1 --quiet --output-prefix {out}/run"
_GENOME = f"--genome {_DEMO}/alpha-globin.fa.gz"
_TRAINING = (
    "--base-model new:tiny --epochs 1 --threads 1 --device cpu --precision float32 --output-dir {out}/run"
)
_COMPARISON = (
    f"compare-db --calls {_DEMO}/ccre-pels.bed --assembly hg38 --genome-sizes {_DEMO}/alpha-globin.fa.gz.fai "
    f"--permutations 20 --database FANTOM5={_DEMO}/fantom5-enhancers.bed,preset=fantom5 {{engine}}"
)
STARTS = {
    "make-dataset": f"make-dataset --regions {_DEMO}/ccre-pels.bed {_GENOME} --split-by block "
    "--block-size 20000 --allow-fewer --quiet --output-dir {out}/run",
    "tokenize": f"tokenize --input {_GALAXY}/enhancers.fa --k 6 --quiet --output {{out}}/run.tsv.gz",
    "finetune": f"finetune --dataset {_GALAXY} --quiet {_TRAINING}",
    "tune": f"tune --dataset {_GALAXY} --trials 1 --quiet {_TRAINING}",
    "evaluate": f"evaluate --dataset {_GALAXY} --bootstrap 10 {_ENGINE}",
    "evaluate --no-pictures": f"evaluate --dataset {_GALAXY} --bootstrap 10 --no-pictures {_ENGINE}",
    "predict --fasta": f"predict --fasta {_GALAXY}/enhancers.fa {_ENGINE}",
    "predict --genome": f"predict {_GENOME} --regions {{out}}/region.bed --null-fraction 0 {_ENGINE}",
    "score-variants": f"score-variants --vcf {_DEMO}/variants.vcf {_GENOME} --offsets 1 --null-variants 0 "
    + _ENGINE,
    "interpret --logos 0": f"interpret --regions {{out}}/region.bed {_GENOME} --logos 0 {_ENGINE}",
    "interpret": f"interpret --regions {{out}}/region.bed {_GENOME} {_ENGINE}",
    "compare-db": _COMPARISON.format(engine="--threads 1 --quiet --output-prefix {out}/run"),
    "compare-db --no-plots": _COMPARISON.format(
        engine="--no-plots --threads 1 --quiet --output-prefix {out}/run"
    ),
    "report": "report {out}/scan --quiet --output {out}/page.html",
    "index-genome": f"index-genome {_GENOME} --quiet --output-dir {{out}}/run",
    "models list": "models list",
    "doctor": "doctor",
}
"""Runs by the name that the table shows; ``{out}`` is a folder of `prepare`."""


def prepare(folder: Path) -> None:
    """Write what the runs read besides the demo: a region, and a finished scan of it."""
    (folder / "region.bed").write_text("chr16\t104000\t104020\n")
    scan = STARTS["predict --genome"].replace("{out}/run", "{out}/scan")
    run([sys.executable, "-m", MODULE, *scan.format(out=folder).split()])


def words_of(name: str, folder: Path) -> list[str]:
    """Return a run's words for Python."""
    return ["-m", MODULE, *STARTS[name].format(out=folder).split()]


def seconds(words: list[str], rounds: int, environment: dict[str, str]) -> float:
    """Return the least processor seconds of several processes, after one that is not counted."""
    costs = [run([sys.executable, *words], environment=environment) for _ in range(rounds + 1)]
    return min(cost.processor_seconds for cost in costs[1:])


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="processes a row (default: %(default)s)")
    parser.add_argument("--only", nargs="+", metavar="ROW", help="these rows")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        environment = {"DNABERT_ENHANCER_CACHE": str(folder / "cache")}
        rows = {YARDSTICK: ["-c", "import pandas"], "python -c pass": ["-c", "pass"]}
        rows["import dnabert_enhancer"] = ["-c", "import dnabert_enhancer"]
        rows |= {f"{name} --help": ["-m", MODULE, name, "--help"] for name in COMMANDS}
        rows |= {name: words_of(name, folder) for name in STARTS}
        yardstick = seconds(rows[YARDSTICK], args.rounds, environment)
        print(f"| process | processor seconds | times {YARDSTICK} |\n| --- | ---: | ---: |")
        for row, words in rows.items():
            if args.only is None or row in args.only:
                taken = yardstick if row == YARDSTICK else seconds(words, args.rounds, environment)
                print(f"| `{row}` | {taken:.2f} | {taken / yardstick:.1f} |", flush=True)


if __name__ == "__main__":
    main()
