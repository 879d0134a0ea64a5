#!/usr/bin/env python3
"""compare-db at full size: 300,000 calls, 11 databases of up to 1,000,000 elements, 1,000 permutations.

The sets are real ones enlarged: copies of the elements of a file, each copy moved around its chromosomes by
another distance, until there are enough. Goal: under 300 s and 2 GB on 2 processors. --largest gives every
database 1,000,000 elements.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

import dnabert_enhancer as de
from dnabert_enhancer.comparison import PRESETS, EffectiveGenome, Elements, read_elements
from dnabert_enhancer.genome import ASSEMBLIES

CALLS = 300_000
GOAL_SECONDS, GOAL_BYTES = 300, 2 << 30
SETS = {
    "pELS": ("databases/cCRE_pELS_nearest_gene.bed.gz", "screen", 1_000_000),
    "FANTOM5": ("annotation/F5.hg38.enhancers.bed.gz", "fantom5", 1_000_000),
    "EPIraction": ("databases/EPIraction_ENCFF712SUP.bed.gz", "epiraction", 600_000),
    "CTCF": ("annotation/cCREv4_CA-CTCF.hg38.bed.gz", "screen", 500_000),
    "PLS": ("annotation/cCREv4_PLS.hg38.bed.gz", "screen", 200_000),
    "dbSUPER": ("databases/dbSUPER_SuperEnhancers_hg19.tsv.gz", "dbsuper", 69_000),
    "FANTOM5 once": ("annotation/F5.hg38.enhancers.bed.gz", "fantom5", 63_000),
    "CpG": ("databases/CpG_islands_hg19.bed.gz", "cpg-islands", 28_000),
    "EnhancerAtlas": ("databases/EnhancerAtlas2_A375_scores.bed.gz", "enhanceratlas", 10_000),
    "VISTA": ("databases/VISTA_ucsc_hg19.bed.gz", "vista-bed", 1_300),
    "ENdb": ("databases/ENdb_enhancer.tsv.gz", "endb", 400),
}


def main() -> None:
    """Make the sets, run the command, print what it took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared-data", type=Path, required=True, help="folder with the real data")
    parser.add_argument("--work-dir", type=Path, required=True, help="keeps the sets and the results")
    parser.add_argument("--permutations", type=int, default=1000)
    parser.add_argument("--null", default="both")
    parser.add_argument("--largest", action="store_true", help="1,000,000 elements in every database")
    args = parser.parse_args()
    args.work_dir.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(1) as pool:  # so that its memory does not count
        calls, databases = pool.submit(
            write_sets, args.shared_data, args.work_dir, largest=args.largest
        ).result()
    began = time.perf_counter()
    comparison = de.compare(
        calls,
        databases,
        ASSEMBLIES["hg38"],
        assembly="hg38",
        permutations=args.permutations,
        null=args.null,
    )
    comparison.write(args.work_dir / "x")
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    peak = used.ru_maxrss * 1024
    elements = comparison.summary["elements"]
    print(f"{len(comparison.calls):,} calls; {len(elements)} databases with {elements.sum():,} elements")
    print(
        f"{args.permutations:,} permutations of null {args.null}; {len(os.sched_getaffinity(0))} processors"
    )
    print(f"{seconds:.0f} s (goal {GOAL_SECONDS}), {used.ru_utime + used.ru_stime:.0f} s of processor time")
    print(f"{peak / 2**30:.2f} GiB (goal {GOAL_BYTES / 2**30:.0f})")


def write_sets(data: Path, folder: Path, *, largest: bool) -> tuple[Path, dict[str, str]]:
    """Write the calls and the databases; return the calls' file, and the databases' files by their names."""
    rng = np.random.default_rng(0)
    calls = write_set(data / SETS["pELS"][0], "screen", CALLS, folder / "calls.bed", rng)
    databases = {}
    for name, (file, preset, number) in SETS.items():
        path = folder / f"{name.replace(' ', '_')}.bed"
        write_set(data / file, preset, 1_000_000 if largest else number, path, rng)
        databases[name] = f"{path},preset=bed"
    return calls, databases


def write_set(file: Path, preset: str, number: int, path: Path, rng: np.random.Generator) -> Path:
    """Write so many elements of a real file and of moved copies of it, as BED6 with a random score."""
    genome = EffectiveGenome(ASSEMBLIES["hg38"])
    real = read_elements(file, PRESETS[preset]).without_repeats()
    contigs = {name: index for index, name in enumerate(genome.contigs)}
    lines: list[str] = []
    while len(lines) < number:
        moved = copy_of(real, genome, contigs, rng if lines else None)
        lines += [
            f"{genome.contigs[c]}\t{s}\t{e}\tx\t{score:.3f}\t.\n"
            for c, s, e, score in zip(*moved, rng.random(len(moved[0])), strict=True)
        ]
    path.write_text("".join(lines[:number]))
    return path


def copy_of(
    real: Elements, genome: EffectiveGenome, contigs: dict[str, int], rng: np.random.Generator | None
) -> tuple[list[int], list[int], list[int]]:
    """Return contig, start, end of the elements, moved around their chromosomes unless `rng` is None."""
    index = np.array([contigs.get(name, -1) for name in real.contigs])[real.contig_index]
    known = index >= 0
    index, start = index[known], real.start[known]
    length = (real.end - real.start)[known]
    size = genome.sizes[index]
    if rng is not None:
        start = (start + (rng.random(len(genome.contigs)) * genome.sizes).astype(np.int64)[index]) % size
    inside = start + length <= size
    return index[inside].tolist(), start[inside].tolist(), (start + length)[inside].tolist()


if __name__ == "__main__":
    main()
