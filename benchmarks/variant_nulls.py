#!/usr/bin/env python3
"""The p-values that score-variants gives to variants without any meaning, which should be uniform.

The genome around the first records of the 1000 Genomes file is shuffled in pieces of 600 bp with all
dinucleotide counts kept, and each variant is put on the place nearest to its own where the same base stands
(an indel on its own place). score-variants scores this null set, with the null that it draws itself from
it. Printed are, for all variants and by kind, the Kolmogorov-Smirnov statistic of the p-values against the
uniform distribution, its p-value by the two-sample test (the null is a sample too), and the shares of small
p-values.
"""

from __future__ import annotations

import argparse
import tempfile
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import kolmogorov
from scipy.stats import kstest

import dnabert_enhancer as de
from dnabert_enhancer.sequence import decode_bases, dinucleotide_shuffle, encode_bases
from dnabert_enhancer.vcf import VcfReader, VcfRecord
from variants import GENOME, VCF

PIECE = 600
MARGIN = 6000


def main() -> None:
    """Make the null set, score it, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared-data", type=Path, required=True, help="folder with the real data")
    parser.add_argument("--records", type=int, default=2000, help="of the 1000 Genomes file (default 2000)")
    parser.add_argument("--seed", type=int, default=1, help="of the shuffle (default 1)")
    parser.add_argument(
        "--model", default="default", help="as load_model takes it (default: the packaged one)"
    )
    args = parser.parse_args()
    with VcfReader(args.shared_data / VCF) as reader:
        records = list(islice((one for block in reader.blocks() for one in block), args.records))
    first, last = records[0].position - MARGIN, records[-1].position + MARGIN
    with de.Genome(args.shared_data / GENOME) as genome:
        contig = genome.own_name(records[0].contig)
        codes = encode_bases(genome.fetch(contig, first, last).upper())
    whole = len(codes) // PIECE * PIECE
    rng = np.random.default_rng(args.seed)
    shuffled = dinucleotide_shuffle(codes[:whole].reshape(-1, PIECE), rng).ravel()
    rows = sorted(row for record in records for row in _planted(record, first, shuffled))
    variants = [de.Variant("shuffled", place + 1, ref, alt) for place, ref, alt in rows]
    with tempfile.TemporaryDirectory() as folder:
        fasta = Path(folder) / "genome.fa"
        fasta.write_text(f">shuffled\n{decode_bases(shuffled)}\n")
        table = de.load_model(args.model).score_variants(variants, fasta)
    null = table.attrs["null"]["enhancer"]
    print(
        f"{len(table):,} variants, null of {null['null_variants']:,}; its halves: "
        f"KS {null['ks_statistic']:.4f}, p {null['ks_p_value']:.2f}"
    )
    print("kind          variants  KS      p      p < 0.01  p < 0.05  p < 0.5")
    sizes = [table[f"{name}_nucleotide"].str.len() for name in ("reference", "alternative")]
    kinds = np.select([sizes[0] == sizes[1], sizes[0] < sizes[1]], ["substitution", "insertion"], "deletion")
    for kind in ("all", "substitution", "insertion", "deletion"):
        p = table.loc[(kinds == kind) | (kind == "all"), "p_value"].dropna().to_numpy()
        if len(p):
            _print_row(kind, p, null["null_variants"])


def _print_row(kind: str, p: NDArray[np.float64], n_null: int) -> None:
    statistic = float(kstest(p, "uniform").statistic)
    chance = float(kolmogorov(statistic * np.sqrt(len(p) * n_null / (len(p) + n_null))))
    shares = "  ".join(f"{(p < limit).mean():>8.4f}" for limit in (0.01, 0.05, 0.5))
    print(f"{kind:<13} {len(p):>8,}  {statistic:.4f}  {chance:.2f}  {shares}")


def _planted(record: VcfRecord, first: int, codes: NDArray[np.uint8]) -> list[tuple[int, str, str]]:
    """Return the variants of a record on the shuffled contig: 0-based place, REF, ALT."""
    ref = record.ref.decode()
    place = record.position - 1 - first
    found = []
    for alt in (text.decode() for text in record.alts):
        if not set(ref + alt) <= set("ACGT"):
            continue
        if len(ref) == len(alt) == 1:
            near = codes[place - PIECE : place + PIECE]
            steps = np.flatnonzero(near == encode_bases(ref.encode())[0]) - PIECE
            here = place + int(steps[np.abs(steps).argmin()])
            found.append((here, ref, alt))
        elif len(ref) != len(alt) and min(len(ref), len(alt)) == 1:
            given = decode_bases(codes[place : place + len(ref)])
            found.append((place, given, given[0] + alt[1:]))
    return found


if __name__ == "__main__":
    main()
