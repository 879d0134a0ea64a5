"""Detects a collapsed training: a model that calls every sequence the same and ranks by chance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation import areas

CHANCE_DEVIATIONS = 2.0
"""A ranking or correlation within so many standard errors of none is chance."""
HALF = 0.5
LEAST_SPREAD = 1e-3
"""Standard deviation of a regression's outputs, in units of the labels', below which they are constant."""


class CollapsedTraining(InputError):  # noqa: N818  it is told as any input that does not fit
    """A training that collapsed in every attempt; `reason` is what the last model did."""

    def __init__(self, attempts: int, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"the training collapsed in all {attempts} attempts (last: {reason})"
            if attempts > 1
            else f"the training collapsed ({reason})",
            remedy="lower --learning-rate, raise --warmup, or look at the labels",
        )


def collapse_reason(outputs: NDArray[np.floating], labels: NDArray[np.generic], task: str) -> str | None:
    """Return why a model counts as collapsed, or None.

    Parameters
    ----------
    outputs : float[n, m]
        What the model says of the validation sequences: logits by class, or the value of a regression.
    labels : int[n] or float[n]
        The truth; for a regression in the units of the outputs.
    task : {"binary", "multiclass", "regression"}
        What the outputs mean.

    Notes
    -----
    Collapsed is: a number that is not finite; or one class for all sequences (MCC 0) by a model that ranks
    them no better than chance, each class's AUROC against the rest at most two standard errors above 0.5
    (under the null ``sqrt((n0 + n1 + 1) / (12 n0 n1))``, Hanley and McNeil 1982); for a regression, outputs
    that hardly vary and whose correlation with the labels is at most ``2 / sqrt(n)``. Where so few sequences
    are validated that no ranking could be better than chance, nothing is called collapsed. A model of a rare
    class that ranks well but never passes one half has not collapsed: its threshold is what is wrong.
    """
    values = np.asarray(outputs, dtype=np.float64)
    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        return f"{int((~finite).sum())} of {len(values)} outputs are not finite"
    if task == "regression":
        return _constant_values(values[:, 0], labels.astype(np.float64))
    predicted = np.unique(values.argmax(axis=1))
    if len(predicted) > 1 or len(np.unique(labels)) < 2:
        return None
    rankings = [ranking for ranking in class_rankings(values, labels) if ranking.can_tell]
    if not rankings or any(ranking.is_better for ranking in rankings):
        return None
    said = f"class {predicted[0]} predicted for all {len(values)} validation sequences (MCC 0)"
    worst = min(rankings, key=lambda ranking: ranking.auroc)
    if worst.is_inverted:
        return f"{said}, ranked the wrong way round (AUROC {worst.auroc:.3g}: labels exchanged?)"
    return f"{said}, ranked by chance"


def doubts(outputs: NDArray[np.floating], labels: NDArray[np.generic], task: str) -> list[str]:
    """Return what speaks against a trained model, a sentence each, by the rules of `collapse_reason`.

    Parameters
    ----------
    outputs, labels, task
        As for `collapse_reason`; of several classes the best ranked one counts.
    """
    values = np.asarray(outputs, dtype=np.float64)
    count = f"{len(values)} validation sequences"
    exchanged = "are the labels of one split exchanged?"
    if len(np.unique(labels)) < 2:
        return [f"all {count} have the same label: nothing tells whether the model has learned anything"]
    if task == "regression":
        measured = labels.astype(np.float64)
        correlation = float(np.corrcoef(values[:, 0], measured)[0, 1]) if values.std() > 0 else 0.0
        limit = CHANCE_DEVIATIONS / np.sqrt(len(values))
        if limit >= 1:
            return [f"{count} are too few to tell whether the model has learned anything"]
        if correlation <= -limit:
            return [
                f"values fall where the labels of the {count} rise (Pearson r {correlation:.3g}): {exchanged}"
            ]
        if correlation <= limit:
            return [f"no better than chance on {count} (Pearson r {correlation:.3g})"]
        return []
    rankings = [ranking for ranking in class_rankings(values, labels) if ranking.can_tell]
    if not rankings:
        return [f"{count} are too few to tell whether the model has learned anything"]
    best = max(rankings, key=lambda ranking: ranking.auroc)
    found = []
    if best.is_inverted:
        found.append(f"{count} are ranked the wrong way round (AUROC {best.auroc:.3g}): {exchanged}")
    elif not best.is_better:
        found.append(f"no better than chance on {count} (AUROC {best.auroc:.3g})")
    return found


class Ranking(NamedTuple):
    """How well one class is ranked above the rest, and the standard error of an AUROC by chance."""

    auroc: float
    error: float

    @property
    def can_tell(self) -> bool:
        """Whether a perfect ranking would be better than chance, with as many sequences as there are."""
        return CHANCE_DEVIATIONS * self.error < HALF

    @property
    def is_better(self) -> bool:
        """Whether the ranking is better than chance."""
        return self.auroc > HALF + CHANCE_DEVIATIONS * self.error

    @property
    def is_inverted(self) -> bool:
        """Whether the ranking is worse than chance."""
        return self.auroc < HALF - CHANCE_DEVIATIONS * self.error


def class_rankings(values: NDArray[np.float64], labels: NDArray[np.generic]) -> list[Ranking]:
    """Return the ranking of each class that some, but not all of the sequences have."""
    found = []
    for number in range(values.shape[1]):
        positive = labels == number
        if not positive.any() or positive.all():
            continue
        others = np.delete(values, number, axis=1)
        found.append(_ranking(values[:, number] - np.logaddexp.reduce(others, axis=1), positive))
    return found


def _constant_values(values: NDArray[np.float64], labels: NDArray[np.float64]) -> str | None:
    if labels.std() == 0 or values.std() >= LEAST_SPREAD * labels.std():
        return None
    correlation = np.corrcoef(values, labels)[0, 1] if values.std() > 0 else 0.0
    if correlation > CHANCE_DEVIATIONS / np.sqrt(len(values)) or len(values) <= CHANCE_DEVIATIONS**2:
        return None
    return f"the same value for all {len(values)} validation sequences"


def _ranking(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> Ranking:
    ones = int(positive.sum())
    zeros = len(positive) - ones
    return Ranking(areas(positive, scores).auroc, float(np.sqrt((ones + zeros + 1) / (12 * ones * zeros))))
