#!/usr/bin/env python3
"""Allele-specific accessibility in K562 (UDACHA): how often the model prefers the allele that is more open.

Sites on the pieces of hg38 at hand: those with a false discovery rate below 0.05, with a p-value below 0.05,
and all. The share in which the sign of the difference of logits agrees with the preferred allele, with a 95 %
interval by Clopper and Pearson.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binomtest

import dnabert_enhancer as de

LARGEST_RATE = 0.05


def main() -> None:
    """Score the sites and print the agreement."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared-data", type=Path, required=True, help="folder with the real data")
    parser.add_argument(
        "--model", default="default", help="as load_model takes it (default: the packaged one)"
    )
    args = parser.parse_args()
    genome = args.shared_data / "reference/hg38_4chr_prefixes.fa.gz"
    sites = pd.read_csv(args.shared_data / "variants/udacha_K562_atac.tsv.gz", sep="\t")
    with de.Genome(genome) as reference:
        sizes = reference.contig_sizes
        sites["own"] = [reference.names.resolve(name) for name in sites["#chr"]]
    at_hand = [
        own in sizes and end <= sizes[own] for own, end in zip(sites["own"], sites["end"], strict=True)
    ]
    sites = sites[at_hand].sort_values(["own", "end"])
    variants = sites[["own", "end", "id", "ref", "alt"]].set_axis(
        ["chrom", "pos", "id", "ref", "alt"], axis=1
    )
    found = de.load_model(args.model).score_variants(variants, genome, null_variants=0)
    sites["difference"] = found["LogitDifference"].to_numpy()
    sites["skipped"] = found["skipped"].to_numpy()
    scored = sites[sites["skipped"].isna()]
    print(f"{len(sites)} sites at hand, {len(scored)} with a score")
    for what, chosen in (
        (f"FDR < {LARGEST_RATE}", scored["fdr_comb_pval"] < LARGEST_RATE),
        (f"p < {LARGEST_RATE}", scored["comb_pval"] < LARGEST_RATE),
        ("all", scored["comb_pval"] <= 1),
    ):
        _print_agreement(what, scored[chosen])


def _print_agreement(what: str, sites: pd.DataFrame) -> None:
    if sites.empty:
        print(f"{what:<12} no site")
        return
    preferred = np.where(sites["pref_allele"] == "alt", 1, -1)
    agreeing = int((np.sign(sites["difference"]) == preferred).sum())
    result = binomtest(agreeing, len(sites))
    interval = result.proportion_ci()
    print(
        f"{what:<12} {agreeing} of {len(sites)} agree: {result.statistic:.3f} ({interval.low:.3f} to "
        f"{interval.high:.3f}), p = {result.pvalue:.3g} against one half"
    )


if __name__ == "__main__":
    main()
