"""Windows of one length along a contig: where they start, their bases, how much of them is unknown."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence.bases import UNKNOWN_BASE


def tile_starts(start: int, end: int, length: int, stride: int) -> NDArray[np.int64]:
    """Return where the windows start that tile a region.

    Parameters
    ----------
    start, end : int
        The region, 0-based and half-open.
    length, stride : int
        In base pairs, both at least 1.

    Returns
    -------
    int64 array, shape (windows,)
        ``start, start + stride, ...``: every window lies wholly in the region. When the stride does not
        lead to a window that ends with the region, one more ends there, so that no base at the end is
        left out (unless the stride is longer than the window). Empty when the region is shorter than a
        window.
    """
    if length < 1 or stride < 1:
        raise InputError(f"a window of {length} bp every {stride} bp", remedy="both must be at least 1")
    last = end - length
    if last < start:
        return np.empty(0, dtype=np.int64)
    starts = np.arange(start, last + 1, stride, dtype=np.int64)
    return starts if starts[-1] == last else np.append(starts, last)


def window_view(codes: NDArray[np.uint8], length: int, stride: int = 1) -> NDArray[np.uint8]:
    """Return all windows of a sequence without copying it.

    Parameters
    ----------
    codes : uint8 array, shape (bases,)
    length, stride : int
        In base pairs.

    Returns
    -------
    uint8 array, shape (windows, length)
        A read-only view; window i starts at ``i * stride``. Empty when the sequence is shorter than a window.
    """
    if len(codes) < length:
        return np.empty((0, length), dtype=np.uint8)
    return np.lib.stride_tricks.sliding_window_view(codes, length)[::stride]


def windows_at(codes: NDArray[np.uint8], starts: NDArray[np.int64], length: int) -> NDArray[np.uint8]:
    """Return the windows that start at given places.

    Parameters
    ----------
    codes : uint8 array, shape (bases,)
    starts : int64 array, shape (windows,)
        Places in `codes`, 0-based.
    length : int
        In base pairs.

    Returns
    -------
    uint8 array, shape (windows, length)
        A view where the places are evenly spaced, else a copy.

    Raises
    ------
    IndexError
        When a window reaches beyond the sequence.
    """
    if len(starts) == 0:
        return np.empty((0, length), dtype=np.uint8)
    if starts.min() < 0 or starts.max() + length > len(codes):
        raise IndexError(
            f"windows of {length} bp from {starts.min()} to {starts.max()} leave {len(codes)} bases"
        )
    view = window_view(codes, length)
    steps = np.diff(starts)
    if len(starts) == 1 or (steps[0] > 0 and np.all(steps == steps[0])):
        stride = int(steps[0]) if len(steps) else 1
        return view[int(starts[0]) : int(starts[-1]) + 1 : stride]
    return view[starts]


def unknown_fraction(codes: NDArray[np.uint8], starts: NDArray[np.int64], length: int) -> NDArray[np.float64]:
    """Return the share of unknown bases in windows.

    Parameters
    ----------
    codes : uint8 array, shape (bases,)
    starts : int64 array, shape (windows,)
        Places in `codes`, 0-based; every window lies within.
    length : int
        In base pairs.

    Returns
    -------
    float64 array, shape (windows,)
    """
    if len(starts) == 0:
        return np.empty(0, dtype=np.float64)
    before = np.zeros(len(codes) + 1, dtype=np.int32)
    np.cumsum(codes >= UNKNOWN_BASE, dtype=np.int32, out=before[1:])
    return np.asarray((before[starts + length] - before[starts]) / length, dtype=np.float64)
