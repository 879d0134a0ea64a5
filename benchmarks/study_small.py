#!/usr/bin/env python3
"""A small run of the study of DNABERT-Enhancer, on pieces of GRCh38, and its summary.

    python benchmarks/study_small.py --data ../shared/data --work-dir WORK --write

The pipeline runs twice, 40 minutes of two cores: windows of 350 and of 201 bp, each with a row of the
authors' negatives and one of matched ones. Training starts from the packaged model, which has seen neither
chr1 nor chr20, the test split. With --write the summary goes into studies/dnabert_enhancer/README.md; what
was done is kept.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

import dnabert_enhancer as de

REPOSITORY = Path(__file__).resolve().parent.parent
STUDY = REPOSITORY / "studies" / "dnabert_enhancer"
LENGTHS = (350, 201)
SAMPLES = {"bedtools-shuffle": "dnabert_enhancer", "matched": "dnabert_enhancer_matched"}
"""Rows of the samplesheet by their negatives."""
SPLITS = "0.76,0.12,0.12"
"""Shares with which chr16 trains, chr2 validates, and chr1 and chr20 are the test split."""
TRAINING = {"base_model": "default", "epochs": 5, "batch_size": 32, "learning_rate": 3e-4, "splits": SPLITS}


def main() -> None:
    """Run the study twice and print or write its summary."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--data", type=Path, required=True, help="folder of public data, ../shared/data")
    parser.add_argument("--work-dir", type=Path, required=True)
    parser.add_argument("--write", action="store_true", help="into the study's page between its marks")
    args = parser.parse_args()
    work = args.work_dir.resolve()
    inputs = work / "inputs"
    call([STUDY / "small_inputs.py", args.data.resolve(), "--output-dir", inputs], work=None)
    for length in LENGTHS:
        run(work / str(length), inputs / "samplesheet.tsv", length)
    text = summary(work)
    if args.write:
        page = STUDY / "README.md"
        marked = re.compile(r"(<!-- small run -->\n).*?(<!-- end of small run -->)", re.DOTALL)
        page.write_text(marked.sub(lambda found: f"{found[1]}{text}{found[2]}", page.read_text()))
    else:
        print(text, end="")


def run(folder: Path, sheet: Path, length: int) -> None:
    """Run the pipeline and make the study's tables, unless they are there."""
    tables = folder / "tables"
    if (tables / "performance.tsv").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    published = STUDY / f"published_{length}.tsv"
    options = {"input": sheet, "outdir": "results", "published": published} | TRAINING
    given = [text for name, value in options.items() for text in (f"--{name}", value)]
    parameters = ["-params-file", STUDY / f"{length}.yml", "-resume"]
    call([REPOSITORY / "tools/nextflow/nextflow", "run", REPOSITORY / "main.nf", *parameters, *given], folder)
    call(
        [sys.executable, STUDY / "tables.py", "results", "--set", str(length), "--output-dir", tables], folder
    )


class Runs:
    """The tables of the study by length and negatives."""

    def __init__(self, work: Path) -> None:
        self._work = work

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return itertools.product(LENGTHS, SAMPLES)

    def table(self, length: int, negatives: str, name: str, **read: Any) -> pd.DataFrame:  # of pandas
        """Return the rows of one sample."""
        return self.rows(length, SAMPLES[negatives], name, **read)

    def rows(self, length: int, sample: str, name: str, **read: Any) -> pd.DataFrame:  # of pandas
        """Return the rows of a table whose first column holds this word."""
        table = pd.read_csv(self._work / str(length) / "tables" / f"{name}.tsv", sep="\t", **read)
        return table[table["sample"] == sample]


def call(command: list[object], work: Path | None) -> None:
    """Run a program with this Python's commands on its PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        [str(part) for part in command],
        cwd=work,
        env=os.environ | {"PATH": path, "NXF_ANSI_LOG": "false", "OMP_NUM_THREADS": "2"},
        check=True,
    )


def summary(work: Path) -> str:
    """Return the summary of the runs as Markdown."""
    name = de.load_model().name
    runs = Runs(work)
    parts = [
        f"Training started from the packaged model, `{name}`: {TRAINING['epochs']} epochs, batches of "
        f"{TRAINING['batch_size']}, learning rate {TRAINING['learning_rate']:g}; chr16 trains, chr2 "
        "validates, chr1 and chr20 are the test split.\n",
        judged(runs),
        annotated(runs),
        overlaps(runs.table(350, "matched", "databases")),
        changed(runs.table(350, "matched", "variants")),
        attended(runs, work / "inputs" / "explained.bed"),
    ]
    return "\n".join(parts)


def judged(runs: Runs) -> str:
    """Return the test split's figures, in percent, of each run and method."""
    rows = ["| windows | negatives | method | accuracy | precision | recall | F1 | MCC |"]
    rows.append("|" + " --- |" * 8)
    texts = {"dtype": str, "keep_default_na": False}  # published figures keep their decimals
    for length, negatives in runs:
        start = f"| {length} bp | {negatives} |"
        for method, *figures in _performance(runs.table(length, negatives, "performance", **texts)):
            told = "fine-tuned" if method in SAMPLES.values() else method
            rows.append(f"{start} {told} | {' | '.join(map(_tenths, figures))} |")
        if negatives == "bedtools-shuffle":
            for method, *figures in _performance(runs.rows(length, "published", "performance", **texts)):
                rows.append(f"{start} {method}, published, on its own sets | {' | '.join(figures)} |")
    return "\n".join(rows) + "\n"


def _performance(table: pd.DataFrame) -> Iterator[list[str]]:
    columns = ["method", "accuracy", "precision", "recall", "f1", "mcc"]
    yield from table[columns].to_numpy().tolist()


def _tenths(figure: str) -> str:
    return "-" if figure == "NA" else f"{float(figure):.1f}"


def annotated(runs: Runs) -> str:
    """Return what each run called over the four pieces."""
    rows = ["| windows | negatives | windows scanned | regions called | share of the bases |"]
    rows.append("|" + " --- |" * 5)
    for length, negatives in runs:
        row = runs.table(length, negatives, "genome").iloc[0]
        share = f"{100 * row['called_share']:.1f} %"
        rows.append(
            f"| {length} bp | {negatives} | {int(row['windows']):,} | {int(row['calls']):,} | {share} |"
        )
    return "\n".join(rows) + "\n"


def overlaps(table: pd.DataFrame) -> str:
    """Return the databases of one run at four shares of length."""
    shares = (0.05, 0.25, 0.5, 0.95)
    rows = ["| database | " + " | ".join(f"calls, {share:.0%} of length" for share in shares) + " |"]
    rows.append("|" + " --- |" * (len(shares) + 1))
    for name, part in table.groupby("database", sort=False):
        found = part.set_index(part["min_fraction"].round(2))
        rows.append(
            f"| {name} | " + " | ".join(f"{int(found.loc[s, 'calls_min_fraction']):,}" for s in shares) + " |"
        )
    return "\n".join(rows) + "\n"


def changed(table: pd.DataFrame) -> str:
    """Return how many alleles gain and lose function by each model of one run."""
    rows = ["| model | effect | alleles |", "|" + " --- |" * 3]
    rows += [
        f"| {row.model} | {row.predicted_functional_effect} | {row.alleles} |"
        for row in table.itertuples(index=False)
    ]
    return "\n".join(rows) + "\n"


def attended(runs: Runs, explained: Path) -> str:
    """Return how many high-attention regions each run found in the regions that it explained."""
    count = len(explained.read_text().splitlines())
    rows = [
        f"| windows | negatives | high-attention regions in {count} elements | bases |",
        "|" + " --- |" * 4,
    ]
    for length, negatives in runs:
        table = runs.table(length, negatives, "regions")
        bases = int((table["end"] - table["start"]).sum())
        rows.append(f"| {length} bp | {negatives} | {len(table):,} | {bases:,} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
