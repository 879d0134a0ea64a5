"""Metrics of a two-class prediction, at a threshold and at the prevalences that a genome has."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dnabert_enhancer.evaluation.bins import CALIBRATION_BINS, bin_of
from dnabert_enhancer.evaluation.metric_set import AS_GIVEN, MetricKey, checked
from dnabert_enhancer.evaluation.ranked_scores import Ranking, auroc, average_precision

BINARY_METRICS = (
    "accuracy",
    "precision",
    "recall",
    "specificity",
    "f1",
    "mcc",
    "auroc",
    "auprc",
    "brier",
    "ece",
)
PREVALENCES: Mapping[str, float] = {"1:1": 1.0, "1:10": 10.0, "1:100": 100.0}
"""Negatives for each positive, by the name that tables show."""


class BinaryMetrics:
    """All metrics of one two-class prediction.

    Parameters
    ----------
    labels : array_like[n]
        0 and 1.
    probabilities : array_like[n]
        Probability of label 1, in 0..1.
    threshold : float
        Rows with ``probability >= threshold`` are called positive.
    prevalences : mapping of str to float
        Negatives for each positive, beside the prevalence of the rows as they are.

    Notes
    -----
    With weighted counts TP, FP, TN, FN:

    - accuracy (TP + TN) / all, precision TP / (TP + FP), recall TP / (TP + FN), specificity TN / (TN + FP),
      F1 2 TP / (2 TP + FP + FN), each 0 where its denominator is 0;
    - MCC ``(TP TN - FP FN) / sqrt((TP + FP)(TP + FN)(TN + FP)(TN + FN))``, 0 where the denominator is 0;
    - AUROC and AUPRC: see `ranking.auroc` and `ranking.average_precision`;
    - Brier ``mean (probability - label)^2``; ECE: see `bins.expected_calibration_error`.

    A prevalence of 1:r is reached by weights: every positive counts 1, every negative ``r * P / N`` with P
    and N the numbers of positives and negatives. Probabilities are taken as they are, not corrected for the
    other prevalence: Brier and ECE at 1:100 tell how far they may be trusted in a genome.
    """

    def __init__(
        self,
        labels: ArrayLike,
        probabilities: ArrayLike,
        threshold: float = 0.5,
        prevalences: Mapping[str, float] = PREVALENCES,
    ) -> None:
        label = checked(labels, "labels")
        probability = checked(probabilities, "probabilities", length=len(label))
        if not np.isin(label, (0, 1)).all():
            raise ValueError("labels must be 0 and 1")
        if ((probability < 0) | (probability > 1)).any():
            raise ValueError("probabilities must lie in 0..1")
        self.strata: NDArray[np.int64] = label.astype(np.int64)
        self.threshold = float(threshold)
        self._prevalences = prevalences
        self._ranking = Ranking(label == 1, probability)
        self._called_positives = int((self._ranking.positive_scores >= threshold).sum())
        self._called_negatives = int((self._ranking.negative_scores >= threshold).sum())
        self._positive_terms = _terms(self._ranking.positive_scores, 1.0)
        self._negative_terms = _terms(self._ranking.negative_scores, 0.0)

    def evaluate(self, weights: NDArray[np.float64]) -> dict[MetricKey, NDArray[np.float64]]:
        """Return every metric for b weightings of the rows.

        Parameters
        ----------
        weights : float64[b, n]
            Weight of each row, such as how often a bootstrap resample holds it.

        Returns
        -------
        dict of MetricKey to float64[b]
            For the rows as given and for each prevalence.
        """
        positive, negative = self._ranking.split(weights)
        sums = self._ranking.sums(positive, negative)
        true_positive = positive[:, : self._called_positives].sum(axis=1)
        false_positive = negative[:, : self._called_negatives].sum(axis=1)
        positive_terms = positive @ self._positive_terms
        negative_terms = negative @ self._negative_terms
        area = auroc(sums)
        result: dict[MetricKey, NDArray[np.float64]] = {}
        for condition, factor in self._factors().items():
            values = confusion_metrics(
                true_positive,
                factor * false_positive,
                sums.positives - true_positive,
                factor * (sums.negatives - false_positive),
            )
            values["auroc"] = area
            values["auprc"] = average_precision(sums, factor)
            total = sums.positives + factor * sums.negatives
            terms = (positive_terms + factor * negative_terms) / total[:, None]
            values["brier"] = terms[:, 0]
            values["ece"] = np.abs(terms[:, 1 : CALIBRATION_BINS + 1] - terms[:, CALIBRATION_BINS + 1 :]).sum(
                axis=1
            )
            result |= {MetricKey(condition, name): values[name] for name in BINARY_METRICS}
        return result

    def _factors(self) -> dict[str, float]:
        positives, negatives = len(self._ranking.positive_rows), len(self._ranking.negative_rows)
        factors = {AS_GIVEN: 1.0}
        if positives and negatives:
            factors |= {name: ratio * positives / negatives for name, ratio in self._prevalences.items()}
        return factors


def confusion_metrics(
    true_positive: NDArray[np.float64],
    false_positive: NDArray[np.float64],
    false_negative: NDArray[np.float64],
    true_negative: NDArray[np.float64],
) -> dict[str, NDArray[np.float64]]:
    """Return the metrics of two-class confusion counts; formulas in `BinaryMetrics`."""
    called, refused = true_positive + false_positive, false_negative + true_negative
    positives, negatives = true_positive + false_negative, true_negative + false_positive
    product = np.sqrt(called) * np.sqrt(refused) * np.sqrt(positives) * np.sqrt(negatives)
    return {
        "accuracy": _or_zero(true_positive + true_negative, called + refused),
        "precision": _or_zero(true_positive, called),
        "recall": _or_zero(true_positive, positives),
        "specificity": _or_zero(true_negative, negatives),
        "f1": _or_zero(2 * true_positive, called + positives),
        "mcc": _or_zero(true_positive * true_negative - false_positive * false_negative, product),
    }


def binary_metrics(
    labels: ArrayLike,
    probabilities: ArrayLike,
    threshold: float = 0.5,
    *,
    negatives_per_positive: float | None = None,
) -> dict[str, float]:
    """Return the metrics of a two-class prediction, without intervals.

    Parameters
    ----------
    labels, probabilities, threshold
        See `BinaryMetrics`.
    negatives_per_positive : float, optional
        Prevalence to weight to; default: the rows as they are.

    Returns
    -------
    dict of str to float
        The names of `BINARY_METRICS`.
    """
    wanted = {} if negatives_per_positive is None else {"wanted": negatives_per_positive}
    metric_set = BinaryMetrics(labels, probabilities, threshold, wanted)
    values = metric_set.evaluate(np.ones((1, len(metric_set.strata))))
    condition = AS_GIVEN if negatives_per_positive is None else "wanted"
    return {name: float(values[MetricKey(condition, name)][0]) for name in BINARY_METRICS}


def _terms(probabilities: NDArray[np.float64], label: float) -> NDArray[np.float64]:
    """Return for each row its squared error, its label by bin and its probability by bin."""
    in_bin = np.eye(CALIBRATION_BINS)[bin_of(probabilities)]
    squared = (probabilities - label) ** 2
    return np.column_stack([squared, label * in_bin, probabilities[:, None] * in_bin])


def _or_zero(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    result = np.zeros(np.shape(above))
    np.divide(above, below, out=result, where=below > 0)
    return result


def threshold_of_best_mcc(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the threshold with the highest Matthews correlation coefficient.

    Parameters
    ----------
    labels : array_like[n]
        0 and 1, both present.
    probabilities : array_like[n]
        Probability of label 1.

    Returns
    -------
    float
        Half way between the lowest probability that is called and the highest that is not; of several
        thresholds with the same coefficient the one nearest to 0.5.
    """
    label = np.asarray(labels, dtype=bool)
    probability = np.asarray(probabilities, dtype=np.float64)
    if label.all() or not label.any():
        raise ValueError("a threshold needs rows of both classes")
    ranking = Ranking(label, probability)
    sums = ranking.sums(*ranking.split(np.ones((1, len(label)))))
    called, wrongly = sums.positive_reached[0], sums.negative_reached[0]
    values = confusion_metrics(called, wrongly, called[-1] - called, sums.negatives[0] - wrongly)["mcc"]
    lowest_called = np.unique(ranking.positive_scores)[::-1]
    ascending = np.unique(probability)
    before = np.searchsorted(ascending, lowest_called) - 1
    below = np.where(before >= 0, ascending[np.maximum(before, 0)], 0.0)
    candidates = (lowest_called + below) / 2
    best = np.flatnonzero(values >= values.max() - 1e-12)
    return float(candidates[best[np.argmin(np.abs(candidates[best] - 0.5))]])
