#!/usr/bin/env python3
"""Both conventions of score-variants side by side, on the golden checkpoints of DeepVRegulome.

For each model and kind of allele that both conventions score: the median |LogOddRatio| of each, the median
difference between them, and how often they agree in sign. Then the same deletion of one base of a
homopolymer, written at the first and at the last of its places: how far LogOddRatio moves. The models are
random, so that the numbers are about windows, not about biology.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import dnabert_enhancer as de
from dnabert_enhancer.model import import_checkpoint

GENOME = "reference/hg38_4chr_prefixes.fa.gz"
MODELS = ("CTCFL", "H4K12ac")
CONVENTIONS = ("suite", "deepvregulome")
RUN = re.compile(r"(?<=[ACGT])(A{6,20}|C{6,20}|G{6,20}|T{6,20})(?=[ACGT])")
APART = 2000


def main() -> None:
    """Score with both and print what differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared-data", type=Path, required=True, help="folder with the real data")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--homopolymers", type=int, default=40, help="deletions written twice (default 40)")
    args = parser.parse_args()
    folder = args.shared_data / "golden" / "deepvregulome_hub"
    variants = pd.read_csv(folder / "variants.tsv", sep="\t")
    engine = de.EngineSettings(backend="onnx", device="cpu", threads=args.threads)
    with tempfile.TemporaryDirectory() as work, de.Genome(args.shared_data / GENOME) as genome:
        twice = deletions(genome, args.homopolymers)
        for name in MODELS:
            model = import_checkpoint(folder / "models" / name, Path(work) / name, window_length=301)
            loaded = de.load_model(model.directory, engine=engine)
            report(name, *(scored(loaded, variants, genome, one) for one in CONVENTIONS), variants)
            for convention in CONVENTIONS:
                found = scored(loaded, twice, genome, convention)["LogOddRatio"].to_numpy().reshape(-1, 2)
                moved = np.abs(found[:, 0] - found[:, 1])
                print(
                    f"{name:<8} {convention:<13} {len(moved)} deletions written at two places: LogOddRatio "
                    f"moves by {np.median(moved):.3f} (median), {moved.max():.3f} (most); median size "
                    f"{np.median(np.abs(found)):.3f}"
                )


def scored(model: de.Model, variants: pd.DataFrame, genome: de.Genome, convention: Any) -> pd.DataFrame:
    """Return the table of the variants by one convention."""
    return model.score_variants(variants, genome, convention=convention, null_variants=0)


def report(name: str, suite: pd.DataFrame, other: pd.DataFrame, variants: pd.DataFrame) -> None:
    """Print what differs between two tables of the same variants."""
    kept = [table["skipped"].isna().to_numpy() for table in (suite, other)]
    both = kept[0] & kept[1]
    print(
        f"{name:<8} {len(variants)} variants: {kept[0].sum()} scored by suite, {kept[1].sum()} by "
        f"deepvregulome, {both.sum()} by both; only by deepvregulome: "
        f"{suite.loc[kept[1] & ~kept[0], 'skipped'].value_counts().to_dict()}; only by suite: "
        f"{other.loc[kept[0] & ~kept[1], 'skipped'].value_counts().to_dict()}"
    )
    is_indel = (variants["ref"].str.len() != variants["alt"].str.len()).to_numpy()
    for kind, rows in (("substitutions", both & ~is_indel), ("indels", both & is_indel)):
        ratios = [table.loc[rows, "LogOddRatio"].to_numpy() for table in (suite, other)]
        agree = (np.sign(ratios[0]) == np.sign(ratios[1])).sum()
        sizes = [np.median(np.abs(ratio)) for ratio in ratios]
        print(
            f"{name:<8} {rows.sum()} {kind}: median |LogOddRatio| {sizes[0]:.3f} suite, {sizes[1]:.3f} "
            f"deepvregulome; median difference {np.median(np.abs(ratios[0] - ratios[1])):.3f}; "
            f"same sign in {agree}"
        )


def deletions(genome: de.Genome, count: int) -> pd.DataFrame:
    """Return deletions of one base of a homopolymer, each at its first and at its last place."""
    rows: list[tuple[str, int, str, str]] = []
    bases = genome.fetch("chr16", 0, genome.contig_sizes["chr16"]).decode().upper()
    reach = 0
    runs = (run for run in RUN.finditer(bases) if "N" not in bases[run.start() - 300 : run.end() + 300])
    chosen = []
    for run in runs:
        if run.start() > reach:
            chosen.append(run)
            reach = run.end() + APART
    for run in islice(chosen, count):
        for anchor in (run.start() - 1, run.end() - 2):  # 0-based; POS counts from 1
            rows.append(("chr16", anchor + 1, bases[anchor : anchor + 2], bases[anchor]))
    return pd.DataFrame(rows, columns=["chrom", "pos", "ref", "alt"])


if __name__ == "__main__":
    main()
