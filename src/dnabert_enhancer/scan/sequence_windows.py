"""The windows of sequences and the highest of each, whose score is the sequence's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine import Engine, Predictions
from dnabert_enhancer.model import EnhancerModel
from dnabert_enhancer.scan.settings import SequenceSettings
from dnabert_enhancer.sequence import UNKNOWN_BASE, tile_starts, unknown_fraction

_WINDOWS_AT_ONCE = 1 << 16

BaseCodes = NDArray[np.uint8] | Sequence[NDArray[np.uint8]]
"""uint8[n, length], or a sequence of n arrays of differing length."""


class WindowStarts(NamedTuple):
    """Where the windows of a sequence start.

    Attributes
    ----------
    scored : int64[m]
        0-based, of those that are scored.
    skipped : int64[m]
        Of those with too many unknown bases.
    """

    scored: NDArray[np.int64]
    skipped: NDArray[np.int64]


def window_starts(codes: NDArray[np.uint8], length: int, stride: int, max_unknown: float) -> WindowStarts:
    """Return where the windows of a sequence start; one of at most `length` is one window.

    Parameters
    ----------
    codes : uint8[bases]
    length, stride : int
        In bp.
    max_unknown : float
        Largest share of unknown bases in a window that is scored.
    """
    length = min(len(codes), length)
    starts = tile_starts(0, len(codes), length, stride)
    is_scored = unknown_fraction(codes, starts, length) <= max_unknown
    return WindowStarts(starts[is_scored], starts[~is_scored])


def highest_windows(rank: NDArray[np.float32], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of the highest window of each sequence, of equal ones that of the first.

    Parameters
    ----------
    rank : float32[windows]
        What orders windows (log odds, or values), those of a sequence one after another.
    counts : int64[n]
        How many windows each sequence has, at least 1.

    Returns
    -------
    int64[n]
    """
    if len(rank) == len(counts):
        return np.arange(len(rank))
    highest = np.maximum.reduceat(rank, np.cumsum(counts) - counts)
    places = np.flatnonzero((rank == np.repeat(highest, counts)) | np.isnan(rank))
    _, first = np.unique(np.repeat(np.arange(len(counts)), counts)[places], return_index=True)
    return places[first]


class SequenceWindows(NamedTuple):
    """The windows of sequences that lie in memory.

    Attributes
    ----------
    windows : uint8[m, length], or a sequence of m arrays
        Base codes, in the order of the sequences.
    counts : int64[n]
        How many windows each sequence has, at least 1.
    stride : int or None
        In bp; None where no sequence has more than a window.
    unscored : int
        Sequences with too many unknown bases in every window, all of whose windows are here nonetheless.
    """

    windows: BaseCodes
    counts: NDArray[np.int64]
    stride: int | None
    unscored: int

    @classmethod
    def of(cls, codes: BaseCodes, model: EnhancerModel) -> Self:
        """Cut sequences into the windows that `Model.predict` scores by its default settings.

        Parameters
        ----------
        codes : uint8[n, length], or a sequence of n arrays
            None of them empty.
        model : EnhancerModel
            One whose window length is not known gets every sequence whole.
        """
        settings = SequenceSettings()
        known = model.card.window_length is not None
        length, stride = settings.tiling(model) if known else (model.maximum_length, None)
        if isinstance(codes, np.ndarray) and codes.shape[1] <= length:
            unknown = (codes >= UNKNOWN_BASE).sum(axis=1) / max(1, codes.shape[1])
            unscored = int((unknown > settings.max_unknown).sum())
            return cls(codes, np.ones(len(codes), np.int64), None, unscored)
        windows: list[NDArray[np.uint8]] = []
        counts = np.ones(len(codes), np.int64)
        unscored = 0
        for number, sequence in enumerate(codes):
            scored, skipped = window_starts(sequence, length, stride or length, settings.max_unknown)
            starts = scored if len(scored) else skipped
            unscored += not len(scored)
            counts[number] = len(starts)
            windows += [sequence[start : start + length] for start in starts.tolist()]
        return cls(windows, counts, stride if (counts > 1).any() else None, unscored)

    def predict(self, engine: Engine, progress: Callable[[int], None] | None = None) -> Predictions:
        """Return the predictions of all windows; `progress` is told how many sequences are done."""
        if len(self.windows) == len(self.counts):
            return engine.predict(self.windows, progress)
        report = None if progress is None else _BySequences(progress, self.counts)
        parts = [
            engine.predict(self.windows[first : first + _WINDOWS_AT_ONCE], report)
            for first in range(0, len(self.windows), _WINDOWS_AT_ONCE)
        ]
        members = [part.members for part in parts if part.members is not None]
        return Predictions(
            np.concatenate([part.logit for part in parts]),
            np.concatenate([part.probability for part in parts]),
            np.concatenate([part.outputs for part in parts]),
            np.concatenate(members, axis=1) if members else None,
        )


class _BySequences:
    """Turns numbers of windows that are done into numbers of sequences."""

    def __init__(self, progress: Callable[[int], None], counts: NDArray[np.int64]) -> None:
        self._progress = progress
        self._ends = np.cumsum(counts)
        self._windows = self._sequences = 0

    def __call__(self, windows: int) -> None:
        self._windows += windows
        done = int(np.searchsorted(self._ends, self._windows, side="right"))
        self._progress(done - self._sequences)
        self._sequences = done
