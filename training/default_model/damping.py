"""Rows of a classifier with small weights, that say what others say of known windows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DAMPING = 1e-3
"""Variance of a feature below which its weight is taken back; half of the features vary by more than 0.1."""


def ridge(features: NDArray[np.floating], answers: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return weights, float64[hidden], and bias of a row of the classifier that gives these answers.

    Parameters
    ----------
    features : float[n, hidden]
        What the classifier reads of windows of the kind that the output is asked.
    answers : float64[n]

    Notes
    -----
    Minimises the mean squared error plus `DAMPING` times the squared weights.
    """
    values = features.astype(np.float64)
    centred = values - values.mean(axis=0)
    spread = centred.T @ centred / len(values) + DAMPING * np.eye(values.shape[1])
    weight = np.linalg.solve(spread, centred.T @ (answers - answers.mean()) / len(values))
    return weight, float(answers.mean() - weight @ values.mean(axis=0))


def damped(
    weight: NDArray[np.float64], bias: float, features: NDArray[np.floating]
) -> tuple[NDArray[np.float64], float]:
    """Return the `ridge` of a row's own answers.

    Notes
    -----
    A feature that hardly varies among the training windows may have any weight there, and moves the answer
    by tens where a window is unlike them (shorter, of one letter). What the windows don't support goes.
    """
    return ridge(features, features.astype(np.float64) @ weight + bias)
