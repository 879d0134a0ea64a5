#!/usr/bin/env python3
"""The tables of the study, from the pipeline's results: `tables.py RESULTS --set 350 --output-dir tables`.

Writes performance.tsv (test split, beside the published figures), genome.tsv (what was annotated),
databases.tsv (calls and elements that overlap, at each share of length), variants.tsv (gains and losses of
function) and regions.tsv (high-attention regions).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import pandas as pd

HERE = Path(__file__).resolve().parent
FIGURES = ["accuracy", "precision", "recall", "f1", "mcc"]
PUBLISHED_GENOME = {"calls": 1_800_000, "called_share": 0.2153}
"""Regions called over GRCh38 with 350-bp windows every 150 bp at p >= 0.5 (Sathian et al. 2025)."""


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("results", type=Path, help="folder of the pipeline's results")
    parser.add_argument(
        "--set", choices=("350", "201"), required=True, help="which published figures to set beside ours"
    )
    parser.add_argument("--sample", default="dnabert_enhancer", help="row of the samplesheet")
    parser.add_argument("--output-dir", type=Path, required=True)
    args = parser.parse_args()
    if not args.results.is_dir():
        sys.exit(f"tables.py: there is no folder {args.results}")
    args.output_dir.mkdir(parents=True, exist_ok=True)
    made = {
        "performance": performance(args.results, args.sample, args.set),
        "genome": genome(args.results, args.sample),
        "databases": databases(args.results, args.sample),
        "variants": variants(args.results, args.sample),
        "regions": regions(args.results, args.sample),
    }
    for name, table in made.items():
        if table is None:
            print(f"{name}: the sample {args.sample} has no such results in {args.results}")
            continue
        table.to_csv(args.output_dir / f"{name}.tsv", sep="\t", index=False, na_rep="NA", float_format="%.4f")
        print(f"{name}: {len(table)} rows in {args.output_dir / name}.tsv")


def performance(results: Path, sample: str, which: str) -> pd.DataFrame | None:
    """Return accuracy, precision, recall, F1 and MCC in percent by method, the published ones last.

    Texts with two decimals, which the publication has.
    """
    path = results / "train" / f"{sample}.metrics.tsv"
    if not path.exists():
        return None
    judged = pd.read_csv(path, sep="\t")
    judged = judged[(judged["prevalence"] == "as given") & (judged["subset"] == "all")]
    ours = judged[["method"]].assign(source="this run")
    for name in FIGURES:
        ours[name] = (100 * judged[name]).map("{:.2f}".format).replace("nan", "NA")
    published = pd.read_csv(HERE / f"published_{which}.tsv", sep="\t", index_col="metric")
    theirs = {"method": "DNABERT-Enhancer", "source": "published"}
    theirs |= {name: published.loc[name, "value"].removesuffix("%") for name in FIGURES}
    return pd.concat([ours, pd.DataFrame([theirs])], ignore_index=True)


def genome(results: Path, sample: str) -> pd.DataFrame | None:
    """Return what was called, and its share of what was scanned, beside the published annotation."""
    path = results / "scan" / f"{sample}.run.json"
    if not path.exists():
        return None
    counts = json.loads(path.read_text())["counts"]
    ours = {
        "source": "this run",
        "windows": counts["windows"],
        "calls": counts["calls"],
        "called_bases": counts["called_bases"],
        "scanned_bases": counts["scanned_bases"],
        "called_share": counts["called_bases"] / counts["scanned_bases"],
    }
    table = pd.DataFrame([ours, {"source": "published, 350 bp, whole genome", **PUBLISHED_GENOME}])
    return table.astype(dict.fromkeys(["windows", "calls", "called_bases", "scanned_bases"], "Int64"))


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


if __name__ == "__main__":
    main()
