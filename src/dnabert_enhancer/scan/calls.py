"""Window scores as calls: windows at or above the threshold, merged when they overlap or touch."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Call(NamedTuple):
    """A merged run of windows at or above the threshold.

    Attributes
    ----------
    start, end : int
        0-based, half-open: from the first window's start to the last one's end.
    summit : int
        0-based: the centre of the highest window (of equal ones the first).
    mean, maximum : float
        Of the scores of the windows of the call.
    highest : float
        The highest ranking score (logit) among its windows, from which the q-value is looked up.
    windows : int
        How many windows were merged.
    """

    start: int
    end: int
    summit: int
    mean: float
    maximum: float
    highest: float
    windows: int

    @property
    def score(self) -> int:
        """1000 times the maximum, cut to 0..1000, as BED has it."""
        return min(1000, max(0, round(1000 * self.maximum)))


class _Open(NamedTuple):
    start: int
    end: int
    summit: int
    total: float
    maximum: float
    highest: float
    windows: int

    def joined(self, later: _Open) -> _Open:
        best = later if later.highest > self.highest else self
        return _Open(
            self.start,
            later.end,
            best.summit,
            self.total + later.total,
            best.maximum,
            best.highest,
            self.windows + later.windows,
        )

    def closed(self) -> Call:
        mean = self.total / self.windows
        return Call(self.start, self.end, self.summit, mean, self.maximum, self.highest, self.windows)


class CallBuilder:
    """Builds the calls of one contig from windows that arrive in order.

    Parameters
    ----------
    window_length : int
        In bp.
    threshold : float
        Windows whose score is at least this are called.
    merge_gap : int
        Called windows are merged when at most this many bases lie between them; 0 merges those that overlap
        or touch.
    """

    def __init__(self, window_length: int, threshold: float, merge_gap: int = 0) -> None:
        self._length = window_length
        # scores are float32: 0.3 asked for means the float32 next to 0.3
        self._threshold = np.float32(threshold)
        self._gap = merge_gap
        self._open: _Open | None = None

    def add(
        self,
        starts: NDArray[np.int64],
        ranks: NDArray[np.floating[Any]],
        scores: NDArray[np.floating[Any]],
    ) -> list[Call]:
        """Take more windows and return the calls that no later window can extend.

        Parameters
        ----------
        starts : int64[n]
            Ascending, and not below any start given before.
        ranks : float[n]
            What orders the windows (the logit); never descending with the score.
        scores : float[n]
            What is compared with the threshold (the probability).
        """
        called = np.flatnonzero(scores >= self._threshold)
        if len(called) == 0:
            return []
        done: list[Call] = []
        for group in self._groups(starts[called], ranks[called], scores[called]):
            if self._open is None:
                self._open = group
            elif group.start - self._open.end <= self._gap:
                self._open = self._open.joined(group)
            else:
                done.append(self._open.closed())
                self._open = group
        return done

    def finish(self) -> list[Call]:
        """Return the last call, if any; the contig is done, and the next one can begin."""
        done = [] if self._open is None else [self._open.closed()]
        self._open = None
        return done

    def _groups(
        self,
        starts: NDArray[np.int64],
        ranks: NDArray[np.floating[Any]],
        scores: NDArray[np.floating[Any]],
    ) -> list[_Open]:
        first = np.flatnonzero(
            np.concatenate([[True], starts[1:] - (starts[:-1] + self._length) > self._gap])
        )
        sizes = np.diff(np.concatenate([first, [len(starts)]]))
        highest = np.maximum.reduceat(ranks, first)
        tops = np.flatnonzero(ranks == np.repeat(highest, sizes))
        group_of = np.repeat(np.arange(len(first)), sizes)
        best = tops[np.unique(group_of[tops], return_index=True)[1]]
        totals = np.add.reduceat(scores.astype(np.float64), first)
        ends = starts[first + sizes - 1] + self._length
        columns = zip(
            starts[first].tolist(),
            ends.tolist(),
            (starts[best] + self._length // 2).tolist(),
            totals.tolist(),
            scores[best].tolist(),
            highest.tolist(),
            sizes.tolist(),
            strict=True,
        )
        return [_Open(*row) for row in columns]


class UnionBuilder:
    """Merges windows that overlap or touch into intervals, for one contig, in order.

    Parameters
    ----------
    window_length : int
        In bp.
    """

    def __init__(self, window_length: int) -> None:
        self._length = window_length
        self._open: tuple[int, int] | None = None

    def add(self, starts: NDArray[np.int64]) -> list[tuple[int, int]]:
        """Take the ascending starts of more windows and return the intervals that are complete."""
        if len(starts) == 0:
            return []
        first = np.flatnonzero(np.concatenate([[True], np.diff(starts) > self._length]))
        last = np.concatenate([first[1:], [len(starts)]]) - 1
        intervals = list(zip(starts[first].tolist(), (starts[last] + self._length).tolist(), strict=True))
        if self._open is not None:
            if intervals[0][0] <= self._open[1]:
                intervals[0] = (self._open[0], intervals[0][1])
            else:
                intervals.insert(0, self._open)
        self._open = intervals.pop()
        return intervals

    def finish(self) -> list[tuple[int, int]]:
        """Return the last interval, if any; the next contig can begin."""
        done = [] if self._open is None else [self._open]
        self._open = None
        return done
