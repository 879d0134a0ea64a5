#!/usr/bin/env python3
"""Is it more than base composition? The packaged model's calls against public databases, beside two controls.

Scanned are hg19 chr20 (the bases that are known) and the beginnings of four chromosomes of hg38; the calls
are those with a maximum at or above the model's strict threshold. compare-db judges them with both nulls and
with random calls and calls of the same GC. Printed is the table of docs/compare-db.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from dnabert_enhancer.model import open_model
from scan import CONTIG, GENOME, REAL_BASES

FEWEST_ELEMENTS = 10
DATABASES = {
    "FANTOM5": ("annotation/F5.hg38.enhancers.bed.gz", "preset=fantom5"),
    "pELS": ("databases/cCRE_pELS_nearest_gene.bed.gz", "preset=screen"),
    "PLS": ("annotation/cCREv4_PLS.hg38.bed.gz", "preset=screen"),
    "CTCF": ("annotation/cCREv4_CA-CTCF.hg38.bed.gz", "preset=screen"),
    "dbSUPER": ("databases/dbSUPER_SuperEnhancers_hg19.tsv.gz", "preset=dbsuper"),
    "EnhAtlasA375": ("databases/EnhancerAtlas2_A375.bed.gz", "preset=enhanceratlas"),
    "CpG": ("databases/CpG_islands_hg19.bed.gz", "preset=cpg-islands"),
    "ChromHMM": ("annotation/hg19/E116_GM12878_25state_imputed12marks.bed.gz", "preset=chromhmm"),
    "P300": (
        "annotation/hg19/wgEncodeAwgTfbsSydhGm12878P300bUniPk.narrowPeak.gz",
        "preset=narrowpeak,assembly=hg19",
    ),
}
CHAINS = ("reference/GRCh37_to_GRCh38.chain.gz", "reference/GRCh38_to_GRCh37.chain.gz")


class Scanned(NamedTuple):
    """A genome that is scanned: its file, its assembly, and lines of a BED (none: all of it)."""

    genome: str
    assembly: str
    regions: str = ""


SCANNED = {
    "hg19 chr20": Scanned(
        GENOME, "hg19", "".join(f"{CONTIG}\t{start}\t{end}\n" for start, end in REAL_BASES)
    ),
    "hg38 pieces": Scanned("reference/hg38_4chr_prefixes.fa.gz", "hg38"),
}


def main() -> None:
    """Scan, compare, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared-data", type=Path, required=True, help="folder with the real data")
    parser.add_argument("--work-dir", type=Path, required=True, help="keeps scans and comparisons")
    parser.add_argument("--permutations", type=int, default=1000, help="of each null (default 1000)")
    args = parser.parse_args()
    strict = open_model().card.threshold("strict")
    print(
        "| scanned | database | elements | recall | Jaccard | fold, circular shift | fold, same GC |", end=""
    )
    print(" control: random, circular | control: same GC, circular | control: same GC, same GC |")
    print("|" + " --- |" * 10)
    notes = []
    for name, scanned in SCANNED.items():
        folder = args.work_dir / name.replace(" ", "_")
        calls, bases = strict_calls(args.shared_data, scanned, folder, strict)
        prefix = compared(args, scanned, folder, calls)
        for line in table(name, prefix):
            print(line)
        count = sum(1 for _ in calls.open())
        notes.append(f"{name}: {count:,} calls, {bases:,} bp scanned")
    print(f"\n{open_model().card.name}, strict threshold {strict}; " + "; ".join(notes))


def strict_calls(data: Path, scanned: Scanned, folder: Path, strict: float) -> tuple[Path, int]:
    """Return the BED of the calls at the strict threshold, and the number of bases that were scanned."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["predict", "--genome", str(data / scanned.genome), "--no-null"]
    if scanned.regions:
        regions = folder / "regions.bed"
        regions.write_text(scanned.regions)
        command += ["--regions", str(regions)]
    run([*command, "--output-prefix", str(folder / "scan")])
    calls = pd.read_csv(folder / "scan.calls.bed.gz", sep="\t")
    path = folder / "strict.bed"
    calls[calls["maximum"] >= strict].to_csv(path, sep="\t", header=False, index=False)
    intervals = pd.read_csv(folder / "scan.scanned.bed", sep="\t", header=None, comment="#")
    return path, int((intervals[2] - intervals[1]).sum())


def compared(args: argparse.Namespace, scanned: Scanned, folder: Path, calls: Path) -> Path:
    """Return the prefix of what compare-db wrote about the calls."""
    prefix = folder / "compared"
    genome = str(args.shared_data / scanned.genome)
    command = ["compare-db", "--calls", str(calls), "--score-column", "9"]
    command += ["--scanned", str(folder / "scan.scanned.bed"), "--assembly", scanned.assembly]
    command += ["--genome", genome, "--genome-sizes", genome, "--controls", "--no-plots"]
    command += ["--chain", *(str(args.shared_data / chain) for chain in CHAINS)]
    command += ["--permutations", str(args.permutations), "--output-prefix", str(prefix), "--database"]
    command += [f"{name}={args.shared_data / path},{how}" for name, (path, how) in DATABASES.items()]
    run(command)
    return prefix


def run(command: list[str]) -> None:
    """Run a command of the suite, its own output to the error stream."""
    done = subprocess.run(
        [sys.executable, "-m", "dnabert_enhancer", *command], stdout=sys.stderr, check=False
    )
    if done.returncode:
        sys.exit(f"failed: {' '.join(command)}")


def table(name: str, prefix: Path) -> list[str]:
    """Return a row for each database with enough elements."""
    summary = pd.read_csv(f"{prefix}.summary.tsv", sep="\t")
    controls = pd.read_csv(f"{prefix}.controls.tsv", sep="\t")
    controls = controls.set_index(["control", "database", "null"])
    lines = []
    for row in summary[summary["elements"] >= FEWEST_ELEMENTS].itertuples():
        random, shifted, matched = (
            controls.loc[key]
            for key in (
                ("random", row.database, "circular"),
                ("random_gc_matched", row.database, "circular"),
                ("random_gc_matched", row.database, "resample"),
            )
        )
        lines.append(
            f"| {name} | {row.database} | {row.elements:,} | {row.recall:.2f} | {row.jaccard:.3f} | "
            f"{row.circular_fold:.2f} ({row.circular_fold_low:.2f}-{row.circular_fold_high:.2f}) | "
            f"{row.resample_fold:.2f} ({row.resample_fold_low:.2f}-{row.resample_fold_high:.2f}), "
            f"q {row.resample_q:.2g} | {random.fold:.2f}, p {random.p:.2f} | {shifted.fold:.2f} | "
            f"{matched.fold:.2f}, p {matched.p:.2f} |"
        )
    return lines


if __name__ == "__main__":
    main()
