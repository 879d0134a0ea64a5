"""Regions of BED files to windows of one length on the contigs of a genome."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Union

import numpy as np

from dnabert_enhancer.dataset.settings import Overlapping, WindowPlacement
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import (
    LEAVE_OUT,
    STRANDS,
    Genome,
    clusters,
    read_regions,
    region_frame,
    sort_regions,
    warn_of_gaps,
)

if TYPE_CHECKING:
    import pandas as pd

_SUMMIT_COLUMN = 9
_NO_SUMMIT = -1
_FRAME = "DataFrame of regions"
RegionSource = Union[str, Path, "pd.DataFrame"]


def read_positions(
    sources: Sequence[RegionSource], genome: Genome, *, skip_outside: bool
) -> tuple[pd.DataFrame, Counter[str]]:
    """Return regions on the contigs of a genome, by contig and start, and how many were skipped.

    Parameters
    ----------
    sources : sequence of path or DataFrame
        BED 3-12, narrowPeak or broadPeak files; or tables with the columns ``chrom``, ``start`` and ``end``
        (0-based, half-open) and maybe ``name`` and ``strand``.
    genome : Genome
        Contig names are bridged (``chr1`` and ``1``).
    skip_outside : bool
        Leave out and count regions on contigs that the genome lacks beyond a contig's end or with a negative
        start.

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
    for source in sources:
        if not isinstance(source, (str, Path)):
            parts.append(_of_frame(source, genome, skipped, skip_outside=skip_outside))
            continue
        table = read_regions(
            source,
            genome.contig_sizes,
            names=genome.names,
            skip_outside=skip_outside,
            further={"peak": _SUMMIT_COLUMN},
        )
        warn_of_gaps(table.frame, genome, table.source, str(genome.path))
        skipped.update(table.skipped)
        parts.append(_with_summits(table.frame))
    regions = sort_regions(pd.concat(parts, ignore_index=True))
    if not len(regions):
        outside = f" ({skipped.total():,} are outside)" if skipped.total() else ""
        raise InputError(
            f"no region lies in the genome{outside}",
            source=", ".join(str(item) if isinstance(item, (str, Path)) else _FRAME for item in sources),
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


def _of_frame(
    frame: pd.DataFrame, genome: Genome, skipped: Counter[str], *, skip_outside: bool
) -> pd.DataFrame:
    missing = [name for name in ("chrom", "start", "end") if name not in frame.columns]
    if missing:
        raise InputError(
            f"no column {missing[0]!r}; the columns are {', '.join(map(repr, frame.columns)) or 'none'}",
            source=_FRAME,
            remedy="give chrom, start and end (0-based, half-open)",
        )
    names = [str(name) for name in frame["chrom"].tolist()]
    resolved = {name: genome.names.resolve(name) for name in dict.fromkeys(names)}
    contigs = [resolved[name] for name in names]
    sizes = np.array([-1 if contig is None else genome.contig_sizes[contig] for contig in contigs], np.int64)
    start, end = frame["start"].to_numpy(dtype=np.int64), frame["end"].to_numpy(dtype=np.int64)
    reasons = {
        "contig_not_in_genome": sizes < 0,
        "beyond_contig_end": (sizes >= 0) & (end > sizes),
        "negative_start": (sizes >= 0) & (end <= sizes) & (start < 0),
        "": end < start,
    }
    for reason, is_wrong in reasons.items():
        if not is_wrong.any():
            continue
        if skip_outside and reason:
            skipped[reason] += int(is_wrong.sum())
            continue
        row = int(is_wrong.argmax())
        what = f"is not inside a contig of {genome.path}" if reason else "ends before its start"
        raise InputError(
            f"{names[row]}:{start[row]}-{end[row]} {what}",
            source=_FRAME,
            location=f"row {frame.index[row]}",
            remedy="give 0-based, half-open coordinates of the same assembly"
            + (f"; {LEAVE_OUT}" if reason else ""),
        )
    kept = np.flatnonzero(~np.logical_or.reduce(list(reasons.values())))
    return region_frame(
        [str(contigs[row]) for row in kept],
        start[kept],
        end[kept],
        genome.contig_sizes,
        name=["" if value == "." else str(value) for value in frame["name"].iloc[kept]]
        if "name" in frame
        else [""] * len(kept),
        strand=_strands(frame["strand"].iloc[kept].tolist() if "strand" in frame else ["."] * len(kept)),
        summit=np.full(len(kept), _NO_SUMMIT, dtype=np.int64),
    )


def _strands(values: Sequence[str]) -> pd.Categorical[str]:
    import pandas as pd

    return pd.Categorical([value if value in STRANDS else "." for value in values], categories=STRANDS)


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
