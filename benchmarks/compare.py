#!/usr/bin/env python3
"""compare-db at full size: 300,000 calls, 11 databases of up to 1,000,000 elements, 1,000 permutations.

The sets are real ones enlarged: copies of the elements of a file, each copy moved around its chromosomes by
another distance, until there are enough. Goal: under 300 s and 2 GB on 2 processors. --largest gives every
database 1,000,000 elements.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from dnabert_enhancer.compare import ASSEMBLIES, PRESETS, Elements, EffectiveGenome, read_elements

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
    sizes = ASSEMBLIES["hg38"]
    sizes_file = args.work_dir / "hg38.sizes"
    sizes_file.write_text("".join(f"{name}\t{size}\n" for name, size in sizes.items()))
    rng = np.random.default_rng(0)
    calls = write_set(args.shared_data / SETS["pELS"][0], "screen", CALLS, args.work_dir / "calls.bed", rng)
    databases = []
    for name, (file, preset, number) in SETS.items():
        wanted = 1_000_000 if args.largest else number
        path = args.work_dir / f"{name.replace(' ', '_')}.bed"
        databases.append(f"{name}={write_set(args.shared_data / file, preset, wanted, path, rng)},preset=bed")
    prefix = args.work_dir / "x"
    began = time.perf_counter()
    subprocess.run(
        [
            sys.executable, "-m", "dnabert_enhancer", "compare-db", "--calls", str(calls),
            "--database", *databases, "--genome-sizes", str(sizes_file), "--assembly", "hg38",
            "--output-prefix", str(prefix), "--permutations", str(args.permutations), "--null", args.null,
        ],
        check=True,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = used.ru_maxrss * 1024
    record = json.loads(Path(f"{prefix}.run.json").read_text())
    elements = [entry["elements"] for entry in record["databases"].values()]
    print(f"{record['counts']['calls']:,} calls; {len(elements)} databases with {sum(elements):,} elements")
    print(
        f"{args.permutations:,} permutations of null {args.null}; {len(os.sched_getaffinity(0))} processors"
    )
    print(f"{seconds:.0f} s (goal {GOAL_SECONDS}), {used.ru_utime + used.ru_stime:.0f} s of processor time")
    print(f"{peak / 2**30:.2f} GiB (goal {GOAL_BYTES / 2**30:.0f})")


def write_set(file: Path, preset: str, number: int, path: Path, rng: np.random.Generator) -> Path:
    """Write so many elements of a real file and of moved copies of it, as BED6 with a random score."""
    effective = EffectiveGenome(ASSEMBLIES["hg38"])
    real = read_elements(file, PRESETS[preset]).without_repeats()
    contigs = {name: index for index, name in enumerate(effective.contigs)}
    lines: list[str] = []
    while len(lines) < number:
        moved = copy_of(real, effective, contigs, rng) if lines else copy_of(real, effective, contigs, None)
        lines += [
            f"{effective.contigs[c]}\t{s}\t{e}\tx\t{score:.3f}\t.\n"
            for c, s, e, score in zip(*moved, rng.random(len(moved[0])), strict=True)
        ]
    path.write_text("".join(lines[:number]))
    return path


def copy_of(
    real: Elements, effective: EffectiveGenome, contigs: dict[str, int], rng: np.random.Generator | None
) -> tuple[list[int], list[int], list[int]]:
    """Return contig, start, end of the elements, moved around their chromosomes unless `rng` is None."""
    index = np.array([contigs.get(name, -1) for name in real.contigs])[real.contig_index]
    known = index >= 0
    index, start = index[known], real.start[known]
    length = (real.end - real.start)[known]
    size = effective.sizes[index]
    if rng is not None:
        start = (start + (rng.random(len(effective.contigs)) * effective.sizes).astype(np.int64)[index]) % size
    inside = start + length <= size
    return index[inside].tolist(), start[inside].tolist(), (start + length)[inside].tolist()


if __name__ == "__main__":
    main()
