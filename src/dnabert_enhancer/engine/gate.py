"""The gate that a faster precision must pass: its results against those of float32."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine.predictions import interpret_outputs
from dnabert_enhancer.model import ModelCard, Task

LARGEST_MEAN_CHANGE = 0.01
LEAST_JACCARD = 0.97
_QUANTILES = np.linspace(0.5, 0.95, 10)


class Agreement(NamedTuple):
    """How closely two computations of the same windows agree.

    Attributes
    ----------
    windows : int
        How many were compared.
    mean_change : float
        Mean of ``|p - p_float32|`` over windows and classes; for a regression the mean absolute change of the
        values, in standard deviations of the float32 values.
    jaccard : float
        Windows called by both over windows called by either, called where p reaches the card's threshold;
        with several classes the share of windows whose likeliest class is the same; 1 where nothing is
        called.
    rank_jaccard : float
        The same with the float32 quantiles 0.5, 0.55 .. 0.95 as thresholds, all pooled: a sample of windows
        holds few calls, but says by this how often windows change places.
    """

    windows: int
    mean_change: float
    jaccard: float
    rank_jaccard: float

    @property
    def passes(self) -> bool:
        """Whether the mean change is at most 0.01 and both Jaccard indices are at least 0.97."""
        alike = min(self.jaccard, self.rank_jaccard) >= LEAST_JACCARD
        return bool(self.mean_change <= LARGEST_MEAN_CHANGE and alike)

    def report(self) -> dict[str, Any]:
        """Return JSON values for the run record."""
        values: dict[str, Any] = {"gate_windows": self.windows, "mean_change": round(self.mean_change, 6)}
        values |= {"jaccard": round(self.jaccard, 4), "rank_jaccard": round(self.rank_jaccard, 4)}
        return values | {"passes": self.passes}


def agreement(exact: NDArray[np.float32], other: NDArray[np.float32], card: ModelCard) -> Agreement:
    """Compare outputs, shape (windows, outputs), with those of float32."""
    count = len(exact)
    if not np.isfinite(other).all():
        return Agreement(count, float("inf"), 0.0, 0.0)
    if card.task == Task.REGRESSION:
        deviation = float(exact.std()) or 1.0
        change = float(np.abs(other - exact).mean()) / deviation
        return Agreement(count, change, 1.0, _rank_jaccard(exact[:, 0], other[:, 0]))
    p, q = (interpret_outputs(outputs, card).probability.astype(np.float64) for outputs in (exact, other))
    change = float(np.abs(p - q).mean())
    if card.task == Task.MULTICLASS:
        same = float((p.argmax(axis=1) == q.argmax(axis=1)).mean())
        return Agreement(count, change, same, same)
    threshold = np.array([card.threshold()])
    return Agreement(count, change, _jaccard(p, q, threshold), _rank_jaccard(p, q))


def _rank_jaccard(exact: NDArray[np.floating[Any]], other: NDArray[np.floating[Any]]) -> float:
    thresholds = np.quantile(exact, _QUANTILES)
    return _jaccard(exact, other, thresholds)


def _jaccard(
    exact: NDArray[np.floating[Any]], other: NDArray[np.floating[Any]], thresholds: NDArray[np.floating[Any]]
) -> float:
    called, also = (values[:, None] >= thresholds for values in (exact, other))
    either = int((called | also).sum())
    return int((called & also).sum()) / either if either else 1.0
