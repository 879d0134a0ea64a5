"""In-silico mutagenesis: the change of a model's score by every substitution of every base."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine import Engine, Predictions, Target
from dnabert_enhancer.interpret.deletions import deletions
from dnabert_enhancer.interpret.stretches import Stretch
from dnabert_enhancer.sequence import UNKNOWN_BASE, decode_bases
from dnabert_enhancer.variants import Allele, Convention, SkipReason, WindowPlan, allele_windows

_WINDOWS_AT_ONCE = 8192
_OTHER_BASES = 3
Progress = Callable[[int], None]


class Effects(NamedTuple):
    """What substitutions do to the score of a stretch.

    Attributes
    ----------
    stretch : Stretch
    change : float32 array, shape (length, 4)
        Score with A, C, G or T at the base, less the score as it is: logits before calibration, for a
        regression the values; 0 for the base that is there. NaN where the base is unknown, or its window
        could not be scored.
    score : float
        The highest score (probability; for a regression the value) of the windows as they are; NaN where
        none could be scored.
    rank : float
        The logit of the same window (for a regression the value).
    importance : float32 array, shape (length,), or None
        Of each base, where it does not come from substitutions; `change` is then empty, of shape (0, 4).
    deletions : float32 array, shape (length, longest), or None
        Score without 1, 2 and more bases from this one on, less the score with them; NaN where the deletion
        would leave the stretch, a base is unknown, or its windows could not be scored.
    completeness_error : float
        Of integrated gradients: by how much the attributions of a window's tokens miss the difference of its
        score from the baselines', in shares of their absolute sum; the largest of the windows. Else NaN.
    """

    stretch: Stretch
    change: NDArray[np.float32]
    score: float
    rank: float
    importance: NDArray[np.float32] | None = None
    deletions: NDArray[np.float32] | None = None
    completeness_error: float = float("nan")


class Tile(NamedTuple):
    """A window, and the bases of the stretch that are substituted in it.

    Attributes
    ----------
    start : int
        0-based start of the window on the contig.
    length : int
        In bp.
    first, last : int
        0-based and half-open place of the bases on the contig.
    """

    start: int
    length: int
    first: int
    last: int


def tiles(start: int, end: int, contig_length: int, window: int) -> list[Tile]:
    """Return the windows in which the bases of a stretch are substituted.

    Parameters
    ----------
    start, end : int
        The stretch, 0-based and half-open.
    contig_length, window : int
        In bp. A contig that is not longer than the window is one window.

    Notes
    -----
    A stretch that is not longer than the window lies in the middle of one window. A longer one is cut into
    pieces of half a window, each in the middle of a window of its own, so that every base has at least a
    quarter of a window on each side. A window that would leave the contig is moved inside it.
    """
    if start >= end:
        return []
    if contig_length <= window:
        return [Tile(0, contig_length, start, end)]
    piece = end - start if end - start <= window else max(1, window // 2)
    found = []
    for first in range(start, end, piece):
        last = min(first + piece, end)
        begin = (2 * first + piece - window) // 2
        found.append(Tile(max(0, min(begin, contig_length - window)), window, first, last))
    return found


def substituted(window: NDArray[np.uint8], places: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return copies of a window with each base of some places replaced by each of the three others.

    Parameters
    ----------
    window : uint8 array, shape (length,)
        Base codes.
    places : int64 array, shape (n,)
        Which bases; known ones.

    Returns
    -------
    uint8 array, shape (3 n, length)
        By place, then by base in the order of A, C, G, T without the one that is there.
    """
    copies = np.repeat(window[None], _OTHER_BASES * len(places), axis=0)
    copies[np.arange(len(copies)), np.repeat(places, _OTHER_BASES)] = other_bases(window[places]).ravel()
    return copies


def other_bases(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the three other bases of each known base, ascending, uint8[n, 3]."""
    table = np.array([[base for base in range(4) if base != own] for own in range(4)], dtype=np.uint8)
    return table[codes]


class _Job(NamedTuple):
    """Windows that wait for the model, what takes their logits, and whether all are like the first one."""

    windows: NDArray[np.uint8]
    take: Callable[[NDArray[np.float32], NDArray[np.float32]], None]
    is_family: bool = False


@dataclass
class Mutagenesis:
    """In-silico mutagenesis by one model.

    Parameters
    ----------
    engine : Engine
    target : Target
    window_length : int
        In bp.
    offsets : int, optional
        Windows around each substitution as `score-variants` places them; default: the tiles of the stretch.
    max_unknown : float
        Windows with a larger share of unknown bases are not scored.
    deletions : int
        The longest deletion in bp; each has as many windows around it as `offsets` says, by default one.
    """

    engine: Engine
    target: Target
    window_length: int
    offsets: int | None = None
    max_unknown: float = 0.1
    deletions: int = 0
    _jobs: list[_Job] = field(default_factory=list, init=False)
    _waiting: int = field(default=0, init=False)

    @property
    def reach(self) -> int:
        """How many bp around a stretch its windows can touch."""
        # a deletion in a tandem repeat may be placed beside the stretch
        return (4 if self.deletions else 2) * self.window_length

    def effects(self, stretches: Iterable[Stretch], progress: Progress | None = None) -> Iterator[Effects]:
        """Yield the effects of stretches, in order.

        Parameters
        ----------
        stretches : iterable of Stretch
        progress : callable, optional
            Called with the number of bases done since its last call.
        """
        waiting: list[_Found] = []
        for stretch in stretches:
            waiting.append(_Found(stretch, self.deletions))
            for job in self._jobs_of(waiting[-1]):
                self._jobs.append(job)
                self._waiting += len(job.windows)
                if self._waiting >= _WINDOWS_AT_ONCE:
                    self._run()
            if self._waiting == 0:  # all that waits has its numbers
                yield from _finished(waiting, progress)
        self._run()
        yield from _finished(waiting, progress)

    def _jobs_of(self, found: _Found) -> Iterator[_Job]:
        if self.offsets is None:
            yield from self._tiled(found)
        else:
            yield from self._centred(found, WindowPlan(self.window_length, self.offsets))
        if self.deletions:
            yield from self._deleted(found, WindowPlan(self.window_length, self.offsets or 1))

    def _tiled(self, found: _Found) -> Iterator[_Job]:
        stretch, context = found.stretch, found.stretch.context
        for tile in tiles(stretch.start, stretch.end, context.contig_length, self.window_length):
            window = context.part(tile.start, tile.start + tile.length)
            if self._has_too_many_unknown(window):
                continue
            places = np.arange(tile.first, tile.last) - tile.start
            places = places[window[places] < UNKNOWN_BASE]
            rows = places + tile.start - stretch.start
            part = max(1, _WINDOWS_AT_ONCE // _OTHER_BASES)
            for first in range(0, max(1, len(places)), part):
                some = slice(first, first + part)
                windows = np.concatenate([window[None], substituted(window, places[some])])
                taker = _Taker(found, rows[some], other_bases(window[places[some]]))
                yield _Job(windows, taker.tiled, is_family=True)

    def _centred(self, found: _Found, plan: WindowPlan) -> Iterator[_Job]:
        stretch = found.stretch
        part = max(1, _WINDOWS_AT_ONCE // (2 * _OTHER_BASES * plan.offsets))
        for first in range(stretch.start, stretch.end, part):
            rows, pairs, windows = [], [], []
            for place in range(first, min(first + part, stretch.end)):
                code = stretch.context.part(place, place + 1)
                if code[0] >= UNKNOWN_BASE:
                    continue
                for other in other_bases(code)[0]:
                    both = allele_windows(
                        stretch.context, _substitution(stretch.contig, place, code, other), plan
                    )
                    if both.unknown_share <= self.max_unknown:
                        rows.append(place - stretch.start)
                        pairs.append(other)
                        windows += [both.ref, both.alt]
            if rows:
                taker = _Taker(found, np.array(rows), np.array(pairs, dtype=np.uint8))
                yield _Job(np.concatenate(windows), taker.centred)

    def _deleted(self, found: _Found, plan: WindowPlan) -> Iterator[_Job]:
        stretch = found.stretch
        length = stretch.end - stretch.start
        part = max(1, _WINDOWS_AT_ONCE // (2 * self.deletions * plan.offsets))
        for first in range(0, length, part):
            rows, columns, windows = [], [], []
            some = deletions(stretch, first, min(first + part, length), self.deletions, plan.reach)
            for row, size, allele in some:
                both = Convention.SUITE.rules.windows(stretch.context, allele, plan)
                if isinstance(both, SkipReason) or both.unknown_share > self.max_unknown:
                    continue
                rows.append(row)
                columns.append(size - 1)
                windows += [both.ref, both.alt]
            if rows:
                taker = _Taker(found, np.array(rows), np.array(columns))
                yield _Job(np.concatenate(windows), taker.deleted)

    def _has_too_many_unknown(self, window: NDArray[np.uint8]) -> bool:
        return bool(np.count_nonzero(window >= UNKNOWN_BASE) > self.max_unknown * len(window))

    def _run(self) -> None:
        jobs, self._jobs, self._waiting = self._jobs, [], 0
        families = [job for job in jobs if job.is_family]
        if families:
            self._give(families, self.engine.predict_families([job.windows for job in families]))
        others = [job for job in jobs if not job.is_family]
        if len({job.windows.shape[1] for job in others}) == 1:
            self._give(others, self.engine.predict(np.concatenate([job.windows for job in others])))
        elif others:
            self._give(others, self.engine.predict([window for job in others for window in job.windows]))

    def _give(self, jobs: list[_Job], predictions: Predictions) -> None:
        scores = self.target.scores(predictions)
        first = 0
        for job in jobs:
            part = slice(first, first + len(job.windows))
            job.take(scores.rank[part], scores.score[part])
            first = part.stop


class _Found:
    """The effects of a stretch as they come in."""

    def __init__(self, stretch: Stretch, longest_deletion: int) -> None:
        self.stretch = stretch
        shape = (stretch.end - stretch.start, longest_deletion)
        self.deletions = np.full(shape, np.nan, dtype=np.float32) if longest_deletion else None
        self.change = np.full((stretch.end - stretch.start, 4), np.nan, dtype=np.float32)
        self.score = self.rank = float("nan")

    def take(self, rank: float, score: float) -> None:
        """Keep the score of a window as it is, where it is the highest yet."""
        if not rank <= self.rank:
            self.rank, self.score = rank, score


class _Taker(NamedTuple):
    """Where the numbers of a job's windows go.

    Attributes
    ----------
    found : _Found
    rows : int64 array, shape (n,)
        Bases of the stretch.
    columns : int array, shape (n, 3) or (n,)
        What replaced them; of deletions the number of bases less one.
    """

    found: _Found
    rows: NDArray[np.int64]
    columns: NDArray[np.integer[Any]]

    def tiled(self, rank: NDArray[np.float32], score: NDArray[np.float32]) -> None:
        """Take the numbers of a window and of its substituted copies."""
        change = self._changed()
        differences = (rank[1:].astype(np.float64) - rank[0]).reshape(-1, _OTHER_BASES)
        change[self.rows[:, None], self.columns] = differences
        self.found.take(float(rank[0]), float(score[0]))

    def centred(self, rank: NDArray[np.float32], score: NDArray[np.float32]) -> None:
        """Take the numbers of REF and ALT windows of each substitution: the mean over the offsets."""
        change = self._changed()
        change[self.rows, self.columns] = self._differences(rank)
        reference = np.arange(len(rank)).reshape(len(self.rows), 2, -1)[:, 0].ravel()
        highest = reference[rank[reference].argmax()]
        self.found.take(float(rank[highest]), float(score[highest]))

    def deleted(self, rank: NDArray[np.float32], score: NDArray[np.float32]) -> None:  # noqa: ARG002
        """Take the numbers of REF and ALT windows of each deletion; the score is the substitutions' task."""
        assert self.found.deletions is not None
        self.found.deletions[self.rows, self.columns] = self._differences(rank)

    def _differences(self, rank: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the logit of ALT less that of REF, the mean over the offsets."""
        logits = rank.astype(np.float64).reshape(len(self.rows), 2, -1)
        return np.asarray((logits[:, 1] - logits[:, 0]).mean(axis=1))

    def _changed(self) -> NDArray[np.float32]:
        own = self.found.stretch.codes[self.rows]
        self.found.change[self.rows, own] = 0.0
        return self.found.change


def _substitution(contig: str, place: int, code: NDArray[np.uint8], other: np.uint8) -> Allele:
    alt = np.array([other], dtype=np.uint8)
    return Allele(
        contig, place, place + 1, alt, code, decode_bases(code).encode(), decode_bases(alt).encode()
    )


def _finished(waiting: list[_Found], progress: Progress | None) -> Iterator[Effects]:
    for found in waiting:
        if progress is not None:
            progress(len(found.change))
        yield Effects(found.stretch, found.change, found.score, found.rank, deletions=found.deletions)
    waiting.clear()
