"""Pairs of overlapping intervals, unions and nearest neighbours on arrays of one line, by bioframe.

All contigs lie on one line here (see `space`), so that one call does the whole genome.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from types import ModuleType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.files import cache_directory

Places = NDArray[np.int64]
_MOST_PAIRS = 1 << 22


class Union(NamedTuple):
    """Rising intervals that neither overlap nor touch.

    Attributes
    ----------
    start, end : int64 array, shape (stretches,)
        0-based and half-open.
    """

    start: Places
    end: Places

    @property
    def bases(self) -> int:
        """Bases in the union."""
        return int((self.end - self.start).sum())


class Pairs(NamedTuple):
    """Overlapping pairs.

    Attributes
    ----------
    first, second : int64 array, shape (pairs,)
        Numbers in the two sets.
    bases : int64 array, shape (pairs,)
        Shared bases, at least 1.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    bases: NDArray[np.int64]


def union_of(start: Places, end: Places) -> Union:
    """Return the union of intervals of at least one base, in any order."""
    if not len(start):
        return Union(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    _, starts, ends = _arrops().merge_intervals(start, end, min_dist=0)
    return Union(np.asarray(starts, dtype=np.int64), np.asarray(ends, dtype=np.int64))


def overlap_counts(start: Places, end: Places, other_start: Places, other_end: Places) -> NDArray[np.int64]:
    """Return with how many of the others each interval shares a base, shape (intervals,)."""
    begun = np.searchsorted(np.sort(other_start), end, side="left")
    ended = np.searchsorted(np.sort(other_end), start, side="right")
    return np.asarray(begun - ended, dtype=np.int64)


def overlapping_pairs(
    start: Places, end: Places, other_start: Places, other_end: Places, *, most: int = _MOST_PAIRS
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


def nearest(
    start: Places, end: Places, other_start: Places, other_end: Places
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
    if len(start) and len(other_start):
        first, second = _arrops().closest_intervals(start, end, other_start, other_end, k=1)
        which[first] = second
    found = np.maximum(which, 0)
    if not len(other_start):
        return which, which.copy()
    between = np.maximum(other_start[found] - end, start - other_end[found]) + 1
    return which, np.where(which < 0, -1, np.maximum(between, 0))


@functools.cache
def _arrops() -> ModuleType:
    # bioframe imports matplotlib, which wants a folder that it may write
    os.environ.setdefault("MPLCONFIGDIR", str(cache_directory() / "matplotlib"))
    from bioframe.core import arrops

    return arrops  # type: ignore[no-any-return]  # bioframe ships no types
