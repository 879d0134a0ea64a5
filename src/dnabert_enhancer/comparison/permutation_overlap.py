"""Measures one placement of the calls against many databases: a coarse look first, then the exact one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.comparison.coverage import Coverage, interleaved
from dnabert_enhancer.genome import Spans

MOST_DATABASES = 64
_BIN_BITS = 10


class Measure:
    """Counts of calls that share a base with each database, and of the bases shared.

    Parameters
    ----------
    unions : sequence of Spans
        The databases, at most 64, on one line.
    length : int
        Of the line.

    Notes
    -----
    For each bin of 1,024 bp a bit a database says whether the database has a base there. One look-up of these
    bits for every call leaves few calls to be looked up exactly where a database is sparse.
    """

    def __init__(self, unions: Sequence[Spans], length: int) -> None:
        if len(unions) > MOST_DATABASES:
            raise ValueError(f"{len(unions)} databases are more than {MOST_DATABASES}")
        self._tables = [Coverage(union) for union in unions]
        wide = next(bits for bits in (8, 16, 32, 64) if bits >= len(unions))
        self._type = np.dtype(f"uint{wide}").type
        bins = (length >> _BIN_BITS) + 2
        here = np.zeros(bins, dtype=self._type)
        for number, union in enumerate(unions):
            here |= _touched(union, bins).astype(self._type) << self._type(number)
        self._bits = here.copy()
        self._bits[:-1] |= here[1:]
        self._all = self._type((1 << len(unions)) - 1)

    def __call__(self, start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the calls that share a base and the bases shared, shape (2, databases).

        Parameters
        ----------
        start, end : int64 array, shape (calls,)
            A placement; quick when about sorted.
        """
        first = start >> _BIN_BITS
        bits = self._bits[first]
        # the entry of a bin stands for itself and the next; a longer call is always looked up
        bits[(end - 1) >> _BIN_BITS > first + 1] = self._all
        values = np.zeros((2, len(self._tables)), dtype=np.float64)
        for number, table in enumerate(self._tables):
            near = np.flatnonzero(bits & self._type(1 << number))
            if len(near):
                bases = table.within_edges(interleaved(start[near], end[near]))
                values[:, number] = np.count_nonzero(bases), bases.sum()
        return values


def _touched(union: Spans, bins: int) -> NDArray[np.bool_]:
    """Return which bins hold a base of a union, shape (bins,)."""
    first, last = union.start >> _BIN_BITS, (union.end - 1) >> _BIN_BITS
    begun = np.bincount(first, minlength=bins)
    ended = np.bincount(last + 1, minlength=bins + 1)[:bins]
    return np.asarray(np.cumsum(begun - ended) > 0)
