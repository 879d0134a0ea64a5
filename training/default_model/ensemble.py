"""Many teachers to one answer a task: each calibrated, then added to the sum as often as it gains."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression, LogisticRegression

ROUNDS = 40
"""Members that are added one after the other, each as often as it helps (Caruana et al. 2004)."""
START = 2
"""How often each member is in the sum before the choice begins, so that a small set does not decide alone."""


class Mixture(NamedTuple):
    """Weights of the members: answer = sum over members of weight * (scale * output + offset).

    Attributes
    ----------
    scale, offset, weight : float64[member, task]
        The weights of a task sum to 1.
    """

    scale: NDArray[np.float64]
    offset: NDArray[np.float64]
    weight: NDArray[np.float64]


def mixture_of(
    outputs: list[NDArray[np.float32]], targets: NDArray[np.float32], binary: NDArray[np.bool_]
) -> Mixture:
    """Choose the mixture of members on rows that none of them was fitted on.

    Parameters
    ----------
    outputs : list of float32[row, task]
        Of each member.
    targets : float32[row, task]
        NaN where a row has none.
    binary : bool[task]

    Notes
    -----
    A member is calibrated by logistic (or linear) regression on the same rows; what is minimised is the
    cross-entropy (or squared error) of the mean.
    """
    shape = (len(outputs), targets.shape[1])
    scale, offset, weight = np.zeros(shape), np.zeros(shape), np.full(shape, 1 / len(outputs))
    for task in range(targets.shape[1]):
        known = np.isin(targets[:, task], (0, 1)) if binary[task] else ~np.isnan(targets[:, task])
        truth = targets[known, task].astype(np.float64)
        if len(np.unique(truth)) < 2:
            scale[:, task] = 1.0
            continue
        answers = []
        for member, values in enumerate(outputs):
            z = values[known, task].astype(np.float64)[:, None]
            fitted = (LogisticRegression(C=1e3) if binary[task] else LinearRegression()).fit(z, truth)
            slope = max(0.0, float(np.ravel(fitted.coef_)[0]))
            scale[member, task] = slope
            offset[member, task] = float(np.ravel(fitted.intercept_)[0]) if slope else float(truth.mean())
            answers.append(slope * z[:, 0] + offset[member, task])
        weight[:, task] = _chosen(np.stack(answers), truth, bool(binary[task]))
    return Mixture(scale, offset, weight)


def _chosen(answers: NDArray[np.float64], truth: NDArray[np.float64], binary: bool) -> NDArray[np.float64]:
    counts = np.full(len(answers), START, dtype=np.int64)
    total = counts @ answers
    for _ in range(ROUNDS):
        means = (total + answers) / (counts.sum() + 1)
        losses = np.logaddexp(0, means) - truth * means if binary else (means - truth) ** 2
        best = int(losses.mean(axis=1).argmin())
        counts[best] += 1
        total = total + answers[best]
    return counts / counts.sum()
