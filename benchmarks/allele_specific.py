#!/usr/bin/env python3
"""Allele-specific accessibility in K562 (UDACHA): how often the model prefers the allele that is more open.

Sites on the pieces of hg38 at hand: those with a false discovery rate below 0.05, with a p-value below 0.05,
and all. The share in which the sign of the difference of logits agrees with the preferred allele, with a 95 %
interval by Clopper and Pearson.
"""

from __future__ import annotations

import argparse
import gzip
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from dnabert_enhancer.genome import Genome

COMMAND = "from dnabert_enhancer.commands.cli import main; main(command='score-variants')"
LARGEST_RATE = 0.05


def main() -> None:
    """Score the sites and print the agreement."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared-data", type=Path, required=True, help="folder with the real data")
    parser.add_argument("options", nargs="*", help="options for score-variants, after --: --model DIR")
    args = parser.parse_args()
    genome = args.shared_data / "reference/hg38_4chr_prefixes.fa.gz"
    sites = pd.read_csv(args.shared_data / "variants/udacha_K562_atac.tsv.gz", sep="\t")
    with Genome(genome) as reference:
        sizes = reference.contig_sizes
        sites["own"] = [reference.names.resolve(name) for name in sites["#chr"]]
    at_hand = [
        own in sizes and end <= sizes[own] for own, end in zip(sites["own"], sites["end"], strict=True)
    ]
    sites = sites[at_hand].sort_values(["own", "end"])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "in.vcf").open("w") as stream:
            stream.write("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
            for row in sites.itertuples():
                stream.write(f"{row.own}\t{row.end}\t{row.id}\t{row.ref}\t{row.alt}\t.\t.\t.\n")
        options = ["--vcf", str(folder / "in.vcf"), "--genome", str(genome), "--null-variants", "0"]
        command = [sys.executable, "-c", COMMAND, *options, *args.options]
        subprocess.run([*command, "--output-prefix", str(folder / "out")], check=True)
        with gzip.open(folder / "out.tsv.gz", "rt") as stream:
            found = pd.read_csv(stream, sep="\t")
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
