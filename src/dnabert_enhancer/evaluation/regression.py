"""Metrics of predicted activities against measured ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dnabert_enhancer.evaluation.metric_set import AS_GIVEN, MetricKey, checked

_ROUNDING = 64 * np.finfo(np.float64).eps
REGRESSION_METRICS = ("pearson", "spearman", "rmse", "r2")


class RegressionMetrics:
    """All metrics of one prediction of a measured value.

    Parameters
    ----------
    labels : array_like[n]
        Measured values.
    predictions : array_like[n]
        Predicted values.

    Notes
    -----
    Pearson's r; Spearman's rho (Pearson's r of mid-ranks); RMSE ``sqrt(mean (y - f)^2)``; R2, the coefficient
    of determination ``1 - sum (y - f)^2 / sum (y - mean y)^2``, negative when the mean would predict better.
    A correlation with a constant, and R2 of constant labels, is NaN. Resamples are not stratified; ranks are
    taken anew in each.
    """

    def __init__(self, labels: ArrayLike, predictions: ArrayLike) -> None:
        self._label = checked(labels, "labels")
        self._prediction = checked(predictions, "predictions", length=len(self._label))
        self.strata: NDArray[np.int64] = np.zeros(len(self._label), dtype=np.int64)
        self._squared = (self._label - self._prediction) ** 2

    def evaluate(self, weights: NDArray[np.float64]) -> dict[MetricKey, NDArray[np.float64]]:
        """Return every metric for b weightings of the rows; see `metric_set.MetricSet`."""
        mean_square = _mean(self._squared[None, :], weights)
        spread = _variance(self._label[None, :], weights)
        values = {
            "pearson": _correlation(self._label[None, :], self._prediction[None, :], weights),
            "spearman": _correlation(
                mid_ranks(self._label, weights), mid_ranks(self._prediction, weights), weights
            ),
            "rmse": np.sqrt(mean_square),
            "r2": 1 - _ratio(mean_square, spread),
        }
        return {MetricKey(AS_GIVEN, name): values[name] for name in REGRESSION_METRICS}


def mid_ranks(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mid-rank of each row when row i occurs weights[:, i] times; float64[b, n]."""
    distinct, place = np.unique(values, return_inverse=True)
    order = np.argsort(place, kind="stable")
    first = np.searchsorted(place[order], np.arange(len(distinct)))
    group = np.add.reduceat(weights[:, order], first, axis=1)
    middle = np.cumsum(group, axis=1) - 0.5 * group + 0.5
    ranks: NDArray[np.float64] = middle[:, place]
    return ranks


def _correlation(
    x: NDArray[np.float64], y: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    product = (x - _mean(x, weights)[:, None]) * (y - _mean(y, weights)[:, None])
    return _ratio(_mean(product, weights), np.sqrt(_variance(x, weights)) * np.sqrt(_variance(y, weights)))


def _variance(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean squared distance from the mean; 0 of a constant, whose mean is rounded."""
    variance = _mean((values - _mean(values, weights)[:, None]) ** 2, weights)
    return np.where(variance > _ROUNDING**2 * _mean(values**2, weights), variance, 0.0)


def _mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    total: NDArray[np.float64] = (values * weights).sum(axis=1) / weights.sum(axis=1)
    return total


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    result = np.full(above.shape, np.nan)
    np.divide(above, below, out=result, where=below > 0)
    return result
