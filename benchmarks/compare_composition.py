#!/usr/bin/env python3
"""Is it more than base composition? The packaged model's calls against public databases, beside two controls.

Scanned are hg19 chr20 (the bases that are known) and the beginnings of four chromosomes of hg38; the calls
are those with a maximum at or above the model's strict threshold. compare-db judges them with both nulls and
with random calls and calls of the same GC. Printed is the table of docs/compare-db.md. A positive control of
the comparison itself needs no model: ENCODE's proximal enhancer-like elements as calls, in FANTOM5, in all
of hg38.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import dnabert_enhancer as de
from dnabert_enhancer.genome import ASSEMBLIES
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
POSITIVE_CONTROL = "positive control"
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
    parser.add_argument("--stride", type=int, help="of the scans, in bp (default: predict's)")
    parts = [*SCANNED, POSITIVE_CONTROL]
    parser.add_argument("--parts", nargs="+", choices=parts, default=parts, help="which (default: all)")
    args = parser.parse_args()
    if POSITIVE_CONTROL in args.parts:
        print_positive_control(args.shared_data, args.permutations)
    scanned = {name: one for name, one in SCANNED.items() if name in args.parts}
    if scanned:
        print_comparisons(scanned, args)


def print_positive_control(data: Path, permutations: int) -> None:
    """Print how much more often proximal enhancer-like elements lie in FANTOM5 enhancers than by chance."""
    path, how = DATABASES["FANTOM5"]
    summary = de.compare(
        data / DATABASES["pELS"][0],
        {"FANTOM5": f"{data / path},{how}"},
        ASSEMBLIES["hg38"],
        assembly="hg38",
        permutations=permutations,
    ).summary.iloc[0]
    shifted, placed = summary["circular_fold"], summary["resample_fold"]
    print(f"pELS as calls in FANTOM5, hg38: {summary['calls']:,} calls, recall {summary['recall']:.3f}")
    print(f"fold {shifted:.2f} (circular shift), {placed:.2f} (re-sampled)\n", flush=True)


def print_comparisons(parts: dict[str, Scanned], args: argparse.Namespace) -> None:
    """Print the table."""
    model = de.load_model()
    strict = model.opened.card.threshold("strict")
    print(
        "| scanned | database | elements | recall | Jaccard | fold, circular shift | fold, same GC |", end=""
    )
    print(" control: random, circular | control: same GC, circular | control: same GC, same GC |")
    print("|" + " --- |" * 10)
    notes = []
    for name, scanned in parts.items():
        folder = args.work_dir / name.replace(" ", "_")
        scan = scanned_by(model, args.shared_data, scanned, folder, args.stride)
        calls = scan.calls[scan.calls["maximum"] >= strict]
        genome = args.shared_data / scanned.genome
        comparison = de.compare(
            calls,
            {name: f"{args.shared_data / path},{how}" for name, (path, how) in DATABASES.items()},
            genome,
            assembly=scanned.assembly,
            scanned=scan.regions,
            gc_genome=genome,
            chains=[args.shared_data / chain for chain in CHAINS],
            controls=True,
            permutations=args.permutations,
        )
        comparison.write(folder / "compared", plots=False)
        for line in table(name, comparison):
            print(line, flush=True)
        bases = int((scan.regions["end"] - scan.regions["start"]).sum())
        notes.append(f"{name}: {len(calls):,} calls, {bases:,} bp scanned")
    print(f"\n{model.name}, strict threshold {strict}; " + "; ".join(notes))


def scanned_by(model: de.Model, data: Path, scanned: Scanned, folder: Path, stride: int | None) -> de.Scan:
    """Return the scan of a genome, or of its pieces."""
    folder.mkdir(parents=True, exist_ok=True)
    regions = None
    if scanned.regions:
        regions = folder / "regions.bed"
        regions.write_text(scanned.regions)
    return model.scan(data / scanned.genome, regions, null=False, stride=stride)


def table(name: str, comparison: de.Comparison) -> list[str]:
    """Return a row for each database with enough elements."""
    summary = comparison.summary
    controls = comparison.controls.set_index(["control", "database", "null"])
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
