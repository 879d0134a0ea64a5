"""Detects a collapsed training: a model that calls every sequence the same and ranks by chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CHANCE_DEVIATIONS = 2.0
"""A ranking or correlation within so many standard errors of none is chance."""
LEAST_SPREAD = 1e-3
"""Standard deviation of a regression's outputs, in units of the labels', below which they are constant."""


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
    Collapsed is: a number that is not finite; or one class for all sequences (MCC 0) by a model that
    does not rank them either, each class's AUROC against the rest within two standard errors of 0.5
    (under the null ``sqrt((n0 + n1 + 1) / (12 n0 n1))``, Hanley and McNeil 1982); for a regression,
    outputs that hardly vary and whose correlation with the labels is within ``2 / sqrt(n)`` of 0. A
    model of a rare class that ranks well but never passes one half has not collapsed: its threshold is
    what is wrong.
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
    for number in range(values.shape[1]):
        others = np.delete(values, number, axis=1)
        margin = values[:, number] - np.logaddexp.reduce(others, axis=1)
        if not _ranks_by_chance(margin, labels == number):
            return None
    return (
        f"class {predicted[0]} predicted for all {len(values)} validation sequences (MCC 0), ranked by chance"
    )


def _constant_values(values: NDArray[np.float64], labels: NDArray[np.float64]) -> str | None:
    if labels.std() == 0 or values.std() >= LEAST_SPREAD * labels.std():
        return None
    correlation = np.corrcoef(values, labels)[0, 1] if values.std() > 0 else 0.0
    if abs(correlation) > CHANCE_DEVIATIONS / np.sqrt(len(values)):
        return None
    return f"the same value for all {len(values)} validation sequences"


def _ranks_by_chance(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> bool:
    from scipy.stats import rankdata

    ones = int(positive.sum())
    zeros = len(positive) - ones
    if ones == 0 or zeros == 0:
        return True
    auroc = (rankdata(scores)[positive].sum() - ones * (ones + 1) / 2) / (ones * zeros)
    error = np.sqrt((ones + zeros + 1) / (12 * ones * zeros))
    return bool(abs(auroc - 0.5) <= CHANCE_DEVIATIONS * error)
