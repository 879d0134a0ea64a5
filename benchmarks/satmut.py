#!/usr/bin/env python3
"""Saturation mutagenesis of regulatory elements: predicted effects against measured ones, by element.

Pearson and Spearman of an effect with the measured log2 change of activity, with 95 % intervals by the
bootstrap over variants; variants with at least 10 barcodes. Beside the model stands the difference that a
6-mer ridge makes between the alleles, in the same windows; it is fitted to the measured activities of
lentiMPRA elements in HepG2. Windows that overrun an element are moved inside it; elements shorter than a
window have unknown bases on both sides.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

import dnabert_enhancer as de
from dnabert_enhancer.evaluation import KmerRidge
from dnabert_enhancer.files import read_text_lines
from dnabert_enhancer.genome import Genome
from dnabert_enhancer.sequence import encode_bases
from dnabert_enhancer.variants import (
    Allele,
    GenomeBases,
    WindowPlan,
    allele_windows,
    context_around,
    place_allele,
)

FEWEST_BARCODES = 10
RESAMPLES = 1000
ADAPTOR = 15
WINDOW = 200


def main() -> None:
    """Score the elements' variants and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared-data", type=Path, required=True, help="folder with the real data")
    parser.add_argument("--table", type=Path, help="a table of score-variants to use (default: made here)")
    parser.add_argument(
        "--model", default="default", help="as load_model takes it (default: the packaged one)"
    )
    parser.add_argument("--offsets", type=int, default=5, help="windows per allele (default 5)")
    args = parser.parse_args()
    vcf, fasta = (args.shared_data / "variants" / name for name in ("satmut_dev.vcf.gz", "satmut_dev.fa"))
    if args.table is None:
        model = de.load_model(args.model)
        frame = model.score_variants(vcf, fasta, null_variants=0, offsets=args.offsets)
    else:
        frame = pd.read_csv(args.table, sep="\t", low_memory=False)
    frame = frame[frame["model"] == "enhancer"].reset_index(drop=True)
    frame[["lfc", "barcodes"]] = measured_variants(vcf)[["lfc", "barcodes"]]
    frame["ridge"] = _ridge_differences(fasta, frame, _fitted_ridge(args.shared_data))
    kept = frame[(frame["barcodes"] >= FEWEST_BARCODES) & frame["skipped"].isna()]
    print(f"{len(kept):,} of {len(frame):,} variants have {FEWEST_BARCODES} barcodes and a score")
    print("element    variants  method             Pearson                   Spearman")
    elements = [*kept.groupby("chrom"), ("all", kept)]
    for element, rows in elements:
        for name in ("LogitDifference", "ridge"):
            found = [
                _with_interval(rows[name].to_numpy(), rows["lfc"].to_numpy(), ranks=ranks)
                for ranks in (False, True)
            ]
            print(f"{element:<10} {len(rows):>8}  {name:<16} {found[0]:<25} {found[1]}")


def measured_variants(vcf: Path) -> pd.DataFrame:
    """Return the variants (chrom, pos, ref, alt) with their measured effect (lfc) and number of barcodes."""
    rows = []
    for _, line in read_text_lines(vcf):
        if not line.startswith("#"):
            fields = line.split("\t")
            info = dict(part.split("=") for part in fields[7].split(";"))
            place = (fields[0], int(fields[1]), fields[3], fields[4])
            rows.append((*place, float(info["LFC"]), float(info["BC"])))
    return pd.DataFrame(rows, columns=["chrom", "pos", "ref", "alt", "lfc", "barcodes"])


def _fitted_ridge(shared_data: Path) -> KmerRidge:
    path = shared_data / "enhancers/lentimpra/val_HepG2.tsv.gz"
    frame = pd.read_csv(path, sep="\t")
    sequence = frame.columns[1]
    activity = frame.columns[2]
    codes = np.stack([encode_bases(text[ADAPTOR:-ADAPTOR]) for text in frame[sequence]])
    return KmerRidge().fit(codes, frame[activity].to_numpy())


def _ridge_differences(fasta: Path, frame: pd.DataFrame, ridge: KmerRidge) -> NDArray[np.float64]:
    """Return the mean over the windows of ridge(ALT) - ridge(REF)."""
    names = {"reference_nucleotide": "ref", "alternative_nucleotide": "alt"}
    windows = allele_codes(fasta, frame.rename(columns=names))
    scores = ridge.predict(windows.reshape(-1, WINDOW)).reshape(windows.shape[:3])
    return (scores[:, 1] - scores[:, 0]).mean(axis=1)


def allele_codes(fasta: Path, variants: pd.DataFrame) -> NDArray[np.uint8]:
    """Return the windows of both alleles of variants (chrom, pos, ref, alt).

    Returns
    -------
    uint8[n, 2, offsets, WINDOW]
        REF first.
    """
    plan = WindowPlan(WINDOW)
    windows = []
    with Genome(fasta) as genome:
        bases = GenomeBases(genome)
        columns = (variants[name] for name in ("chrom", "pos", "ref", "alt"))
        for contig, position, ref, alt in zip(*columns, strict=True):
            allele = place_allele(bases, contig, int(position), ref.encode(), alt.encode())
            if not isinstance(allele, Allele):
                raise SystemExit(f"{contig}:{position} cannot be placed: {allele}")
            windows.append(np.stack(allele_windows(context_around(bases, allele, plan), allele, plan)))
    return np.stack(windows)


def correlation(predicted: NDArray[np.float64], measured: NDArray[np.float64], *, ranks: bool) -> float:
    """Return Pearson's correlation, or Spearman's with ranks."""
    pair = (predicted, measured)
    return float(np.corrcoef(*(map(rankdata, pair) if ranks else pair))[0, 1])


def _with_interval(predicted: NDArray[np.float64], measured: NDArray[np.float64], *, ranks: bool) -> str:
    rng = np.random.default_rng(0)
    n = len(predicted)
    values = []
    for resample in range(RESAMPLES + 1):
        rows = np.arange(n) if resample == 0 else rng.integers(0, n, n)
        values.append(correlation(predicted[rows], measured[rows], ranks=ranks))
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return f"{values[0]:6.3f} ({low:6.3f} to {high:6.3f})"


if __name__ == "__main__":
    main()
