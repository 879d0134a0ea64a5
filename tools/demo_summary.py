#!/usr/bin/env python3
"""What the demo's scan found: its best calls, and how the textbook enhancers rank in the track."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pyBigWig

from dnabert_enhancer.files import read_text_lines
from dnabert_enhancer.genome import read_regions

SHOWN_CALLS = 10


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prefix", help="of the scan's files")
    parser.add_argument("folder", type=Path, help="with the demo's BED files")
    options = parser.parse_args()
    prefix, folder = options.prefix, options.folder
    rows = [line.split("\t") for _, line in read_text_lines(f"{prefix}.calls.bed.gz")]
    calls = [row for row in rows if not row[0].startswith("#")]
    best = sorted(sorted(calls, key=lambda row: -float(row[8]))[:SHOWN_CALLS], key=lambda row: int(row[1]))
    print(f"The {len(best)} best of {len(calls)} calls (hg38, 0-based):")
    print(f"  {'start':>9}{'end':>9}{'summit':>9}{'maximum':>9}")
    for row in best:
        print(f"  {int(row[1]):>9,}{int(row[2]):>9,}{int(row[6]):>9,}{float(row[8]):>9.3f}")

    with pyBigWig.open(f"{prefix}.bw") as track:
        contig, length = next(iter(track.chroms().items()))
        values = track.values(contig, 0, length, numpy=True)
    scored = np.sort(values[~np.isnan(values)])
    print("The four textbook enhancers of alpha-globin in the track:")
    print(f"  {'':<14}{'start':>9}{'end':>9}{'maximum':>9}  higher than")
    for place in read_regions(folder / "textbook-enhancers.bed").frame.itertuples():
        top = np.nanmax(values[place.start : place.end])
        share = np.searchsorted(scored, top) / len(scored)
        print(f"  {place.name:<14}{place.start:>9,}{place.end:>9,}{top:>9.3f}  {share:.1%} of the bases")
    print(f"Track, calls, scanned regions and the run's record: {Path(prefix).parent}/")


if __name__ == "__main__":
    main()
