"""Scores of windows as results, block by block: runs of the track, calls, and what was scanned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.scan.scores import Scores

CALL_COLUMNS = (
    *("chrom", "start", "end", "name", "score", "strand", "summit", "mean", "maximum", "q_value"),
    "percentile",
)
WINDOW_COLUMNS = ("chrom", "start", "end", "logit", "probability", "q_value")
VALUE_COLUMNS = ("chrom", "start", "end", "value", "q_value")
CALL_DEVIATION, WINDOW_DEVIATION, VALUE_DEVIATION = "maximum_sd", "probability_sd", "value_sd"
"""The last columns of calls and windows, of an ensemble."""
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
    maximum_sd : float
        Of an ensemble: the standard deviation of the models' scores of the highest window; NaN for one model.
    """

    start: int
    end: int
    summit: int
    mean: float
    maximum: float
    highest: float
    windows: int
    maximum_sd: float = float("nan")

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
    maximum_sd: float

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
            best.maximum_sd,
        )

    def closed(self) -> Call:
        mean = self.total / self.windows
        return Call(
            self.start,
            self.end,
            self.summit,
            mean,
            self.maximum,
            self.highest,
            self.windows,
            self.maximum_sd,
        )


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
        deviations: NDArray[np.floating[Any]] | None = None,
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
        deviations : float[n], optional
            Standard deviations of the scores over the models of an ensemble.
        """
        called = np.flatnonzero(scores >= self._threshold)
        if len(called) == 0:
            return []
        done: list[Call] = []
        if deviations is None:
            deviations = np.full(len(starts), np.nan)
        for group in self._groups(starts[called], ranks[called], scores[called], deviations[called]):
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
        deviations: NDArray[np.floating[Any]],
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
            deviations[best].tolist(),
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


@dataclass(frozen=True)
class ResultSettings:
    """How scores become results.

    Parameters
    ----------
    threshold : float or None
        Windows that score at least this are called; None: no window is.
    merge_gap : int
        Called windows with at most this many bases between them become one call.
    """

    threshold: float | None
    merge_gap: int = 0


class ContigWindows(NamedTuple):
    """Scored windows of one contig: 0-based starts, ascending; ranks (logits) and scores (probabilities).

    Of an ensemble the standard deviations of the scores over its models, too.
    """

    contig: str
    starts: NDArray[np.int64]
    ranks: NDArray[np.float32]
    scores: NDArray[np.float32]
    deviations: NDArray[np.float32] | None = None

    def chosen(self, rows: NDArray[np.bool_]) -> ContigWindows:
        """Return some of the windows, bool[n]."""
        deviations = None if self.deviations is None else self.deviations[rows]
        return ContigWindows(self.contig, self.starts[rows], self.ranks[rows], self.scores[rows], deviations)


class ResultPart(NamedTuple):
    """Results of one contig that nothing later in the scan can change.

    Attributes
    ----------
    contig : str
    runs : Runs
        Of the track: per base the mean of the windows that cover it.
    calls : list of Call
    scanned : list of (int, int)
        0-based start and end of what windows cover that were scored, or that a screen let not pass.
    screened : list of (int, int)
        The same of the latter.
    windows : ContigWindows or None
        Windows that were scored.
    """

    contig: str
    runs: Runs
    calls: list[Call]
    scanned: list[tuple[int, int]]
    screened: list[tuple[int, int]]
    windows: ContigWindows | None = None


def result_parts(scores: Scores, settings: ResultSettings) -> Iterator[ResultPart]:
    """Yield the results of a whole scan, in the order of the genome, a block of windows at a time."""
    length = scores.grid.window_length
    track = MeanTrack(length, max(scores.largest, 1.0))
    threshold = np.inf if settings.threshold is None else settings.threshold
    caller = CallBuilder(length, threshold, settings.merge_gap)
    union, left_out = UnionBuilder(length), UnionBuilder(length)
    contig = ""
    for known in known_windows(scores):
        if contig and known.contig != contig:
            yield ResultPart(contig, track.finish(), caller.finish(), union.finish(), left_out.finish())
        contig = known.contig
        is_scored = ~np.isnan(known.scores)
        part = known.chosen(is_scored)
        runs = track.add(part.starts, part.scores)
        calls = caller.add(part.starts, part.ranks, part.scores, part.deviations)
        screened = left_out.add(known.starts[~is_scored])
        yield ResultPart(contig, runs, calls, union.add(known.starts), screened, part)
    if contig:
        yield ResultPart(contig, track.finish(), caller.finish(), union.finish(), left_out.finish())


class ResultCounts(NamedTuple):
    """What was written: calls, bases in calls, bases scanned."""

    calls: int
    called_bases: int
    scanned_bases: int


def known_windows(scores: Scores) -> Iterator[ContigWindows]:
    """Yield the windows that were scored, or were screened (score NaN), in order, by blocks and contigs."""
    grid = scores.grid
    for first, block in scores.blocks():
        contig_index, starts = grid.places(first, first + len(block))
        scored = np.flatnonzero(~np.isnan(block[:, 0]) | ~np.isnan(block[:, 1]))
        if len(scored) == 0:
            continue
        contig_index, starts, block = contig_index[scored], starts[scored], block[scored]
        edges = np.flatnonzero(np.diff(contig_index)) + 1
        for part in np.split(np.arange(len(scored)), edges):
            name = grid.contigs[contig_index[part[0]]][0]
            deviations = block[part, 2] if scores.is_ensemble else None
            yield ContigWindows(name, starts[part], block[part, 0], block[part, 1], deviations)
