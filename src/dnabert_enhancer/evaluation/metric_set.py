"""Sets of metrics: their names and formulas, what each offers, and bootstrap intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dnabert_enhancer.evaluation.bins import CALIBRATION_BINS

AS_GIVEN = "as given"
"""The condition in which every row counts once."""
CONFIDENCE = 0.95
DEFAULT_RESAMPLES = 1000
_CELLS_AT_ONCE = 1 << 20


class MetricKey(NamedTuple):
    """A metric under a condition (a prevalence)."""

    condition: str
    metric: str


class Estimate(NamedTuple):
    """A value with the limits of its 95 % interval; the limits are NaN when no resamples were asked for."""

    value: float
    low: float
    high: float


class Difference(NamedTuple):
    """A difference of two predictions: its 95 % interval and p over the same resamples, NaN without any."""

    value: float
    low: float
    high: float
    p: float


class MetricSet(Protocol):
    """Metrics of one prediction over n rows."""

    @property
    def strata(self) -> NDArray[np.int64]:
        """The group of each row: resamples keep the size of every group."""

    def evaluate(self, weights: NDArray[np.float64]) -> dict[MetricKey, NDArray[np.float64]]:
        """Return every metric, float64[b], for weights float64[b, n]."""


class Comparison(NamedTuple):
    """Estimates of several predictions over the same rows, in their order.

    Attributes
    ----------
    estimates : list of dict of MetricKey to Estimate
        One entry a prediction.
    differences : list of dict of MetricKey to Estimate
        Each prediction minus the first, over the same resamples (paired).
    against : list of list of dict of MetricKey to Difference
        Each prediction minus each one before it.
    """

    estimates: list[dict[MetricKey, Estimate]]
    differences: list[dict[MetricKey, Estimate]]
    against: list[list[dict[MetricKey, Difference]]]


def resample_weights(strata: NDArray[np.int64], resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Yield bootstrap resamples as row weights, in blocks.

    Parameters
    ----------
    strata : int64[n]
        Group of each row, from 0; within each group as many rows are drawn, with replacement, as it has.
    resamples : int
        How many resamples in all.
    seed : int
        The same seed, strata and number give the same resamples.

    Yields
    ------
    float64[b, n]
        How often each resample holds each row.
    """
    rng = np.random.default_rng(seed)
    groups = [np.flatnonzero(strata == group) for group in np.unique(strata)]
    at_once = max(1, _CELLS_AT_ONCE // max(len(strata), 1))
    for first in range(0, resamples, at_once):
        size = min(at_once, resamples - first)
        weights = np.empty((size, len(strata)))
        for rows in groups:
            drawn = rng.integers(0, len(rows), size=(size, len(rows)))
            drawn += np.arange(size)[:, None] * len(rows)
            weights[:, rows] = np.bincount(drawn.ravel(), minlength=size * len(rows)).reshape(size, len(rows))
        yield weights


def paired_estimates(
    metric_sets: Sequence[MetricSet], resamples: int = DEFAULT_RESAMPLES, seed: int = 0
) -> Comparison:
    """Estimate the metrics of several predictions of the same rows.

    Parameters
    ----------
    metric_sets : sequence of MetricSet
        All over the same n rows with the same strata.
    resamples : int
        Bootstrap resamples; 0 for none.
    seed : int
        Seed of the resamples.

    Notes
    -----
    Stratified percentile bootstrap: the interval is the 2.5 % and 97.5 % quantile of the metric over
    resamples that keep the number of rows of each class (Efron and Tibshirani 1993, chapter 13). Quantities
    that are biased upward on small samples, such as the ECE, are biased in the resamples once more: their
    value may lie near the lower limit or below it.

    The p of a difference is two-sided: twice the smaller share of resamples with the difference at or beyond
    0, ``2 min(1 + #(d <= 0), 1 + #(d >= 0)) / (1 + resamples)``, at most 1. It is not corrected for the
    number of comparisons.
    """
    if not metric_sets:
        return Comparison([], [], [])
    strata = metric_sets[0].strata
    if any(not np.array_equal(metric_set.strata, strata) for metric_set in metric_sets[1:]):
        raise ValueError("predictions of different rows cannot be compared")
    points = [
        {key: float(value[0]) for key, value in metric_set.evaluate(np.ones((1, len(strata)))).items()}
        for metric_set in metric_sets
    ]
    samples: list[dict[MetricKey, list[NDArray[np.float64]]]] = [
        {key: [] for key in point} for point in points
    ]
    for weights in resample_weights(strata, resamples, seed):
        for metric_set, sample in zip(metric_sets, samples, strict=True):
            for key, value in metric_set.evaluate(weights).items():
                sample[key].append(value)
    drawn = [
        {key: np.concatenate([*parts, np.empty(0)]) for key, parts in sample.items()} for sample in samples
    ]
    estimates = [
        {key: _estimate(point[key], draws[key]) for key in point}
        for point, draws in zip(points, drawn, strict=True)
    ]
    differences = [
        {
            key: _estimate(point[key] - points[0][key], draws[key] - drawn[0][key])
            for key in point
            if key in points[0]
        }
        for point, draws in zip(points, drawn, strict=True)
    ]
    against = [
        [
            {
                key: _difference(points[row][key] - points[other][key], drawn[row][key] - drawn[other][key])
                for key in points[row]
                if key in points[other]
            }
            for other in range(row)
        ]
        for row in range(len(points))
    ]
    return Comparison(estimates, differences, against)


def estimate(
    metric_set: MetricSet, resamples: int = DEFAULT_RESAMPLES, seed: int = 0
) -> dict[MetricKey, Estimate]:
    """Return every metric of one prediction with its 95 % bootstrap interval; see `paired_estimates`."""
    return paired_estimates([metric_set], resamples, seed).estimates[0]


def checked(
    values: ArrayLike, what: str, *, length: int | None = None, columns: int = 1
) -> NDArray[np.float64]:
    """Return values as a finite float64 array with one or two axes.

    Raises
    ------
    ValueError
        For another shape, no rows, or values that are not finite.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != columns or len(array) == 0 or (length is not None and len(array) != length):
        raise ValueError(f"{what} have the shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{what} hold values that are not finite")
    return array


def _estimate(value: float, draws: NDArray[np.float64]) -> Estimate:
    known = draws[~np.isnan(draws)]
    if not len(known):
        return Estimate(value, float("nan"), float("nan"))
    low, high = np.quantile(known, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Estimate(value, float(low), float(high))


def _difference(value: float, draws: NDArray[np.float64]) -> Difference:
    known = draws[~np.isnan(draws)]
    if not len(known):
        return Difference(value, *(float("nan"),) * 3)
    fewest = min(int((known <= 0).sum()), int((known >= 0).sum()))
    return Difference(*_estimate(value, draws), min(1.0, 2 * (1 + fewest) / (1 + len(known))))


class Definition(NamedTuple):
    """The title of a metric's column and its formula."""

    title: str
    formula: str


DEFINITIONS: dict[str, Definition] = {
    "accuracy": Definition("accuracy", "share of rows whose called class is their label"),
    "precision": Definition("precision", "TP / (TP + FP); 0 when nothing is called"),
    "recall": Definition("recall", "TP / (TP + FN)"),
    "specificity": Definition("specificity", "TN / (TN + FP)"),
    "f1": Definition("F1", "2 TP / (2 TP + FP + FN)"),
    "mcc": Definition("MCC", "Matthews correlation coefficient; 0 when one class only is called"),
    "auroc": Definition("AUROC", "area under the ROC curve, ties counted as half"),
    "auprc": Definition("AUPRC", "average precision, sum of (R_i - R_(i-1)) P_i"),
    "brier": Definition("Brier", "mean (probability - label)^2"),
    "ece": Definition(
        "ECE",
        f"sum of share of rows x |observed - mean probability| over {CALIBRATION_BINS} equal-width bins",
    ),
    "macro_precision": Definition("macro precision", "mean precision of the classes that occur"),
    "macro_recall": Definition("macro recall", "mean recall of the classes that occur"),
    "macro_f1": Definition("macro F1", "mean F1 of the classes that occur"),
    "macro_auroc": Definition("macro AUROC", "mean one-against-rest AUROC of the classes that occur"),
    "pearson": Definition("Pearson r", "Pearson correlation of measured and predicted values"),
    "spearman": Definition("Spearman rho", "Pearson correlation of their mid-ranks"),
    "rmse": Definition("RMSE", "sqrt(mean (measured - predicted)^2)"),
    "r2": Definition("R2", "1 - sum (measured - predicted)^2 / sum (measured - mean)^2"),
}
