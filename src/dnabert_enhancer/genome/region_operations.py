"""Set operations on regions: union, difference, overlap, coverage, nearest.

The functions over tables (data frames with ``chrom``, ``start`` and ``end``, see `genome.regions`) put all
contigs on one line, far apart, and work there in one call; the functions ending in ``_of`` are for arrays of
one contig, or of one line. Pairs and nearest regions are bioframe's.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.genome.regions import region_frame

if TYPE_CHECKING:
    import pandas as pd

Positions = NDArray[np.int64]
_MOST_PAIRS = 1 << 22


class Spans(NamedTuple):
    """Rising intervals that neither overlap nor touch.

    Attributes
    ----------
    start, end : int64 array, shape (spans,)
        0-based and half-open.
    """

    start: Positions
    end: Positions

    @property
    def bases(self) -> int:
        """Bases in all of them."""
        return int((self.end - self.start).sum())


class Pairs(NamedTuple):
    """Overlapping pairs.

    Attributes
    ----------
    first, second : int64 array, shape (pairs,)
        Row numbers in the two sets.
    bases : int64 array, shape (pairs,)
        Shared bases, at least 1.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    bases: NDArray[np.int64]


def union_of(start: Positions, end: Positions, gap: int = 0) -> Spans:
    """Return the union of intervals.

    Parameters
    ----------
    start, end : int64 array, shape (rows,)
        0-based and half-open, in any order; empty intervals are left out.
    gap : int
        Intervals with at most so many bases between them become one; 0 (default) joins those that touch.
    """
    kept = end > start
    order = np.argsort(start[kept], kind="stable")
    starts, reach = start[kept][order], np.maximum.accumulate(end[kept][order])
    if not len(starts):
        return Spans(starts.astype(np.int64), reach.astype(np.int64))
    is_first = np.concatenate(([True], starts[1:] > reach[:-1] + gap))
    is_last = np.concatenate((is_first[1:], [True]))
    return Spans(starts[is_first].astype(np.int64), reach[is_last].astype(np.int64))


def difference_of(start: Positions, end: Positions, other_start: Positions, other_end: Positions) -> Spans:
    """Return what of the union of some intervals is in none of the others.

    Parameters
    ----------
    start, end, other_start, other_end : int64 array
        0-based and half-open, in any order.
    """
    left = union_of(start, end)
    right = union_of(other_start, other_end)
    first = np.searchsorted(right.end, left.start, side="right")
    last = np.searchsorted(right.start, left.end, side="left")
    # an interval that meets n others falls into n + 1 pieces, from the end of one to the start of the next
    pieces = last - first + 1
    row = np.repeat(np.arange(len(pieces)), pieces)
    piece = np.arange(len(row)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    piece_start, piece_end = left.start[row].copy(), left.end[row].copy()
    is_after = piece > 0
    piece_start[is_after] = right.end[(first[row] + piece - 1)[is_after]]
    is_before = piece < pieces[row] - 1
    piece_end[is_before] = right.start[(first[row] + piece)[is_before]]
    kept = piece_end > piece_start
    return Spans(piece_start[kept], piece_end[kept])


def overlap_counts(
    start: Positions, end: Positions, other_start: Positions, other_end: Positions
) -> NDArray[np.int64]:
    """Return with how many of the others each interval shares a base, shape (intervals,).

    All intervals have at least one base.
    """
    begun = np.searchsorted(np.sort(other_start), end, side="left")
    ended = np.searchsorted(np.sort(other_end), start, side="right")
    return np.asarray(begun - ended, dtype=np.int64)


def overlapping_pairs(
    start: Positions, end: Positions, other_start: Positions, other_end: Positions, *, most: int = _MOST_PAIRS
) -> Iterator[Pairs]:
    """Yield all overlapping pairs in blocks.

    Parameters
    ----------
    start, end : int64 array, shape (intervals,)
        Sorted by start; at least one base each. All pairs of one interval are in one block.
    other_start, other_end : int64 array, shape (others,)
        Sorted by start.
    most : int
        About how many pairs a block may hold; bounds the memory.
    """
    total = np.cumsum(overlap_counts(start, end, other_start, other_end))
    if not len(total) or not total[-1]:
        return
    cuts = np.searchsorted(total, np.arange(most, total[-1] + 1, most), side="left") + 1
    edges = np.unique(np.concatenate(([0], cuts, [len(start)])))
    reach = np.maximum.accumulate(other_end)
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        left = int(np.searchsorted(reach, start[low], side="right"))
        right = int(np.searchsorted(other_start, end[low:high].max(), side="left"))
        first, second = _arrops().overlap_intervals(
            start[low:high], end[low:high], other_start[left:right], other_end[left:right], sort=True
        )
        first, second = first + low, second + left
        shared = np.minimum(end[first], other_end[second]) - np.maximum(start[first], other_start[second])
        yield Pairs(first, second, shared)


def nearest_of(
    start: Positions, end: Positions, other_start: Positions, other_end: Positions
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the nearest of the others for each interval.

    Parameters
    ----------
    start, end, other_start, other_end : int64 array
        0-based and half-open; at least one base each.

    Returns
    -------
    which, distance : int64 array, shape (intervals,)
        Number of the nearest (of equally near ones the first), -1 where there is none; 0 where the two
        share a base, else 1 plus the bases between them, so that neighbours that touch are at 1, as
        ``bedtools closest -d`` counts (Quinlan 2010, Bioinformatics 26:841); -1 where there is none.
    """
    which = np.full(len(start), -1, dtype=np.int64)
    if not len(other_start):
        return which, which.copy()
    if len(start):
        first, second = _arrops().closest_intervals(start, end, other_start, other_end, k=1)
        which[first] = second
    found = np.maximum(which, 0)
    between = np.maximum(other_start[found] - end, start - other_end[found]) + 1
    return which, np.where(which < 0, -1, np.maximum(between, 0))


class _Line(NamedTuple):
    """The contigs of a table on one line, so far apart that regions of two contigs are never near."""

    contigs: pd.Index
    width: int

    @classmethod
    def holding(cls, *frames: pd.DataFrame) -> _Line:
        longest = max((int(frame["end"].max()) for frame in frames if len(frame)), default=0)
        return cls(frames[0]["chrom"].cat.categories, 3 * (longest + 1))

    def positions(self, frame: pd.DataFrame) -> tuple[NDArray[np.intp], Positions, Positions]:
        """Return the rows of a table that lie on the contigs, with start and end on the line."""
        codes = self.contigs.get_indexer(frame["chrom"].cat.categories)[frame["chrom"].cat.codes.to_numpy()]
        rows = np.flatnonzero(codes >= 0)
        offset = codes[rows].astype(np.int64) * self.width
        return rows, frame["start"].to_numpy()[rows] + offset, frame["end"].to_numpy()[rows] + offset

    def frame(self, spans: Spans) -> pd.DataFrame:
        """Return spans of the line as a table."""
        codes = spans.start // self.width
        offset = codes * self.width
        return region_frame(
            codes.astype(np.int32), spans.start - offset, spans.end - offset, contigs=self.contigs
        )


def sort_regions(regions: pd.DataFrame) -> pd.DataFrame:
    """Return a table by contig (in the order of the categories), start and end; equal rows stay in order."""
    codes = regions["chrom"].cat.codes
    return regions.iloc[np.lexsort((regions["end"], regions["start"], codes))].reset_index(drop=True)


def clusters(regions: pd.DataFrame) -> NDArray[np.int64]:
    """Return for each region the number of the group that it is in, from 0 in rising order.

    Regions that share a base are in one group, and so are those that are linked by others.
    """
    line = _Line.holding(regions)
    _, start, end = line.positions(regions)
    order = np.lexsort((end, start))
    reach = np.maximum.accumulate(end[order])
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = start[order][1:] >= reach[:-1]
    numbers = np.empty(len(order), dtype=np.int64)
    numbers[order] = np.cumsum(is_first) - 1
    return numbers


def merge(regions: pd.DataFrame, gap: int = 0) -> pd.DataFrame:
    """Return the union of the regions: a sorted table with ``chrom``, ``start`` and ``end``.

    Parameters
    ----------
    regions : DataFrame
        In any order; empty regions are left out.
    gap : int
        Regions with at most so many bases between them become one; 0 (default) joins those that touch.
    """
    line = _Line.holding(regions)
    line = line._replace(width=line.width + gap)
    _, start, end = line.positions(regions)
    return line.frame(union_of(start, end, gap))


def subtract(regions: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Return what of the union of the regions is in none of the others, as `merge` returns it."""
    line = _Line.holding(regions, others)
    _, start, end = line.positions(regions)
    _, other_start, other_end = line.positions(others)
    return line.frame(difference_of(start, end, other_start, other_end))


def overlaps(regions: pd.DataFrame, others: pd.DataFrame) -> NDArray[np.bool_]:
    """Return for each region whether it shares a base with any of the others; False for an empty one."""
    return coverage(regions, others) > 0


def coverage(regions: pd.DataFrame, others: pd.DataFrame) -> NDArray[np.int64]:
    """Return for each region how many of its bases are in any of the others, shape (rows,)."""
    line = _Line.holding(regions, others)
    rows, start, end = line.positions(regions)
    _, other_start, other_end = line.positions(others)
    covered = union_of(other_start, other_end)
    bases_before = np.concatenate(([0], np.cumsum(covered.end - covered.start)))

    def bases_up_to(position: Positions) -> Positions:
        begun = np.searchsorted(covered.start, position, side="left")
        last_end = np.concatenate(([0], covered.end))[begun]
        return np.asarray(bases_before[begun] - np.maximum(0, last_end - position))

    result = np.zeros(len(regions), dtype=np.int64)
    result[rows] = bases_up_to(end) - bases_up_to(start)
    return result


def overlap(regions: pd.DataFrame, others: pd.DataFrame) -> Pairs:
    """Return all pairs of a region and another that share a base, by their row numbers, in rising order."""
    line = _Line.holding(regions, others)
    sides = []
    for frame in (regions, others):
        rows, start, end = line.positions(frame)
        order = np.argsort(start, kind="stable")
        order = order[end[order] > start[order]]
        sides.append((rows[order], start[order], end[order]))
    (rows, start, end), (other_rows, other_start, other_end) = sides
    blocks = list(overlapping_pairs(start, end, other_start, other_end))
    if not blocks:
        return Pairs(*(np.empty(0, dtype=np.int64) for _ in range(3)))
    pairs = Pairs(*(np.concatenate(column) for column in zip(*blocks, strict=True)))
    first, second = rows[pairs.first], other_rows[pairs.second]
    order = np.lexsort((second, first))
    return Pairs(first[order], second[order], pairs.bases[order])


def nearest(regions: pd.DataFrame, others: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the row number of the nearest other of each region, and its distance, as `nearest_of` does.

    All regions have at least one base; both are -1 where the contig holds none of the others.
    """
    line = _Line.holding(regions, others)
    rows, start, end = line.positions(regions)
    other_rows, other_start, other_end = line.positions(others)
    which, distance = nearest_of(start, end, other_start, other_end)
    is_near = (which >= 0) & (distance < line.width // 3)
    result = np.full((2, len(regions)), -1, dtype=np.int64)
    result[0, rows[is_near]] = other_rows[which[is_near]]
    result[1, rows[is_near]] = distance[is_near]
    return result[0], result[1]


@functools.cache
def _arrops() -> ModuleType:
    """Return bioframe's functions on arrays, without the rest of it: that imports matplotlib to draw."""
    package = importlib.util.find_spec("bioframe")
    assert package is not None
    assert package.origin is not None
    path = Path(package.origin).with_name("core") / "arrops.py"
    spec = importlib.util.spec_from_file_location(f"{__name__}.bioframe_arrops", path)
    assert spec is not None
    arrops = importlib.util.module_from_spec(spec)
    assert spec.loader is not None
    spec.loader.exec_module(arrops)
    return arrops
