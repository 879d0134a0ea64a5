"""Seqlets: runs of bases whose importance is high beside that of shuffled sequence, with p-values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

SHORTEST_SEQLET = 4
LONGEST_SEQLET = 25
SPAN_P = 0.01
"""Largest p-value of a seqlet's spans, each by itself."""


class Seqlet(NamedTuple):
    """A run of bases of high importance.

    Attributes
    ----------
    start, end : int
        0-based and half-open, within the region.
    sum : float
        Of the importance; below 0 where the bases lower the score.
    p : float
        Share of the seqlets of the same sign in shuffled sequence whose sum is as far from 0.
    """

    start: int
    end: int
    sum: float
    p: float


class SeqletTest:
    """Finds seqlets, and tests them by those of shuffled sequence.

    Parameters
    ----------
    null : sequence of float arrays, shape (length,) each
        Importance in shuffled sequence; NaN where nothing is known.
    signed : bool
        Whether importance below 0 means something; that of attention is never below 0.

    Attributes
    ----------
    null_seqlets : int
        Seqlets of the shuffled sequence: with n of a sign the smallest p-value is ``1 / (n + 1)``.

    Notes
    -----
    The rule follows the recursive seqlets of tangermeme (Schreiber, github.com/jmschrei/tangermeme): a seqlet
    is a span of 4 to 25 bases of which every span within it of at least 4 bases, too, has a sum of importance
    that reaches p <= 0.01. Here the p-value of a span is the share of the spans of its length in shuffled
    sequence that have a sum as high, ``(1 + #{as high}) / (1 + #spans)``. Of overlapping spans the one whose
    sum is farthest from 0 stays (of equal ones the shortest, then the first). Spans below 0 likewise, with
    all signs turned.

    That choice makes the p-values of spans useless for the seqlets that come of it, so shuffled sequence is
    put through the same rule, and a seqlet gets ``(1 + #{as far from 0}) / (1 + #seqlets)`` of those seqlets
    with its sign (Phipson and Smyth 2010, Stat Appl Genet Mol Biol 9:39). p-values of seqlets of shuffled
    sequence are therefore uniform, up to their steps.
    """

    def __init__(self, null: Sequence[NDArray[np.floating[Any]]], *, signed: bool) -> None:
        self._signs = (1, -1) if signed else (1,)
        totals = [_Totals.of(values) for values in null]
        self._limits = {sign: _limits(totals, sign) for sign in self._signs}
        sums = np.array([total for values in null for _, _, total in self._spans(values)])
        self._null = {sign: np.sort(sums[sums * sign > 0] * sign) for sign in self._signs}
        self.null_seqlets = len(sums)

    def seqlets(self, importance: NDArray[np.floating[Any]]) -> list[Seqlet]:
        """Return the seqlets of a region, from its start to its end.

        Parameters
        ----------
        importance : float array, shape (length,)
            NaN where nothing is known; no seqlet holds such bases.
        """
        return [Seqlet(start, end, total, self._p(total)) for start, end, total in self._spans(importance)]

    def _p(self, total: float) -> float:
        sign = 1 if total > 0 else -1
        null = self._null[sign]
        as_far = len(null) - int(np.searchsorted(null, total * sign, side="left"))
        return (1 + as_far) / (1 + len(null))

    def _spans(self, importance: NDArray[np.floating[Any]]) -> list[tuple[int, int, float]]:
        """Return start, end and sum of the spans that follow the rule, without overlaps."""
        totals = _Totals.of(importance)
        fit = [
            (-sign * total, length, start, total)
            for sign in self._signs
            for length, starts, sums in _fitting(totals, sign, self._limits[sign])
            for start, total in zip(starts.tolist(), sums.tolist(), strict=True)
        ]
        free = np.ones(len(importance), dtype=bool)
        chosen = []
        # of equal sums the shortest, of these the first
        for _, length, start, total in sorted(fit):
            end = start + length
            if free[start:end].all():
                free[start:end] = False
                chosen.append((start, end, total))
        return sorted(chosen)


class _Totals(NamedTuple):
    """Sums from the start of a region on.

    Attributes
    ----------
    values : float64 array, shape (length + 1,)
    unknown : int64 array, shape (length + 1,)
        How many bases are unknown.
    """

    values: NDArray[np.float64]
    unknown: NDArray[np.int64]

    @classmethod
    def of(cls, importance: NDArray[np.floating[Any]]) -> _Totals:
        values, unknown = np.zeros(len(importance) + 1), np.zeros(len(importance) + 1, dtype=np.int64)
        np.cumsum(np.nan_to_num(importance), dtype=np.float64, out=values[1:])
        np.cumsum(np.isnan(importance), out=unknown[1:])
        return cls(values, unknown)

    def spans(self, length: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the sum of each span of a length, and whether all its bases are known."""
        sums = self.values[length:] - self.values[:-length]
        return sums, self.unknown[length:] == self.unknown[:-length]


def _limits(null: Sequence[_Totals], sign: int) -> dict[int, float]:
    """Return for each length what the sum of a span must be above, its sign turned where `sign` is -1."""
    limits = {}
    for length in range(SHORTEST_SEQLET, LONGEST_SEQLET + 1):
        parts = [sums[known] for sums, known in (totals.spans(length) for totals in null)]
        sums = sign * np.concatenate([np.zeros(0), *parts])
        # so many spans of the null may be as high: (1 + allowed) / (1 + spans) <= SPAN_P
        allowed = int(np.floor(SPAN_P * (1 + len(sums)) + 1e-9)) - 1
        if allowed < 0:
            limits[length] = np.inf
        else:
            place = len(sums) - 1 - allowed
            limits[length] = max(0.0, float(np.partition(sums, place)[place]))
    return limits


def _fitting(
    totals: _Totals, sign: int, limits: dict[int, float]
) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.float64]]]:
    """Yield length, starts and sums of the spans that are high, with all spans within them."""
    inner: NDArray[np.bool_] | None = None
    for length, limit in limits.items():
        if length >= len(totals.values):
            return
        sums, known = totals.spans(length)
        fits = known & (sign * sums > limit)
        if inner is not None:
            # both spans that are shorter by a base fit, and so do all within them
            fits &= inner[:-1] & inner[1:]
        starts = np.flatnonzero(fits)
        if not len(starts):
            return
        yield length, starts, sums[starts]
        inner = fits
