"""Pairs windows with candidates of like composition that do not overlap each other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.dataset.composition import Composition

NOT_MATCHED = -1

_HAIR = 1 - 1e-9
_ROUNDING = 1e-9


def match_windows(
    targets: Composition,
    candidates: Composition,
    candidate_starts: NDArray[np.int64],
    *,
    length: int,
    gc_tolerance: float,
    repeat_tolerance: float,
    taken: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Return for each target the place of its candidate, or `NOT_MATCHED`.

    A candidate is used once, differs from its target by at most the two tolerances, and shares no base with
    another chosen one or with the windows already taken.

    Parameters
    ----------
    targets : Composition
        Of the windows to be matched, shape (n,).
    candidates : Composition
        Shape (m,).
    candidate_starts : int64[m]
        Rising, on one contig.
    length : int
        Of every window, in bp.
    gc_tolerance, repeat_tolerance : float
        Largest difference in GC and soft-masked share, both above 0.
    taken : int64[t]
        Starts of windows chosen before on the same contig.
    rng : numpy.random.Generator

    Notes
    -----
    Bins as wide as the tolerances hold the candidates in random order, so that any two of one bin match.
    Targets come in random order and take the next free candidate of their own bin; those that found none then
    search the neighbouring bins, each pair being compared.
    """
    pool = _Pool(candidates, candidate_starts, length, (gc_tolerance, repeat_tolerance), taken, rng)
    chosen = np.full(len(targets.gc), NOT_MATCHED, dtype=np.int64)
    cells = pool.cells_of(targets)
    order = rng.permutation(len(chosen)).tolist()
    left = []
    for row in order:
        chosen[row] = pool.next_of(cells[row])
        if chosen[row] == NOT_MATCHED:
            left.append(row)
    for row in left:
        chosen[row] = pool.nearby(cells[row], float(targets.gc[row]), float(targets.masked[row]))
    return chosen


class _Pool:
    """Candidates by cell (GC bin, repeat bin), in random order, and which of them are blocked."""

    def __init__(
        self,
        candidates: Composition,
        starts: NDArray[np.int64],
        length: int,
        tolerances: tuple[float, float],
        taken: NDArray[np.int64],
        rng: np.random.Generator,
    ) -> None:
        self._candidates = candidates
        self._starts = starts
        self._length = length
        self._tolerances = tolerances
        self._rng = rng
        self._blocked = np.zeros(len(starts), dtype=bool)
        for start in taken.tolist():
            self._block(start)
        cells = _cell_numbers(*_bins(candidates, tolerances))
        order = rng.permutation(len(starts)).astype(np.min_scalar_type(len(starts)))
        order = order[np.argsort(cells[order], kind="stable")]
        cells = cells[order]
        parts = np.split(order, np.flatnonzero(cells[1:] != cells[:-1]) + 1) if len(order) else []
        first = np.array([part[0] for part in parts], dtype=np.intp)
        self._members = dict(zip(self.cells_of(candidates.take(first)), parts, strict=True))
        self._next = dict.fromkeys(self._members, 0)

    def cells_of(self, targets: Composition) -> list[tuple[int, int]]:
        """Return the cell of each target."""
        gc, masked = _bins(targets, self._tolerances)
        return list(zip(gc.tolist(), masked.tolist(), strict=True))

    def next_of(self, cell: tuple[int, int]) -> int:
        """Take the next free candidate of a cell; return its place."""
        members = self._members.get(cell)
        if members is None:
            return NOT_MATCHED
        place = self._next[cell]
        while place < len(members) and self._blocked[members[place]]:
            place += 1
        self._next[cell] = min(place + 1, len(members))
        if place == len(members):
            return NOT_MATCHED
        return self._take(int(members[place]))

    def nearby(self, cell: tuple[int, int], gc: float, masked: float) -> int:
        """Take a free candidate within the tolerances, of the cell or its eight neighbours."""
        around = [(cell[0] + step, cell[1] + other) for step in (0, -1, 1) for other in (0, -1, 1)]
        for index in [0, *(1 + self._rng.permutation(8)).tolist()]:
            members = self._members.get(around[index])
            if members is None:
                continue
            members = members[self._next[around[index]] :]
            members = members[~self._blocked[members]]
            self._members[around[index]], self._next[around[index]] = members, 0
            near = (np.abs(self._candidates.gc[members] - gc) <= self._tolerances[0] + _ROUNDING) & (
                np.abs(self._candidates.masked[members] - masked) <= self._tolerances[1] + _ROUNDING
            )
            if near.any():
                return self._take(int(members[int(near.argmax())]))
        return NOT_MATCHED

    def _take(self, place: int) -> int:
        self._block(int(self._starts[place]))
        return place

    def _block(self, start: int) -> None:
        first = np.searchsorted(self._starts, start - self._length + 1)
        last = np.searchsorted(self._starts, start + self._length)
        self._blocked[first:last] = True


def _cell_numbers(gc: NDArray[np.int64], masked: NDArray[np.int64]) -> NDArray[np.unsignedinteger[Any]]:
    """Return a number for each pair of bins, in their order, in few bytes; overwrites `gc`."""
    if (int(gc.max(initial=0)) + 1) * (int(masked.max(initial=0)) + 1) > np.iinfo(np.int64).max:
        gc, masked = (np.unique(bins, return_inverse=True)[1] for bins in (gc, masked))
    gc *= int(masked.max(initial=0)) + 1
    gc += masked
    # a stable sort of 16 bits is a radix sort
    return gc.astype(np.min_scalar_type(int(gc.max(initial=0))))


def _bins(
    composition: Composition, tolerances: tuple[float, float]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    # a hair narrower than the tolerance, so that rounding cannot put a pair beyond it into one bin
    gc, masked = (
        np.floor(shares / (tolerance * _HAIR)).astype(np.int64)
        for shares, tolerance in zip((composition.gc, composition.masked), tolerances, strict=True)
    )
    return gc, masked
