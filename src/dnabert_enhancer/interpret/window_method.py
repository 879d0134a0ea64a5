"""Methods that give the importance of all bases of a window at once, and the windows they get."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine import Engine, Target
from dnabert_enhancer.interpret.mutagenesis import Effects, Progress, tiles
from dnabert_enhancer.interpret.stretches import Stretch
from dnabert_enhancer.sequence import UNKNOWN_BASE

_WINDOWS_AT_ONCE = 64


class WindowImportance(NamedTuple):
    """What a method finds in a window.

    Attributes
    ----------
    importance : float64 array, shape (length,)
    completeness_error : float
        See `Effects`; NaN where a method has none.
    """

    importance: NDArray[np.float64]
    completeness_error: float = float("nan")


class WindowMethod(ABC):
    """Finds the importance of all bases of a window at once."""

    engine: Engine
    target: Target
    window_length: int
    max_unknown: float
    completeness_limit: float = math.inf
    """Stretches with a larger completeness error are not explained."""

    @abstractmethod
    def importance_of(
        self, windows: Sequence[NDArray[np.uint8]], ranks: NDArray[np.float32]
    ) -> list[WindowImportance]:
        """Return the importance of the bases of windows, whose logits (or values) are `ranks`."""

    @property
    def reach(self) -> int:
        """How many bp around a stretch its windows can touch."""
        return self.window_length

    def effects(self, stretches: Iterable[Stretch], progress: Progress | None = None) -> Iterator[Effects]:
        """Yield what is found in stretches, in order, as the ``importance`` of `Effects`.

        It is NaN where the completeness error is above the limit.

        Parameters
        ----------
        stretches : iterable of Stretch
        progress : callable, optional
            Called with the number of bases done since its last call.
        """
        for stretch in stretches:
            importance = np.full(stretch.end - stretch.start, np.nan, dtype=np.float32)
            places = tiles(stretch.start, stretch.end, stretch.context.contig_length, self.window_length)
            pairs = [(tile, stretch.context.part(tile.start, tile.start + tile.length)) for tile in places]
            known = [(tile, window) for tile, window in pairs if not self._has_too_many_unknown(window)]
            score = rank = error = float("nan")
            for first in range(0, len(known), _WINDOWS_AT_ONCE):
                some = known[first : first + _WINDOWS_AT_ONCE]
                windows = [window for _, window in some]
                scores = self.target.scores(self.engine.predict(windows))
                highest = int(scores.rank.argmax())
                if not float(scores.rank[highest]) <= rank:
                    rank, score = float(scores.rank[highest]), float(scores.score[highest])
                for (tile, window), found in zip(some, self.importance_of(windows, scores.rank), strict=True):
                    part = slice(tile.first - tile.start, tile.last - tile.start)
                    values = np.where(window[part] < UNKNOWN_BASE, found.importance[part], np.nan)
                    importance[tile.first - stretch.start : tile.last - stretch.start] = values
                    if not found.completeness_error <= error:
                        error = found.completeness_error
            if progress is not None:
                progress(len(importance))
            if error > self.completeness_limit:
                importance[:] = np.nan
            nothing = np.zeros((0, 4), np.float32)
            yield Effects(stretch, nothing, score, rank, importance, completeness_error=error)

    def _has_too_many_unknown(self, window: NDArray[np.uint8]) -> bool:
        return bool(np.count_nonzero(window >= UNKNOWN_BASE) > self.max_unknown * len(window))
