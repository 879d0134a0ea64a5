"""Scores of single sequences: one row each, through windows where they are longer than the model's window."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine import Predictions, Target, WindowScores
from dnabert_enhancer.scan.grid import BLOCK_WINDOWS
from dnabert_enhancer.scan.scoring import Predictor
from dnabert_enhancer.scan.sequence_windows import highest_windows, window_starts
from dnabert_enhancer.scan.settings import SKIPPED_UNKNOWN
from dnabert_enhancer.sequence import encode_bases

SKIPPED_SHORT = "shorter_than_a_token"


class NamedSequence(NamedTuple):
    """A sequence to score: its name, and its letters in any case."""

    name: str
    sequence: str


class SequenceScore(NamedTuple):
    """What a sequence scores.

    Attributes
    ----------
    name : str
    length : int
        In bp.
    windows : int
        How many windows were scored.
    skipped : int
        How many were skipped for their unknown bases.
    maximum, mean : float
        Of the windows' scores; NaN when there are none.
    maximum_sd : float
        Of an ensemble: the standard deviation of the models' scores of the highest window; NaN for one model.
    summit : int
        0-based centre of the highest window (of equal ones the first); -1 when there are none.
    note : str
        Why nothing was scored; empty otherwise.
    highest : float
        The rank (log odds or value) of the highest window; NaN when there are none.
    """

    name: str
    length: int
    windows: int
    skipped: int
    maximum: float
    maximum_sd: float
    mean: float
    summit: int
    note: str
    highest: float


@dataclass
class _Row:
    """A sequence whose windows are being scored."""

    name: str
    length: int
    skipped: int
    note: str
    windows: int = 0
    total: float = 0.0
    maximum: float = float("nan")
    maximum_sd: float = float("nan")
    highest: float = float("-inf")
    summit: int = -1

    def take(self, starts: NDArray[np.int64], length: int, found: WindowScores, best: int) -> None:
        """Add windows, the one at the place `best` the highest of them."""
        if found.rank[best] > self.highest:
            self.highest, self.maximum = float(found.rank[best]), float(found.score[best])
            deviation = found.part(slice(best, best + 1)).deviation()
            if deviation is not None:
                self.maximum_sd = float(deviation[0])
            self.summit = int(starts[best]) + length // 2
        self.windows += len(starts)
        self.total += float(found.score.sum(dtype=np.float64))

    def finished(self) -> SequenceScore:
        mean = self.total / self.windows if self.windows else float("nan")
        return SequenceScore(
            self.name,
            self.length,
            self.windows,
            self.skipped,
            self.maximum,
            self.maximum_sd,
            mean,
            self.summit,
            self.note,
            self.highest if self.windows else float("nan"),
        )


@dataclass
class _Job:
    """Windows of one sequence that wait for the engine."""

    row: _Row
    codes: NDArray[np.uint8]
    starts: NDArray[np.int64]
    length: int

    def windows(self) -> list[NDArray[np.uint8]]:
        return [self.codes[start : start + self.length] for start in self.starts.tolist()]


@dataclass
class SequenceScorer:
    """Scores sequences in batches of about 4,096 windows, in order.

    Parameters
    ----------
    engine : Predictor
    target : Target
    window_length, stride : int
        In bp. A sequence of at most `window_length` is one window.
    minimum_length : int
        Shorter sequences, in which the model finds no token, are skipped.
    max_unknown : float
        Windows with a larger share of unknown bases are skipped.
    keep_letters : bool
        Hand the letters to the tokenizer as they are.
    on_windows : callable, optional
        Called with name, starts (int64[n], 0-based), window length and scores as they are found.
    """

    engine: Predictor
    target: Target
    window_length: int
    stride: int
    minimum_length: int = 1
    max_unknown: float = 0.1
    keep_letters: bool = False
    on_windows: Callable[[str, NDArray[np.int64], int, WindowScores], None] | None = None
    _rows: list[_Row] = field(default_factory=list, init=False)
    _jobs: list[_Job] = field(default_factory=list, init=False)
    _waiting: int = field(default=0, init=False)

    def scores(self, sequences: Iterable[NamedSequence]) -> Iterator[SequenceScore]:
        """Yield one score a sequence, in order."""
        for sequence in sequences:
            self._plan(sequence)
            if self._waiting >= BLOCK_WINDOWS or len(self._rows) >= BLOCK_WINDOWS:
                yield from self._flush()
        yield from self._flush()

    def _plan(self, given: NamedSequence) -> None:
        codes = encode_bases(given.sequence, keep_letters=self.keep_letters)
        length = min(len(codes), self.window_length)
        row = _Row(given.name, len(codes), 0, "")
        self._rows.append(row)
        if len(codes) < self.minimum_length:
            row.note = SKIPPED_SHORT
            return
        starts, skipped = window_starts(codes, self.window_length, self.stride, self.max_unknown)
        row.skipped = len(skipped)
        if len(starts) == 0:
            row.note = SKIPPED_UNKNOWN
        for first in range(0, len(starts), BLOCK_WINDOWS):
            self._jobs.append(_Job(row, codes, starts[first : first + BLOCK_WINDOWS], length))
            self._waiting += len(self._jobs[-1].starts)
            if self._waiting >= BLOCK_WINDOWS:
                self._run()

    def _flush(self) -> Iterator[SequenceScore]:
        self._run()
        rows, self._rows = self._rows, []
        yield from (row.finished() for row in rows)

    def _run(self) -> None:
        jobs, self._jobs, self._waiting = self._jobs, [], 0
        if not jobs:
            return
        found = self.target.scores(_predict(self.engine, jobs))
        counts = np.array([len(job.starts) for job in jobs])
        first = 0
        for job, best in zip(jobs, highest_windows(found.rank, counts).tolist(), strict=True):
            part = slice(first, first + len(job.starts))
            scores = found.part(part)
            job.row.take(job.starts, job.length, scores, best - first)
            if self.on_windows is not None:
                self.on_windows(job.row.name, job.starts, job.length, scores)
            first = part.stop


def _predict(engine: Predictor, jobs: list[_Job]) -> Predictions:
    windows = [window for job in jobs for window in job.windows()]
    if len({job.length for job in jobs}) == 1:
        return engine.predict(np.stack(windows))
    return engine.predict(windows)
