"""Window scores as a track: for each base the mean of the windows that cover it, in runs of equal value."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_FRACTION_BITS = 40


class Runs(NamedTuple):
    """Runs of bases with one value: 0-based, half-open, ascending, disjoint; bases between runs have none.

    Attributes
    ----------
    start, end : int64[n]
    value : float32[n]
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    value: NDArray[np.float32]


NO_RUNS = Runs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))


class MeanTrack:
    """Builds the track of one contig from windows that arrive in order.

    Sums are kept in fixed point, so that the value of a base does not depend on what came before it or on how
    the windows were cut into calls of `add`. Memory: one call's windows and the few that are still open.

    Parameters
    ----------
    window_length : int
        In bp.
    largest : float
        An upper limit of the absolute scores (1 for probabilities).
    """

    def __init__(self, window_length: int, largest: float = 1.0) -> None:
        self._length = window_length
        self._scale = 2.0 ** (_FRACTION_BITS - int(np.ceil(np.log2(max(largest, 2.0**-20)))))
        self._position = np.zeros(0, np.int64)
        self._sum_change = np.zeros(0, np.int64)
        self._count_change = np.zeros(0, np.int64)
        self._level_sum = 0
        self._level_count = 0
        self._level_start = 0
        self._held = NO_RUNS

    def add(self, starts: NDArray[np.int64], scores: NDArray[np.floating[Any]]) -> Runs:
        """Take more windows and return the runs that no later window can change.

        Parameters
        ----------
        starts : int64[n]
            Ascending, and not below any start given before.
        scores : float[n]
            One a window, no NaN.
        """
        if len(starts) == 0:
            return NO_RUNS
        fixed = np.rint(np.asarray(scores, dtype=np.float64) * self._scale).astype(np.int64)
        ones = np.ones(len(starts), np.int64)
        self._position = np.concatenate([self._position, starts, starts + self._length])
        self._sum_change = np.concatenate([self._sum_change, fixed, -fixed])
        self._count_change = np.concatenate([self._count_change, ones, -ones])
        return self._settle(int(starts[-1]), last=False)

    def finish(self) -> Runs:
        """Return the remaining runs; the contig is done, and the next one can begin."""
        runs = self._settle(int(self._position.max(initial=0)) + 1, last=True)
        self._level_start = 0
        return runs

    def _settle(self, limit: int, *, last: bool) -> Runs:
        """Turn the changes below `limit` into runs; the last run is held back, since it may go on."""
        order = np.argsort(self._position, kind="stable")
        position = self._position[order]
        n_settled = int(np.searchsorted(position, limit))
        settled, waiting = order[:n_settled], order[n_settled:]
        runs = self._held
        if n_settled:
            unique, first = np.unique(position[:n_settled], return_index=True)
            sums = self._level_sum + np.cumsum(np.add.reduceat(self._sum_change[settled], first))
            counts = self._level_count + np.cumsum(np.add.reduceat(self._count_change[settled], first))
            runs = _joined(runs, self._runs_between(unique, sums, counts))
            self._level_sum, self._level_count = int(sums[-1]), int(counts[-1])
            self._level_start = int(unique[-1])
        self._position = self._position[waiting]
        self._sum_change = self._sum_change[waiting]
        self._count_change = self._count_change[waiting]
        kept = 0 if last else 1
        split = max(0, len(runs.start) - kept)
        self._held = Runs(runs.start[split:], runs.end[split:], runs.value[split:])
        return Runs(runs.start[:split], runs.end[:split], runs.value[:split])

    def _runs_between(
        self, unique: NDArray[np.int64], sums: NDArray[np.int64], counts: NDArray[np.int64]
    ) -> Runs:
        start = np.concatenate([[self._level_start], unique[:-1]])
        sums = np.concatenate([[self._level_sum], sums[:-1]])
        counts = np.concatenate([[self._level_count], counts[:-1]])
        covered = (counts > 0) & (unique > start)
        mean = sums[covered] / (counts[covered] * self._scale)
        return Runs(start[covered], unique[covered], mean.astype(np.float32))


def _joined(left: Runs, right: Runs) -> Runs:
    """Put runs one after the other; neighbours that touch and have the same value become one."""
    start = np.concatenate([left.start, right.start])
    end = np.concatenate([left.end, right.end])
    value = np.concatenate([left.value, right.value])
    if len(start) < 2:
        return Runs(start, end, value)
    opens = np.concatenate([[True], (start[1:] != end[:-1]) | (value[1:] != value[:-1])])
    first = np.flatnonzero(opens)
    return Runs(start[first], end[np.concatenate([first[1:], [len(start)]]) - 1], value[first])
