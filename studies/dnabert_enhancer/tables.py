#!/usr/bin/env python3
"""The tables of the study, from the pipeline's results: `tables.py RESULTS --set 350 --output-dir tables`.

Writes performance.tsv (test split, beside the published figures), genome.tsv (what was annotated),
databases.tsv (calls and elements that overlap, at each share of length), variants.tsv (gains and losses of
function) and regions.tsv (high-attention regions); their first column is the row of the samplesheet.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import pandas as pd

HERE = Path(__file__).resolve().parent
SAMPLES = ["dnabert_enhancer", "dnabert_enhancer_matched"]
FIGURES = ["accuracy", "precision", "recall", "f1", "mcc"]
COUNTS = ["windows", "calls", "called_bases", "scanned_bases"]
PUBLISHED_GENOME = {"calls": 1_800_000, "called_share": 0.2153}
"""Regions called over GRCh38 with 350-bp windows every 150 bp at p >= 0.5 (Sathian et al. 2025)."""


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("results", type=Path, help="folder of the pipeline's results")
    parser.add_argument(
        "--set", choices=("350", "201"), required=True, help="which published figures to set beside ours"
    )
    parser.add_argument(
        "--sample",
        action="append",
        help="row of the samplesheet; may be given several times (default: those of the study's own)",
    )
    parser.add_argument("--output-dir", type=Path, required=True)
    args = parser.parse_args()
    if not args.results.is_dir():
        sys.exit(f"tables.py: there is no folder {args.results}")
    args.output_dir.mkdir(parents=True, exist_ok=True)
    samples = args.sample or SAMPLES
    published = {"performance": published_performance(args.set), "genome": published_genome()}
    for name, make in TABLES.items():
        found = {sample: make(args.results, sample) for sample in samples}
        parts = [table.assign(sample=sample) for sample, table in found.items() if table is not None]
        if not parts:
            print(f"{name}: {' and '.join(samples)} have no such results in {args.results}")
            continue
        more = [published[name].assign(sample="published")] if name in published else []
        table = pd.concat([*parts, *more], ignore_index=True)
        table = table[["sample", *(column for column in table if column != "sample")]]
        table.to_csv(args.output_dir / f"{name}.tsv", sep="\t", index=False, na_rep="NA", float_format="%.4f")
        print(f"{name}: {len(table)} rows in {args.output_dir / name}.tsv")


def performance(results: Path, sample: str) -> pd.DataFrame | None:
    """Return accuracy, precision, recall, F1 and MCC in percent by method, as texts with two decimals."""
    path = results / "train" / f"{sample}.metrics.tsv"
    if not path.exists():
        return None
    judged = pd.read_csv(path, sep="\t")
    judged = judged[(judged["prevalence"] == "as given") & (judged["subset"] == "all")]
    shown = {name: (100 * judged[name]).map("{:.2f}".format).replace("nan", "NA") for name in FIGURES}
    return judged[["method"]].assign(**shown)


def published_performance(which: str) -> pd.DataFrame:
    """Return the published figures of a set, in percent, as texts."""
    published = pd.read_csv(HERE / f"published_{which}.tsv", sep="\t", index_col="metric")
    figures = {name: published.loc[name, "value"].removesuffix("%") for name in FIGURES}
    return pd.DataFrame([{"method": "DNABERT-Enhancer", **figures}])


def genome(results: Path, sample: str) -> pd.DataFrame | None:
    """Return what was called, and its share of what was scanned."""
    path = results / "scan" / f"{sample}.run.json"
    if not path.exists():
        return None
    counts = json.loads(path.read_text())["counts"]
    ours = {name: counts[name] for name in COUNTS}
    return _whole(pd.DataFrame([{**ours, "called_share": ours["called_bases"] / ours["scanned_bases"]}]))


def published_genome() -> pd.DataFrame:
    """Return the published annotation of the whole genome by windows of 350 bp."""
    return _whole(pd.DataFrame([PUBLISHED_GENOME], columns=[*COUNTS, "called_share"]))


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    return table.astype(dict.fromkeys(COUNTS, "Int64"))


def databases(results: Path, sample: str) -> pd.DataFrame | None:
    """Return the overlap with each database at each share of length."""
    path = results / "compare" / f"{sample}.sweep.tsv"
    return pd.read_csv(path, sep="\t") if path.exists() else None


def variants(results: Path, sample: str) -> pd.DataFrame | None:
    """Return how many variants gain and lose function by model, and how many rows are candidates.

    A row of a factor's model holds what that model says in the columns ``tf_``, beside what the enhancer
    model says.
    """
    path = results / "variants" / f"{sample}.tsv.gz"
    if not path.exists():
        return None
    rows = pd.read_csv(path, sep="\t", keep_default_na=False, low_memory=False)
    of_factor = rows["transcription_factor"] != "NA"
    said = rows["predicted_functional_effect"].mask(of_factor, rows["tf_predicted_functional_effect"])
    effects = (
        rows.assign(predicted_functional_effect=said)
        .groupby(["model", "predicted_functional_effect"], sort=True)
        .size()
        .rename("alleles")
        .reset_index()
    )
    candidates = pd.read_csv(results / "variants" / f"{sample}.candidates.tsv", sep="\t", comment="#")
    last = {"model": "all", "predicted_functional_effect": "candidates", "alleles": len(candidates)}
    return pd.concat([effects, pd.DataFrame([last])], ignore_index=True)


def regions(results: Path, sample: str) -> pd.DataFrame | None:
    """Return the high-attention regions."""
    path = results / "interpret" / f"{sample}.high_attention.bed"
    columns = ["chrom", "start", "end", "name", "score"]
    if not path.exists():
        return None
    if not path.stat().st_size:
        return pd.DataFrame(columns=columns)
    return pd.read_csv(path, sep="\t", header=None, comment="#", names=columns, usecols=range(5))


TABLES = {
    "performance": performance,
    "genome": genome,
    "databases": databases,
    "variants": variants,
    "regions": regions,
}


if __name__ == "__main__":
    main()
