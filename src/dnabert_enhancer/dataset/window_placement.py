"""Regions of BED files to windows of one length on the contigs of a genome."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dnabert_enhancer.dataset.settings import Overlapping, WindowPlacement
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import Genome, clusters, read_regions, sort_regions

if TYPE_CHECKING:
    import pandas as pd

_SUMMIT_COLUMN = 9
_NO_SUMMIT = -1


def read_positions(
    paths: Sequence[Path | str], genome: Genome, *, skip_outside: bool
) -> tuple[pd.DataFrame, Counter[str]]:
    """Return the regions of BED files on the contigs of a genome, by contig and start, and what was skipped.

    Parameters
    ----------
    paths : sequence of path
        BED 3-12, narrowPeak or broadPeak.
    genome : Genome
        Contig names are bridged (``chr1`` and ``1``).
    skip_outside : bool
        Leave out and count regions on contigs that the genome lacks or beyond a contig's end.

    Returns
    -------
    regions : DataFrame
        Columns ``chrom``, ``start``, ``end``, ``name`` (empty where the file has none), ``strand`` and
        ``summit`` (position of the peak on the contig, -1 where the file names none).
    skipped : Counter
        How many regions were left out, by reason.

    Raises
    ------
    InputError
        When a region is outside (unless skipped), or no region is left.
    """
    import pandas as pd

    skipped: Counter[str] = Counter()
    parts = []
    for path in paths:
        table = read_regions(
            path,
            genome.contig_sizes,
            names=genome.names,
            skip_outside=skip_outside,
            further={"peak": _SUMMIT_COLUMN},
        )
        skipped.update(table.skipped)
        parts.append(_with_summits(table.frame))
    regions = sort_regions(pd.concat(parts, ignore_index=True))
    if not len(regions):
        outside = f" ({skipped.total():,} are outside)" if skipped.total() else ""
        raise InputError(
            f"no region lies in the genome{outside}",
            source=", ".join(str(path) for path in paths),
            remedy=f"check that the assembly is the one of {genome.path}",
        )
    return regions, skipped


def _with_summits(frame: pd.DataFrame) -> pd.DataFrame:
    peaks = [text.strip() for text in frame["peak"].tolist()]
    offset = np.array(
        [int(text) if re.fullmatch("[0-9]{1,12}", text) else -1 for text in peaks], dtype=np.int64
    )
    is_inside = (offset >= 0) & (offset < frame["end"] - frame["start"])
    names = ["" if name == "." else name.strip() for name in frame["name"].tolist()]
    summit = np.where(is_inside, frame["start"] + offset, _NO_SUMMIT)
    return frame[["chrom", "start", "end"]].assign(name=names, strand=frame["strand"], summit=summit)


def place_windows(regions: pd.DataFrame, length: int, placement: WindowPlacement) -> pd.DataFrame:
    """Return windows of one length for each region; they may reach beyond the contig.

    Parameters
    ----------
    regions : DataFrame
        As `read_positions` returns it.
    length : int
        In bp.
    placement : WindowPlacement
        Where the windows of a region lie.
    """
    start, end = regions["start"].to_numpy(), regions["end"].to_numpy()
    if placement is WindowPlacement.TILE:
        counts = np.maximum(1, (end - start) // length)
        row = np.repeat(np.arange(len(regions)), counts)
        number = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
        starts = ((start + end - counts * length) // 2)[row] + number * length
        return regions.iloc[row].assign(start=starts, end=starts + length).reset_index(drop=True)
    starts = (start + end - length) // 2
    if placement is WindowPlacement.SUMMIT:
        summit = regions["summit"].to_numpy()
        starts = np.where(summit >= 0, summit - length // 2, starts)
    return sort_regions(regions.assign(start=starts, end=starts + length))


def merge_overlapping(regions: pd.DataFrame) -> pd.DataFrame:
    """Return regions of which none share a base: those that do become one, with the name of the first.

    Parameters
    ----------
    regions : DataFrame
        By contig and start, as `read_positions` returns it.

    Notes
    -----
    The strand is kept where all merged regions have the same, the summit where there is only one region.
    """
    group = clusters(regions)
    first = np.flatnonzero(np.diff(group, prepend=-1))
    merged = regions.iloc[first].reset_index(drop=True)
    if not len(regions):
        return merged
    strand = regions["strand"].to_numpy()
    is_same = np.logical_and.reduceat(strand == strand[first][group], first)
    return merged.assign(
        end=np.maximum.reduceat(regions["end"].to_numpy(), first),
        strand=merged["strand"].where(is_same, "."),
        summit=np.where(np.diff(first, append=len(regions)) == 1, merged["summit"], _NO_SUMMIT),
    )


def without_overlaps(windows: pd.DataFrame, overlapping: Overlapping) -> pd.DataFrame:
    """Return windows without those that the rule forbids.

    Parameters
    ----------
    windows : DataFrame
        All of one length, by contig and start.
    overlapping : Overlapping
        MERGE: of windows that share a base the first stays. KEEP: of windows at one place the first stays.
    """
    if overlapping is Overlapping.KEEP:
        return windows.drop_duplicates(["chrom", "start"]).reset_index(drop=True)
    stays = np.ones(len(windows), dtype=bool)
    contig, end = -1, -1
    codes = windows["chrom"].cat.codes.tolist()
    positions = zip(codes, windows["start"].tolist(), windows["end"].tolist(), strict=True)
    for row, (this, start, stop) in enumerate(positions):
        if this == contig and start < end:
            stays[row] = False
        else:
            contig, end = this, stop
    return windows[stays].reset_index(drop=True)
