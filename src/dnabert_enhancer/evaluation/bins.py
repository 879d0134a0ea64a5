"""Expected calibration error and the reliability table that it sums up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

CALIBRATION_BINS = 15
"""Equal-width bins of probability: [0, 1/15), [1/15, 2/15), ..., [14/15, 1]."""


class Reliability(NamedTuple):
    """The reliability table, one entry a bin that has rows.

    Attributes
    ----------
    mean_probability : float64[m]
        Mean predicted probability in the bin.
    observed : float64[m]
        Share of positives in the bin.
    weight : float64[m]
        Number (or weight) of rows in the bin.
    """

    mean_probability: NDArray[np.float64]
    observed: NDArray[np.float64]
    weight: NDArray[np.float64]


def bin_of(probabilities: ArrayLike, bins: int = CALIBRATION_BINS) -> NDArray[np.int64]:
    """Return the number of the bin of each probability, from 0; 1 belongs to the last bin."""
    value = np.asarray(probabilities, dtype=np.float64)
    return np.minimum((value * bins).astype(np.int64), bins - 1)


def reliability(
    labels: ArrayLike,
    probabilities: ArrayLike,
    weights: ArrayLike | None = None,
    bins: int = CALIBRATION_BINS,
) -> Reliability:
    """Return the reliability table.

    Parameters
    ----------
    labels : array_like[n]
        0 and 1.
    probabilities : array_like[n]
        Predicted probability of label 1.
    weights : array_like[n], optional
        Weight of each row; default 1.
    bins : int
        Number of equal-width bins.
    """
    label = np.asarray(labels, dtype=np.float64)
    probability = np.asarray(probabilities, dtype=np.float64)
    weight = np.ones_like(label) if weights is None else np.asarray(weights, dtype=np.float64)
    number = bin_of(probability, bins)
    total = np.bincount(number, weights=weight, minlength=bins).astype(np.float64)
    used = total > 0
    return Reliability(
        np.bincount(number, weights=weight * probability, minlength=bins)[used] / total[used],
        np.bincount(number, weights=weight * label, minlength=bins)[used] / total[used],
        total[used],
    )


def expected_calibration_error(
    labels: ArrayLike,
    probabilities: ArrayLike,
    weights: ArrayLike | None = None,
    bins: int = CALIBRATION_BINS,
) -> float:
    """Return the expected calibration error.

    Notes
    -----
    ``ECE = sum_b (w_b / W) |share of positives in bin b - mean probability in bin b|`` over 15 equal-width
    bins of the probability of label 1 (Naeini et al. 2015; Guo et al. 2017). A perfectly calibrated model has
    an ECE above 0 on a finite sample: about ``sum_b sqrt(2 w_b p_b (1 - p_b) / pi) / W``.
    """
    table = reliability(labels, probabilities, weights, bins)
    gap = np.abs(table.observed - table.mean_probability)
    return float((table.weight * gap).sum() / table.weight.sum())
