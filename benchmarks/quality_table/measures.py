"""From the scores of several methods to metrics with 95 % bootstrap intervals, and to differences."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.evaluation import (
    AS_GIVEN,
    PREVALENCES,
    BinaryMetrics,
    Estimate,
    MetricKey,
    MetricSet,
    RegressionMetrics,
    expected_calibration_error,
    paired_estimates,
)

from .kinds import CLASSES, QualitySet, Scores, View
from .methods import GC, MODEL_ROWS_RIDGE, RIDGE

OF_CLASSES = ("auroc", "auprc", "mcc", "accuracy", "recall", "brier", "ece")
AT_PREVALENCES = ("auprc", "precision")
OF_VALUES = ("pearson", "spearman")
TOP_BOTTOM = "top_bottom_auroc"
SIGNS = "signs"
_RANK_ONLY = ("auroc", "auprc")
DRAWS = 1000
"""Of labels, for the calibration error that is left by chance."""
QUICK_ROWS, QUICK_RESAMPLES = 600, 100


class Scored(NamedTuple):
    """What a method says of the rows of a test part.

    Attributes
    ----------
    scores : float64[n]
        Higher means more likely, or more active.
    probability : float64[n]
        In 0..1, in the same order; of classes only.
    threshold : float or None
        From which on a row is called; None where only the order has a meaning.
    """

    scores: Scores
    probability: Scores
    threshold: float | None


class MeanOfGroups:
    """The mean of the metrics over groups of rows; resamples keep the size of every group.

    Parameters
    ----------
    groups : int64[n]
    metric_sets : sequence of MetricSet
        One a group.
    weights : float64[groups], optional
        What each group counts; default: all alike.
    """

    def __init__(
        self,
        groups: NDArray[np.int64],
        metric_sets: Sequence[MetricSet],
        weights: NDArray[np.float64] | None = None,
    ) -> None:
        self._groups = groups
        self._metric_sets = metric_sets
        self._weights = weights
        strata = np.empty(len(groups), dtype=np.int64)
        for number, metric_set in enumerate(metric_sets):
            rows = groups == number
            strata[rows] = 2 * number + metric_set.strata
        self.strata = np.unique(strata, return_inverse=True)[1]

    def evaluate(self, weights: NDArray[np.float64]) -> dict[MetricKey, NDArray[np.float64]]:
        """Return every metric for b weightings of the rows; see `evaluation.MetricSet`."""
        found = [
            metric_set.evaluate(weights[:, self._groups == number])
            for number, metric_set in enumerate(self._metric_sets)
        ]
        return {
            key: np.average([values[key] for values in found], axis=0, weights=self._weights)
            for key in found[0]
        }


class RightSigns:
    """The share of effects whose sign is right; a predicted zero counts half."""

    def __init__(self, measured: NDArray[np.float64], predicted: NDArray[np.float64]) -> None:
        self.strata = np.zeros(len(measured), dtype=np.int64)
        self._right = (1 + np.sign(measured) * np.sign(predicted)) / 2

    def evaluate(self, weights: NDArray[np.float64]) -> dict[MetricKey, NDArray[np.float64]]:
        """Return the share for b weightings of the rows; see `evaluation.MetricSet`."""
        return {MetricKey(AS_GIVEN, SIGNS): weights @ self._right / weights.sum(axis=1)}


def reference_of(item: QualitySet, methods: Mapping[str, Scored]) -> str:
    """Return the method that the others are compared with: of the ridges the better one on the first view.

    Notes
    -----
    Better by the point estimate of the set's main metric, on the rows that are reported: a choice that
    favours the ridge.
    """
    ridges = [name for name in (RIDGE, MODEL_ROWS_RIDGE) if name in methods]
    return max(ridges, key=lambda name: point_estimate(item, methods[name]), default=GC)


def point_estimate(item: QualitySet, scored: Scored) -> float:
    """Return the set's main metric on its first view, without an interval."""
    view = item.views[0]
    values = _metrics_of(item, view, scored).evaluate(np.ones((1, len(view.rows))))
    return float(values[MetricKey(AS_GIVEN, item.shown[0])][0])


def measure(
    item: QualitySet, view: View, methods: Mapping[str, Scored], reference: str, resamples: int
) -> dict[str, Any]:
    """Return rows, metrics by method, and how much higher each is than the reference, as JSON values."""
    order = [reference, *(name for name in methods if name != reference)]
    result: dict[str, Any] = {"title": view.title, "rows": len(view.rows), "reference": reference}
    found: dict[str, dict[str, Any]] = {name: {"minus_reference": {}} for name in order}
    metric_sets = [_metrics_of(item, view, methods[name]) for name in order]
    if item.kind == CLASSES:
        result["positives"] = int(view.labels.sum())
        if "ece" in item.shown and view.groups is None:
            probability = {name: methods[name].probability[view.rows] for name in order}
            result["ece_if_perfect"] = {name: ece_if_perfect(probability[name]) for name in order}
        _add(found, order, metric_sets, resamples, _wanted(view))
        for name in order:
            if methods[name].threshold is None:
                kept = {key: value for key, value in found[name].items() if key.split()[0] in _RANK_ONLY}
                found[name] = {**kept, "minus_reference": found[name]["minus_reference"]}
    else:
        names = (SIGNS,) if view.signs else OF_VALUES
        _add(found, order, metric_sets, resamples, {name: MetricKey(AS_GIVEN, name) for name in names})
        if item.quartiles:
            low, high = np.quantile(view.labels, [0.25, 0.75])
            ends = np.flatnonzero((view.labels <= low) | (view.labels >= high))
            top = (view.labels[ends] >= high).astype(float)
            scores = [methods[name].scores[view.rows][ends] for name in order]
            halves: list[MetricSet] = [BinaryMetrics(top, in_order(values), 0.5, {}) for values in scores]
            _add(found, order, halves, resamples, {TOP_BOTTOM: MetricKey(AS_GIVEN, "auroc")})
    result["methods"] = {name: found[name] for name in methods}
    return result


def ece_if_perfect(probability: Scores) -> dict[str, float]:
    """Return the ECE that chance leaves to so many rows, of labels drawn from probabilities.

    ``mean``, and ``p95``: what 95 % of the draws stay below.
    """
    rng = np.random.default_rng(0)
    draws = [rng.random(len(probability)) < probability for _ in range(DRAWS)]
    errors = [expected_calibration_error(labels.astype(np.int64), probability) for labels in draws]
    return {
        "mean": round(float(np.mean(errors)), 4),
        "p95": round(float(np.quantile(errors, 0.95)), 4),
    }


def in_order(scores: Scores) -> Scores:
    """Return numbers in 0..1 in the order of scores: their mid-ranks."""
    distinct, place = np.unique(scores, return_inverse=True)
    return place / max(1, len(distinct) - 1)


def quick(item: QualitySet) -> QualitySet:
    """Return the set with at most `QUICK_ROWS` rows a view, of every class or group its share."""
    views = []
    for view in item.views:
        strata = view.labels if item.kind == CLASSES else None
        if view.groups is not None:
            strata = view.groups if strata is None else 2 * view.groups + strata
        rows = _sample(len(view.rows), strata)
        groups = None if view.groups is None else view.groups[rows]
        views.append(dataclasses.replace(view, rows=view.rows[rows], labels=view.labels[rows], groups=groups))
    return dataclasses.replace(item, views=views, resamples=QUICK_RESAMPLES)


def _sample(size: int, strata: NDArray[Any] | None) -> NDArray[np.int64]:
    if size <= QUICK_ROWS:
        return np.arange(size)
    rng = np.random.default_rng(0)
    groups = [np.arange(size)] if strata is None else [np.flatnonzero(strata == v) for v in np.unique(strata)]
    parts = []
    for rows in groups:
        share = min(len(rows), max(QUICK_ROWS * len(rows) // size, QUICK_ROWS // (2 * len(groups))))
        parts.append(rng.choice(rows, share, replace=False))
    return np.sort(np.concatenate(parts))


def _metrics_of(item: QualitySet, view: View, scored: Scored) -> MetricSet:
    if item.kind == CLASSES and view.groups is not None:
        probability = scored.probability[view.rows]
        groups = [view.groups == number for number in range(int(view.groups.max()) + 1)]
        parts = [BinaryMetrics(view.labels[rows], probability[rows], 0.5, {}) for rows in groups]
        return MeanOfGroups(view.groups, parts, np.bincount(view.groups, weights=view.labels))
    if item.kind == CLASSES:
        prevalences = PREVALENCES if view.at_prevalences else {}
        return BinaryMetrics(view.labels, scored.probability[view.rows], scored.threshold or 0.5, prevalences)
    scores = scored.scores[view.rows]
    if view.signs:
        return RightSigns(view.labels, scores)
    if view.groups is None:
        return RegressionMetrics(view.labels, scores)
    inside = [view.groups == number for number in range(int(view.groups.max()) + 1)]
    return MeanOfGroups(view.groups, [RegressionMetrics(view.labels[rows], scores[rows]) for rows in inside])


def _wanted(view: View) -> dict[str, MetricKey]:
    if view.groups is not None:
        return {"auroc": MetricKey(AS_GIVEN, "auroc")}
    wanted = {name: MetricKey(AS_GIVEN, name) for name in OF_CLASSES}
    if view.at_prevalences:
        wanted |= {
            f"{name} {ratio}": MetricKey(ratio, name) for name in AT_PREVALENCES for ratio in PREVALENCES
        }
    return wanted


def _add(
    found: dict[str, dict[str, Any]],
    order: Sequence[str],
    metric_sets: Sequence[MetricSet],
    resamples: int,
    wanted: Mapping[str, MetricKey],
) -> None:
    comparison = paired_estimates(metric_sets, resamples)
    for name, values, less in zip(order, comparison.estimates, comparison.differences, strict=True):
        found[name] |= {metric: _numbers(values[key]) for metric, key in wanted.items()}
        if name != order[0]:
            found[name]["minus_reference"] |= {metric: _numbers(less[key]) for metric, key in wanted.items()}


def _numbers(estimate: Estimate) -> list[float]:
    """Return value, lower and upper limit with four digits."""
    return [round(float(value), 4) for value in estimate]
