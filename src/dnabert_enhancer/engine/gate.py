"""The gate that a faster precision must pass: its results against those of float32."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine.predictions import interpret_outputs
from dnabert_enhancer.model import ModelCard, Task

LARGEST_MEAN_CHANGE = 0.01
LEAST_JACCARD = 0.97
_PAIRED = 1024


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
    expected_jaccard : float
        The same over all pairs of a window and a change of the logit seen in any window: a sample holds few
        calls, but tells by this how many of many windows would be called otherwise.
    """

    windows: int
    mean_change: float
    jaccard: float
    expected_jaccard: float

    @property
    def passes(self) -> bool:
        """Whether the mean change is at most 0.01 and both Jaccard indices are at least 0.97."""
        alike = min(self.jaccard, self.expected_jaccard) >= LEAST_JACCARD
        return bool(self.mean_change <= LARGEST_MEAN_CHANGE and alike)

    def report(self) -> dict[str, Any]:
        """Return JSON values for the run record."""
        values: dict[str, Any] = {"gate_windows": self.windows, "mean_change": round(self.mean_change, 6)}
        values |= {"jaccard": round(self.jaccard, 4)}
        values["expected_jaccard"] = round(self.expected_jaccard, 4)
        return values | {"passes": self.passes}


def agreement(exact: NDArray[np.float32], other: NDArray[np.float32], card: ModelCard) -> Agreement:
    """Compare outputs, shape (windows, outputs), with those of float32."""
    count = len(exact)
    if not np.isfinite(other).all():
        return Agreement(count, float("inf"), 0.0, 0.0)
    before, after = (interpret_outputs(outputs, card) for outputs in (exact, other))
    if card.task == Task.REGRESSION:
        deviation = float(before.outputs.std()) or 1.0
        return Agreement(count, float(np.abs(after.outputs - before.outputs).mean()) / deviation, 1.0, 1.0)
    change = float(np.abs(before.probability.astype(np.float64) - after.probability).mean())
    if card.task == Task.MULTICLASS:
        same = float((before.probability.argmax(axis=1) == after.probability.argmax(axis=1)).mean())
        return Agreement(count, change, same, same)
    called = before.probability >= card.threshold()
    jaccard = _jaccard(called, after.probability >= card.threshold())
    changes = (after.logit - before.logit)[:_PAIRED]
    moved = card.calibration.apply(before.logit[:_PAIRED, None] + changes) >= card.threshold()
    return Agreement(count, change, jaccard, _jaccard(called[:_PAIRED, None], moved))


def _jaccard(called: NDArray[np.bool_], also: NDArray[np.bool_]) -> float:
    either = int((called | also).sum())
    return int((called & also).sum()) / either if either else 1.0
