"""Union, difference and overlap of intervals of one contig, on arrays.

NumPy's sorted search does each in a few lines where both sides are sorted, as here. Pairs and nearest
elements of unsorted sets are bioframe's, in the room `compare`; importing it for these three functions would
cost every command a second of start-up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Stretches(NamedTuple):
    """Intervals of one contig in rising order that neither overlap nor touch.

    Attributes
    ----------
    start, end : int64 array, shape (stretches,)
        0-based and half-open.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]


def merge_intervals(start: NDArray[np.int64], end: NDArray[np.int64], gap: int = 0) -> Stretches:
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
        return Stretches(starts.astype(np.int64), reach.astype(np.int64))
    is_first = np.concatenate(([True], starts[1:] > reach[:-1] + gap))
    is_last = np.concatenate((is_first[1:], [True]))
    return Stretches(starts[is_first].astype(np.int64), reach[is_last].astype(np.int64))


def subtract_intervals(
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    other_start: NDArray[np.int64],
    other_end: NDArray[np.int64],
) -> Stretches:
    """Return what of the union of some intervals is in none of the others.

    Parameters
    ----------
    start, end, other_start, other_end : int64 array
        0-based and half-open, in any order.
    """
    left = merge_intervals(start, end)
    right = merge_intervals(other_start, other_end)
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
    return Stretches(piece_start[kept], piece_end[kept])


def overlaps_any(
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    other_start: NDArray[np.int64],
    other_end: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Return for each interval whether it shares a base with any of the others.

    Parameters
    ----------
    start, end, other_start, other_end : int64 array
        0-based and half-open, in any order.

    Returns
    -------
    bool array, shape (rows,)
        False for an empty interval.
    """
    right = merge_intervals(other_start, other_end)
    first = np.searchsorted(right.end, start, side="right")
    last = np.searchsorted(right.start, end, side="left")
    return np.asarray((last > first) & (end > start))
